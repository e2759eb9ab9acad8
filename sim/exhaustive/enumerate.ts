import { join } from "node:path";
import { Describer } from "../describe.js";
import { smallCases } from "./cases.js";
import { Choices } from "./choices.js";
import { type Bounds, Player, type SmallCase } from "./play.js";

/** What came of one case. */
export interface Enumerated {
  name: string;
  bounds: Bounds;
  /** Orders that were tried. */
  schedules: number;
  steps: number;
  /** All that there are within the bounds. */
  complete: boolean;
  failure: { choices: string; checker: string; message: string; trace: string[] } | undefined;
}

/**
 * Tries the orders of a case, up to so many, until one fails.
 * @param fixed the choices of the only order to try
 * @param passedOver whether the failure of the order with those choices says nothing
 */
export function enumerate(
  player: Player,
  small: SmallCase,
  bounds: Bounds,
  most: number,
  fixed?: string,
  passedOver?: (choices: string) => boolean,
): Enumerated {
  const choices = new Choices(fixed);
  const result: Enumerated = { name: small.name, bounds, schedules: 0, steps: 0, complete: false, failure: undefined };
  do {
    const failure = player.run(small, choices, bounds);
    result.schedules++;
    result.steps += player.steps;
    if (failure !== undefined && passedOver?.(choices.toString()) !== true) {
      const describer = new Describer(player.world);
      const trace = [...describer.trace(200), ...describer.threads()];
      const { checker, message } = failure;
      result.failure = { choices: choices.toString(), checker, message, trace };
      return result;
    }
    if (!choices.next()) {
      result.complete = fixed === undefined;
      return result;
    }
  } while (result.schedules < most);
  return result;
}

export interface ExhaustiveArguments {
  preemptions: number;
  /** Orders of one case at most. */
  most: number;
  /** A word in the names of the cases that are wanted. */
  only: string;
  /** One order alone, as a failure has told it. */
  schedule: string | undefined;
  /** Folder of the built cores, if not the build's own. */
  cores: string | undefined;
}

/** All cases, with stores seen at once and late, first without preemptions, then with ever more. Returns whether all went well. */
export function enumerateAll(wanted: ExhaustiveArguments, say: (line: string) => void): boolean {
  const player = new Player(wanted.cores === undefined ? undefined : join(wanted.cores, "small.wasm"));
  const startedAt = Date.now();
  let [schedules, failed, cut] = [0, 0, 0];
  for (const small of smallCases.filter(({ name }) => name.includes(wanted.only))) {
    for (const storesLate of [false, true]) {
      const result = deeper(player, small, storesLate, wanted);
      schedules += result.schedules;
      say(line(result));
      if (!result.complete) cut++;
      if (result.failure === undefined) continue;
      failed++;
      for (const step of result.failure.trace) say(step);
      const { choices, checker, message } = result.failure;
      say(`FAILED "${small.name}", ${storesName(storesLate)}, ${checker}: ${message}`);
      const { preemptions } = result.bounds;
      say(
        `  to see it again: npm run sim -- --exhaustive "${small.name}" --preemptions ${preemptions} --schedule ${choices}`,
      );
    }
  }
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
  const end =
    failed > 0 ? `${failed} FAILED` : cut > 0 ? `no failure, ${cut} cases cut short` : "no failure, all complete";
  say(`Enumeration: ${schedules} schedules with up to ${wanted.preemptions} preemptions, ${seconds} s, ${end}.`);
  return failed === 0;
}

/** Ever more preemptions, as long as all orders can be tried: a failure that needs few of them is found with few. */
function deeper(player: Player, small: SmallCase, storesLate: boolean, wanted: ExhaustiveArguments): Enumerated {
  const fixed = wanted.schedule !== undefined;
  let result: Enumerated | undefined;
  for (let preemptions = fixed ? wanted.preemptions : 0; preemptions <= wanted.preemptions; preemptions++) {
    const before = result;
    result = enumerate(player, small, { preemptions, storesLate }, wanted.most, wanted.schedule);
    result.schedules += before?.schedules ?? 0;
    result.steps += before?.steps ?? 0;
    if (!result.complete) break;
  }
  return result!;
}

function storesName(late: boolean): string {
  return late ? "stores late" : "stores at once";
}

function line({ name, bounds, schedules, steps, complete, failure }: Enumerated): string {
  const state = failure !== undefined ? "FAILED" : complete ? "complete" : "cut short";
  const mean = Math.round(steps / schedules);
  return `${name}; ${storesName(bounds.storesLate)}: ${schedules} schedules of ${mean} steps, ${state} with ${bounds.preemptions} preemptions`;
}
