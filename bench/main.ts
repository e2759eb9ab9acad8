import { writeFileSync } from "node:fs";
import Table from "cli-table3";
import { Command, InvalidArgumentError, Option } from "commander";
import { arches, buildProgram } from "../programs/build.js";
import { type Arch, withWineServer } from "../testbed/wine.js";
import { describeMachine } from "./machine.js";
import { clientArgs, type Figures, type Measure, measureAlone, measurePair, medians } from "./measures.js";
import { judgeScale, measureScale } from "./scale.js";
import { type ArchFigures, judge, type Verdict } from "./targets.js";

interface Options {
  json?: string;
  repeat: number;
  arch?: Arch;
  only?: Part;
}

/** What can be measured by itself: programs under Wine, or very many connections on Linux. */
const parts = ["programs", "scale"] as const;
type Part = (typeof parts)[number];

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError("must be a whole number of 1 or more");
  return value;
}

const started = Date.now();

function step(text: string): void {
  process.stderr.write(`[${((Date.now() - started) / 1000).toFixed(1).padStart(5)} s] ${text}\n`);
}

/** All measures of one architecture. The two paths take turns, so that both meet the same moods of the machine. */
async function measureArch(arch: Arch, repeat: number, astray: string[]): Promise<ArchFigures> {
  for (const program of ["pingpong", "cacheline", "passthrough"] as const) await buildProgram(program, arch);
  const runs: Record<keyof ArchFigures, Figures[]> = { kernel: [], wrapped: [], cacheline: [], passthrough: [] };
  for (let turn = 1; turn <= repeat; turn++) {
    const of = `${arch}, ${turn} of ${repeat}`;
    step(`bare cache line, ${of}`);
    runs.cacheline.push(await measureAlone("cacheline", arch, false));
    step(`pass-through calls, ${of}`);
    runs.passthrough.push(await measureAlone("passthrough", arch, true));
    for (const measure of Object.keys(clientArgs) as Measure[]) {
      for (const path of ["kernel", "wrapped"] as const) {
        step(`${measure} over ${path === "kernel" ? "the kernel" : "shared memory"}, ${of}`);
        const repetition = await measurePair(measure, path, arch);
        runs[path].push(repetition.figures);
        astray.push(...repetition.astray);
      }
    }
  }
  return {
    kernel: medians(runs.kernel),
    wrapped: medians(runs.wrapped),
    cacheline: medians(runs.cacheline),
    passthrough: medians(runs.passthrough),
  };
}

const show = (value: number | undefined) => (value === undefined ? "-" : Number(value.toPrecision(3)).toString());

function tableOf(verdicts: ReadonlyMap<string, readonly Verdict[]>): string {
  const table = new Table({
    head: ["measure", "arch", "kernel*", "user level", "unit", "result", "target", ""],
    style: { head: [], border: [] },
    colAligns: ["left", "left", "right", "right", "left", "right", "left", "left"],
    chars: { mid: "", "left-mid": "", "mid-mid": "", "right-mid": "" },
  });
  for (const [arch, list] of verdicts) {
    for (const { what, kernel, wrapped, unit, result, resultUnit, target, met } of list) {
      const row = [what, arch, show(kernel), show(wrapped), unit, `${show(result)} ${resultUnit}`, target];
      table.push([...row, target === "none" ? "" : met ? "met" : "MISSED"]);
    }
  }
  return table.toString();
}

async function bench(options: Options): Promise<number> {
  const available = arches().filter((arch) => options.arch === undefined || arch === options.arch);
  if (available.length === 0) throw new Error(`programs for ${options.arch} cannot run on this machine`);
  const figures = new Map<Arch, ArchFigures>();
  const astray: string[] = [];
  const wanted = (part: Part) => options.only === undefined || options.only === part;
  if (wanted("programs"))
    for (const arch of available) figures.set(arch, await measureArch(arch, options.repeat, astray));
  const verdicts = new Map<string, Verdict[]>([...figures].map(([arch, each]) => [arch, judge(each)] as const));
  if (wanted("scale")) step("very many connections at the same time, on Linux");
  const scale = wanted("scale") ? await measureScale() : undefined;
  if (scale !== undefined) verdicts.set("linux", judgeScale(scale));
  const machine = describeMachine();
  console.log(tableOf(verdicts));
  if (wanted("programs"))
    console.log("* in the second line of each architecture: the bare cache line in place of the kernel");
  console.log(
    `${wanted("scale") ? "Lines of linux: resident bytes of both processes and their segments, without the kernel's sockets; one run. " : ""}` +
      `Medians of ${options.repeat} runs each, all in one go: ${machine.processor}, ${machine.cores} cores` +
      `${machine.virtual ? " of a virtual machine, whose slow wake-ups make the kernel's round trips look long" : ""}, ` +
      `Linux ${machine.kernel}, ${machine.wine}.`,
  );
  if (options.json !== undefined) {
    const report = {
      machine,
      repeat: options.repeat,
      astray,
      figures: { ...Object.fromEntries(figures), ...(scale === undefined ? {} : { scale }) },
      verdicts: Object.fromEntries(verdicts),
    };
    writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
    step(`wrote ${options.json}`);
  }
  // A figure that was measured over the wrong path is no figure of ours: say so, and do not succeed.
  for (const line of astray) console.error(`NOT USER-LEVEL: ${line}`);
  return astray.length === 0 ? 0 : 1;
}

const command = new Command("bench")
  .description("Measures user-level connections against the kernel's and the hardware's limit, in one run.")
  .option("--json <file>", "write all figures and the machine's description to a file")
  .addOption(new Option("--arch <arch>", "only this architecture").choices(["x64", "ia32"]))
  .addOption(new Option("--only <part>", "only these measures").choices(parts))
  .option("--repeat <n>", "repetitions, of which the median counts", wholeNumber, 3)
  .action(async (options: Options) => {
    process.exitCode = await withWineServer(() => bench(options));
  });

try {
  await command.parseAsync();
} catch (error) {
  console.error(`bench: ${(error as Error).message}`);
  process.exitCode = 1;
}
