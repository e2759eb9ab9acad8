import type { WrapperConfig } from "./config.js";
import { WrapgenError } from "./errors.js";
import { type Import, ImportTable, type Library } from "./imports-table.js";
import { type Compile, Probe } from "./layouts.js";
import { forwarderText, means, type Origin, originOf, wishedMode } from "./modes.js";
import type { PeExport, PeExportTable } from "./pe.js";
import type { HeaderIndex } from "./prototypes.js";
import { type Finding, type Signature, SignatureSource } from "./signatures.js";
import type { Arch } from "./targets.js";
import { TraceSource, type TraceTypes } from "./trace-types.js";

/**
 * How an export of the wrapper is served:
 * - core: its stub calls the core;
 * - intercept: callers reach the user's function `wrap_ID`, which reaches the original as `real_ID`;
 * - pass: its stub calls the original function, with the prototype from the headers;
 * - jump: its stub jumps to the original function, leaving registers and stack alone;
 * - trace: as "pass" with a line in the trace, or as "jump" with one about what registers and stack show;
 * - forward: the loader leads callers on; there is no stub.
 */
export type StubMode = "core" | "intercept" | "pass" | "jump" | "trace" | "forward";

/** One export of the wrapper. */
export interface Stub {
  ordinal: number;
  /** Empty if the original exports it by ordinal only; several if names share the ordinal. */
  names: string[];
  kind: PeExport["kind"];
  id: string;
  mode: StubMode;
  /** What the headers say; undefined where nobody asked them. */
  finding: Finding | undefined;
  /** For "core". */
  signature: Signature | undefined;
  /** What the stub or the user's function leads to; none for "core" and "forward". */
  target: Import | undefined;
  /** For "forward": what the export table says. */
  forwarder: string | undefined;
  /** For "trace" with a prototype: how its values are written. */
  trace: TraceTypes | undefined;
}

/** Everything that the emitters need to know about one wrapper for one target. */
export interface WrapperModel {
  dll: string;
  arch: Arch;
  headers: string[];
  origin: Origin;
  ordinalBase: number;
  /** What the original calls itself in its export table. */
  innerName: string;
  libraries: Library[];
  imports: Import[];
  /** In the order of their ordinals. */
  stubs: Stub[];
  /** What the core may call, in the order of the wrapper description. */
  bindings: (Import & { signature: Signature })[];
  /** Those of the bindings that the program's modules are not to import themselves. */
  redirects: (Import & { signature: Signature })[];
}

/** Where the model's maker learns things it cannot know itself. */
export interface ModelSources {
  config: WrapperConfig;
  arch: Arch;
  exports: PeExportTable;
  headers: HeaderIndex;
  /** Integer macros of the headers; asked for if something is traced. */
  macros: () => ReadonlyMap<string, string>;
  compile: Compile;
  /** The exports of another system DLL, for core functions that the wrapped DLL does not export. */
  libraryExports: (dll: string) => PeExportTable;
}

/**
 * Joins the DLL's exports, the headers' prototypes and the wrapper description to one record per export.
 * @throws WrapgenError if the description asks for something that cannot be: an export that does not exist, a function
 * intercepted by the core without prototype, interception of data.
 */
export function makeModel(sources: ModelSources): WrapperModel {
  const { config, exports, arch } = sources;
  if (exports.arch !== arch) {
    throw new WrapgenError(
      `Cannot wrap ${config.dll} for ${arch}: it is made for ${exports.arch}. Give the ${arch} version of it.`,
    );
  }
  const dll = baseName(config.dll);
  const origin = originOf(config.original);
  if (origin.kind === "beside" && origin.file.toLowerCase() === dll.toLowerCase()) {
    throw new WrapgenError(
      `Cannot wrap ${dll} with the original as ${origin.file} beside it: they would be the same file. Give the original another name.`,
    );
  }
  checkRules(config, exports);
  const probe = new Probe(config.headers);
  const source = new SignatureSource(probe, config, sources.headers, arch);
  const imports = new ImportTable(dll);
  const ids = new Identifiers();
  const traced = new TraceSource(sources, source, probe);
  const drafts = exports.exports.map((entry) => draft(entry, ids.of(entry), config, source, traced));
  const { functions } = config.bindings;
  const signatures = functions.map((name) => source.require(name, "called by the core"));
  probe.run(sources.compile);
  const stubs = drafts.map((finish) => finish(imports, origin, dll));
  const bindings = functions.map((name, n) => {
    const entry = imports.addBinding(name, config, exports, sources.libraryExports);
    return Object.assign(entry, { signature: signatures[n]!() });
  });
  const redirects = config.redirect.map((name) => {
    const found = bindings.find(({ id, library }) => id === name && !library.isOriginal);
    if (found !== undefined) return found;
    throw new WrapgenError(
      `Cannot redirect "${name}": the core must be able to call the original. Add it to "bindings.functions", from another DLL than ${config.dll}.`,
    );
  });
  return {
    dll,
    arch,
    headers: config.headers,
    origin,
    ordinalBase: exports.ordinalBase,
    innerName: exports.dllName || dll,
    libraries: imports.libraries(),
    imports: imports.all(),
    stubs,
    bindings,
    redirects,
  };
}

