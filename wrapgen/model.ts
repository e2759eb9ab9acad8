import type { WrapperConfig } from "./config.js";
import { WrapgenError } from "./errors.js";
import { askKind, type Compile, Probe, typeName, type ValueKind } from "./layouts.js";
import type { PeExport, PeExportTable } from "./pe.js";
import type { HeaderIndex, Prototype } from "./prototypes.js";
import type { Arch } from "./targets.js";

/** A DLL that the wrapper loads to reach the functions it stands in front of. */
export interface Library {
  /** What C calls it. */
  id: string;
  dll: string;
  /** It is the DLL that the wrapper replaces: found by its full path in the system's folder, never by name. */
  isOriginal: boolean;
}

/** One function of a library, resolved when it is first called. */
export interface Import {
  id: string;
  library: Library;
  /** Its name, or its ordinal if it has none. */
  symbol: string | number;
  /** Undefined if the headers do not tell: then it can only be jumped to. */
  signature: Signature | undefined;
}

/** A prototype with what the target's compiler says about its types. */
export interface Signature {
  prototype: Prototype;
  returns: ValueKind;
  parameters: ValueKind[];
}

/**
 * One export of the wrapper:
 * - intercepted: its stub calls the core;
 * - typed: its stub calls the original function, with the prototype from the headers;
 * - untyped: its stub jumps to the original function, leaving registers and stack alone.
 */
export interface Stub {
  ordinal: number;
  /** Undefined if the original exports it by ordinal only. */
  exportName: string | undefined;
  id: string;
  mode: "intercepted" | "typed" | "untyped";
  /** Valid for all modes but "untyped". */
  signature: Signature | undefined;
  /** Valid for all modes but "intercepted". */
  target: Import | undefined;
}

/** Everything that the emitters need to know about one wrapper for one target. */
export interface WrapperModel {
  dll: string;
  arch: Arch;
  headers: string[];
  libraries: Library[];
  imports: Import[];
  /** In the order of their ordinals. */
  stubs: Stub[];
  /** What the core may call, in the order of the wrapper description. */
  bindings: Import[];
}

/** Where the model's maker learns things it cannot know itself. */
export interface ModelSources {
  config: WrapperConfig;
  arch: Arch;
  exports: PeExportTable;
  headers: HeaderIndex;
  compile: Compile;
  /** The exports of another system DLL, for core functions that the wrapped DLL does not export. */
  libraryExports: (dll: string) => PeExportTable;
}

/**
 * Joins the DLL's exports, the headers' prototypes and the wrapper description to one record per export.
 * @throws WrapgenError if the description asks for something that cannot be: an export that does not exist, an
 * intercepted function without prototype, an export that is data.
 */
export function makeModel(sources: ModelSources): WrapperModel {
  const { config, exports, arch } = sources;
  if (exports.arch !== arch) {
    throw new WrapgenError(
      `Cannot wrap ${config.dll} for ${arch}: it is made for ${exports.arch}. Give the ${arch} version of it.`,
    );
  }
  const dll = baseName(config.dll);
  checkIntercepted(config, exports);
  const probe = new Probe(config.headers);
  const ask = askSignature(probe, config, sources.headers);
  const imports = new ImportTable(dll);
  const intercepted = new Set(config.intercept);
  const drafts = exports.exports.map((entry) => {
    const exportName = onlyName(entry, dll);
    refuseData(entry, exportName, dll);
    const isIntercepted = exportName !== undefined && intercepted.has(exportName);
    const purpose = isIntercepted ? "intercepted" : "passed on";
    const signature = exportName === undefined ? undefined : ask(exportName, purpose);
    const id = identifier(exportName, entry.ordinal);
    const target = isIntercepted ? undefined : imports.add(entry, exportName, id);
    return { ordinal: entry.ordinal, exportName, id, isIntercepted, signature, target };
  });
  const bindings = config.bindings.functions.map((name) => ({
    entry: imports.addBinding(name, sources),
    signature: ask(name, "called by the core"),
  }));
  probe.run(sources.compile);

  for (const draft of drafts) {
    if (draft.target) {
      draft.target.signature = draft.signature?.();
    }
  }
  for (const { entry, signature } of bindings) {
    entry.signature = signature!();
  }
  return {
    dll,
    arch: exports.arch,
    headers: config.headers,
    libraries: imports.libraries(),
    imports: imports.all(),
    stubs: drafts.map(({ ordinal, exportName, id, isIntercepted, signature, target }) => ({
      ordinal,
      exportName,
      id,
      mode: isIntercepted ? "intercepted" : signature ? "typed" : "untyped",
      signature: signature?.(),
      target,
    })),
    bindings: bindings.map(({ entry }) => entry),
  };
}

function checkIntercepted(config: WrapperConfig, exports: PeExportTable): void {
  const names = new Set(exports.exports.flatMap((entry) => entry.names));
  for (const name of config.intercept) {
    if (!names.has(name)) {
      throw new WrapgenError(
        `Cannot intercept "${name}": ${config.dll} (${exports.arch}) exports no such name. Correct "intercept".`,
      );
    }
  }
}

