/**
 * Threads of ours. All begin alike (`os.caretakerStart`), and only then learn what they are to be: whose record waits is
 * taken, and if there is none it is the caretaker. The record comes before the thread, so that its bell can be armed, and
 * rung, at once.
 */
import * as os from "../os";
import { Runtime, runtime, runtimeField } from "../runtime";
import * as sync from "../sync";
import { Thread, dropThread, reserveThread, scratch } from "../vmmc/bells";
import { runAcceptor } from "./accept-later";
import { runCaretaker, threadForCaretakerIsGone } from "./caretaker";
import { lock, unlock } from "./lock";
import { runMessenger } from "./messenger";
import { runWorker } from "./operations";

/** Posts the messages of events. */
export const DUTY_MESSENGER: u32 = 0;
/** Learns from the kernel what it has accepted for `AcceptEx`. */
export const DUTY_ACCEPTOR: u32 = 1;
/** Carries out operations. */
export const DUTY_WORKER: u32 = 2;

// States of a thread of which there is one at most.
const ONCE_NONE: u32 = 0;
const ONCE_STARTING: u32 = 1;
const ONCE_RUNS: u32 = 2;

/**
 * Makes sure that there is the one thread of that duty. False: no thread, memory or bell is to be had.
 * @param state address of its ONCE_ state
 * @param link where its record is to stand
 */
export function startOnce(state: usize, link: usize, duty: u32, bytes: u32): bool {
  if (sync.loadAcquire(state) == ONCE_RUNS) return true;
  while (sync.compareSwap(state, ONCE_NONE, ONCE_STARTING) != ONCE_NONE) {
    // Another thread is about to: whether that will do is known soon.
    os.sleepMs(1);
    if (sync.loadAcquire(state) == ONCE_RUNS) return true;
  }
  const record = reserveOurs(duty, bytes);
  store<usize>(link, changetype<usize>(record));
  const started = changetype<usize>(record) != 0 && startOurs(record);
  if (!started) store<usize>(link, 0);
  sync.storeRelease(state, started ? ONCE_RUNS : ONCE_NONE);
  return started;
}

/** A record with so much memory (bytes), for a thread that is still to be started. 0: no memory or no bell is to be had. */
export function reserveOurs(duty: u32, bytes: u32): Thread {
  const record = reserveThread();
  if (changetype<usize>(record) == 0) return record;
  record.duty = duty;
  if (scratch(record, bytes) != 0) return record;
  dropThread(changetype<usize>(record));
  return changetype<Thread>(<usize>0);
}

/** Starts the thread of that record. False: none is to be had, and the record is gone. */
export function startOurs(record: Thread): bool {
  const comingLock = runtimeField(offsetof<Runtime>("comingLock"));
  lock(comingLock);
  record.nextOurs = runtime().coming;
  runtime().coming = changetype<usize>(record);
  unlock(comingLock);
  if (os.caretakerStart()) return true;
  lock(comingLock);
  const waits = takeBack(record);
  unlock(comingLock);
  if (waits) {
    dropThread(changetype<usize>(record));
    return false;
  }
  // A thread that was to be the caretaker has taken it on.
  threadForCaretakerIsGone();
  return true;
}

/** False: it is not in the list any more. */
function takeBack(record: Thread): bool {
  let link = runtimeField(offsetof<Runtime>("coming"));
  while (load<usize>(link) != 0) {
    const at = changetype<Thread>(load<usize>(link));
    if (at == record) {
      store<usize>(link, at.nextOurs);
      return true;
    }
    link = changetype<usize>(at) + offsetof<Thread>("nextOurs");
  }
  return false;
}

/** A thread of ours has begun. Returns only when it cannot work. */
export function runOurs(): void {
  const comingLock = runtimeField(offsetof<Runtime>("comingLock"));
  lock(comingLock);
  const record = changetype<Thread>(runtime().coming);
  if (changetype<usize>(record) != 0) runtime().coming = record.nextOurs;
  unlock(comingLock);
  if (changetype<usize>(record) == 0) {
    runCaretaker();
    return;
  }
  // Should that fail, what needs this thread's memory is left to the calls of the application.
  os.setThread(changetype<usize>(record));
  if (record.duty == DUTY_MESSENGER) runMessenger();
  else if (record.duty == DUTY_ACCEPTOR) runAcceptor(record);
  else runWorker(record);
}
