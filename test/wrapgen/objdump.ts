import { execFileSync } from "node:child_process";

/** One export as binutils' objdump, a reader independent of ours, prints it. */
export interface ListedExport {
  ordinal: number;
  names: string[];
  /** The text of a forwarder. */
  forwarder: string | undefined;
}

/** The export table of a DLL, read by objdump. */
export function listExports(dll: string): ListedExport[] {
  const text = execFileSync("objdump", ["-p", dll], { encoding: "utf8", maxBuffer: 1 << 28 });
  const byIndex = new Map<number, ListedExport>();
  // `[  17] +base[  18] d7ea Forwarder RVA -- ws2_32.select` or `... Export RVA`
  for (const match of text.matchAll(
    /^\t\[ *(\d+)\] \+base\[ *(\d+)\] *[0-9a-f]+ (Export|Forwarder) RVA(?: -- (.*))?$/gm,
  )) {
    byIndex.set(Number(match[1]), { ordinal: Number(match[2]), names: [], forwarder: match[4] });
  }
  const names = text.match(/^\[Ordinal\/Name Pointer\] Table.*\n((?:\t\[.*\n)*)/m)?.[1] ?? "";
  for (const match of names.matchAll(/^\t\[ *(\d+)\] (?:\+base\[ *\d+\] +(?:[0-9a-f]+ )?)?(\S+)$/gm)) {
    byIndex.get(Number(match[1]))!.names.push(match[2]!);
  }
  return [...byIndex.values()];
}

/** An export table as it lies in the file. */
export interface ListedTables {
  /** The first ordinal. */
  base: number;
  addresses: Omit<ListedExport, "names">[];
  /** In the order of the name table, so that an index in this list is a name's hint. */
  names: { name: string; ordinal: number }[];
}

/** The export table of a DLL with the order of its names, read by objdump. */
export function readTables(dll: string): ListedTables {
  const text = execFileSync("objdump", ["-p", dll], { encoding: "utf8", maxBuffer: 1 << 28 });
  const base = Number(text.match(/^Ordinal Base \t\t\t(\d+)$/m)?.[1]);
  const names = text.match(/^\[Ordinal\/Name Pointer\] Table.*\n((?:\t\[.*\n)*)/m)?.[1] ?? "";
  return {
    base,
    addresses: listExports(dll).map(({ ordinal, forwarder }) => ({ ordinal, forwarder })),
    names: [...names.matchAll(/^\t\[ *(\d+)\] (?:\+base\[ *\d+\] +(?:[0-9a-f]+ )?)?(\S+)$/gm)].map((match) => ({
      name: match[2]!,
      ordinal: base + Number(match[1]),
    })),
  };
}
