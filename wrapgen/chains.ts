import type { Forwarder, PeExport, PeExportTable } from "./pe.js";

/** Where a forwarder leads in the end. */
export interface ChainEnd {
  /** Each step as it stands in the files, the first one included. */
  steps: string[];
  end: "code" | "data" | "missing DLL" | "missing export" | "cycle";
}

/**
 * Follows a forwarder through other DLLs until something that is none, as the loader does when it is asked for.
 * @param exportsOf the export table of a DLL by its file name; undefined if there is no such DLL
 */
export function followForwarder(start: Forwarder, exportsOf: (dll: string) => PeExportTable | undefined): ChainEnd {
  const steps: string[] = [];
  const seen = new Set<string>();
  let forwarder = start;
  for (;;) {
    const key = `${forwarder.dll}.${forwarder.symbol ?? `#${forwarder.ordinal}`}`.toLowerCase();
    steps.push(forwarder.text);
    if (seen.has(key)) {
      return { steps, end: "cycle" };
    }
    seen.add(key);
    const table = exportsOf(forwarder.dll);
    if (table === undefined) {
      return { steps, end: "missing DLL" };
    }
    const entry = find(table, forwarder);
    if (entry === undefined) {
      return { steps, end: "missing export" };
    }
    if (entry.kind !== "forwarder") {
      return { steps, end: entry.kind };
    }
    forwarder = entry.forwarder!;
  }
}

function find({ exports }: PeExportTable, { symbol, ordinal }: Forwarder): PeExport | undefined {
  return exports.find((entry) => (symbol === undefined ? entry.ordinal === ordinal : entry.names.includes(symbol)));
}
