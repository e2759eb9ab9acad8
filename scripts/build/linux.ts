import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compileCoreToC } from "./core-to-c.js";
import { apiHeader, exportedFunctions, plainShims } from "./linux-api.js";
import { paths } from "./paths.js";
import { run } from "./run.js";

/** One build of the core for Linux: plain, or with a sanitizer that looks over its shoulder. */
export const linuxVariants = {
  plain: { folder: ".", flags: ["-O2"] },
  tsan: { folder: "tsan", flags: ["-O1", "-g", "-fsanitize=thread"] },
  asan: {
    folder: "asan",
    flags: ["-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-fno-omit-frame-pointer"],
  },
} as const;

export type LinuxVariant = keyof typeof linuxVariants;

/** Where the shared object and the harness of that variant lie, once built. */
export function linuxBuild(variant: LinuxVariant): { library: string; harness: string } {
  const folder = join(paths.linux, linuxVariants[variant].folder);
  return { library: join(folder, "libvmmc-core.so"), harness: join(folder, "harness") };
}

/**
 * Builds the core as a Linux x86-64 shared object, for tests and benchmarks, in every variant, each with its harness.
 * @param intercepted the WinSock calls that the core answers; the others of the bindings go straight to the kernel
 * @param constants the header that `writeNativeConstants` wrote
 * @returns the paths of the shared objects
 */
export async function buildLinux(intercepted: readonly string[], constants: string): Promise<string[]> {
  mkdirSync(paths.linux, { recursive: true });
  const bindings = readFileSync(paths.bindings, "utf8");
  const api = join(paths.linux, "vmmc.h");
  writeFileSync(api, apiHeader(bindings));
  const exports = join(paths.linux, "exports.h");
  writeFileSync(exports, exportedFunctions(bindings, intercepted));
  const shims = join(paths.linux, "shims.h");
  writeFileSync(shims, plainShims(bindings));
  const core = await compileCoreToC(64);
  const native = (name: string) => join(paths.native, name);
  const parts = [
    native("prelude.h"),
    native("sync.h"),
    constants,
    api,
    native("linux.c"),
    native("diagnostics.h"),
    native("linux-sockets.c"),
    shims,
  ];
  const unit = join(paths.linux, "unit.c");
  writeFileSync(
    unit,
    [...parts, core, native("linux-start.c"), exports].map((part) => `#include "${part}"\n`).join(""),
  );
  const built: string[] = [];
  for (const variant of Object.keys(linuxVariants) as LinuxVariant[]) built.push(await buildVariant(variant, unit));
  return built;
}

async function buildVariant(variant: LinuxVariant, unit: string): Promise<string> {
  const { library, harness } = linuxBuild(variant);
  const folder = join(library, "..");
  mkdirSync(folder, { recursive: true });
  const flags = [
    "-std=gnu11",
    "-D_GNU_SOURCE",
    "-Wall",
    "-fno-strict-aliasing",
    "-pthread",
    ...linuxVariants[variant].flags,
  ];
  const before = variant === "tsan" ? ["-include", join(paths.harness, "for-tsan.h")] : [];
  const shared = [...flags, ...before, "-Wno-unused", "-shared", "-fPIC", "-fvisibility=hidden", unit, "-o", library];
  await run("gcc", shared, `compile the core for Linux (${variant})`);
  const links = ["-I", paths.linux, "-L", folder, "-lvmmc-core", "-Wl,-rpath,$ORIGIN"];
  const sources = cFilesOf(paths.harness);
  await run("gcc", [...flags, ...sources, "-o", harness, ...links], `compile the harness for Linux (${variant})`);
  return library;
}

function cFilesOf(folder: string): string[] {
  const names = readdirSync(folder).filter((name) => name.endsWith(".c"));
  return names.sort().map((name) => join(folder, name));
}
