/** What one process knows: made once at start-up, reached through the module's only global, never freed. */
import * as layout from "./layout";
import * as os from "./os";

/** Everything that is shared by the threads of this process. */
@unmanaged
export class Runtime {
  /** This process's identity as it stands in shared memory. */
  start: u64;
  tag: u32;
  /** Longest spin (us) before a thread sleeps; 0: always sleep at once. */
  spinMaxUs: u32;
  /** Largest size (bytes) of the receive rings of new segments. */
  ringBytes: u32;
  /** Why no connection of this process can be user-level, or REASON_NONE. */
  reason: u32;
  /** POLICY_ bits, as far as the modules were looked at. */
  policy: u32;
  /** First of the user's rules; 0: there are none. */
  rules: usize;
  /** The rendezvous directory; 0 when `reason` is not REASON_NONE. */
  directory: usize;
  /** Array of TABLE_PAGES pointers to pages of descriptors. */
  tablePages: usize;
  /** Guards this process's own claims in the directory. */
  directoryLock: u32;
  /** Guards `peers`. */
  peersLock: u32;
  peers: usize;
  /** Guards the segment lists. */
  segmentsLock: u32;
  /** Connections that are PENDING: what the caretaker looks after. */
  pendingCount: u32;
  /** Segments that this process has created and not destroyed. */
  segmentCount: u32;
  /** Segments that this process created and may use again. */
  pool: usize;
  poolCount: u32;
  importCount: u32;
  /** How many imports stay mapped because they are offered again. */
  offeredCount: u32;
  /** Segments that this process imported and keeps mapped, in use or not. */
  imports: usize;
  /** Guards the statistics' records. */
  statisticsLock: u32;
  /** Pages that there are, and that there may be. */
  statisticsPages: u32;
  statisticsLimit: u32;
  freeRecords: usize;
  /** Guards the bell slots. */
  bellsLock: u32;
  /** CARETAKER_ state. */
  caretaker: u32;
  caretakerBell: usize;
  /** ONCE_ state. */
  messengerState: u32;
  /** Guards `coming`: records of threads of ours that have not begun yet. */
  comingLock: u32;
  coming: usize;
  /** The messenger's record, made before its thread; 0: there is none. */
  messenger: usize;
  /** First of the descriptors that the messenger looks after. */
  watched: usize;
  /** Guards all queues of operations, `accepts`, `idleWorkers` and `freeOperations`. */
  operationsLock: u32;
  /** ONCE_ state of the acceptor, and its record; 0: there is none. */
  acceptorState: u32;
  acceptor: usize;
  /** First of the operations for which the kernel accepts. */
  accepts: usize;
  /** First of the worker threads that have nothing to do. */
  idleWorkers: usize;
  /** Memory of operations that are through, to be used again. */
  freeOperations: usize;
  /** One byte a slot: in use by a thread. */
  bellSlots: usize;
  /** One handle a slot: created at first use, kept for the process's life, so that peers may keep theirs. */
  bells: usize;
}

let instance: usize = 0;

/** The process's state. */
// @ts-ignore: decorator
@inline
export function runtime(): Runtime {
  return changetype<Runtime>(instance);
}

/** Address of the field at `offset` of the runtime, for locks and counters. */
// @ts-ignore: decorator
@inline
export function runtimeField(offset: usize): usize {
  return instance + offset;
}

/** Makes the process's state. Called once, before any other entry point; false when there is no memory. */
export function makeRuntime(): bool {
  const address = os.alloc(offsetof<Runtime>());
  const pages = os.alloc(layout.TABLE_PAGES * sizeof<usize>());
  const slots = os.alloc(layout.BELL_SLOTS);
  const bells = os.alloc(layout.BELL_SLOTS * sizeof<usize>());
  if (address == 0 || pages == 0 || slots == 0 || bells == 0) return false;
  const made = changetype<Runtime>(address);
  made.tag = os.processTag();
  made.start = os.processStart();
  made.spinMaxUs = os.config(layout.CONFIG_SPIN_US);
  made.ringBytes = os.config(layout.CONFIG_RING_BYTES);
  made.statisticsLimit = os.config(layout.CONFIG_STATISTICS) != 0 ? layout.STATISTICS_PAGES : 0;
  made.tablePages = pages;
  made.bellSlots = slots;
  made.bells = bells;
  instance = address;
  return true;
}
