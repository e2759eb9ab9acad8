import type { SimProcess } from "./process.js";
import type { StoreBuffer } from "./store-buffer.js";

/** Can run; sleeps in a call until something happens; will never run again. */
export type ThreadState = "runnable" | "blocked" | "ended";

/** A call that a thread's program makes: of the core's exports, or of the simulated kernel directly. */
export interface Call {
  to: "core" | "kernel";
  name: string;
  args: readonly number[];
}

/** What a thread does: yields calls, gets their results. */
export type Program = Generator<Call, void, number>;

export class SimThread {
  state: ThreadState = "runnable";
  /** While blocked: whether it could go on now. */
  ready: (() => boolean) | undefined;
  /** While blocked: when it goes on in any case (us). */
  deadline = Number.POSITIVE_INFINITY;
  /** While blocked: the queues in which it stands. */
  queues: WaitQueue[] = [];
  /** True from the moment it blocks in a call until that call returns: the call is made again when it goes on. */
  retrying = false;
  /** True while it is unwound out of the core. */
  suspended = false;
  /** The export that it is in, and the arguments of the import that it is suspended in. */
  inside: ((...args: number[]) => number) | undefined;
  insideName = "";
  saved: unknown[] = [];
  a0 = 0;
  a1 = 0;
  a2 = 0;
  /** A call of the kernel that is still to be made. */
  held: Call | undefined;
  /** `os.thread()`. */
  record = 0;
  lastError = 0;
  priority = 0;
  /** Until this decision of the scheduler it does not run while its stores are unseen. */
  heldUntil = 0;
  /** The time-out (ms) that the call in which it sleeps was given. */
  timeoutMs = 0;
  /** The call that its program is in. */
  call: Call | undefined;
  /** True for threads that may sleep for ever without anything being wrong. */
  daemon = false;
  /** True for one of the core's own that carries out operations. */
  carriesOut = false;

  constructor(
    readonly id: number,
    readonly process: SimProcess,
    readonly name: string,
    readonly program: Program,
    /** Where the core's frames go while it is suspended. */
    readonly stack: number,
    readonly stackBytes: number,
    readonly buffer: StoreBuffer,
  ) {}

  /** For people: what it is in. */
  get doing(): string {
    return this.call === undefined ? "" : `${this.call.name}(${this.call.args.join(", ")})`;
  }

  get label(): string {
    return `${this.process.name}/${this.name}`;
  }
}

/** Threads that sleep until some object of the kernel changes. */
export class WaitQueue {
  readonly threads: SimThread[] = [];
  /** Somebody else who wants to know. */
  onNotify: (() => void) | undefined;

  constructor(private readonly unblock: (thread: SimThread) => void) {}

  /** The object has changed: whoever can go on now does. */
  notify(): void {
    this.onNotify?.();
    if (this.threads.length === 0) return;
    for (const thread of [...this.threads]) {
      if (thread.state === "blocked" && thread.ready?.() === true) this.unblock(thread);
    }
  }
}
