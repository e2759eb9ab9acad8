import { SimFailure } from "../failure.js";
import type { Random } from "../random.js";
import { Memory } from "./memory.js";
import type { Scheduler } from "./policy.js";
import type { SimProcess } from "./process.js";
import { StoreBuffer } from "./store-buffer.js";
import { type Call, type Program, SimThread, WaitQueue } from "./thread.js";
import { Trace } from "./trace.js";

const STACK_BYTES = 8192;

/** A call of the kernel that cannot go on yet: the thread sleeps until its `ready` says so, and makes it again. */
export const BLOCKED = Symbol("blocked");
/** How the message of a run begins that takes more steps than it may. */
export const ENDLESS = "not at an end";
const SUSPENDED = Symbol("suspended");

/** What the machine asks of whoever runs it. */
export interface MachineEvents {
  /** The step `machine.eventStep` has come. */
  atStep(): void;
  /** Nobody can run, and no timer runs: true if that has been changed. */
  idle(): boolean;
  /** The clock is about to jump to that time (us), because everybody sleeps. */
  jump(to: number, thread: SimThread): void;
  threadEnded(thread: SimThread): void;
  /** A call of the kernel by a program that runs without the core. */
  kernelCall(thread: SimThread, call: Call): number | typeof BLOCKED;
}

/**
 * One processor on which all simulated threads run, one at a time. Whatever touches the world outside a thread's own
 * memory costs a step, and between any two steps another thread may run.
 */
export class Machine {
  readonly memory = new Memory();
  readonly trace = new Trace();
  threads: SimThread[] = [];
  readonly runnable: SimThread[] = [];
  current: SimThread = undefined as unknown as SimThread;
  /** The bit of the current thread's process, and its buffered stores. */
  mask = 0;
  buffer!: StoreBuffer;
  /** Steps until the scheduler decides again. */
  budget = 0;
  private granted = 0;
  /** What the current thread's next step touches: see `decide`. */
  at = 0;
  otherAt = 0;
  /** All steps so far, as of the last decision. */
  steps = 0;
  eventStep = Number.POSITIVE_INFINITY;
  stepLimit = Number.POSITIVE_INFINITY;
  switches = 0;
  /** The clock (us). */
  now = 1000;
  rewinding = false;
  private unwinding = false;
  private next: SimThread | undefined;
  private nextTimer = Number.POSITIVE_INFINITY;
  /** Set by whoever has seen enough. */
  stopped = false;
  /** The thread that a jump of the clock has woken, while no other has run since. */
  alone: SimThread | undefined;
  /** How likely another thread's buffered stores become visible at a decision. 1: stores are never buffered. */
  drainChance = 1;
  /** One in so many buffered stores keeps its thread from going on for a while, so that the store stays unseen; 0: none. */
  heldStores = 0;
  /** Decisions so far. */
  private decisions = 0;
  policy!: Scheduler;
  random!: Random;
  events!: MachineEvents;

  reset(random: Random, policy: Scheduler, events: MachineEvents): void {
    this.memory.reset();
    this.trace.reset();
    this.threads = [];
    this.runnable.length = 0;
    this.budget = this.granted = this.steps = this.switches = this.decisions = 0;
    this.eventStep = this.stepLimit = this.nextTimer = Number.POSITIVE_INFINITY;
    this.now = 1000;
    this.stopped = false;
    this.rewinding = this.unwinding = false;
    this.next = this.alone = undefined;
    this.current = undefined as unknown as SimThread;
    this.random = random;
    this.policy = policy;
    this.events = events;
  }

  queue(): WaitQueue {
    return new WaitQueue((thread) => this.unblock(thread));
  }

  spawn(process: SimProcess, name: string, program: Program): SimThread {
    // Whoever starts a thread has told it everything: it is a call of the system.
    this.current?.buffer.drain(Number.POSITIVE_INFINITY);
    const stack = this.memory.allocate("stack", process.core === undefined ? 0 : STACK_BYTES, -1);
    const buffer = new StoreBuffer(this.memory.i32);
    const thread = new SimThread(this.threads.length, process, name, program, stack.address, stack.bytes, buffer);
    this.threads.push(thread);
    process.threads.push(thread);
    this.runnable.push(thread);
    this.policy.welcome(thread);
    return thread;
  }

