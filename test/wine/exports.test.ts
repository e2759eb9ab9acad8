import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, test } from "node:test";
import { arches, systemDll, wrapperDll } from "../../programs/build.js";

/** How many names the export table says it has (every export of this DLL has one). */
function countOf(dll: string): number {
  const text = execFileSync("objdump", ["-p", dll], { encoding: "utf8", maxBuffer: 1 << 26 });
  return Number.parseInt(text.match(/\[Name Pointer\/Ordinal\] Table\s+([0-9a-f]+)/)?.[1] ?? "", 16);
}

/** Ordinal -> name ("" for an export without one), from objdump's two export tables. */
function exportsOf(dll: string): Record<number, string> {
  const text = execFileSync("objdump", ["-p", dll], { encoding: "utf8", maxBuffer: 1 << 26 });
  const base = Number(text.match(/^Ordinal Base\s+(\d+)/m)?.[1]);
  const [addresses, names] = text.split("[Ordinal/Name Pointer] Table");
  assert.ok(names !== undefined && Number.isInteger(base), `objdump shows the exports of ${dll}`);
  const table: Record<number, string> = {};
  for (const [, , ordinal] of addresses!.matchAll(/^\s*\[\s*(\d+)\] \+base\[\s*(\d+)\] [0-9a-f]{4,}/gm)) {
    table[Number(ordinal)] = "";
  }
  const end = names.search(/\n\s*\n/);
  for (const [, index, name] of names
    .slice(0, end < 0 ? undefined : end)
    .matchAll(/^\s*\[\s*(\d+)\]\s+(?:\+base\[\s*\d+\]\s+)?(?:[0-9a-f]{4}\s+)?(\S+)$/gm)) {
    table[Number(index) + base] = name!;
  }
  return table;
}

describe("exports of the built wrapper, read by objdump", () => {
  for (const arch of arches()) {
    test(`${arch}: the original's names at the original's ordinals`, async () => {
      const original = exportsOf(await systemDll("wsock32.dll", arch));
      // As many as the header of the export table counts, so that a reader that skips lines is noticed.
      assert.equal(Object.keys(original).length, countOf(await systemDll("wsock32.dll", arch)));
      assert.deepEqual(exportsOf(wrapperDll(arch)), original);
    });
  }
});
