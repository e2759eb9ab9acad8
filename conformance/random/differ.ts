import type { Arch } from "../../testbed/wine.js";
import { Cast } from "../cast.js";
import { judge } from "../judge.js";
import { type Line, type Patience, play, stillBlocked } from "../play.js";
import { parseScript } from "../script.js";
import { inCommonWords } from "./deviations.js";
import { generate, stepsOf } from "./generate.js";
import { shrink } from "./shrink.js";

/** Which processes play the programs of a lane. */
export interface Casting {
  arches: readonly Arch[];
  together: boolean;
}

/** A program that did not give the same over both. */
export interface Failure {
  seed: number;
  casting: Casting;
  /** It came again each time when there was more time. */
  steady: boolean;
  program: readonly string[];
  differences: readonly string[];
  connections: { userLevel: number; all: number };
}

/** What a program came to. */
export interface Outcome {
  seed: number;
  steps: number;
  userLevel: number;
  /** It differed at first, and no more when it had more time. */
  slow: boolean;
  failure?: Failure;
}

const quick: Patience = { settleMs: 6, limitMs: 4000 };
const patient: Patience = { settleMs: 80, limitMs: 8000 };
const veryPatient: Patience = { settleMs: 250, limitMs: 8000 };
const shrinking: Patience = { settleMs: 60, limitMs: 1000 };

/** Lines that change nothing and on which no other depends. */
const asks = /^([A-D] (select|get|getsockname|getpeername|ioctl \S+ FIONREAD|ioctl \S+ SIOCATMARK)\b)/;

interface Performance {
  differences: string[];
  /** Something that no shortage of time explains: wrong bytes, or a call that never returned over the wrapper only. */
  grave: boolean;
  connections: { userLevel: number; all: number };
}

function isGrave(kernel: readonly Line[], wrapped: readonly Line[]): boolean {
  // Nor does a window that takes its time, while a desktop starts, say anything of sockets.
  const late = wrapped.findIndex(({ what, gave }) => gave === stillBlocked && what.includes(" window "));
  const sure = late < 0 && !kernel.some(({ what }, index) => waitsBehindAnother(kernel, what, index));
  return wrapped.some(
    ({ gave }, index) =>
      sure &&
      (gave.includes("WRONG") || gave === stillBlocked) &&
      kernel[index] !== undefined &&
      kernel[index].gave !== gave,
  );
}

/** Of two threads that wait for the bytes of one socket, the second may have come first. */
function waitsBehindAnother(lines: readonly Line[], what: string, index: number): boolean {
  const socket = what.match(/^[A-D]@\d \w+ (\w+) .*&$/)?.[1];
  return (
    socket !== undefined &&
    lines.some((line, other) => other < index && line.what.match(/^[A-D]@\d \w+ (\w+) .*&$/)?.[1] === socket)
  );
}

/** Plays programs over the kernel's sockets and over the wrapper's. */
export class Differ {
  readonly casting: Casting;
  readonly #kernel: Cast;
  readonly #wrapped: Cast;

  constructor(casting: Casting) {
    this.casting = casting;
    this.#kernel = new Cast({ program: "whole", wrapped: false, ...casting });
    this.#wrapped = new Cast({ program: "whole", wrapped: true, ...casting });
  }

  /** The first window of a Wine server starts a desktop, which takes seconds. */
  async prepare(): Promise<void> {
    const steps = parseScript("A window w");
    const starting: Patience = { settleMs: 0, limitMs: 60_000 };
    await Promise.all([play(this.#kernel, steps, starting), play(this.#wrapped, steps, starting)]);
  }

  /** Plays the program of a seed; what differs is played again with more time, then made smaller. */
  async run(seed: number): Promise<Outcome> {
    const program = generate(seed, this.casting);
    const first = await this.#perform(program, quick);
    const outcome = { seed, steps: program.length, userLevel: first.connections.userLevel, slow: false };
    if (first.differences.length === 0) return outcome;
    let again = await this.#perform(program, patient);
    if (again.differences.length > 0) again = await this.#perform(program, veryPatient);
    const steady = again.differences.length > 0;
    if (!steady && !first.grave) return { ...outcome, slow: true };
    const small = steady ? await this.#shrink(seed) : program;
    const last = steady ? await this.#perform(small, patient) : first;
    const { differences, connections } = last.differences.length > 0 ? last : steady ? again : first;
    return { ...outcome, failure: { seed, casting: this.casting, steady, program: small, differences, connections } };
  }

  /** Leaves steps out, then lines that only ask. */
  async #shrink(seed: number): Promise<readonly string[]> {
    const fails = async (program: readonly string[]) =>
      (await this.#perform(program, shrinking)).differences.length > 0;
    const steps = await shrink(stepsOf(seed), (some) => fails(generate(seed, this.casting, some)));
    const program = generate(seed, this.casting, steps);
    const needed = program.filter((line) => !asks.test(line)).length;
    const isWhole = (some: readonly string[]) => some.filter((line) => !asks.test(line)).length === needed;
    return shrink(program, async (some) => isWhole(some) && fails(some));
  }

  async #perform(program: readonly string[], patience: Patience): Promise<Performance> {
    const steps = parseScript(program.join("\n"));
    this.#wrapped.connections();
    const [kernel, wrapped] = await Promise.all([
      play(this.#kernel, steps, patience).then(inCommonWords),
      play(this.#wrapped, steps, patience).then(inCommonWords),
    ]);
    const { differences } = judge(kernel, wrapped);
    return { differences, grave: isGrave(kernel, wrapped), connections: this.#wrapped.connections() };
  }

  /** Plays a program as it is, with time enough. */
  async playOnce(program: readonly string[]): Promise<{ kernel: Line[]; wrapped: Line[] }> {
    const steps = parseScript(program.join("\n"));
    const [kernel, wrapped] = await Promise.all([
      play(this.#kernel, steps, patient),
      play(this.#wrapped, steps, patient),
    ]);
    return { kernel, wrapped };
  }

  async close(): Promise<void> {
    await Promise.all([this.#kernel.close(), this.#wrapped.close()]);
  }
}
