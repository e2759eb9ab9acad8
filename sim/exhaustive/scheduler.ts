import type { Machine } from "../machine/machine.js";
import type { Scheduler } from "../machine/policy.js";
import type { SimThread } from "../machine/thread.js";
import type { Choices } from "./choices.js";

/**
 * Lets a thread run on until it sleeps or ends, except that it is preempted a few times: where, and for whom, is a choice.
 * With context bounding of this kind most mistakes show with very few preemptions (Musuvathi and Qadeer, *Iterative Context
 * Bounding for Systematic Testing of Multithreaded Programs*, 2007).
 *
 * A step that touches only what no other thread can touch needs no choice before it: wherever a preemption there leads to,
 * one before the next shared step leads as well.
 *
 * A thread that lets others run, because it waits for one of them, is not chosen again before they have run: several such
 * threads could else go round for ever (Musuvathi and Qadeer, *Fair Stateless Model Checking*, 2008).
 */
export class ExhaustiveScheduler implements Scheduler {
  /** Until it is set, and once the run is over, nobody is preempted. */
  exploring = false;
  private preemptions = 0;
  /** For each thread that has let others run: who of them has not run since. */
  private readonly letGoFirst = new Map<SimThread, Set<SimThread>>();

  constructor(
    private readonly machine: Machine,
    private readonly choices: Choices,
    private readonly most: number,
  ) {}

  run(): number {
    return 0;
  }

  welcome(): void {}

  pick(runnable: readonly SimThread[], current: SimThread | undefined, unless: SimThread | undefined): SimThread {
    const goesOn = current !== undefined && current !== unless;
    if (goesOn && !this.mayPreempt(runnable, current)) return current;
    const others = runnable.filter((thread) => thread !== current).sort((one, other) => one.id - other.id);
    if (others.length === 0) return runnable[0]!;
    if (!this.exploring) return others[0]!;
    if (!goesOn) return this.chooseFairly(others, unless);
    // What the thread has stored may be seen before the others run, or only after.
    const unseen = current.buffer.count > 0;
    const taken = this.choices.choose(1 + others.length * (unseen ? 2 : 1));
    if (taken === 0) return current;
    this.preemptions++;
    if (taken > others.length) current.buffer.drain(Number.POSITIVE_INFINITY);
    return this.runs(others[(taken - 1) % others.length]!);
  }

  private chooseFairly(others: readonly SimThread[], unless: SimThread | undefined): SimThread {
    const { letGoFirst } = this;
    if (unless !== undefined) letGoFirst.set(unless, new Set(others));
    const waitsForOne = (thread: SimThread) => others.some((other) => letGoFirst.get(thread)?.has(other));
    const free = others.filter((thread) => !waitsForOne(thread));
    const fair = free.length > 0 ? free : others;
    return this.runs(fair[this.choices.choose(fair.length)]!);
  }

  private runs(chosen: SimThread): SimThread {
    this.letGoFirst.delete(chosen);
    for (const waited of this.letGoFirst.values()) waited.delete(chosen);
    return chosen;
  }

  private mayPreempt(runnable: readonly SimThread[], current: SimThread): boolean {
    if (!this.exploring || this.preemptions >= this.most || runnable.length < 2) return false;
    const { at, otherAt } = this.machine;
    return (
      current.buffer.count > 0 || this.isShared(at, current) || (otherAt !== at && this.isShared(otherAt, current))
    );
  }

  /** Whether another thread may touch what is at that address; 0: it may be anything; negative: nothing. */
  private isShared(at: number, current: SimThread): boolean {
    if (at < 0) return false;
    const region = at === 0 ? undefined : this.machine.memory.find(at);
    if (region === undefined || region.process < 0) return true;
    // The caretaker of a process sleeps as long as these runs last.
    const works = (thread: SimThread) => thread.state !== "ended" && (!thread.daemon || thread.carriesOut);
    const threads = current.process.threads.filter(works);
    return threads.length > 1;
  }
}
