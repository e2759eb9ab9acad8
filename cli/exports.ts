import { existsSync } from "node:fs";
import type { Command } from "commander";
import { type ChainEnd, followForwarder } from "../wrapgen/chains.js";
import { definitionLine, quote } from "../wrapgen/emit-def.js";
import { findDll, readInput } from "../wrapgen/io.js";
import { type PeExport, type PeExportTable, readExportTable } from "../wrapgen/pe.js";
import type { Arch } from "../wrapgen/targets.js";
import { chooseDll } from "../wrapgen/wrap.js";
import { InputError } from "./errors.js";
import { plainTable } from "./table.js";

/** What was said on the command line. */
interface Options {
  json?: true;
  def?: true;
  follow?: true;
  arch?: string;
}

/** Adds `vmmc exports`. */
export function addExports(program: Command): void {
  program
    .command("exports")
    .description("list what a DLL exports")
    .argument("<file>", "a DLL for x64 or ia32 (x86), or the name of a system DLL")
    .option("--json", "as JSON")
    .option("--def", "as a module-definition file, from which dlltool makes an import library")
    .option("--follow", "tell where forwarders lead in the end, through other system DLLs")
    .option("--arch <arch>", "x64 or ia32, for a system DLL (default: x64)")
    .addHelpText(
      "after",
      "\nExamples:\n  vmmc exports version.dll\n  vmmc exports wsock32.dll --arch ia32 --follow\n  vmmc exports version.dll --def",
    )
    .action((file: string, options: Options) => console.log(describeExports(file, options)));
}

/**
 * Describes the exports of a DLL: as a table like that of `dumpbin /exports`, as JSON, or as a .def file.
 * @throws InputError or WrapgenError when the file cannot be read
 */
function describeExports(name: string, { json, def, follow, arch }: Options): string {
  if (json && def) throw new InputError("--json and --def exclude one another: say one of them.");
  if (arch !== undefined && arch !== "x64" && arch !== "ia32") {
    throw new InputError(`There is no architecture "${arch}": say x64 or ia32.`);
  }
  // A name that looks like a system DLL's is one only if there is no such file here.
  const path = existsSync(name) || !/^[\w.-]+\.(?:dll|drv|ocx|cpl)$/i.test(name) ? name : chooseDll(name, arch).path;
  const table = readExportTable(readInput(path, "the DLL"), path);
  const ends = follow ? chainEnds(table) : new Map<number, ChainEnd>();
  if (json) {
    const exports = table.exports.map((entry) => {
      const chain = ends.get(entry.ordinal);
      return chain ? { ...entry, chain } : entry;
    });
    return JSON.stringify({ ...table, exports }, undefined, 2);
  }
  return def ? definition(table) : exportsTable(table, ends);
}

function chainEnds({ arch, exports }: PeExportTable): Map<number, ChainEnd> {
  const tables = new Map<string, PeExportTable | undefined>();
  const exportsOf = (dll: string) => {
    const key = dll.toLowerCase();
    if (!tables.has(key)) tables.set(key, tableOf(key, arch));
    return tables.get(key);
  };
  const forwarded = exports.filter(({ kind }) => kind === "forwarder");
  return new Map(forwarded.map(({ ordinal, forwarder }) => [ordinal, followForwarder(forwarder!, exportsOf)]));
}

function tableOf(dll: string, arch: Arch): PeExportTable | undefined {
  try {
    const path = findDll(dll, arch);
    return readExportTable(readInput(path, "the DLL"), path);
  } catch {
    return undefined;
  }
}

function definition({ dllName, exports }: PeExportTable): string {
  const lines = exports.flatMap((entry) => {
    const ending = entry.kind === "data" ? " DATA" : "";
    const nameless = `ordinal_${entry.ordinal}`;
    return entry.names.length === 0
      ? [definitionLine(nameless, undefined, entry.ordinal, ` NONAME${ending}`, dllName)]
      : entry.names.map((name) => definitionLine(name, undefined, entry.ordinal, ending, dllName));
  });
  return [`LIBRARY ${quote(dllName, dllName)}`, "EXPORTS", ...lines].join("\n");
}

function exportsTable({ arch, dllName, ordinalBase, exports }: PeExportTable, ends: Map<number, ChainEnd>): string {
  const names = exports.flatMap((entry) => entry.names).sort();
  const hints = new Map(names.map((name, hint) => [name, hint.toString(16).toUpperCase()]));
  const rows = exports.flatMap((entry) =>
    (entry.names.length > 0 ? entry.names : [undefined]).map((name) => [
      String(entry.ordinal),
      name === undefined ? "" : hints.get(name)!,
      address(entry),
      `${printable(name ?? "[NONAME]")}${remark(entry, ends.get(entry.ordinal))}`,
    ]),
  );
  const head = `${printable(dllName) || "(no export table)"} for ${arch}: ${exports.length} exports, ${names.length} names`;
  const base = exports.length > 0 ? `, ordinal base ${ordinalBase}` : "";
  const table = plainTable(["ordinal", "hint", "RVA", "name"], rows, ["right", "right", "right", "left"]);
  return exports.length > 0 ? `${head}${base}\n\n${table}` : head;
}

/** Names come from the file: nothing in them may reach the terminal as a command. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e\xa0-\xff]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

function address(entry: PeExport): string {
  return entry.kind === "forwarder" ? "" : entry.rva.toString(16).toUpperCase().padStart(8, "0");
}

function remark({ kind, forwarder }: PeExport, chain: ChainEnd | undefined): string {
  if (kind === "data") return " (data)";
  if (forwarder === undefined) return "";
  const steps = chain?.steps ?? [forwarder.text];
  return ` (forwarded to ${steps.map(printable).join(", ")}${chain === undefined ? "" : `: ${chain.end}`})`;
}