/** Asks all there is to ask about an export; what it gives makes the record of the answers. */
function draft(
  entry: PeExport,
  id: string,
  config: WrapperConfig,
  source: SignatureSource,
  traced: TraceSource,
): (imports: ImportTable, origin: Origin, dll: string) => Stub {
  const base = { ordinal: entry.ordinal, names: entry.names, kind: entry.kind, id };
  const nothing = {
    finding: undefined,
    signature: undefined,
    target: undefined,
    forwarder: undefined,
    trace: undefined,
  };
  const intercepted = entry.names.find((name) => config.intercept.includes(name));
  if (intercepted !== undefined && config.interceptor === "core") {
    const signature = source.require(intercepted, "intercepted");
    return () => ({ ...base, ...nothing, mode: "core", signature: signature() });
  }
  const wish = wishedMode(entry, config.modes, originOf(config.original));
  const ask = entry.kind === "data" ? undefined : source.find(entry.names);
  if (intercepted !== undefined) {
    return (imports) => ({ ...base, ...nothing, mode: "intercept", finding: ask?.(), target: imports.add(entry, id) });
  }
  if (wish === "forward") {
    return (_, origin, dll) => ({
      ...base,
      ...nothing,
      mode: "forward",
      finding: ask?.(),
      forwarder: forwarderText(entry, dll, origin),
    });
  }
  const prototype = wish === "trace" ? source.chosen(entry.names)?.prototype : undefined;
  const trace = prototype && traced.ask(prototype);
  return (imports) => {
    const finding = ask!();
    const target = imports.add(entry, id);
    const callable = finding.prototype !== undefined && !finding.prototype.variadic && !returnsTwice(entry);
    if (callable && wish !== "jump") {
      // What is passed on keeps its types, whatever they are; only the value to return in case of failure depends on one.
      const returns = finding.returns ?? { kind: "record", size: 0, signed: false };
      target.signature = { prototype: finding.prototype!, returns };
    }
    const mode = wish === "pass" && !callable ? "jump" : wish;
    return { ...base, ...nothing, mode, finding, target, trace: finding.prototype && trace?.() };
  };
}

/** `setjmp` and its like come back into their caller a second time, when the frame of a stub that called them is gone. */
function returnsTwice(entry: PeExport): boolean {
  return entry.names.some((name) => /^_*(sig|intel_|i386_|mingw_)?setjmp\w*$/i.test(name));
}

/** Refuses rules and names that mean nothing: most likely they are misspelt. */
function checkRules(config: WrapperConfig, { exports, arch }: PeExportTable): void {
  for (const name of config.intercept) {
    const entry = exports.find(({ names }) => names.includes(name));
    if (entry === undefined) {
      throw new WrapgenError(
        `Cannot intercept "${name}": ${config.dll} (${arch}) exports no such name. Correct "intercept".`,
      );
    }
    if (entry.kind === "data") {
      throw new WrapgenError(
        `Cannot intercept "${name}": ${config.dll} (${arch}) exports it as data, which programs read without a call.`,
      );
    }
  }
  for (const { pattern, mode } of config.modes) {
    const served = exports.filter((entry) => means(pattern, entry));
    if (pattern !== "*" && served.length === 0) {
      throw new WrapgenError(`Cannot ${mode} "${pattern}": ${config.dll} (${arch}) has no such export.`);
    }
  }
}

/** What C calls exports: their names if C can say them, else names made of their ordinals. */
class Identifiers {
  private readonly used = new Set<string>();

  of(entry: PeExport): string {
    let id = entry.names.find((name) => /^[A-Za-z_]\w*$/.test(name)) ?? `ordinal_${entry.ordinal}`;
    while (this.used.has(id)) {
      id += "_";
    }
    this.used.add(id);
    return id;
  }
}

/** The file name of a path of either system. */
export function baseName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
}
