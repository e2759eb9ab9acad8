import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { followForwarder } from "../../wrapgen/chains.js";
import { defaultConfig } from "../../wrapgen/config.js";
import { emitExports } from "../../wrapgen/emit-exports.js";
import { WrapgenError } from "../../wrapgen/errors.js";
import { findDll } from "../../wrapgen/io.js";
import { makeModel } from "../../wrapgen/model.js";
import { type PeExportTable, readExportTable } from "../../wrapgen/pe.js";
import { wrap } from "../../wrapgen/wrap.js";
import { readTables } from "./objdump.js";
import { type Address, CODE_RVA, DATA_RVA, type ImageShape, image } from "./pe-image.js";

/* Tables nobody would write by hand, made from seeds, and real DLLs with random damage. A failure names its seed. */

const rounds = process.env.VMMC_TEST_FULL === "1" ? 200_000 : 4_000;

/** Numbers that depend on a seed alone (xorshift32). */
function randomFrom(seed: number): (limit: number) => number {
  let state = (seed * 2_654_435_769) >>> 0 || 1;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}

/** Names with all that names may have: C++, decorations, spaces, keywords, bytes that are no text; none twice. */
function randomShape(seed: number): ImageShape {
  const random = randomFrom(seed);
  const pick = <T>(list: readonly T[]) => list[random(list.length)]!;
  const byte = () => String.fromCharCode(1 + random(255));
  const word = () =>
    pick(["f", "DATA", "?f@@YAHXZ", "_f@8", "@f@8", "a b", "a.b", "#7", 'quo"te', "\\", byte(), byte() + byte()]);
  const address = (): Address =>
    pick<() => Address>([
      () => "none",
      () => "code",
      () => "code",
      () => "data",
      () => ({ forwarder: pick(["other.f", "some.dll.f", "OTHER.#12", "api-ms-win-x-l1-1-0.f"]) }),
    ])();
  const addresses = Array.from({ length: random(20) }, address);
  const used = addresses.flatMap((entry, index) => (entry === "none" ? [] : [index]));
  const count = used.length === 0 ? 0 : random(25);
  const names = Array.from({ length: count }, (_, n) => ({ name: `${word()}${n}${word()}`, index: pick(used) }));
  return {
    arch: pick(["x64", "ia32"] as const),
    dllName: pick(["some.dll", "", "näme.dll"]),
    ordinalBase: pick([0, 1, 1, 2, 70, 65_000]),
    addresses,
    names,
  };
}

describe("an export table of any shape", () => {
  it("is read as it was written", () => {
    for (let seed = 1; seed <= rounds / 4; seed++) {
      const shape = randomShape(seed);
      const table = readExportTable(image(shape), "random.dll");
      assert.equal(table.arch, shape.arch, `seed ${seed}`);
      assert.equal(table.ordinalBase, shape.ordinalBase, `seed ${seed}`);
      const expected = shape.addresses.flatMap((address, index) => {
        if (address === "none") return [];
        const names = shape.names.filter((entry) => entry.index === index).map(({ name }) => name);
        const kind = typeof address === "string" ? address : "forwarder";
        const text = typeof address === "string" ? undefined : address.forwarder;
        return [{ ordinal: shape.ordinalBase + index, names, kind, text }];
      });
      const got = table.exports.map(({ ordinal, names, kind, forwarder }) => ({
        ordinal,
        names,
        kind,
        text: forwarder?.text,
      }));
      assert.deepEqual(got, expected, `seed ${seed}`);
      for (const { kind, rva, ordinal } of table.exports) {
        const index = ordinal - shape.ordinalBase;
        if (kind !== "forwarder") assert.equal(rva, (kind === "code" ? CODE_RVA : DATA_RVA) + index, `seed ${seed}`);
      }
    }
  });

  it("is written with every name, in the order in which the loader searches", () => {
    for (let seed = 1; seed <= rounds / 40; seed++) {
      const table = readExportTable(image(randomShape(seed)), "random.dll");
      const model = makeModel({
        config: { ...defaultConfig("random.dll"), modes: [{ pattern: "*", mode: "auto" }] },
        arch: table.arch,
        exports: table,
        headers: {
          prototype: () => undefined,
          declarations: () => [],
          record: () => undefined,
          enumeration: () => undefined,
        },
        macros: () => new Map(),
        compile: () => ({ assembly: "" }),
        libraryExports: () => assert.fail(),
      });
      const text = emitExports(model);
      const written = [...text.matchAll(/^\.Lname\d+: \.asciz "(.*)"$/gm)].map((match) =>
        match[1]!.replace(/\\(\d{3})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 8))),
      );
      const names = table.exports.flatMap((entry) => entry.names);
      const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a, "latin1"), Buffer.from(b, "latin1"));
      assert.deepEqual(written, names.sort(byBytes), `seed ${seed}`);
      const ids = model.stubs.map(({ id }) => id);
      assert.equal(new Set(ids).size, ids.length, `seed ${seed}`);
    }
  });
});

