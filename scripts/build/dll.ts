import { copyFileSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { type Arch, type GeneratedFiles, generate, type WrapperConfig } from "../../wrapgen/generate.js";
import { compilerVersion, writeIfChanged } from "../../wrapgen/io.js";
import { mingwCompilers } from "../setup/tools.js";
import { compileCoreToC } from "./core-to-c.js";
import { paths } from "./paths.js";
import { run } from "./run.js";
import { steps } from "./steps.js";
import { versionResource } from "./version-resource.js";

/** Where the finished wrapper for that architecture lies. */
export function prebuiltDll(arch: Arch, dll = "wsock32.dll"): string {
  return join(paths.prebuilds, `win32-${arch}`, dll);
}

/**
 * Builds the wrapper DLL for one architecture: generated stubs, the core's C and the native part, in one translation unit.
 * @param constants the header that `writeNativeConstants` wrote
 * @returns the path of the DLL
 */
export async function buildDll(config: WrapperConfig, arch: Arch, constants: string): Promise<string> {
  const folder = join(paths.generated, "wsock32", arch);
  let wrapper: GeneratedFiles | undefined;
  await steps.timed(`generate the stubs for ${arch}`, async () => {
    wrapper = await generate(config, arch, folder);
    return wrapper.fresh;
  });
  const { kernel, stubs, def } = wrapper!;
  const core = await compileCoreToC(arch === "x64" ? 64 : 32);
  const source = dllSource(config.dll, { kernel, stubs, def, constants, core });
  const out = prebuiltDll(arch, config.dll);
  await steps.run({
    name: `compile ${config.dll} for ${arch}`,
    inputs: [kernel, stubs, def, constants, core, paths.native],
    versions: [compilerVersion(arch), source.unit, source.resource],
    outputs: [out],
    run: () => compileDll(arch, paths.root, source, folder, out),
  });
  return out;
}

/** The generated parts of the DLL. */
interface Parts {
  kernel: string;
  stubs: string;
  def: string;
  constants: string;
  core: string;
}

/** What the DLL is compiled from. Paths are relative to the checkout, so that it is the same in every checkout. */
export interface DllSource {
  dll: string;
  /** C: the one translation unit. */
  unit: string;
  /** The resource script. */
  resource: string;
  /** The module-definition file. */
  def: string;
}

/** Text of the translation unit and of the resources. */
export function dllSource(dll: string, parts: Parts): DllSource {
  const include = (path: string) => `#include "${relative(paths.root, path).split(sep).join("/")}"`;
  const native = (name: string) => include(join(paths.native, name));
  const { version, description } = JSON.parse(readFileSync(join(paths.root, "package.json"), "utf8"));
  const unit = [
    ...[native("prelude.h"), native("sync.h"), include(parts.kernel), include(parts.constants)],
    ...[native("win32.c"), native("win32-process.c"), native("diagnostics.h")],
    "/* wasm2c declares more than each function needs, and the core exports calls that this DLL has no stubs for. */",
    "#pragma GCC diagnostic push",
    '#pragma GCC diagnostic ignored "-Wunused-variable"',
    '#pragma GCC diagnostic ignored "-Wunused-but-set-variable"',
    '#pragma GCC diagnostic ignored "-Wunused-function"',
    include(parts.core),
    "#pragma GCC diagnostic pop",
    ...[native("win32-start.c"), include(parts.stubs)],
    "",
  ].join("\n");
  return { dll, unit, resource: versionResource(dll, version, description), def: relative(paths.root, parts.def) };
}

/**
 * Compiles and links the DLL. The same source gives the same bytes, wherever the checkout lies and whenever it is built.
 * @param root the checkout, in which the paths of the source begin
 * @param folder for intermediate files
 */
export async function compileDll(
  arch: Arch,
  root: string,
  source: DllSource,
  folder: string,
  out: string,
  extraFlags: readonly string[] = [],
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const unit = join(folder, "unit.c");
  const script = join(folder, "version.rc");
  const resource = join(folder, "version.o");
  writeIfChanged(unit, source.unit);
  writeIfChanged(script, source.resource);
  const compiler = mingwCompilers[arch];
  await run(
    compiler.replace(/gcc$/, "windres"),
    [script, "-O", "coff", "-o", resource],
    `compile the version for ${arch}`,
  );
  const built = join(folder, source.dll);
  const flags = [
    ...["-std=gnu11", "-O2", "-fno-strict-aliasing", "-Wall", "-Wextra", "-Werror=implicit-function-declaration"],
    // wasm2c hands each import its module's instance, which nobody here has a use for.
    "-Wno-unused-parameter",
    ...["-I", root, `-ffile-prefix-map=${root}=.`],
    ...["-shared", "-s", "-static-libgcc", "-Wl,--enable-stdcall-fixup"],
    // Both would differ from build to build: the time, and a load address made from the output's path.
    ...["-Wl,--no-insert-timestamp", "-Wl,--disable-auto-image-base"],
  ];
  const inputs = [unit, resource, join(root, source.def)];
  await run(
    compiler,
    [...flags, ...extraFlags, ...inputs, "-o", built, "-ladvapi32"],
    `compile ${source.dll} for ${arch}`,
  );
  mkdirSync(dirname(out), { recursive: true });
  // In one step: programs may be starting with the old one.
  copyFileSync(built, `${out}.${process.pid}`);
  renameSync(`${out}.${process.pid}`, out);
}
