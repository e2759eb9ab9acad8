import type { WrapperConfig } from "./config.js";
import { WrapgenError } from "./errors.js";
import type { PeExport, PeExportTable } from "./pe.js";
import type { Signature } from "./signatures.js";

/** A DLL that the wrapper loads to reach the functions it stands in front of. */
export interface Library {
  /** What C calls it. */
  id: string;
  dll: string;
  /** It is the DLL that the wrapper replaces: found by its full path, never by the name that both have. */
  isOriginal: boolean;
}

/** One function of a library, resolved when it is first called. */
export interface Import {
  id: string;
  library: Library;
  /** Its name, or its ordinal if it has none. */
  symbol: string | number;
  /** Undefined if it is only ever jumped to. */
  signature: Pick<Signature, "prototype" | "returns"> | undefined;
}

/** Collects imports, each once, under unique names. */
export class ImportTable {
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
  add(entry: PeExport, id: string): Import {
    const forwarder = entry.forwarder;
    const library = this.library(forwarder?.dll ?? this.ownDll);
    const symbol = forwarder ? (forwarder.symbol ?? forwarder.ordinal!) : (entry.names[0] ?? entry.ordinal);
    return this.remember({ id, library, symbol, signature: undefined });
  }

  /** The function that the core calls under a name: an export of the wrapped DLL or of one of the further libraries. */
  addBinding(
    name: string,
    config: WrapperConfig,
    exports: PeExportTable,
    libraryExports: (dll: string) => PeExportTable,
  ): Import {
    const own = exports.exports.find((entry) => entry.names.includes(name));
    if (own) {
      return this.add(own, name);
    }
    for (const dll of config.bindings.libraries) {
      if (libraryExports(dll).exports.some((entry) => entry.names.includes(name))) {
        return this.remember({ id: name, library: this.library(dll), symbol: name, signature: undefined });
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
