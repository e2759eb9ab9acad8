import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Arch, generate, type WrapperConfig } from "../../wrapgen/generate.js";
import { compileCoreToC } from "./core-to-c.js";
import { paths } from "./paths.js";
import { run } from "./run.js";

const COMPILERS: Readonly<Record<Arch, string>> = { x64: "x86_64-w64-mingw32-gcc", ia32: "i686-w64-mingw32-gcc" };

/** Where the finished wrapper for that architecture lies. */
export function prebuiltDll(arch: Arch, dll = "wsock32.dll"): string {
  return join(paths.prebuilds, `win32-${arch}`, dll);
}

/**
 * Builds the wrapper DLL for one architecture: generated stubs, the core's C and the native part, in one translation unit.
 * @returns the path of the DLL
 */
export async function buildDll(config: WrapperConfig, arch: Arch, constants: string): Promise<string> {
  const folder = join(paths.generated, "wsock32", arch);
  const wrapper = await generate(config, arch, folder);
  const core = await compileCoreToC(arch === "x64" ? 64 : 32);
  const unit = join(folder, "unit.c");
  const parts = [
    join(paths.native, "prelude.h"),
    join(paths.native, "sync.h"),
    wrapper.kernel,
    constants,
    join(paths.native, "win32.c"),
    join(paths.native, "win32-process.c"),
    join(paths.native, "diagnostics.h"),
    core,
    join(paths.native, "win32-start.c"),
    wrapper.stubs,
  ];
  writeFileSync(unit, `#define VMMC_DLL "${config.dll}"\n${parts.map((part) => `#include "${part}"\n`).join("")}`);
  const built = join(folder, config.dll);
  const flags = [
    "-std=gnu11",
    "-O2",
    "-shared",
    "-s",
    "-static-libgcc",
    "-Wall",
    "-Wno-unused",
    "-fno-strict-aliasing",
    "-Wl,--enable-stdcall-fixup",
  ];
  await run(
    COMPILERS[arch],
    [...flags, unit, wrapper.def, "-o", built, "-ladvapi32"],
    `compile the wrapper for ${arch}`,
  );
  const out = prebuiltDll(arch, config.dll);
  mkdirSync(join(out, ".."), { recursive: true });
  copyFileSync(built, out);
  return out;
}
