import { readFileSync } from "node:fs";
import { CliError, InputError } from "./errors.js";
import { parseVersionStrings } from "./version-info.js";

/** A processor architecture of Windows programs, in Node's words: 64-bit or 32-bit x86. */
export type Arch = "x64" | "ia32";

/** What a program file or DLL (PE format specification) says of itself. */
export interface Image {
  arch: Arch;
  isDll: boolean;
  /** The DLLs that it imports from when it starts, or later (delay-loaded), in lower case. */
  imports: string[];
  /** What it imports from each of them: names, and ordinals where it imports without a name. */
  functions: ReadonlyMap<string, readonly (string | number)[]>;
  /** Texts of its version resource, such as ProductName; empty when it has none. */
  version: ReadonlyMap<string, string>;
}

const MACHINES: Readonly<Record<number, Arch>> = { 34404: "x64", 332: "ia32" };
const IS_DLL = 0x2000;
// Data directories, and the sizes of what they point to.
const IMPORTS = { directory: 1, entryBytes: 20, nameField: 12, lookupFields: [0, 16] };
const DELAYED_IMPORTS = { directory: 13, entryBytes: 32, nameField: 4, lookupFields: [16] };
type ImportKind = typeof IMPORTS;
const RESOURCES = 2;
const RT_VERSION = 16;
const IS_SUBDIRECTORY = 0x8000_0000;
/** No program imports from more DLLs, or from one with a longer name: limits for damaged files. */
const MAX_IMPORTS = 4096;
const MAX_NAME_BYTES = 512;
const MAX_FUNCTIONS = 65_536;

/**
 * Reads a program file or DLL.
 * @throws CliError when there is none at `path`, or it is damaged or for another processor
 */
export function readImage(path: string): Image {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new CliError(`Cannot read ${path}: ${(error as Error).message}.`);
  }
  const file = new ImageFile(bytes, path);
  return { arch: file.arch, isDll: file.isDll, ...file.imported(), version: file.version() };
}

class ImageFile {
  readonly arch: Arch;
  readonly isDll: boolean;
  private readonly directories: number;
  private readonly sections: { rva: number; offset: number; bytes: number }[] = [];

  constructor(
    private readonly bytes: Buffer,
    private readonly path: string,
  ) {
    const isProgram = bytes.length >= 64 && this.u16(0) === 0x5a4d;
    const header = isProgram ? this.u32(0x3c) : 0;
    if (!isProgram || this.u32(header) !== 0x4550) {
      const old = isProgram && header + 2 <= bytes.length ? bytes.toString("latin1", header, header + 2) : "";
      if (/^(?:NE|LE|LX)$/.test(old)) {
        throw new InputError(
          `${path} is a 16-bit program (its header is "${old}"): only 32- and 64-bit ones are served.`,
        );
      }
      throw new InputError(`${path} is not a Windows program or DLL: it has no "MZ" and "PE" headers.`);
    }
    const machine = this.u16(header + 4);
    const arch = MACHINES[machine];
    if (arch === undefined) {
      throw new InputError(
        `${path} is made for machine type 0x${machine.toString(16)}; only x64 and ia32 (x86) are served.`,
      );
    }
    this.arch = arch;
    this.isDll = (this.u16(header + 22) & IS_DLL) !== 0;
    const optional = header + 24;
    this.directories = optional + (arch === "x64" ? 112 : 96);
    const table = optional + this.u16(header + 20);
    for (let n = 0; n < this.u16(header + 6); n++) {
      const at = table + 40 * n;
      this.sections.push({ rva: this.u32(at + 12), offset: this.u32(at + 20), bytes: this.u32(at + 16) });
    }
  }

  /** The DLLs that it imports from, and what. */
  imported(): Pick<Image, "imports" | "functions"> {
    const functions = new Map<string, (string | number)[]>();
    for (const kind of [IMPORTS, DELAYED_IMPORTS]) {
      for (const { name, lookup } of this.importsOf(kind)) {
        const dll = name.toLowerCase();
        functions.set(dll, [...(functions.get(dll) ?? []), ...this.functionsAt(lookup)]);
      }
    }
    return { imports: [...functions.keys()], functions };
  }

