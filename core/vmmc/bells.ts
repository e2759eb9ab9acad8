/**
 * Notification: how a thread that sleeps is woken by another process. Every thread that sleeps has a *bell slot* of its
 * process; whoever wants to wake it opens the bell of that slot once, keeps it with the peer, and rings.
 */
import * as layout from "../layout";
import * as os from "../os";
import { Runtime, runtime, runtimeField } from "../runtime";
import { lock, unlock } from "../sockets/lock";

/** What a thread of this process owns. Made at its first wait. */
@unmanaged
export class Thread {
  /** Bell slot + 1, as it stands in an armed word. */
  armValue: u32;
  slot: u32;
  bell: usize;
  /** The next thread that waits for the same direction of the same connection. */
  nextWaiter: usize;
  /** True (1) while this thread is in a list of waiters. */
  waiting: u32;
  /** Bytes at `scratch`. */
  scratchBytes: u32;
  /** Memory for fd_sets and addresses that must not be the application's. */
  scratch: usize;
  /** Current spin limit (us) of `select`. */
  selectSpinUs: u32;
  /** The application's blocking hook; 0: none. */
  hook: usize;
  /** True (1) while the hook is called from a wait of ours; and once it has ended that wait. */
  blocking: u32;
  cancelled: u32;
  /** When `select` last asked the kernel, and nothing was ready there (us); 0: it is to be asked. */
  kernelAskedUs: u64;
  /** DUTY_ of a thread of ours; and the next one of those that are to come, or have nothing to do. */
  duty: u32;
  nextOurs: usize;
  /** A worker's: the queue of operations that it is to carry out; 0: none. */
  queue: usize;
}

/** This thread's record; 0 when there is no memory, no free slot or no bell to be had. */
export function currentThread(): Thread {
  const known = os.thread();
  if (known != 0) return changetype<Thread>(known);
  return keepThread(reserveThread());
}

/** As `currentThread`, for the caretaker: with the bell that other processes know as its bell. */
export function caretakerThread(): Thread {
  const known = os.thread();
  if (known != 0) return changetype<Thread>(known);
  return keepThread(reserveSlot(layout.CARETAKER_BELL_SLOT, layout.CARETAKER_BELL_SLOT + 1));
}

function keepThread(thread: Thread): Thread {
  if (changetype<usize>(thread) != 0 && !os.setThread(changetype<usize>(thread))) {
    dropThread(changetype<usize>(thread));
    return changetype<Thread>(<usize>0);
  }
  return thread;
}

/** A record with a bell, for a thread that is still to come: it calls `os.setThread` with it. 0 as `currentThread`. */
export function reserveThread(): Thread {
  return reserveSlot(layout.CARETAKER_BELL_SLOT + 1, layout.BELL_SLOTS);
}

/** A record with the first free bell slot from `first` to before `end`. */
function reserveSlot(first: i32, end: i32): Thread {
  const none = changetype<Thread>(<usize>0);
  const address = os.alloc(offsetof<Thread>());
  if (address == 0) return none;
  const slot = takeSlot(first, end);
  if (slot < 0) {
    os.free(address);
    return none;
  }
  const thread = changetype<Thread>(address);
  thread.slot = slot;
  thread.armValue = slot + 1;
  thread.selectSpinUs = layout.SPIN_START_US;
  thread.bell = load<usize>(runtime().bells + (<usize>slot) * sizeof<usize>());
  return thread;
}

/** Gives back what an ending thread owned. Its bell stays, for the slot's next thread. */
export function dropThread(record: usize): void {
  if (record == 0) return;
  const thread = changetype<Thread>(record);
  const bellsLock = runtimeField(offsetof<Runtime>("bellsLock"));
  lock(bellsLock);
  store<u8>(runtime().bellSlots + thread.slot, 0);
  unlock(bellsLock);
  if (thread.scratch != 0) os.free(thread.scratch);
  os.free(record);
}

function takeSlot(first: i32, end: i32): i32 {
  const bellsLock = runtimeField(offsetof<Runtime>("bellsLock"));
  const slots = runtime().bellSlots;
  let found = -1;
  lock(bellsLock);
  for (let slot = first; slot < end; slot++) {
    if (load<u8>(slots + slot) != 0) continue;
    const bell = runtime().bells + (<usize>slot) * sizeof<usize>();
    if (load<usize>(bell) == 0) store<usize>(bell, os.bellCreate(slot));
    if (load<usize>(bell) != 0) {
      store<u8>(slots + slot, 1);
      found = slot;
    }
    break;
  }
  unlock(bellsLock);
  return found;
}

/** This thread has done something that the kernel's sockets may be ready for at once: its next `select` asks. */
export function askKernelNext(): void {
  const known = os.thread();
  if (known != 0) changetype<Thread>(known).kernelAskedUs = 0;
}

/** At least `bytes` of memory that belongs to this thread until its next call; 0 when there is none. */
export function scratch(thread: Thread, bytes: u32): usize {
  if (thread.scratchBytes < bytes) {
    if (thread.scratch != 0) os.free(thread.scratch);
    thread.scratch = os.alloc(bytes);
    thread.scratchBytes = thread.scratch != 0 ? bytes : 0;
  }
  return thread.scratch;
}