  /** Runs until `stopped`, or until nothing can run any more and `events.idle` does not help. */
  run(): void {
    while (!this.stopped) {
      const thread = this.next ?? this.choose(undefined, undefined);
      this.next = undefined;
      if (thread === undefined) return;
      if (thread !== this.alone) this.alone = undefined;
      if (thread !== this.current) this.switches++;
      this.current = thread;
      this.mask = 1 << thread.process.index;
      this.buffer = thread.buffer;
      this.grant();
      this.advance(thread);
    }
  }

  /** Lets the thread go on until it is suspended, sleeps or ends. */
  private advance(thread: SimThread): void {
    let value = this.goOn(thread);
    while (value !== SUSPENDED) {
      const step = thread.program.next(value as number);
      if (step.done === true) {
        this.end(thread);
        return;
      }
      value = this.perform(thread, step.value);
    }
  }

  private goOn(thread: SimThread): number | typeof SUSPENDED {
    if (thread.held !== undefined) return this.kernel(thread, thread.held);
    if (!thread.suspended) return 0;
    thread.suspended = false;
    this.rewinding = true;
    this.budget = this.granted = 0;
    thread.process.core!.asyncify_start_rewind(thread.stack);
    return this.finished(thread, thread.inside!());
  }

  private perform(thread: SimThread, call: Call): number | typeof SUSPENDED {
    if (call.to === "kernel") {
      thread.held = call;
      if (--this.budget < 0 && this.decide(false)) return SUSPENDED;
      return this.kernel(thread, call);
    }
    const entry = thread.process.core?.[call.name];
    if (entry === undefined) throw new Error(`the core of ${thread.process.name} exports no ${call.name}`);
    thread.inside = entry as (...args: number[]) => number;
    thread.insideName = call.name;
    return this.finished(thread, thread.inside(...call.args));
  }

  private finished(thread: SimThread, result: number | undefined): number | typeof SUSPENDED {
    if (!this.unwinding) return result ?? 0;
    this.unwinding = false;
    thread.process.core!.asyncify_stop_unwind();
    thread.suspended = true;
    return SUSPENDED;
  }

  private kernel(thread: SimThread, call: Call): number | typeof SUSPENDED {
    const result = this.events.kernelCall(thread, call);
    if (result === BLOCKED) return SUSPENDED;
    thread.held = undefined;
    thread.retrying = false;
    return result as number;
  }

  private end(thread: SimThread): void {
    thread.buffer.drain(Number.POSITIVE_INFINITY);
    thread.state = "ended";
    this.remove(thread);
    this.events.threadEnded(thread);
  }

  /** The thread never runs again: its process has been killed. */
  abandon(thread: SimThread): void {
    if (thread.state === "ended") return;
    thread.buffer.drain(Number.POSITIVE_INFINITY);
    this.leaveQueues(thread);
    thread.state = "ended";
    this.remove(thread);
  }

  private remove(thread: SimThread): void {
    const at = this.runnable.indexOf(thread);
    if (at >= 0) this.runnable.splice(at, 1);
  }

  /**
   * A step at which the scheduler decides. True: another thread is to run; in an import, unwind now.
   * @param lets the thread has nothing to do but wait for others: let one of them run
   * @param at what the step is about to touch, and `other` what else; 0: it may be anything
   */
  decide(lets: boolean, at = 0, other = at): boolean {
    this.at = at;
    this.otherAt = other;
    this.account();
    const thread = this.current;
    const next = this.choose(thread, lets ? thread : undefined);
    if (next === thread) {
      this.grant();
      return false;
    }
    this.next = next;
    return true;
  }

  private account(): void {
    this.steps += this.granted - this.budget;
    this.granted = this.budget;
    this.decisions++;
    this.now++;
    if (this.steps >= this.stepLimit) throw new SimFailure("processor", `${ENDLESS} after ${this.stepLimit} steps`);
    if (this.steps >= this.eventStep) this.events.atStep();
    if (this.drainChance < 1) this.drainSome();
  }