describe("a wrapper of a DLL with an export table of any shape", () => {
  const folder = mkdtempSync(join(tmpdir(), "vmmc-random-"));
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const seed of process.env.VMMC_TEST_FULL === "1" ? [...Array(60).keys()] : [1, 2, 3, 4, 5, 6]) {
    it(`exports the same, seed ${seed}`, async () => {
      const dll = join(folder, `random${seed}.dll`);
      const shape = randomShape(seed);
      writeFileSync(dll, image(shape));
      const result = await wrap({
        config: {
          ...defaultConfig(dll),
          original: "real.dll",
          modes: [{ pattern: "*", mode: seed % 2 ? "jump" : "auto" }],
        },
        arch: shape.arch,
        outDir: join(folder, String(seed)),
        sources: [],
        libraries: [],
        build: true,
      });
      const rows = ({ exports }: PeExportTable) => exports.map(({ ordinal, names }) => [ordinal, [...names].sort()]);
      const built = readExportTable(readFileSync(result.dll!), "built.dll");
      assert.deepEqual(rows(built), rows(readExportTable(image(shape), "random.dll")));
      assert.equal(readTables(result.dll!).addresses.length, built.exports.length, "as objdump counts them");
    });
  }
});

describe("tables that lie", () => {
  const base: ImageShape = { arch: "x64", dllName: "a.dll", ordinalBase: 1, addresses: [], names: [] };

  it("names that lie on top of one another: refused before they fill the memory", () => {
    const long = "x".repeat(4000);
    const addresses: Address[] = Array.from({ length: 60_000 }, () => "code");
    const names = addresses.map((_, index) => ({ name: index === 0 ? long : "", index }));
    const bytes = image({ ...base, addresses, names });
    const directory = 0x400;
    const nameTable = directory + bytes.readUInt32LE(directory + 32) - 0x1000;
    const first = bytes.readUInt32LE(nameTable);
    for (let n = 0; n < names.length; n++) bytes.writeUInt32LE(first, nameTable + 4 * n);
    assert.throws(() => readExportTable(bytes, "a.dll"), /its names overlap/);
  });

  it("a forwarder in a circle through other DLLs: told as such", () => {
    const table = (forwarder: string): PeExportTable =>
      readExportTable(image({ ...base, addresses: [{ forwarder }], names: [{ name: "f", index: 0 }] }), "circle.dll");
    const tables: Record<string, PeExportTable> = {
      "a.dll": table("b.f"),
      "b.dll": table("A.#1"),
      "c.dll": table("d.f"),
    };
    const follow = (dll: string) =>
      followForwarder(tables[dll]!.exports[0]!.forwarder!, (name) => tables[name.toLowerCase()]);
    assert.deepEqual(follow("a.dll"), { steps: ["b.f", "A.#1", "b.f"], end: "cycle" });
    assert.deepEqual(follow("c.dll"), { steps: ["d.f"], end: "missing DLL" });
  });
});

describe("real DLLs with random damage", () => {
  for (const name of ["version.dll", "msvcrt.dll", "oleaut32.dll", "shlwapi.dll", "wsock32.dll"]) {
    it(`${name}: a clear error or a table, never anything else`, () => {
      const original = readFileSync(findDll(name, "x64"));
      const bytes = Buffer.from(original);
      // Headers and the export directory with its tables are what is read.
      const regions = [{ at: 0, length: 0x400 }, exportRegion(original)];
      for (let seed = 1; seed <= rounds / 5; seed++) {
        const random = randomFrom(seed);
        const { at, length } = regions[random(2)]!;
        const places = Array.from({ length: 1 + random(4) }, () => at + random(length - 4));
        for (const place of places) {
          const value = [0, 0xff, 0x7fff_ffff, 0xffff_ffff, random(0x1_0000), random(0xffff_ffff)][random(6)]!;
          if (random(2) === 0) bytes.writeUInt8(value & 255, place);
          else bytes.writeUInt32LE(value, place);
        }
        try {
          readExportTable(bytes, "damaged.dll");
        } catch (error) {
          assert.ok(error instanceof WrapgenError, `seed ${seed}: ${(error as Error).stack}`);
          assert.match(error.message, /^Cannot read the exports of damaged\.dll: /, `seed ${seed}`);
        }
        for (const place of places) original.copy(bytes, place, place, place + 4);
      }
      assert.ok(bytes.equals(original));
    });
  }
});

function exportRegion(file: Buffer): { at: number; length: number } {
  const pe = file.readUInt32LE(0x3c);
  const [rva, length] = [file.readUInt32LE(pe + 136), file.readUInt32LE(pe + 140)];
  const table = pe + 24 + file.readUInt16LE(pe + 20);
  for (let n = 0; n < file.readUInt16LE(pe + 6); n++) {
    const [start, size, offset] = [12, 16, 20].map((field) => file.readUInt32LE(table + 40 * n + field));
    if (rva >= start! && rva < start! + size!) return { at: rva - start! + offset!, length };
  }
  throw new Error("no section holds the export directory");
}
