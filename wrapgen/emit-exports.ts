import { stubSymbol } from "./emit-def.js";
import type { WrapperModel } from "./model.js";
import { TARGETS } from "./targets.js";

/**
 * Writes exports.s: the export directory as data (PE format specification, section "The .edata Section"). Unlike a .def
 * file it can say everything that the original's says: several names for one ordinal, names of any bytes, forwarders
 * to ordinals, the first ordinal, and the order of the names, from which their hints follow.
 */
export function emitExports(model: WrapperModel): string {
  const { stubs, ordinalBase } = model;
  const prefix = TARGETS[model.arch].symbolPrefix;
  const byOrdinal = new Map(stubs.map((stub, n) => [stub.ordinal, { stub, n }]));
  const last = stubs.at(-1)?.ordinal ?? ordinalBase - 1;
  const addresses: string[] = [];
  for (let ordinal = ordinalBase; ordinal <= last; ordinal++) {
    const found = byOrdinal.get(ordinal);
    if (found === undefined) {
      addresses.push("  .long 0");
    } else {
      addresses.push(`  .rva ${found.stub.mode === "forward" ? `.Lto${found.n}` : prefix + stubSymbol(found.stub)}`);
    }
  }
  // The loader searches names by their bytes.
  const names = stubs
    .flatMap(({ names, ordinal }) => names.map((name) => ({ name, index: ordinal - ordinalBase })))
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.index - b.index));
  return [
    `# Generated from ${model.dll} (${model.arch}). Do not edit.`,
    '  .section .edata,"dr"',
    "  .long 0, 0, 0",
    "  .rva .Lself",
    `  .long ${ordinalBase}, ${addresses.length}, ${names.length}`,
    "  .rva .Laddresses, .Lnames, .Lordinals",
    ".Laddresses:",
    ...addresses,
    ".Lnames:",
    ...names.map((_, n) => `  .rva .Lname${n}`),
    ".Lordinals:",
    ...names.map(({ index }) => `  .short ${index}`),
    `.Lself: .asciz ${quoted(model.innerName)}`,
    ...names.map(({ name }, n) => `.Lname${n}: .asciz ${quoted(name)}`),
    ...stubs.flatMap(({ forwarder }, n) => (forwarder === undefined ? [] : [`.Lto${n}: .asciz ${quoted(forwarder)}`])),
    "",
  ].join("\n");
}

/** A string of the assembler's; bytes that are no text in octal. */
function quoted(text: string): string {
  return `"${text.replace(/[^\x20-\x7e]|["\\]/g, (c) => `\\${c.charCodeAt(0).toString(8).padStart(3, "0")}`)}"`;
}