  /** The current thread has a new store in its buffer: it may be stopped soon, before the store is seen. */
  stored(): void {
    if (this.heldStores === 0 || !this.random.oneIn(this.heldStores)) return;
    const soon = this.random.below(4);
    if (soon < this.budget) {
      this.granted -= this.budget - soon;
      this.budget = soon;
    }
    this.current.heldUntil = this.decisions + 2 + this.random.below(80);
  }

  private grant(): void {
    const most = this.eventStep - this.steps;
    this.granted = this.budget = Math.max(0, Math.min(this.policy.run(), most));
  }

  private drainSome(): void {
    for (const thread of this.threads) {
      const count = thread.buffer.count;
      if (count > 0 && thread.heldUntil <= this.decisions && this.random.chance(this.drainChance))
        thread.buffer.drain(1 + this.random.below(count));
    }
  }

  private choose(current: SimThread | undefined, unless: SimThread | undefined): SimThread | undefined {
    if (this.now >= this.nextTimer) this.fireTimers();
    while (this.runnable.length === 0) if (!this.jump()) return undefined;
    const candidates = this.heldStores === 0 ? this.runnable : this.notHeld();
    const goesOn = current?.state === "runnable" && candidates.includes(current) ? current : undefined;
    return this.policy.pick(candidates, goesOn, unless);
  }

  /** Those who can run and are not kept from it; all of them if nobody else could. */
  private notHeld(): readonly SimThread[] {
    const free = this.runnable.filter((thread) => thread.buffer.count === 0 || thread.heldUntil <= this.decisions);
    return free.length > 0 ? free : this.runnable;
  }

  /** Everybody sleeps: on to the time at which the first one wakes. */
  private jump(): boolean {
    this.account();
    if (this.runnable.length > 0) return true;
    let first: SimThread | undefined;
    for (const thread of this.threads) {
      if (thread.state === "blocked" && thread.deadline < (first?.deadline ?? Number.POSITIVE_INFINITY)) first = thread;
    }
    if (first === undefined) return this.events.idle();
    this.events.jump(first.deadline, first);
    if (first.state !== "blocked") return true;
    this.now = Math.max(this.now, first.deadline);
    this.alone = first;
    this.unblock(first);
    return true;
  }

  private fireTimers(): void {
    this.nextTimer = Number.POSITIVE_INFINITY;
    for (const thread of this.threads) {
      if (thread.state !== "blocked") continue;
      if (thread.deadline <= this.now) this.unblock(thread);
      else this.nextTimer = Math.min(this.nextTimer, thread.deadline);
    }
  }

  /** The current thread sleeps. @param ready whether it could go on, asked whenever one of the queues is notified */
  block(
    ready: () => boolean,
    deadline: number,
    queues: readonly WaitQueue[],
    /** The time-out (ms) that the call was given. */
    timeoutMs = 0,
  ): typeof BLOCKED {
    const thread = this.current;
    thread.buffer.drain(Number.POSITIVE_INFINITY);
    thread.state = "blocked";
    thread.ready = ready;
    thread.deadline = deadline;
    thread.timeoutMs = timeoutMs;
    thread.retrying = true;
    this.nextTimer = Math.min(this.nextTimer, deadline);
    for (const queue of queues) {
      queue.threads.push(thread);
      thread.queues.push(queue);
    }
    this.remove(thread);
    return BLOCKED;
  }

  unblock(thread: SimThread): void {
    if (thread.state !== "blocked") return;
    this.leaveQueues(thread);
    thread.state = "runnable";
    this.runnable.push(thread);
  }

  private leaveQueues(thread: SimThread): void {
    for (const queue of thread.queues) queue.threads.splice(queue.threads.indexOf(thread), 1);
    thread.queues.length = 0;
    thread.ready = undefined;
  }

  /** In an import, after `decide` said so or after BLOCKED: makes the core return to the machine. */
  unwind(): void {
    const thread = this.current;
    const words = this.memory.i32;
    words[thread.stack >> 2] = thread.stack + 8;
    words[(thread.stack >> 2) + 1] = thread.stack + thread.stackBytes;
    this.unwinding = true;
    thread.process.core!.asyncify_start_unwind(thread.stack);
  }

  /** In an import that is called again: the thread goes on from here. */
  finishRewind(): SimThread {
    this.rewinding = false;
    this.current.process.core!.asyncify_stop_rewind();
    this.grant();
    return this.current;
  }
}
