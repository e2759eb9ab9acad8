import type { Random } from "../random.js";
import type { SimThread } from "./thread.js";

/** How the scheduler chooses. */
export type PolicyKind = "uniform" | "priorities" | "long-runs" | "starve";

/** Decides which thread runs next, and for how many steps at most. */
export interface Scheduler {
  /** Steps until the next decision. */
  run(): number;
  /** A thread has been made. */
  welcome(thread: SimThread): void;
  /** @param current runs now and could go on; `unless` it has asked to let others run */
  pick(runnable: readonly SimThread[], current: SimThread | undefined, unless: SimThread | undefined): SimThread;
}

/** Decides by chance, in one of several manners. */
export class Policy implements Scheduler {
  /** Mean number of steps between two decisions. */
  private readonly mean: number;
  private victim: SimThread | undefined;
  private victimPicks = 0;

  constructor(
    readonly kind: PolicyKind,
    private readonly random: Random,
    mean: number,
  ) {
    this.mean = Math.max(1, mean);
  }

  run(): number {
    return this.random.geometric(1 / this.mean);
  }

  welcome(thread: SimThread): void {
    thread.priority = this.random.next();
  }

  pick(runnable: readonly SimThread[], current: SimThread | undefined, unless: SimThread | undefined): SimThread {
    if (runnable.length === 1) return runnable[0]!;
    if (this.kind === "priorities") return this.highest(runnable, current, unless);
    if (this.kind === "starve") this.chooseVictim(runnable);
    for (let attempt = 0; attempt < 8; attempt++) {
      const thread = runnable[this.random.below(runnable.length)]!;
      if (thread !== unless && (this.kind !== "starve" || thread !== this.victim)) return thread;
    }
    return runnable.find((thread) => thread !== unless && thread !== this.victim) ?? runnable[0]!;
  }

  /** Always the same order of threads, which changes at a few random steps and when one lets the others run. */
  private highest(
    runnable: readonly SimThread[],
    current: SimThread | undefined,
    unless: SimThread | undefined,
  ): SimThread {
    if (unless !== undefined) unless.priority = Math.min(...runnable.map((thread) => thread.priority)) - 1;
    else if (current !== undefined && this.random.oneIn(3)) current.priority = this.random.next();
    let best = runnable[0]!;
    for (const thread of runnable) if (thread.priority > best.priority) best = thread;
    return best;
  }

  private chooseVictim(runnable: readonly SimThread[]): void {
    if (this.victimPicks-- > 0) return;
    this.victimPicks = this.random.geometric(0.01);
    this.victim = this.random.pick(runnable);
  }
}
