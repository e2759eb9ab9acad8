import { WrapgenError } from "./errors.js";
import type { Arch } from "./targets.js";
import { ARCHES, TARGETS } from "./targets.js";

/*
 * The export directory of a PE file (PE format specification, section "The .edata Section"):
 *
 *   directory --> address table   [index]  RVA of the code or data, or of a forwarder text inside the directory
 *             --> name table      [n]      RVA of a name, sorted
 *             --> ordinal table   [n]      index into the address table for the n-th name
 *
 * ordinal = ordinal base + index. A slot of the address table that is 0 is no export.
 * Nothing in the file is trusted: every read is checked against the file, every count against its natural limit.
 */

/** Where a forwarder leads: `symbol` or, for texts such as `ws2_32.#12`, `ordinal`. */
export interface Forwarder {
  /** The file name of the DLL, with its extension. */
  dll: string;
  symbol: string | undefined;
  ordinal: number | undefined;
  /** As it stands in the file, for example `ws2_32.#12`. */
  text: string;
}

export interface PeExport {
  ordinal: number;
  /** Empty for an export that has an ordinal only; several if names share an ordinal. */
  names: string[];
  rva: number;
  kind: "code" | "data" | "forwarder";
  /** Valid if `kind` is "forwarder". */
  forwarder: Forwarder | undefined;
}

export interface PeExportTable {
  arch: Arch;
  /** The name the DLL gives itself; empty if it exports nothing. */
  dllName: string;
  ordinalBase: number;
  /** In the order of their ordinals. */
  exports: PeExport[];
}

/** Ordinals are 16 bits wide. */
const MAX_EXPORTS = 0x10000;
/** No linker writes longer names; the limit keeps a hostile file from making us scan it once for each name. */
const MAX_NAME_LENGTH = 4096;
/** The Windows loader refuses more. */
const MAX_SECTIONS = 96;

const MAGIC_PE32 = 0x10b;
const MAGIC_PE32_PLUS = 0x20b;
const SECTION_IS_EXECUTABLE = 0x2000_0000;
const SECTION_HAS_CODE = 0x20;

interface Section {
  rva: number;
  /** Bytes in memory and, from `fileOffset` on, in the file. */
  virtualSize: number;
  fileOffset: number;
  fileSize: number;
  executable: boolean;
}

/**
 * Reads the export table of a PE32 or PE32+ file.
 * @param bytes the whole file
 * @param label how error messages call the file
 * @throws WrapgenError if the file is not a PE file for a known target, or its export table is damaged
 */
export function readExportTable(bytes: Uint8Array, label: string): PeExportTable {
  return new PeReader(bytes, label).exportTable();
}

