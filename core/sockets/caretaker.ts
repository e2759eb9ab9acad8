/**
 * The caretaker: a thread that looks after PENDING connections whose application does not call us. If the bytes that wait
 * in the ring can reach nobody that way, they go on through the kernel. It sleeps while there is nothing to look after.
 */
import * as layout from "../layout";
import * as os from "../os";
import { Runtime, runtime, runtimeField } from "../runtime";
import * as sync from "../sync";
import { caretakerThread } from "../vmmc/bells";
import { anyIdleSegment, dropIdleSegments } from "../vmmc/segments";
import { Descriptor, KIND_LEFT, KIND_PENDING, KIND_USER, kindOf, lockBoth, unlockBoth } from "./descriptor";
import { answerLeaving, isAskedToLeave } from "./leaving";
import { settleLeftEntry } from "./left";
import { settleEntry } from "./pending";
import { TABLE_ENTRIES, entryAt, nextEntry } from "./table";

const SCRATCH_BYTES: u32 = 256;

const CARETAKER_NONE: u32 = 0;
const CARETAKER_AWAKE: u32 = 1;
const CARETAKER_ASLEEP: u32 = 2;

/**
 * Rounds without a pending connection or an idle segment before the caretaker sleeps for good: a busy connector need not
 * wake it each time. More than SEGMENT_ROUNDS, so that the segments are looked at in between.
 */
const IDLE_ROUNDS: u32 = 20;
/** Rounds between two looks at the segments that no connection uses. */
const SEGMENT_ROUNDS: u32 = layout.IDLE_PERIOD_MS / layout.CARETAKER_PERIOD_MS;

/**
 * To be called when there is something to look after: bytes in a PENDING connection's ring, a segment without connection.
 * False: nobody will, no thread can be had.
 */
export function wakeCaretaker(): bool {
  const state = runtimeField(offsetof<Runtime>("caretaker"));
  const found = sync.loadAcquire(state);
  if (found == CARETAKER_AWAKE) return true;
  if (sync.compareSwap(state, found, CARETAKER_AWAKE) != found) return true;
  if (found == CARETAKER_ASLEEP) os.bellRing(runtime().caretakerBell);
  else if (!os.caretakerStart()) {
    sync.storeRelease(state, CARETAKER_NONE);
    return false;
  }
  return true;
}

/** Makes sure that there is a caretaker, whom a peer can ring. */
export function startCaretaker(): void {
  if (sync.loadAcquire(runtimeField(offsetof<Runtime>("caretaker"))) == CARETAKER_NONE) wakeCaretaker();
}

/** The thread that was started for the caretaker does something else: the next who needs a caretaker starts one. */
export function threadForCaretakerIsGone(): void {
  sync.storeRelease(runtimeField(offsetof<Runtime>("caretaker")), CARETAKER_NONE);
}

/** The caretaker's thread. Returns only when it cannot work. */
export function runCaretaker(): void {
  const state = runtimeField(offsetof<Runtime>("caretaker"));
  const memory = os.alloc(SCRATCH_BYTES);
  if (memory == 0) {
    sync.storeRelease(state, CARETAKER_NONE);
    return;
  }
  // Without a bell it cannot be woken, and so never sleeps for good.
  const thread = caretakerThread();
  const bell: usize = changetype<usize>(thread) == 0 ? 0 : thread.bell;
  runtime().caretakerBell = bell;
  let idle: u32 = 0;
  let segmentsLeft = true;
  for (let round: u32 = 1; ; round++) {
    rest(bell, memory, layout.CARETAKER_PERIOD_MS);
    const settled = nothingPending();
    if (!settled) lookAfterAll(memory);
    if (round % SEGMENT_ROUNDS == 0) segmentsLeft = dropIdleSegments();
    idle = settled && !segmentsLeft ? idle + 1 : 0;
    if (idle < IDLE_ROUNDS || bell == 0) continue;
    sync.storeSeq(state, CARETAKER_ASLEEP);
    // A connection that became pending, or ended, just now has either seen ASLEEP and rings, or is seen here.
    if (nothingPending() && !anyIdleSegment()) {
      while (sync.loadAcquire(state) == CARETAKER_ASLEEP) rest(bell, memory, layout.RECHECK_MS * 60);
    } else sync.compareSwap(state, CARETAKER_ASLEEP, CARETAKER_AWAKE);
    idle = 0;
    segmentsLeft = true;
  }
}

/** Sleeps; and answers peers that leave, who ring. */
function rest(bell: usize, memory: usize, ms: u32): void {
  if (bell == 0) os.sleepMs(ms);
  else if (os.bellWait(bell, 0, ms) != layout.WAIT_BELL) return;
  for (let place = nextEntry(0); place < TABLE_ENTRIES; place = nextEntry(place + 1)) answerIfLeaving(entryAt(place), memory);
}

/** A thread that sleeps in `select` has been rung for as well, and is to take its doorbells itself. */
function answerIfLeaving(d: Descriptor, memory: usize): void {
  if (kindOf(d) != KIND_USER) return;
  lockBoth(d);
  if (isAskedToLeave(d) && d.selectReaders == 0 && d.selectWriters == 0) answerLeaving(d, memory);
  unlockBoth(d);
}

function nothingPending(): bool {
  return sync.loadAcquire(runtimeField(offsetof<Runtime>("pendingCount"))) == 0;
}

function lookAfterAll(memory: usize): void {
  for (let place = nextEntry(0); place < TABLE_ENTRIES; place = nextEntry(place + 1)) {
    const d = entryAt(place);
    if (kindOf(d) == KIND_PENDING) settleEntry(d, memory);
    else if (kindOf(d) == KIND_LEFT) settleLeftEntry(d, memory);
  }
}
