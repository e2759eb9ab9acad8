import type { SimThread } from "./machine/thread.js";

/** What goes wrong in a run, besides threads and packets coming late. */
export class Faults {
  injected = 0;
  /** Calls that may be refused, with how likely that is. */
  readonly chances = new Map<string, number>();

  constructor(private readonly chance: (probability: number) => boolean) {}

  /** True when the system is to refuse this call. */
  refuses(call: string, _thread: SimThread | undefined): boolean {
    const probability = this.chances.get(call);
    if (probability === undefined || !this.chance(probability)) return false;
    this.injected++;
    return true;
  }
}
