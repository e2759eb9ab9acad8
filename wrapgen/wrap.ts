import { existsSync, realpathSync } from "node:fs";
import { isAbsolute, join, relative, resolve, sep } from "node:path";
import type { WrapperConfig } from "./config.js";
import { emitDef } from "./emit-def.js";
import { emitExports } from "./emit-exports.js";
import { emitKernel } from "./emit-kernel.js";
import { emitStubs } from "./emit-stubs.js";
import { emitErrorNames, traces } from "./emit-trace.js";
import {
  type BuildInput,
  compilerArguments,
  emitCMake,
  emitInterceptHeader,
  emitMakefile,
  emitRuntime,
  emitWrapper,
  runtimeNames,
} from "./emit-wrapper.js";
import { WrapgenError } from "./errors.js";
import { bindingsText, inspect } from "./generate.js";
import { findDll, macros, readInput, runtimeFiles } from "./io.js";
import type { WrapperModel } from "./model.js";
import { compileFiles, type OutputFile, writeAll } from "./output.js";
import { type PeExportTable, readExportTable } from "./pe.js";
import { report } from "./report.js";
import type { Arch } from "./targets.js";

/** A wrapper that stands by itself: what it is made of, and where it goes. */
export interface WrapOptions {
  config: WrapperConfig;
  arch: Arch;
  outDir: string;
  /** C files with the functions `wrap_NAME` of intercepted exports. */
  sources: readonly string[];
  /** Import libraries that they need, without "-l". */
  libraries: readonly string[];
  /**
   * Makes core.c of a module that has the functions of intercepted exports, where those are not in C.
   * It is given the declarations through which such a module reaches the originals.
   */
  module?: ((bindings: string) => Promise<OutputFile[]>) | undefined;
  /** Whether to compile it. */
  build: boolean;
}

export interface WrapResult {
  model: WrapperModel;
  /** Names of the files written into the folder. */
  files: string[];
  /** The built DLL; undefined if it was not asked for. */
  dll: string | undefined;
}

/**
 * Writes the source of a DLL that can take another one's place, a Makefile, a CMakeLists.txt and a report into a folder,
 * and builds the DLL there under its own name if asked to. Either all is written or nothing.
 * @throws WrapgenError if something cannot be read, made or written
 */
export async function wrap(options: WrapOptions): Promise<WrapResult> {
  const { config, arch, outDir } = options;
  const original = findDll(config.dll, arch);
  const model = await inspect(config, arch);
  refuseOverwriting(original, join(outDir, model.dll));
  const files = sourcesOf(model, options);
  if (options.module !== undefined) {
    const { text } = await bindingsText(config);
    files.push(...(await options.module(text)), { name: "original.ts", content: text });
  }
  const all = [...files];
  if (options.build) {
    const input = inputOf(options, (path) => resolve(path));
    const content = compileFiles(arch, files, compilerArguments(model, input, model.dll), model.dll);
    checkTable(readExportTable(content, `the built ${model.dll}`), model);
    all.push({ name: model.dll, content });
  }
  writeAll(outDir, all);
  return { model, files: all.map(({ name }) => name), dll: options.build ? join(outDir, model.dll) : undefined };
}

function sourcesOf(model: WrapperModel, options: WrapOptions): OutputFile[] {
  const { config, arch, outDir } = options;
  const withSources = options.sources.length > 0;
  const input = inputOf(options, (path) => relativeTo(outDir, path));
  const wanted = runtimeNames(model, withSources, options.module !== undefined);
  const stem = model.dll.replace(/\.[^.]*$/, "");
  const files: OutputFile[] = [
    { name: "kernel.h", content: emitKernel(model, true) },
    { name: "stubs.c", content: emitStubs(model) },
    { name: "wrapper.c", content: emitWrapper(model, options.module !== undefined) },
    { name: "runtime.c", content: emitRuntime(model, withSources) },
    { name: "exports.s", content: emitExports(model) },
    { name: "Makefile", content: emitMakefile(model, input) },
    { name: "CMakeLists.txt", content: emitCMake(model, input) },
    { name: "report.txt", content: report(model) },
    ...runtimeFiles()
      .filter(({ name }) => wanted.includes(name))
      .map(({ name, text }) => ({ name, content: text })),
  ];
  if (traces(model)) {
    const names = macros({ ...config, headers: ["winsock2.h", "winerror.h"] }, arch);
    files.push({ name: "errors.h", content: emitErrorNames(names) });
  }
  if (model.stubs.some(({ mode }) => mode === "intercept")) {
    files.push({ name: "intercept.h", content: emitInterceptHeader(model) });
  }
  const def = definition(model);
  return def === undefined ? files : [...files, { name: `${stem}.def`, content: def }];
}

/** The .def file; undefined if such a file cannot say what the DLL exports. The build does not depend on it. */
function definition(model: WrapperModel): string | undefined {
  try {
    return emitDef(model);
  } catch (error) {
    if (error instanceof WrapgenError) return undefined;
    throw error;
  }
}

function inputOf({ sources, libraries, config }: WrapOptions, path: (path: string) => string): BuildInput {
  const { includePaths, defines } = config;
  return { sources: sources.map(path), includePaths: includePaths.map(path), defines, libraries };
}

function relativeTo(folder: string, path: string): string {
  return relative(resolve(folder), resolve(path)).split(sep).join("/") || ".";
}

function refuseOverwriting(original: string, built: string): void {
  if (existsSync(built) && realpathSync(built) === realpathSync(original)) {
    throw new WrapgenError(
      `Cannot write the wrapper of ${original} into its own folder: it would overwrite the original. Choose another folder.`,
    );
  }
}

/** Looks at the result as the loader will: a linker that does not understand exports.s must not go unnoticed. */
function checkTable({ exports }: PeExportTable, model: WrapperModel): void {
  const shape = (entries: readonly { ordinal: number; names: readonly string[] }[]) =>
    JSON.stringify(entries.map(({ ordinal, names }) => [ordinal, [...names].sort()]));
  if (shape(exports) !== shape(model.stubs)) {
    throw new WrapgenError(
      `The built ${model.dll} does not export what the original exports (${exports.length} of ${model.stubs.length}). Is the linker GNU ld or LLVM's lld?`,
    );
  }
}

/** The DLL that a user named: a file, or the name of a system DLL. @returns its path and what it is made for */
export function chooseDll(name: string, arch: Arch | undefined): { path: string; arch: Arch } {
  const isFile = existsSync(name) || isAbsolute(name);
  const path = isFile || /[\\/]/.test(name) ? resolve(name) : findDll(name, arch ?? "x64");
  const table = readExportTable(readInput(path, "the DLL"), path);
  if (arch !== undefined && table.arch !== arch) {
    throw new WrapgenError(`Cannot wrap ${path} for ${arch}: it is made for ${table.arch}.`);
  }
  return { path, arch: table.arch };
}
