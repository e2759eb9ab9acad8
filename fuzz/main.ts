import { spawnSync } from "node:child_process";
import Table from "cli-table3";
import { Command, InvalidArgumentError, Option } from "commander";
import { BuildError } from "../scripts/build/run.js";
import { buildTarget, type Target, targets } from "./build.js";
import { needClang } from "./compiler.js";
import { fuzz, minimise, type Result, replayCommand } from "./engine.js";

interface Options {
  target?: Target;
  seconds: number;
  jobs: number;
  replay?: string;
  minimise?: true;
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError("must be a whole number of 1 or more");
  return value;
}

const started = Date.now();
const step = (text: string) =>
  process.stderr.write(`[${((Date.now() - started) / 1000).toFixed(0).padStart(5)} s] ${text}\n`);

/** Carries out one input with a line for each step. */
async function replay(target: Target, file: string): Promise<number> {
  const program = await buildTarget(target, "replay");
  return spawnSync(program, ["--explain", file], { stdio: "inherit" }).status ?? 1;
}

function report(results: ReadonlyMap<Target, Result>, seconds: number): number {
  const table = new Table({
    head: ["target", "inputs run", "per s", "edges", "features", "corpus", "findings"],
    style: { head: [], border: [] },
    colAligns: ["left", "right", "right", "right", "right", "right", "right"],
    chars: { mid: "", "left-mid": "", "mid-mid": "", "right-mid": "" },
  });
  for (const [target, { executions, edges, features, inputs, findings }] of results) {
    table.push([target, executions, Math.round(executions / seconds), edges, features, inputs, findings.length]);
  }
  console.log(table.toString());
  const all = [...results].flatMap(([target, result]) => result.findings.map((finding) => ({ target, ...finding })));
  for (const { target, what, file } of all) console.log(`${target}: ${what}\n  ${replayCommand(target, file)}`);
  return all.length === 0 ? 0 : 1;
}

async function main(options: Options): Promise<number> {
  const wanted = options.target === undefined ? targets : [options.target];
  if (options.replay !== undefined) {
    if (options.target === undefined) throw new BuildError("--replay needs --target: which fuzzer the input is for.");
    return replay(options.target, options.replay);
  }
  await needClang();
  const results = new Map<Target, Result>();
  for (const target of wanted) {
    await buildTarget(target, "fuzzer");
    if (options.minimise) {
      step(`${target}: ${(await minimise(target)).files} inputs are kept`);
      continue;
    }
    step(`${target}: ${options.seconds} s in ${options.jobs} process${options.jobs === 1 ? "" : "es"}`);
    results.set(target, await fuzz(target, options.seconds, options.jobs, (line) => step(`${target}: ${line}`)));
  }
  return options.minimise ? 0 : report(results, options.seconds);
}

const command = new Command("fuzz")
  .description("Looks for inputs under which the core breaks a promise: see docs/testing.md.")
  .addOption(new Option("--target <name>", "only this one").choices(targets))
  .option("--seconds <n>", "for each target", wholeNumber, 60)
  .option("--jobs <n>", "processes for each target", wholeNumber, 1)
  .option("--replay <file>", "carry out one input of --target, and tell each step")
  .option("--minimise", "make fuzz/corpus anew from all inputs known here")
  .action(async (options: Options) => {
    process.exitCode = await main(options);
  });

try {
  await command.parseAsync();
} catch (error) {
  console.error(`fuzz: ${(error as Error).message}`);
  process.exitCode = 2;
}
