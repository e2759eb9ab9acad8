import { existsSync, statSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import cliProgress from "cli-progress";
import { type Command, InvalidArgumentError, Option } from "commander";
import { compare, differences, ReportError, readReport } from "../bench/compare.js";
import { describeMachine } from "../bench/machine.js";
import { htmlReport } from "../bench/report.js";
import { type BenchReport, bothPaths, figuresOf, pathNames, shown } from "../bench/results.js";
import { leastSeconds, measureAll, type Progress, type Start } from "../bench/suite.js";
import { CliError, InputError } from "./errors.js";
import type { Arch } from "./image.js";
import { cleanUpWhenInterrupted } from "./interrupt.js";
import { atFixedAddresses, plainLaunch, wrappedLaunch } from "./launch.js";
import { prebuiltProgram, productVersion } from "./package.js";
import { plainTable } from "./table.js";
import { needWine, onWindows, type Wine } from "./wine.js";

/** What was said on the command line. */
interface Options {
  seconds: number;
  arch: Arch;
  json?: string;
  html?: string;
  compare?: string;
  quiet?: true;
}

const mostSeconds = 3600;
const examples = `
Both ways are measured in turns in one run, between two programs that come with the package: round trips, paced round
trips, round trips over many connections, connections, and messages of 1 B to 1 MiB with their processor time. The
machine should have nothing else to do. Exit code 1 if a connection was not user-level.

Examples:
  vmmc bench
  vmmc bench --seconds 300 --json today.json --html today.html
  vmmc bench --compare yesterday.json today.json`;

function secondsOf(text: string): number {
  const value = Number(text);
  if (!(value >= leastSeconds && value <= mostSeconds)) {
    throw new InvalidArgumentError(`It must be a number from ${leastSeconds} to ${mostSeconds}.`);
  }
  return value;
}

/** Adds `vmmc bench`. */
export function addBench(program: Command): void {
  program
    .command("bench")
    .description("measure user-level connections against the kernel's, or compare two measurements")
    .option("--seconds <n>", "how long it may take", secondsOf, 60)
    .addOption(new Option("--arch <arch>", "of the programs that measure").choices(["x64", "ia32"]).default("x64"))
    .option("--json <file>", "write all figures and the machine's description; - for standard output")
    .option("--html <file>", "write a report with charts: one file that needs no other")
    .option("--compare <before>", "compare two files that --json wrote, instead of measuring")
    .option("-q, --quiet", "no progress on standard error")
    .argument("[after]", "the second file, with --compare")
    .addHelpText("after", examples)
    .action(async (after: string | undefined, options: Options) => {
      process.exitCode = await bench(after, options);
    });
}

async function bench(after: string | undefined, options: Options): Promise<number> {
  if (options.compare !== undefined) {
    if (after === undefined)
      throw new InputError("Cannot compare one report: name two, as in vmmc bench --compare A.json B.json.");
    showComparison(options.compare, after, options.json);
    return 0;
  }
  if (after !== undefined)
    throw new InputError(`There is nothing to do with ${after}: a report is named after --compare only.`);
  // Before measuring, not after.
  for (const file of [options.html, options.json === "-" ? undefined : options.json]) {
    if (file === undefined) continue;
    const folder = dirname(resolve(file));
    if (!existsSync(folder)) throw new InputError(`Cannot write ${file}: there is no folder ${folder}.`);
    if (statSync(file, { throwIfNoEntry: false })?.isDirectory())
      throw new InputError(`Cannot write ${file}: it is a folder.`);
  }
  const report = await measure(options);
  if (options.html !== undefined) write(options.html, htmlReport(report));
  if (options.json === "-") console.log(JSON.stringify(report, undefined, 2));
  else {
    if (options.json !== undefined) write(options.json, `${JSON.stringify(report, undefined, 2)}\n`);
    console.log(resultTable(report));
  }
  for (const line of report.astray) console.error(`vmmc: not user-level: ${line}`);
  return report.astray.length === 0 ? 0 : 1;
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw new CliError(`Cannot write ${file}: ${(error as Error).message}.`);
  }
}

