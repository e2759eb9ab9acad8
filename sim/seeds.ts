import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Arguments } from "./arguments.js";
import { Describer } from "./describe.js";
import { optionsOf } from "./options.js";
import { type RunResult, Simulator } from "./run.js";

/** A seed that found something. */
export interface Failure {
  seed: number;
  checker: string;
  message: string;
  /** What led to it, for people; only of the first few. */
  trace: string[];
}

/** What came of many runs. */
export interface Summary {
  seeds: number;
  steps: number;
  switches: number;
  faults: number;
  bytes: number;
  userLevel: number;
  kernel: number;
  seconds: number;
  /** How often each state was reached. */
  reached: Record<string, number>;
  failures: Failure[];
}

/** Failures that are told in full. */
const TOLD = 3;
const TRACE_LINES = 300;

export function emptySummary(): Summary {
  return {
    seeds: 0,
    steps: 0,
    switches: 0,
    faults: 0,
    bytes: 0,
    userLevel: 0,
    kernel: 0,
    seconds: 0,
    reached: {},
    failures: [],
  };
}

/** Runs the seeds that were asked for. @param say takes one line for people */
export async function runSeeds(wanted: Arguments, say: (line: string) => void): Promise<Summary> {
  const startedAt = Date.now();
  const summary = wanted.jobs > 1 && wanted.seeds > 1 ? await shared(wanted) : runHere(wanted, say);
  summary.seconds = (Date.now() - startedAt) / 1000;
  return summary;
}

function runHere(wanted: Arguments, say: (line: string) => void): Summary {
  const { cores } = wanted;
  const simulator = cores === undefined ? new Simulator() : new Simulator((name) => join(cores, `${name}.wasm`));
  const summary = emptySummary();
  for (let seed = wanted.from; seed < wanted.from + wanted.seeds; seed++) {
    const options = optionsOf(seed, wanted.profile);
    if (wanted.single) say(`options ${JSON.stringify(options)}`);
    const result = simulator.run(options);
    add(summary, seed, result);
    if (wanted.single) {
      say(`hash ${(result.hash >>> 0).toString(16)}, ${result.steps} steps`);
      if (wanted.trace > 0) for (const line of new Describer(result.world).trace(wanted.trace)) say(line);
    }
  }
  return summary;
}

function add(summary: Summary, seed: number, result: RunResult): void {
  summary.seeds++;
  summary.steps += result.steps;
  summary.switches += result.switches;
  summary.faults += result.faults;
  summary.bytes += result.bytes;
  for (const [name, count] of result.reached) summary.reached[name] = (summary.reached[name] ?? 0) + count;
  summary.userLevel += result.reached.get("connect user") ?? 0;
  for (const [name, count] of result.reached) if (name.startsWith("connect kernel")) summary.kernel += count;
  if (result.failure === undefined) return;
  const told = summary.failures.length < TOLD;
  const describer = new Describer(result.world);
  const trace = told ? [...describer.trace(TRACE_LINES), ...describer.threads()] : [];
  summary.failures.push({ seed, checker: result.failure.checker, message: result.failure.message, trace });
}

/** Shares the seeds among processes of their own. */
async function shared(wanted: Arguments): Promise<Summary> {
  const folder = mkdtempSync(join(tmpdir(), "vmmc-sim-"));
  try {
    const each = Math.ceil(wanted.seeds / wanted.jobs);
    const parts = await Promise.all(
      Array.from({ length: wanted.jobs }, (_, job) => {
        const from = wanted.from + job * each;
        const seeds = Math.min(each, wanted.from + wanted.seeds - from);
        return seeds > 0 ? runPart({ ...wanted, from, seeds }, join(folder, `${job}.json`)) : emptySummary();
      }),
    );
    return parts.reduce(merge, emptySummary());
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function runPart(part: Arguments, file: string): Promise<Summary> {
  const main = join(fileURLToPath(import.meta.url), "..", "main.js");
  const args = [main, "--seeds", `${part.seeds}`, "--from", `${part.from}`, "--profile", part.profile, "--json", file];
  if (part.cores !== undefined) args.push("--cores", part.cores);
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"] });
    child.once("error", reject);
    child.once("exit", (code) => {
      if (code === 0 || code === 1) resolve(JSON.parse(readFileSync(file, "utf8")) as Summary);
      else reject(new Error(`the part from seed ${part.from} ended with exit code ${code}: see above`));
    });
  });
}

function merge(one: Summary, other: Summary): Summary {
  const failures = [...one.failures, ...other.failures];
  const merged = { ...one, reached: { ...one.reached }, failures };
  for (const key of ["seeds", "steps", "switches", "faults", "bytes", "userLevel", "kernel"] as const)
    merged[key] += other[key];
  for (const [name, count] of Object.entries(other.reached)) merged.reached[name] = (merged.reached[name] ?? 0) + count;
  return merged;
}
