import { readdirSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { generateBindings, loadConfig, WrapgenError } from "../../wrapgen/generate.js";
import { buildDirectory } from "../setup/paths.js";
import { type Arch, readSetupState } from "../setup/state.js";
import { writeNativeConstants } from "./constants.js";
import { compileCoreToC } from "./core-to-c.js";
import { buildDll, prebuiltDll } from "./dll.js";
import { buildLinux, type LinuxVariant, linuxBuild, linuxVariants } from "./linux.js";
import { withLock } from "./lock.js";
import { paths } from "./paths.js";
import { BuildError, run } from "./run.js";
import { buildSimCore, simCoreFile, simVariants } from "./sim.js";
import { steps } from "./steps.js";
import { buildTools } from "./tools.js";

/** Builds everything that is not TypeScript, as far as it is not up to date: bindings, wrapper DLLs, the core for Linux. */
async function main(): Promise<void> {
  const config = loadConfig(paths.wrapper);
  await steps.timed("generate the bindings", () => generateBindings(config, paths.bindings));
  const constants = join(paths.generated, "native-constants.h");
  writeNativeConstants(constants, config.intercept);

  const { arches, why32BitMissing } = readSetupState() ?? { arches: ["x64", "ia32"] as const };
  // A DLL of an earlier build must not pass for one of this.
  for (const arch of missing(arches)) rmSync(prebuiltDll(arch, config.dll), { force: true });
  // Both at once, as far as they wait for compilers. Each is waited for, so that nothing goes on after a failure.
  const built = await Promise.allSettled(arches.map((arch) => buildDll(config, arch, constants)));
  const files = built.map((result) => {
    if (result.status === "rejected") throw result.reason;
    return result.value;
  });

  for (const arch of arches) await buildTools(arch);

  const answered = [...config.intercept, ...config.redirect];
  const variants = Object.keys(linuxVariants) as LinuxVariant[];
  const outputs = variants.flatMap((variant) => Object.values(linuxBuild(variant)));
  await steps.run({
    name: "compile the core for Linux",
    inputs: [await compileCoreToC(64), paths.bindings, constants, paths.native, ...cFilesIn(paths.harness)],
    versions: [await run("gcc", ["--version"], "ask the C compiler for its version"), ...answered],
    outputs,
    run: () => buildLinux(answered, constants),
  });
  files.push(linuxBuild("plain").library);
  for (const [name, options] of Object.entries(simVariants)) {
    const file = simCoreFile(name);
    await steps.run({
      name: `compile the core for the simulation: ${name}`,
      inputs: [paths.core],
      outputs: [file, `${file}.json`],
      run: () => buildSimCore(paths.core, file, options),
    });
  }
  const without = missing(arches).map(
    (arch) => `; without ${arch}: ${why32BitMissing ?? "set-up found no way to run it"}`,
  );
  steps.finish(`${files.map((file) => relative(paths.root, file)).join(", ")}${without.join("")}`);
}

function cFilesIn(folder: string): string[] {
  const names = readdirSync(folder).filter((name) => /\.[ch]$/.test(name));
  return names.sort().map((name) => join(folder, name));
}

function missing(arches: readonly Arch[]): Arch[] {
  return (["x64", "ia32"] as const).filter((arch) => !arches.includes(arch));
}

/** Failures that people can do something about are told in their own words; all others are ours, with a stack. */
function isExpected(error: unknown): error is Error {
  const ofTheSystem = error instanceof Error && "syscall" in error;
  return error instanceof BuildError || error instanceof WrapgenError || ofTheSystem;
}

withLock(join(buildDirectory, "build.lock"), (line) => console.log(line), main).catch((error: unknown) => {
  if (!isExpected(error)) throw error;
  console.error(error.message);
  process.exitCode = 2;
});
