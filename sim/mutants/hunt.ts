import { smallCases } from "../exhaustive/cases.js";
import { NoSuchOrder } from "../exhaustive/choices.js";
import { enumerate } from "../exhaustive/enumerate.js";
import { type Bounds, Player, type SmallCase } from "../exhaustive/play.js";
import { ENDLESS } from "../machine/machine.js";
import { optionsOf, type Profile, type SimOptions } from "../options.js";
import { Simulator } from "../run.js";
import type { Mutant } from "./mutant.js";

/** How long to look for a mutant. */
export interface Limits {
  /** So many seeds are run in any case, to tell how many of them find it. */
  seeds: number;
  /** So many at most, when none has found it so far. */
  most: number;
  /** Stop at the first seed that finds it. */
  first: boolean;
}

/** Many mutants run on for ever: shorter than where a seed counts as endless otherwise. */
const STEP_LIMIT = 400_000;
/** Orders of a small case at most. */
const ORDERS = 50_000;

/** What came of looking for one mutant. */
export interface Catch {
  /** Seeds, or orders of a small case, that were run. */
  seeds: number;
  /** How many of them found it, by checker. */
  found: Map<string, number>;
  /** The first seed, or the number of the order, with which the expected checker found it. */
  seed: number | undefined;
  message: string;
  /** Seeds, or orders, that find something in the unchanged core as well: they say nothing about the mutant. */
  unclear: number;
}

/** Runs of the core as it is: whether a seed finds something there too. */
export class Reference {
  private readonly simulator: Simulator;
  private readonly fails = new Map<string, boolean>();

  /** @param file of the unchanged core */
  constructor(private readonly file: string) {
    this.simulator = new Simulator(() => file);
  }

  /** The same of one order of a small case, where there is such an order. */
  failsInOrder(small: SmallCase, bounds: Bounds, choices: string): boolean {
    try {
      return enumerate(new Player(this.file), small, bounds, 1, choices).failure !== undefined;
    } catch (error) {
      if (error instanceof NoSuchOrder) return false;
      throw error;
    }
  }

  failsToo(options: SimOptions, profile: Profile): boolean {
    const key = `${profile} ${options.core} ${options.seed}`;
    let fails = this.fails.get(key);
    if (fails === undefined) {
      fails = this.simulator.run({ ...options, core: "mutant" }, STEP_LIMIT).failure !== undefined;
      this.fails.set(key, fails);
    }
    return fails;
  }
}

/** Looks for the mutant in `file` until enough is known. */
export function hunt(mutant: Mutant, file: string, reference: Reference, limits: Limits): Catch {
  return mutant.smallCase === undefined
    ? huntBySeeds(mutant, file, reference, limits)
    : huntByOrders(mutant, file, reference);
}

/** Tries every order of the mutant's small case, with up to two preemptions, and stores that are seen late or at once. */
function huntByOrders(mutant: Mutant, file: string, reference: Reference): Catch {
  const small = smallCases.find(({ name }) => name === mutant.smallCase);
  if (small === undefined) throw new Error(`${mutant.name}: there is no small case "${mutant.smallCase}"`);
  const result: Catch = { seeds: 0, found: new Map(), seed: undefined, message: "", unclear: 0 };
  for (const [preemptions, storesLate] of [0, 1, 2].flatMap((count) => [
    [count, true] as const,
    [count, false] as const,
  ])) {
    const bounds = { preemptions, storesLate };
    const passedOver = (choices: string): boolean => {
      const fails = reference.failsInOrder(small, bounds, choices);
      if (fails) result.unclear++;
      return fails;
    };
    const { schedules, failure } = enumerate(new Player(file), small, bounds, ORDERS, undefined, passedOver);
    result.seeds += schedules;
    if (failure === undefined) continue;
    result.found.set(failure.checker, 1);
    result.message = failure.message;
    if (failure.checker === mutant.by) result.seed = result.seeds;
    break;
  }
  return result;
}

function huntBySeeds(mutant: Mutant, file: string, reference: Reference, limits: Limits): Catch {
  const simulator = new Simulator(() => file);
  const profile = mutant.profile ?? "calm";
  const result: Catch = { seeds: 0, found: new Map(), seed: undefined, message: "", unclear: 0 };
  for (let seed = mutant.from ?? 1; goesOn(result, limits); seed++) {
    const options = optionsOf(seed, profile);
    if ((options.core === "normal") !== (mutant.core === "normal")) continue;
    result.seeds++;
    const { failure } = simulator.run({ ...options, core: "mutant" }, STEP_LIMIT);
    if (failure === undefined) continue;
    // A long run proves nothing by that alone.
    if (failure.message.startsWith(ENDLESS) && mutant.by !== "processor") continue;
    if (reference.failsToo(options, profile)) {
      result.unclear++;
      continue;
    }
    result.found.set(failure.checker, (result.found.get(failure.checker) ?? 0) + 1);
    if (failure.checker !== mutant.by || result.seed !== undefined) continue;
    result.seed = seed;
    result.message = failure.message;
  }
  return result;
}

function goesOn(result: Catch, limits: Limits): boolean {
  if (result.seed !== undefined) return !limits.first && result.seeds < limits.seeds;
  return result.seeds < limits.most;
}
