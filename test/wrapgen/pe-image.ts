/*
 * A DLL that holds nothing but an export directory, with the layout that a test wants. It is laid out by hand from the
 * PE format specification, independently of what reads it.
 */

/** What an address of the table leads to: nothing, a place in a section, or a forwarder's text. */
export type Address = "none" | "code" | "data" | { forwarder: string };

export interface ImageShape {
  arch: "x64" | "ia32";
  dllName: string;
  ordinalBase: number;
  addresses: Address[];
  /** Names with indices into `addresses`, in the order of the name table. */
  names: { name: string; index: number }[];
}

const HEADERS = 0x400;
const EXPORTS_RVA = 0x1000;
/** Where sections with code and with data are in memory; there is nothing of them in the file. */
export const CODE_RVA = 0x100_0000;
export const DATA_RVA = 0x200_0000;

/** The bytes of such a DLL. */
export function image(shape: ImageShape): Buffer {
  const { arch, addresses, names } = shape;
  const tables = 40 + 4 * addresses.length + 6 * names.length;
  const texts: Buffer[] = [];
  let end = tables;
  const text = (value: string) => {
    const at = EXPORTS_RVA + end;
    const bytes = Buffer.from(`${value}\0`, "latin1");
    texts.push(bytes);
    end += bytes.length;
    return at;
  };
  const directory = Buffer.alloc(tables);
  const [addressTable, nameTable] = [40, 40 + 4 * addresses.length];
  const ordinalTable = nameTable + 4 * names.length;
  directory.writeUInt32LE(text(shape.dllName), 12);
  directory.writeUInt32LE(shape.ordinalBase, 16);
  directory.writeUInt32LE(addresses.length, 20);
  directory.writeUInt32LE(names.length, 24);
  for (const [n, at] of [addressTable, nameTable, ordinalTable].entries()) {
    directory.writeUInt32LE(EXPORTS_RVA + at, 28 + 4 * n);
  }
  for (const [n, address] of addresses.entries()) {
    const rva =
      address === "none"
        ? 0
        : address === "code"
          ? CODE_RVA + n
          : address === "data"
            ? DATA_RVA + n
            : text(address.forwarder);
    directory.writeUInt32LE(rva, addressTable + 4 * n);
  }
  for (const [n, { name, index }] of names.entries()) {
    directory.writeUInt32LE(text(name), nameTable + 4 * n);
    directory.writeUInt16LE(index, ordinalTable + 2 * n);
  }
  return Buffer.concat([headers(arch, end), directory, ...texts]);
}

function headers(arch: "x64" | "ia32", exportBytes: number): Buffer {
  const bytes = Buffer.alloc(HEADERS);
  const pe = 0x80;
  const optional = pe + 24;
  const directories = optional + (arch === "x64" ? 112 : 96);
  const optionalSize = directories - optional + 16 * 8;
  bytes.write("MZ", 0);
  bytes.writeUInt32LE(pe, 0x3c);
  bytes.write("PE\0\0", pe, "latin1");
  bytes.writeUInt16LE(arch === "x64" ? 0x8664 : 0x14c, pe + 4);
  bytes.writeUInt16LE(3, pe + 6);
  bytes.writeUInt16LE(optionalSize, pe + 20);
  bytes.writeUInt16LE(arch === "x64" ? 0x20b : 0x10b, optional);
  bytes.writeUInt32LE(HEADERS, optional + 60);
  bytes.writeUInt32LE(16, directories - 4);
  bytes.writeUInt32LE(EXPORTS_RVA, directories);
  bytes.writeUInt32LE(exportBytes, directories + 4);
  const section = (n: number, rva: number, size: number, inFile: boolean, flags: number) => {
    const at = optional + optionalSize + 40 * n;
    bytes.writeUInt32LE(size, at + 8);
    bytes.writeUInt32LE(rva, at + 12);
    bytes.writeUInt32LE(inFile ? size : 0, at + 16);
    bytes.writeUInt32LE(inFile ? HEADERS : 0, at + 20);
    bytes.writeUInt32LE(flags, at + 36);
  };
  section(0, EXPORTS_RVA, exportBytes, true, 0x4000_0040);
  section(1, CODE_RVA, 0x10_0000, false, 0x6000_0020);
  section(2, DATA_RVA, 0x10_0000, false, 0xc000_0040);
  return bytes;
}
