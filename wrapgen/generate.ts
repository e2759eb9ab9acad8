import { join } from "node:path";
import { parseConfig, type WrapperConfig } from "./config.js";
import { type BindingFacts, emitBindings } from "./emit-bindings.js";
import { emitDef } from "./emit-def.js";
import { emitKernel } from "./emit-kernel.js";
import { emitStubs } from "./emit-stubs.js";
import { cParser, headerCache } from "./headers.js";
import {
  compilerVersion,
  compileToAssembly,
  digest,
  fileStates,
  findDll,
  generatorDigest,
  grammarBytes,
  macros,
  preprocess,
  readIfThere,
  readInput,
  writeIfChanged,
} from "./io.js";
import { askConstant, askRecord, Probe } from "./layouts.js";
import { baseName, makeModel, type WrapperModel } from "./model.js";
import { readExportTable } from "./pe.js";
import type { HeaderIndex } from "./prototypes.js";
import { SignatureSource } from "./signatures.js";
import { ARCHES, type Arch } from "./targets.js";

export { parseConfig, type WrapperConfig } from "./config.js";
export { WrapgenError } from "./errors.js";
export type { Arch } from "./targets.js";

/** The files that `generate` wrote, or found to be still right. */
export interface GeneratedFiles {
  def: string;
  stubs: string;
  kernel: string;
  /** False if nothing had changed since the last time, so that nothing was done. */
  fresh: boolean;
}

/** Reads a wrapper description from a file. */
export function loadConfig(path: string): WrapperConfig {
  return parseConfig(readInput(path, "the wrapper description").toString("utf8"), path);
}

/**
 * Writes all that is needed to build a DLL that can take the place of `config.dll`: NAME.def, stubs.c and kernel.h.
 * @param outDir one folder per target; created if need be
 * @throws WrapgenError if the DLL or the compiler is missing, or the description asks for what cannot be
 */
export async function generate(config: WrapperConfig, arch: Arch, outDir: string): Promise<GeneratedFiles> {
  const dllPath = findDll(config.dll, arch);
  const dllBytes = readInput(dllPath, "the original DLL");
  const files = {
    def: join(outDir, `${baseName(config.dll).replace(/\.[^.]*$/, "")}.def`),
    stubs: join(outDir, "stubs.c"),
    kernel: join(outDir, "kernel.h"),
  };
  const stamp = new Stamp(
    join(outDir, ".wrapgen.json"),
    [arch, JSON.stringify(config), dllBytes, ...toolKey([arch])],
    Object.values(files),
  );
  if (stamp.holds()) {
    return { ...files, fresh: false };
  }
  const { headers, dependencies } = await readHeaders(config, arch);
  const model = modelOf(config, arch, dllBytes, dllPath, headers);
  writeIfChanged(files.def, emitDef(model));
  writeIfChanged(files.stubs, emitStubs(model));
  writeIfChanged(files.kernel, emitKernel(model));
  stamp.write(dependencies);
  return { ...files, fresh: true };
}

/**
 * Writes the AssemblyScript declarations of what the core may use: functions, layouts and constants for both targets.
 * @returns false if nothing had changed since the last time, so that nothing was done
 */
export async function generateBindings(config: WrapperConfig, outFile: string): Promise<boolean> {
  const stamp = new Stamp(`${outFile}.wrapgen.json`, [JSON.stringify(config), ...toolKey(ARCHES)], [outFile]);
  if (stamp.holds()) {
    return false;
  }
  const { text, dependencies } = await bindingsText(config);
  writeIfChanged(outFile, text);
  stamp.write(dependencies);
  return true;
}

/** The AssemblyScript declarations themselves, and the headers that they were read from. */
export async function bindingsText(config: WrapperConfig): Promise<{ text: string; dependencies: string[] }> {
  const facts = {} as Record<Arch, BindingFacts>;
  const dependencies: string[] = [];
  for (const arch of ARCHES) {
    const read = await readHeaders(config, arch);
    facts[arch] = bindingFacts(config, arch, read.headers);
    dependencies.push(...read.dependencies);
  }
  return { text: emitBindings(facts, baseName(config.dll)), dependencies };
}

/** The record of every export of the DLL that a description names, without writing anything. */
export async function inspect(config: WrapperConfig, arch: Arch): Promise<WrapperModel> {
  const dllPath = findDll(config.dll, arch);
  const dllBytes = readInput(dllPath, "the original DLL");
  // A file that is no DLL is told before headers are read, which takes longer.
  readExportTable(dllBytes, dllPath);
  const { headers } = await readHeaders(config, arch);
  return modelOf(config, arch, dllBytes, dllPath, headers);
}

function modelOf(
  config: WrapperConfig,
  arch: Arch,
  bytes: Uint8Array,
  path: string,
  headers: HeaderIndex,
): WrapperModel {
  const libraryExports = (dll: string) => {
    const library = findDll(dll, arch);
    return readExportTable(readInput(library, "the library"), library);
  };
  const compile = (source: string) => compileToAssembly(source, config, arch);
  let found: ReadonlyMap<string, string> | undefined;
  const listMacros = () => {
    found ??= macros(config, arch);
    return found;
  };
  const exports = readExportTable(bytes, path);
  return makeModel({ config, arch, exports, headers, macros: listMacros, compile, libraryExports });
}

function bindingFacts(config: WrapperConfig, arch: Arch, headers: HeaderIndex): BindingFacts {
  const probe = new Probe(config.headers);
  const source = new SignatureSource(probe, config, headers, arch);
  const signatures = config.bindings.functions.map((name) => source.require(name, "called by the core"));
  const records = config.bindings.structs.map((name) => askRecord(probe, headers, name));
  const constants = config.bindings.constants.map((name) => askConstant(probe, name));
  probe.run((text) => compileToAssembly(text, config, arch));
  return {
    signatures: signatures.map((answer) => answer()),
    records: records.map((answer) => answer()),
    constants: constants.map((answer) => answer()),
  };
}

const indexed = headerCache();

async function readHeaders(
  config: WrapperConfig,
  arch: Arch,
): Promise<{ headers: HeaderIndex; dependencies: string[] }> {
  const { text, whereIs, dependencies } = preprocess(config, arch);
  return { headers: indexed(text, await cParser(grammarBytes), whereIs), dependencies };
}

function toolKey(arches: readonly Arch[]): string[] {
  return [generatorDigest(), ...arches.map(compilerVersion)];
}

/** Remembers beside the output what it was made from, so that unchanged input costs nothing. */
class Stamp {
  private readonly key: string;

  constructor(
    private readonly path: string,
    inputs: (string | Uint8Array)[],
    private readonly outputs: string[],
  ) {
    this.key = digest(...inputs);
  }

  /** Whether the same input made the output that is there now. */
  holds(): boolean {
    const text = readIfThere(this.path);
    if (text === undefined) {
      return false;
    }
    try {
      const { key, headers, dependencies, outputs } = JSON.parse(text);
      return (
        key === this.key && outputs === this.outputState() && headers === digest(fileStates(dependencies) ?? "gone")
      );
    } catch {
      // A damaged stamp is as good as none: everything is made again.
      return false;
    }
  }

  /** @param dependencies the headers that were read */
  write(dependencies: string[]): void {
    const headers = digest(fileStates(dependencies) ?? "gone");
    writeIfChanged(this.path, JSON.stringify({ key: this.key, headers, outputs: this.outputState(), dependencies }));
  }

  private outputState(): string {
    return digest(...this.outputs.map((path) => readIfThere(path) ?? "missing"));
  }
}