async function measure({ seconds, arch, quiet }: Options): Promise<BenchReport> {
  const wine = onWindows ? undefined : needWine("measure");
  if (wine !== undefined && !wine.hasPrefix) {
    throw new CliError(
      `Cannot measure: there is no Wine prefix ${wine.prefix}. Make it with wineboot -i, or set WINEPREFIX.`,
    );
  }
  for (const program of ["gauge", "cacheline"] as const) {
    const file = prebuiltProgram(program, arch);
    if (!existsSync(file)) throw new CliError(`${file} is missing: build it with npm run build.`);
  }
  cleanUpWhenInterrupted();
  const bar = quiet ? undefined : progressBar();
  try {
    const { cacheLineNs, paths, astray } = await measureAll(starter(wine, arch), seconds, bar?.progress ?? (() => {}));
    const machine = describeMachine();
    return {
      format: "vmmc-bench",
      formatVersion: 1,
      version: productVersion,
      machine,
      arch,
      seconds,
      cacheLineNs,
      paths,
      astray,
    };
  } catch (error) {
    throw error instanceof CliError ? error : new CliError(`Cannot measure: ${(error as Error).message}`);
  } finally {
    bar?.stop();
  }
}

function starter(wine: Wine | undefined, arch: Arch): Start {
  // Settings of the caller hold for the measurement too; where the shared files are is the suite's to say.
  return (program, args, { wrapped, variables }) => {
    // Wine's errors, which the suite shows where a program fails.
    const environment = { WINEDEBUG: "fixme-all", ...process.env, ...variables };
    const file = prebuiltProgram(program, arch);
    const launch = wrapped
      ? wrappedLaunch(wine, file, arch, args, environment)
      : plainLaunch(wine, file, args, environment);
    return atFixedAddresses(launch);
  };
}

/** A bar with the remaining time on a terminal, lines elsewhere. */
function progressBar(): { progress: Progress; stop(): void } {
  const started = Date.now();
  const bar = new cliProgress.SingleBar(
    {
      format: " {bar} {percentage}% | {left} left | {title}",
      barsize: 24,
      hideCursor: true,
      clearOnComplete: true,
      noTTYOutput: false,
    },
    cliProgress.Presets.shades_classic,
  );
  const onTerminal = process.stderr.isTTY === true;
  let current = { title: "", allSeconds: 1 };
  const elapsed = () => (Date.now() - started) / 1000;
  const draw = () => {
    const done = Math.min(elapsed(), current.allSeconds);
    bar.update(Math.round(done), { title: current.title, left: `${Math.ceil(current.allSeconds - done)} s` });
  };
  let timer: NodeJS.Timeout | undefined;
  return {
    progress: (step) => {
      current = step;
      if (!onTerminal) {
        console.error(`[${elapsed().toFixed(0).padStart(4)} s of ${step.allSeconds} s] ${step.title}`);
        return;
      }
      if (timer === undefined) {
        bar.start(step.allSeconds, 0, { title: step.title, left: `${step.allSeconds} s` });
        timer = setInterval(draw, 500);
      }
      draw();
    },
    stop: () => {
      clearInterval(timer);
      bar.stop();
    },
  };
}

function resultTable(report: BenchReport): string {
  const figures = figuresOf(report.paths.user.sizes.map(({ bytes }) => bytes));
  const rows = figures.map(({ name, unit, more, of }) => {
    const [kernel, user] = bothPaths.map((path) => of(report.paths[path]));
    const ratio = kernel && user ? (more ? user / kernel : kernel / user) : undefined;
    return [name, unit, shown(kernel), shown(user), ratio === undefined ? "-" : `${shown(ratio)} x`];
  });
  rows.unshift(["bare cache line, median", "us", "-", shown(report.cacheLineNs / 1000), "-"]);
  const head = ["figure", "unit", pathNames.kernel, pathNames.user, "times as good"];
  return plainTable(head, rows, ["left", "left", "right", "right", "right"]);
}

function showComparison(first: string, second: string, json: string | undefined): void {
  try {
    const [before, after] = [readReport(first), readReport(second)];
    const [compared, notes] = [compare(before, after), differences(before, after)];
    if (json !== undefined) {
      const text = JSON.stringify({ differences: notes, figures: compared }, undefined, 2);
      if (json === "-") console.log(text);
      else write(json, `${text}\n`);
      return;
    }
    for (const note of notes) console.log(`Note: ${note}`);
    const rows = compared.map(({ figure, unit, path, before: a, after: b, ratio }) => [
      figure,
      pathNames[path],
      unit,
      shown(a),
      shown(b),
      `${ratio.toFixed(2)} x`,
    ]);
    const head = ["figure", "path", "unit", "before", "after", "times as good"];
    console.log(plainTable(head, rows, ["left", "left", "left", "right", "right", "right"]));
  } catch (error) {
    throw error instanceof ReportError ? new InputError(error.message) : error;
  }
}
