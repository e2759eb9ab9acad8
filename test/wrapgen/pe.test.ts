import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { availableArches } from "../../testbed/wine.js";
import { WrapgenError } from "../../wrapgen/errors.js";
import { findDll } from "../../wrapgen/io.js";
import { readExportTable } from "../../wrapgen/pe.js";
import { listExports } from "./objdump.js";

/** Forwarders, own code, ordinal gaps, data, names with punctuation, exports without names, and a DLL of hundreds of exports. */
const dlls = [
  "wsock32.dll",
  "ws2_32.dll",
  "mswsock.dll",
  "kernel32.dll",
  "msvcrt.dll",
  "msvcp140.dll",
  "shlwapi.dll",
  "ntdll.dll",
];

const arches = await availableArches();

for (const arch of arches) {
  describe(`export table of ${arch} DLLs`, () => {
    for (const dll of dlls) {
      it(`${dll} is read as objdump reads it`, () => {
        const path = findDll(dll, arch);
        const table = readExportTable(readFileSync(path), dll);
        assert.equal(table.arch, arch);
        assert.equal(table.dllName.toLowerCase(), dll);
        const listed = listExports(path);
        assert.ok(listed.length > 2);
        const ours = table.exports.map(({ ordinal, names, forwarder }) => ({
          ordinal,
          names,
          forwarder:
            forwarder && `${forwarder.dll.replace(/\.dll$/, "")}.${forwarder.symbol ?? `#${forwarder.ordinal}`}`,
        }));
        assert.deepEqual(ours, listed);
      });
    }

    it("variables are told from functions", () => {
      const path = findDll("msvcrt.dll", arch);
      const kinds = new Map(readExportTable(readFileSync(path), path).exports.map((e) => [e.names[0], e.kind]));
      assert.equal(kinds.get("_environ"), "data");
      assert.equal(kinds.get("_fmode"), "data");
      assert.equal(kinds.get("printf"), "code");
    });
  });
}

/** Reads bytes that may be damaged: either it works or the error is one of ours. */
function outcome(bytes: Uint8Array): string {
  try {
    return `${readExportTable(bytes, "damaged.dll").exports.length} exports`;
  } catch (error) {
    assert.ok(error instanceof WrapgenError, `unexpected ${error}`);
    assert.match(error.message, /^Cannot read the exports of damaged\.dll: .+\. Give an intact DLL/);
    return error.message;
  }
}

describe("damaged DLLs", () => {
  const original = readFileSync(findDll("wsock32.dll", "x64"));
  const whole = outcome(original);
  // Where the export directory's tables and texts are: the part of the file worth damaging.
  const tables = original.indexOf("AcceptEx\0") - 0x1800;

  it("cut short at any length give a clear error, until all that is needed is there", () => {
    const lengths = [...Array(2048).keys()];
    for (let length = 2048; length < original.length; length += 97) lengths.push(length);
    let last = "";
    for (const length of lengths) {
      last = outcome(original.subarray(0, length));
      assert.ok(length > tables || last !== whole, `read ${whole} from ${length} bytes`);
    }
    assert.equal(last, whole);
  });

  it("with any byte of the headers changed give a clear error or a table", () => {
    const bytes = Uint8Array.from(original);
    for (let at = 0; at < 1024; at++) {
      for (const value of [0, 0x7f, 0xff]) {
        const before = bytes[at]!;
        bytes[at] = value;
        outcome(bytes);
        bytes[at] = before;
      }
    }
    assert.equal(outcome(bytes), whole);
  });

  it("with random changes in the export directory give a clear error or a table", () => {
    const bytes = Uint8Array.from(original);
    const table = readExportTable(original, "original");
    assert.ok(table.exports.length > 0 && tables > 0);
    let state = 12345;
    const random = (limit: number) => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return (state >>> 8) % limit;
    };
    for (let round = 0; round < 3000; round++) {
      const at = tables + random(0x2000);
      const before = bytes.slice(at, at + 4);
      for (let n = 0; n < 4; n++) bytes[at + n] = random(4) === 0 ? 0xff : random(256);
      outcome(bytes);
      bytes.set(before, at);
    }
    assert.equal(outcome(bytes), whole);
  });

  it("claiming absurd counts are refused at once", () => {
    const bytes = Uint8Array.from(original);
    const view = new DataView(bytes.buffer);
    const table = listDirectory(original);
    for (const field of [20, 24]) {
      view.setUint32(table + field, 0xffff_ffff, true);
      assert.match(outcome(bytes), /more than the format can hold/);
      view.setUint32(table + field, original.readUInt32LE(table + field), true);
    }
    view.setUint32(table + 16, 0xffff, true);
    assert.match(outcome(bytes), /ordinals are 16 bits wide/);
  });

  it("that are no DLLs at all are called that", () => {
    assert.match(outcome(new Uint8Array(0)), /"MZ"/);
    assert.match(outcome(readFileSync(process.execPath).subarray(0, 4096)), /"MZ"/);
    const arm = Uint8Array.from(original);
    new DataView(arm.buffer).setUint16(original.readUInt32LE(0x3c) + 4, 0xaa64, true);
    assert.match(outcome(arm), /machine type 0xaa64; only x64 and ia32/);
  });
});

/** The file offset of the export directory: it begins right before the address table that it names. */
function listDirectory(file: Buffer): number {
  const pe = file.readUInt32LE(0x3c);
  const rva = file.readUInt32LE(pe + 24 + 112);
  const sections = pe + 24 + file.readUInt16LE(pe + 20);
  for (let n = 0; n < file.readUInt16LE(pe + 6); n++) {
    const at = sections + 40 * n;
    const start = file.readUInt32LE(at + 12);
    if (rva >= start && rva < start + file.readUInt32LE(at + 16)) return rva - start + file.readUInt32LE(at + 20);
  }
  throw new Error("no section holds the export directory");
}

describe("finding the original DLL", () => {
  it("names every place searched, and what to do", () => {
    assert.throws(
      () => findDll("no-such-thing.dll", "x64"),
      (error: Error) =>
        error instanceof WrapgenError &&
        /x86_64-windows\/no-such-thing\.dll/.test(error.message) &&
        /apt-get install/.test(error.message),
    );
  });

  it("takes a path as it is", () => {
    const path = findDll("wsock32.dll", "x64");
    assert.ok(existsSync(path));
    assert.equal(findDll(path, "x64"), path);
  });
});
