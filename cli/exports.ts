import { readFileSync } from "node:fs";
import Table from "cli-table3";
import { type PeExport, type PeExportTable, readExportTable } from "../wrapgen/pe.js";
import { CliError } from "./errors.js";

/**
 * Describes the exports of a DLL: as a table like that of `dumpbin /exports`, or as JSON.
 * @throws CliError or WrapgenError when the file cannot be read
 */
export function describeExports(path: string, asJson: boolean): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new CliError(`Cannot read ${path}: ${(error as Error).message}.`);
  }
  const table = readExportTable(bytes, path);
  return asJson ? JSON.stringify(table, undefined, 2) : exportsTable(table);
}

function exportsTable({ arch, dllName, ordinalBase, exports }: PeExportTable): string {
  const names = exports.flatMap((entry) => entry.names).sort();
  const hints = new Map(names.map((name, hint) => [name, hint.toString(16).toUpperCase()]));
  const none = { top: "", "top-mid": "", "top-left": "", "top-right": "", bottom: "", "bottom-mid": "" };
  const noFrame = { ...none, "bottom-left": "", "bottom-right": "", left: "", "left-mid": "", mid: "", "mid-mid": "" };
  const table = new Table({
    head: ["ordinal", "hint", "RVA", "name"],
    chars: { ...noFrame, right: "", "right-mid": "", middle: " " },
    colAligns: ["right", "right", "right", "left"],
    style: { head: [], border: [], "padding-left": 1, "padding-right": 0 },
  });
  for (const entry of exports) {
    for (const name of entry.names.length > 0 ? entry.names : [undefined]) {
      const hint = name === undefined ? "" : hints.get(name)!;
      table.push([entry.ordinal, hint, address(entry), `${name ?? "[NONAME]"}${remark(entry)}`]);
    }
  }
  const head = `${dllName || "(no export table)"} for ${arch}: ${exports.length} exports, ${names.length} names`;
  const base = exports.length > 0 ? `, ordinal base ${ordinalBase}` : "";
  const rows = table.toString().replace(/[ \t]+$/gm, "");
  return exports.length > 0 ? `${head}${base}\n\n${rows}` : head;
}

function address(entry: PeExport): string {
  return entry.kind === "forwarder" ? "" : entry.rva.toString(16).toUpperCase().padStart(8, "0");
}

function remark({ kind, forwarder }: PeExport): string {
  if (kind === "data") return " (data)";
  if (forwarder === undefined) return "";
  return ` (forwarded to ${forwarder.dll.replace(/\.dll$/i, "")}.${forwarder.symbol ?? `#${forwarder.ordinal}`})`;
}
