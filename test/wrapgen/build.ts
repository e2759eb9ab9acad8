import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { repositoryRoot } from "../../scripts/setup/paths.js";
import { generate, type WrapperConfig } from "../../wrapgen/generate.js";
import { type Arch, TARGETS } from "../../wrapgen/targets.js";

/** The folder with the test's C programs. */
export const sources = join(repositoryRoot, "test", "wrapgen");

/** Runs the target's compiler, warnings being errors. */
export function compile(arch: Arch, args: readonly string[]): void {
  execFileSync(TARGETS[arch].compiler, ["-Wall", "-Wextra", "-Werror", "-O2", ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
}

/** Generates a wrapper into `folder` and compiles it with the test's own prelude. @returns the DLL's path. */
export async function buildWrapper(config: WrapperConfig, arch: Arch, folder: string): Promise<string> {
  const files = await generate(config, arch, folder);
  const dll = join(folder, config.dll.slice(config.dll.lastIndexOf("/") + 1));
  const includes = ["-I", folder, ...config.includePaths.flatMap((path) => ["-I", path])];
  compile(arch, ["-shared", "-static-libgcc", ...includes, "-o", dll, join(sources, "wrapper.c"), files.def]);
  return dll;
}