function onlyName(entry: PeExport, dll: string): string | undefined {
  if (entry.names.length > 1) {
    throw new WrapgenError(
      `Cannot wrap ${dll}: its ordinal ${entry.ordinal} has several names (${entry.names.join(", ")}), which a .def file cannot say.`,
    );
  }
  return entry.names[0];
}

function refuseData(entry: PeExport, exportName: string | undefined, dll: string): void {
  if (entry.kind === "data") {
    throw new WrapgenError(
      `Cannot wrap ${dll}: its export ${exportName ?? `@${entry.ordinal}`} is data. Programs read it without a call, so no stub can stand in for it.`,
    );
  }
}

/** What a signature is wanted for. */
export type Purpose = "intercepted" | "passed on" | "called by the core";

/**
 * Makes a function that looks a prototype up and puts questions about its types to the probe. The signature that it
 * gives is valid after the probe ran; it gives none for a function that is passed on and has no usable prototype.
 */
export function askSignature(
  probe: Probe,
  config: WrapperConfig,
  headers: HeaderIndex,
): (name: string, purpose: Purpose) => (() => Signature) | undefined {
  const known = new Map<string, () => ValueKind>();
  const kindOf = (type: string) => {
    const kind = known.get(type) ?? askKind(probe, type);
    known.set(type, kind);
    return kind;
  };
  return (name, purpose) => {
    const prototype = headers.prototype(name);
    if (prototype === undefined || prototype.variadic) {
      if (purpose === "passed on") {
        return undefined;
      }
      const why =
        prototype === undefined
          ? `the headers (${config.headers.join(", ")}) declare no prototype for it`
          : "it takes a variable number of arguments";
      throw new WrapgenError(
        `"${name}" cannot be ${purpose}: ${why}. Add the header that declares it, or take it off the list.`,
      );
    }
    const returns = kindOf(typeName(prototype.returns));
    // What is passed on keeps its types, whatever they are; only the value to return in case of failure depends on one.
    const parameters = purpose === "passed on" ? [] : prototype.parameters.map(({ type }) => kindOf(typeName(type)));
    return () => checked({ prototype, returns: returns(), parameters: parameters.map((kind) => kind()) }, purpose);
  };
}

function checked(signature: Signature, purpose: Purpose): Signature {
  if (purpose !== "passed on" && signature.returns.kind === "record") {
    throw new WrapgenError(
      `"${signature.prototype.name}" cannot be ${purpose}: it returns a struct by value. Take it off the list.`,
    );
  }
  return signature;
}

/** Collects imports, each once, under unique names. */
class ImportTable {
  private readonly imports = new Map<string, Import>();
  private readonly libraryByName = new Map<string, Library>();

  constructor(private readonly ownDll: string) {}

  all(): Import[] {
    return [...this.imports.values()];
  }

  libraries(): Library[] {
    return [...this.libraryByName.values()];
  }

  /** The function behind an export of the wrapped DLL: where its forwarder leads, or the DLL's own code. */
  add(entry: PeExport, exportName: string | undefined, id: string): Import {
    const forwarder = entry.forwarder;
    const library = this.library(forwarder?.dll ?? this.ownDll);
    const symbol = forwarder ? (forwarder.symbol ?? forwarder.ordinal!) : (exportName ?? entry.ordinal);
    return this.remember({ id, library, symbol, signature: undefined });
  }

  /** The function that the core calls under a name: an export of the wrapped DLL or of one of the further libraries. */
  addBinding(name: string, { config, exports, libraryExports }: ModelSources): Import {
    const own = exports.exports.find((entry) => entry.names.includes(name));
    const id = identifier(name, 0);
    if (own) {
      return this.add(own, name, id);
    }
    for (const dll of config.bindings.libraries) {
      if (libraryExports(dll).exports.some((entry) => entry.names.includes(name))) {
        return this.remember({ id, library: this.library(dll), symbol: name, signature: undefined });
      }
    }
    throw new WrapgenError(
      `The core cannot call "${name}": neither ${config.dll} nor ${config.bindings.libraries.join(", ")} exports it. Add its DLL to "bindings.libraries".`,
    );
  }

  private remember(fresh: Import): Import {
    const existing = this.imports.get(fresh.id);
    if (existing) {
      return existing;
    }
    this.imports.set(fresh.id, fresh);
    return fresh;
  }

  private library(dll: string): Library {
    const key = dll.toLowerCase();
    const isOriginal = key === this.ownDll.toLowerCase();
    const library = this.libraryByName.get(key) ?? { id: key.replace(/\W/g, "_"), dll, isOriginal };
    this.libraryByName.set(key, library);
    return library;
  }
}

/** What C calls an export: its name if C can say it, else a name made of its ordinal. */
function identifier(name: string | undefined, ordinal: number): string {
  return name !== undefined && /^[A-Za-z_]\w*$/.test(name) ? name : `ordinal_${ordinal}`;
}

/** The file name of a path of either system. */
export function baseName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
}