  private importsOf(kind: ImportKind): { name: string; lookup: number }[] {
    const directory = this.directory(kind.directory);
    const found: { name: string; lookup: number }[] = [];
    if (directory === undefined) return found;
    for (let at = directory.offset; found.length < MAX_IMPORTS; at += kind.entryBytes) {
      const name = this.u32(at + kind.nameField);
      if (name === 0) return found;
      // Some linkers leave the table out that the loader does not write to.
      const lookup = kind.lookupFields.map((field) => this.u32(at + field)).find((rva) => rva !== 0) ?? 0;
      found.push({ name: this.text(this.offset(name)), lookup });
    }
    return this.damaged("its import table has no end");
  }

  /** The functions of one lookup table: pointer-sized entries, an ordinal if the highest bit is set, else a name's address. */
  private functionsAt(rva: number): (string | number)[] {
    const found: (string | number)[] = [];
    if (rva === 0) return found;
    const size = this.arch === "x64" ? 8 : 4;
    for (let at = this.offset(rva); found.length < MAX_FUNCTIONS; at += size) {
      const low = this.u32(at);
      const high = size === 8 ? this.u32(at + 4) : low;
      if (low === 0 && high === 0) return found;
      if (high >= IS_SUBDIRECTORY) found.push(low & 0xffff);
      else found.push(this.text(this.offset(low) + 2));
    }
    return this.damaged("a list of imports has no end");
  }

  /** The version resource: type, then name, then language, each a directory; the first of each is taken. */
  version(): Map<string, string> {
    const root = this.directory(RESOURCES);
    const none = new Map<string, string>();
    if (root === undefined) return none;
    const type = this.resourceEntry(root.offset, RT_VERSION);
    if (type === undefined || (type & IS_SUBDIRECTORY) === 0) return none;
    const name = this.resourceEntry(root.offset + (type & ~IS_SUBDIRECTORY));
    if (name === undefined || (name & IS_SUBDIRECTORY) === 0) return none;
    const language = this.resourceEntry(root.offset + (name & ~IS_SUBDIRECTORY));
    if (language === undefined || (language & IS_SUBDIRECTORY) !== 0) return none;
    const data = root.offset + language;
    const start = this.offset(this.u32(data));
    return parseVersionStrings(this.bytes.subarray(start, start + this.u32(data + 4)));
  }

  /** Where an entry of a resource directory leads; that of any id if none is given. */
  private resourceEntry(directory: number, id?: number): number | undefined {
    const count = this.u16(directory + 12) + this.u16(directory + 14);
    for (let at = directory + 16; at < directory + 16 + 8 * count; at += 8) {
      if (id === undefined || this.u32(at) === id) return this.u32(at + 4);
    }
    return undefined;
  }

  private directory(index: number): { offset: number } | undefined {
    // The number of directories stands before the first.
    if (index >= this.u32(this.directories - 4)) return undefined;
    const rva = this.u32(this.directories + 8 * index);
    return rva === 0 ? undefined : { offset: this.offset(rva) };
  }

  private offset(rva: number): number {
    const section = this.sections.find((candidate) => rva >= candidate.rva && rva - candidate.rva < candidate.bytes);
    if (section === undefined) return this.damaged(`address 0x${rva.toString(16)} lies in no section`);
    return section.offset + rva - section.rva;
  }

  private text(offset: number): string {
    const window = this.bytes.subarray(offset, offset + MAX_NAME_BYTES);
    const end = window.indexOf(0);
    return end < 0 ? this.damaged("a name has no end") : window.toString("latin1", 0, end);
  }

  private u16(offset: number): number {
    return offset + 2 <= this.bytes.length ? this.bytes.readUInt16LE(offset) : this.damaged("it is too short");
  }

  private u32(offset: number): number {
    return offset + 4 <= this.bytes.length ? this.bytes.readUInt32LE(offset) : this.damaged("it is too short");
  }

  private damaged(why: string): never {
    throw new CliError(`Cannot read ${this.path}: the file is damaged (${why}).`);
  }
}
