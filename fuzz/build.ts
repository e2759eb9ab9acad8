import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as layout from "../core/layout.js";
import { compileCoreToC } from "../scripts/build/core-to-c.js";
import { extractC } from "../scripts/build/extract-c.js";
import { paths } from "../scripts/build/paths.js";
import { run } from "../scripts/build/run.js";
import { steps } from "../scripts/build/steps.js";
import { buildDirectory } from "../scripts/setup/paths.js";
import { writeIfChanged } from "../wrapgen/io.js";

/** What there is a fuzzer for; each begins differently (target.h) and goes on with the same steps. */
export const targets = ["directory", "segment", "import"] as const;
export type Target = (typeof targets)[number];

/** `fuzzer`: clang and libFuzzer, which look for new inputs. `replay`: gcc, carries out inputs that are given. */
export type Engine = "fuzzer" | "replay";

const folder = join(buildDirectory, "fuzz");
const sources = join(paths.root, "fuzz");

/** Everything that a target is made of, in order; the core's C comes between the two lists. */
const machine = ["machine.h", "memory.h", "os.h", "kernel.h", "steps.h", "hostile.h"];
const programs = ["application.h", "program.h", "target.h"];

const common = [
  "-std=gnu11",
  "-D_GNU_SOURCE",
  "-Wall",
  "-Wno-unused",
  "-fno-strict-aliasing",
  "-fno-omit-frame-pointer",
];
const compilers: Readonly<Record<Engine, readonly string[]>> = {
  fuzzer: ["clang", "-O1", "-g", "-fsanitize=fuzzer,address,undefined", "-fno-sanitize-recover=undefined"],
  replay: ["gcc", "-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-DSTANDALONE"],
};

/** Where a target's program lies, once built. */
export function program(target: Target, engine: Engine, variant = ""): string {
  return join(folder, variant, `${engine}-${target}`);
}

/**
 * Builds a target from the core's C, unless it is up to date. The rest of the build must have been done.
 * @param variant another core than the checkout's: see `compileChangedCore`
 * @returns the path of the program
 */
export async function buildTarget(target: Target, engine: Engine, variant = "", core?: string): Promise<string> {
  const [compiler, ...flags] = compilers[engine];
  const out = program(target, engine, variant);
  const unit = join(folder, variant, "unit.c");
  const constants = join(folder, "layout.h");
  mkdirSync(join(folder, variant), { recursive: true });
  writeIfChanged(constants, layoutHeader());
  const own = (name: string) => join(sources, name);
  const parts = [
    join(paths.native, "prelude.h"),
    join(paths.native, "sync.h"),
    join(paths.generated, "native-constants.h"),
    join(paths.linux, "vmmc.h"),
    constants,
    ...machine.map(own),
    core ?? (await compileCoreToC(64)),
    ...programs.map(own),
  ];
  writeIfChanged(unit, parts.map((part) => `#include "${part}"\n`).join(""));
  await steps.run({
    name: `compile the ${target} fuzzer${variant && `, ${variant}`} (${engine})`,
    inputs: [unit, ...parts, own("replay.h")],
    versions: [await run(compiler!, ["--version"], "ask the C compiler for its version"), ...flags],
    outputs: [out],
    run: () => run(compiler!, [...common, ...flags, `-DTARGET_${target}`, unit, "-o", out], `compile ${out}`),
  });
  return out;
}

/** The constants of core/layout.ts with the prefix VMMC_. */
function layoutHeader(): string {
  const numbers = Object.entries(layout as Readonly<Record<string, unknown>>).filter(
    ([, value]) => typeof value === "number",
  );
  return numbers
    .map(([name, value]) => `#define VMMC_${name} ${value}${Number(value) > 0x7fffffff ? "u" : ""}\n`)
    .join("");
}

/** A change of one of the core's files: `from` must be there exactly once. */
export interface Change {
  file: string;
  from: string;
  to: string;
}

/**
 * Compiles a copy of the core in which something was changed, to see that a fuzzer notices.
 * @param variant name of the copy
 * @returns the path of its C, for `buildTarget`
 */
export async function compileChangedCore(variant: string, changes: readonly Change[]): Promise<string> {
  const copy = join(folder, variant, "core");
  await run("rm", ["-rf", copy], "remove an old copy of the core");
  mkdirSync(join(folder, variant), { recursive: true });
  await run("cp", ["-r", paths.core, copy], "copy the core");
  for (const { file, from, to } of changes) {
    const path = join(copy, file);
    const text = readFileSync(path, "utf8");
    if (text.split(from).length !== 2)
      throw new Error(`cannot plant ${variant}: "${from}" is not once in core/${file}`);
    writeIfChanged(
      path,
      text.replace(from, () => to),
    );
  }
  const wasm = join(folder, variant, "core.wasm");
  const options = ["-O3", "--runtime", "stub", "--noAssert", "--debug", "--transform", paths.wasm64];
  const where = ["--baseDir", join(folder, variant), "-o", wasm];
  await run(join(paths.bin, "asc"), [join(copy, "index.ts"), ...options, ...where], `compile the core, ${variant}`);
  const raw = join(folder, variant, "raw.c");
  const translate = ["--enable-memory64", "-n", "core", wasm, "-o", raw];
  await run(join(paths.bin, "wasm2c"), translate, `translate the core to C, ${variant}`);
  const out = join(folder, variant, "core.c");
  writeIfChanged(out, extractC(readFileSync(raw.replace(/c$/, "h"), "utf8"), readFileSync(raw, "utf8")));
  return out;
}