class PeReader {
  private readonly view: DataView;
  private sections: Section[] = [];
  private headerSize = 0;
  /** What names and forwarders together may still take: see `text`. */
  private textBudget: number;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly label: string,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.textBudget = bytes.length;
  }

  exportTable(): PeExportTable {
    const { arch, directoryRva, directorySize } = this.headers();
    if (directoryRva === 0 || directorySize === 0) {
      return { arch, dllName: "", ordinalBase: 0, exports: [] };
    }
    const directory = this.fileOffset(directoryRva, 40, "export directory");
    const dllName = this.text(this.u32(directory + 12), "the DLL's own name");
    const ordinalBase = this.u32(directory + 16);
    const addressCount = this.u32(directory + 20);
    const nameCount = this.u32(directory + 24);
    if (addressCount > MAX_EXPORTS || nameCount > MAX_EXPORTS) {
      this.fail(
        `its export directory claims ${addressCount} addresses and ${nameCount} names, more than the format can hold`,
      );
    }
    if (addressCount > 0 && ordinalBase + addressCount > MAX_EXPORTS) {
      this.fail(`its ordinals would reach ${ordinalBase + addressCount - 1}, but ordinals are 16 bits wide`);
    }
    const addresses = this.table(this.u32(directory + 28), addressCount, 4, "export address table");
    const namePointers = this.table(this.u32(directory + 32), nameCount, 4, "export name table");
    const nameOrdinals = this.table(this.u32(directory + 36), nameCount, 2, "export ordinal table");

    const exports = new Map<number, PeExport>();
    for (let index = 0; index < addressCount; index++) {
      const rva = this.u32(addresses + 4 * index);
      if (rva !== 0) {
        exports.set(index, this.oneExport(ordinalBase + index, rva, directoryRva, directorySize));
      }
    }
    for (let n = 0; n < nameCount; n++) {
      const name = this.text(this.u32(namePointers + 4 * n), `export name ${n}`);
      const index = this.u16(nameOrdinals + 2 * n);
      const entry = exports.get(index);
      if (entry === undefined) {
        this.fail(
          `its export name ${JSON.stringify(name)} points to entry ${index} of the address table, which does not exist or is empty`,
        );
      }
      entry.names.push(name);
    }
    return { arch, dllName, ordinalBase, exports: [...exports.values()] };
  }

  private oneExport(ordinal: number, rva: number, directoryRva: number, directorySize: number): PeExport {
    if (rva >= directoryRva && rva < directoryRva + directorySize) {
      const forwarder = this.forwarder(this.text(rva, `the forwarder at ordinal ${ordinal}`), ordinal);
      return { ordinal, names: [], rva, kind: "forwarder", forwarder };
    }
    const section = this.sections.find((s) => rva >= s.rva && rva - s.rva < Math.max(s.virtualSize, s.fileSize));
    if (section === undefined) {
      this.fail(`its export at ordinal ${ordinal} lies outside all sections (RVA 0x${rva.toString(16)})`);
    }
    return { ordinal, names: [], rva, kind: section.executable ? "code" : "data", forwarder: undefined };
  }

  private forwarder(text: string, ordinal: number): Forwarder {
    // The DLL's name may hold dots itself, a symbol cannot: the loader splits at the last one, and so do we.
    const dot = text.lastIndexOf(".");
    const module = text.slice(0, Math.max(dot, 0));
    const symbol = text.slice(dot + 1);
    if (module === "" || symbol === "") {
      this.fail(`its forwarder at ordinal ${ordinal} is not of the form DLL.NAME: ${JSON.stringify(text)}`);
    }
    const dll = module.includes(".") ? module : `${module}.dll`;
    if (!symbol.startsWith("#")) {
      return { dll, symbol, ordinal: undefined, text };
    }
    const target = /^#\d{1,5}$/.test(symbol) ? Number(symbol.slice(1)) : MAX_EXPORTS;
    if (target >= MAX_EXPORTS) {
      this.fail(`its forwarder at ordinal ${ordinal} names an impossible ordinal: ${JSON.stringify(text)}`);
    }
    return { dll, symbol: undefined, ordinal: target, text };
  }

  private headers(): { arch: Arch; directoryRva: number; directorySize: number } {
    if (this.bytes.length < 64 || this.u16(0) !== 0x5a4d) {
      this.fail('it does not begin with the "MZ" header of a program file');
    }
    const pe = this.u32(0x3c);
    if (this.u32(pe) !== 0x4550) {
      this.fail(`there is no "PE" signature at offset 0x${pe.toString(16)}`);
    }
    const machine = this.u16(pe + 4);
    const arch = ARCHES.find((candidate) => TARGETS[candidate].machine === machine);
    if (arch === undefined) {
      this.fail(`it is made for machine type 0x${machine.toString(16)}; only x64 and ia32 (x86) are known`);
    }
    const sectionCount = this.u16(pe + 6);
    const optionalSize = this.u16(pe + 20);
    const optional = pe + 24;
    const magic = this.u16(optional);
    const plus = magic === MAGIC_PE32_PLUS;
    if (magic !== MAGIC_PE32 && !plus) {
      this.fail(`its optional header has the unknown magic number 0x${magic.toString(16)}`);
    }
    if (plus !== (arch === "x64")) {
      this.fail(`it is made for ${arch} but has a ${plus ? "PE32+" : "PE32"} header`);
    }
    const directories = optional + (plus ? 112 : 96);
    if (sectionCount > MAX_SECTIONS) {
      this.fail(`it claims ${sectionCount} sections; the loader takes at most ${MAX_SECTIONS}`);
    }
    this.headerSize = this.u32(optional + 60);
    this.readSections(optional + optionalSize, sectionCount);
    const hasExportDirectory = this.u32(directories - 4) > 0 && optionalSize >= directories - optional + 8;
    return {
      arch,
      directoryRva: hasExportDirectory ? this.u32(directories) : 0,
      directorySize: hasExportDirectory ? this.u32(directories + 4) : 0,
    };
  }

  private readSections(offset: number, count: number): void {
    for (let n = 0; n < count; n++) {
      const at = offset + 40 * n;
      const flags = this.u32(at + 36);
      this.sections.push({
        virtualSize: this.u32(at + 8),
        rva: this.u32(at + 12),
        fileSize: this.u32(at + 16),
        fileOffset: this.u32(at + 20),
        executable: (flags & (SECTION_IS_EXECUTABLE | SECTION_HAS_CODE)) !== 0,
      });
    }
  }

  private table(rva: number, count: number, width: number, what: string): number {
    return count === 0 ? 0 : this.fileOffset(rva, count * width, what);
  }

  /** The offset in the file of `length` bytes that are loaded at `rva`; they must all be in the file. */
  private fileOffset(rva: number, length: number, what: string): number {
    const offset = this.available(rva, what);
    if (offset.bytes < length) {
      this.fail(`its ${what} (${length} bytes at RVA 0x${rva.toString(16)}) ends outside the file`);
    }
    return offset.start;
  }

  /** Where the bytes at `rva` are in the file, and how many follow one another there. */
  private available(rva: number, what: string): { start: number; bytes: number } {
    for (const section of this.sections) {
      const distance = rva - section.rva;
      if (distance >= 0 && distance < section.fileSize) {
        const start = section.fileOffset + distance;
        const end = Math.min(section.fileOffset + section.fileSize, this.bytes.length);
        return { start, bytes: Math.max(0, end - start) };
      }
    }
    if (rva > 0 && rva < this.headerSize) {
      return { start: rva, bytes: Math.max(0, Math.min(this.headerSize, this.bytes.length) - rva) };
    }
    return this.fail(`its ${what} lies at RVA 0x${rva.toString(16)}, which no section of the file holds`);
  }

  private text(rva: number, what: string): string {
    const { start, bytes } = this.available(rva, what);
    const window = this.bytes.subarray(start, start + Math.min(bytes, MAX_NAME_LENGTH));
    const end = window.indexOf(0);
    if (end < 0) {
      this.fail(`${what} is not ended by a zero byte within ${window.length} bytes`);
    }
    // Texts that lie on top of one another could blow a small file up to gigabytes; those of an honest one fit into it.
    this.textBudget -= end;
    if (this.textBudget < 0) {
      this.fail("its names overlap: together they are longer than the file");
    }
    return Buffer.from(window.subarray(0, end)).toString("latin1");
  }

  private u16(offset: number): number {
    this.need(offset, 2);
    return this.view.getUint16(offset, true);
  }

  private u32(offset: number): number {
    this.need(offset, 4);
    return this.view.getUint32(offset, true);
  }

  private need(offset: number, length: number): void {
    if (offset + length > this.bytes.length) {
      this.fail(`it ends at byte ${this.bytes.length}, but its headers need byte ${offset + length - 1}`);
    }
  }

  private fail(why: string): never {
    throw new WrapgenError(
      `Cannot read the exports of ${this.label}: ${why}. Give an intact DLL made for x64 or ia32.`,
    );
  }
}
