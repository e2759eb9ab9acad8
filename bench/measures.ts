import type { ProgramName } from "../programs/build.js";
import { type Part, Stage, valuesIn } from "../programs/stage.js";
import type { Arch } from "../testbed/wine.js";

/** The figures of one repetition, by the names that the programs print. */
export type Figures = Record<string, number>;

/** What is measured between the same two programs over either path. */
export const clientArgs: Readonly<Record<string, Record<"kernel" | "wrapped", readonly string[]>>> = {
  // The two paths differ by orders of magnitude: each gets as many rounds as take about a second or less.
  "round trip": { kernel: ["--rounds", "3000"], wrapped: ["--rounds", "300000"] },
  streaming: { kernel: ["--stream-seconds", "1"], wrapped: ["--stream-seconds", "1"] },
  paced: { kernel: ["--paced", "1000"], wrapped: ["--paced", "1000"] },
  "connection rate": { kernel: ["--rate", "1000"], wrapped: ["--rate", "1000"] },
};

export type Measure = keyof typeof clientArgs;

/** The middle one; of an even number the upper of the two. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** The median of each figure over all repetitions. */
export function medians(runs: readonly Figures[]): Figures {
  const names = new Set(runs.flatMap((run) => Object.keys(run)));
  return Object.fromEntries([...names].map((name) => [name, median(runs.flatMap((run) => run[name] ?? []))]));
}

/** The numbers among a program's `name=value` lines. */
function numbersIn(values: Record<string, string>): Figures {
  const entries = Object.entries(values).map(([name, value]): [string, number] => [name, Number(value)]);
  return Object.fromEntries(entries.filter(([, value]) => Number.isFinite(value)));
}

/** One repetition: its figures, and why any connection did not run over the path that is measured (else empty). */
export interface Repetition {
  figures: Figures;
  astray: string[];
}

/**
 * One repetition of a measure between two processes.
 * @throws an Error when bytes were wrong or a program failed.
 */
export async function measurePair(measure: Measure, path: "kernel" | "wrapped", arch: Arch): Promise<Repetition> {
  const stage = new Stage("bench");
  try {
    const part: Part = { program: "pingpong", arch, wrapped: path === "wrapped" };
    // The client's log tells of both ends: a server that keeps one as well would be measured with it.
    const { port } = await stage.server({ ...part, env: { VMMC_LOG: undefined } });
    const played = await stage.client({ ...part, args: clientArgs[measure]![path] }, port);
    if (played.code !== 0 || played.values.bytes_ok !== "1") {
      throw new Error(
        `measuring ${measure} (${path}, ${arch}) failed with exit code ${played.code}:\n${played.stdout}`,
      );
    }
    const { connections } = played;
    const astray = connections.filter((connection) => !connection.userLevel).map((connection) => connection.reason);
    if (path === "wrapped" && connections.length === 0) astray.push("the wrapper was not loaded");
    const count = `${astray.length} of ${connections.length}`;
    return {
      figures: numbersIn(played.values),
      astray: [...new Set(astray)].map((reason) => `${measure}, ${arch}: ${count} on the kernel, reason: ${reason}`),
    };
  } finally {
    await stage.close();
  }
}

/** One repetition of a program that measures by itself. */
export async function measureAlone(program: ProgramName, arch: Arch, wrapped: boolean): Promise<Figures> {
  const stage = new Stage("bench");
  try {
    const played = await stage.end(await stage.start({ program, arch, wrapped }));
    if (played.code !== 0)
      throw new Error(`${program} (${arch}) failed with exit code ${played.code}:\n${played.stdout}`);
    return numbersIn(valuesIn(played.stdout));
  } finally {
    await stage.close();
  }
}
