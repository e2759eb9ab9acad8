import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { repositoryRoot } from "../../scripts/setup/paths.js";
import { findDll } from "../../wrapgen/io.js";
import type { PeExportTable } from "../../wrapgen/pe.js";
import { listExports } from "../wrapgen/objdump.js";
import { arches, prebuilt, vmmc } from "./vmmc.js";

for (const arch of arches) {
  describe(`vmmc exports of a DLL for ${arch}`, () => {
    it("as JSON: what objdump reads", () => {
      const { status, stdout } = vmmc("exports", prebuilt(arch), "--json");
      assert.equal(status, 0);
      const table = JSON.parse(stdout) as PeExportTable;
      assert.equal(table.arch, arch);
      assert.deepEqual(
        table.exports.map(({ ordinal, names }) => ({ ordinal, names, forwarder: undefined })),
        listExports(prebuilt(arch)),
      );
    });

    it("as a table: a line for each name, with forwarders", () => {
      const original = findDll("wsock32.dll", arch);
      const { status, stdout } = vmmc("exports", original);
      assert.equal(status, 0);
      const [head, blank, columns, ...rows] = stdout.trimEnd().split("\n");
      const names = listExports(original).flatMap((entry) => entry.names);
      assert.match(head!, new RegExp(`wsock32\\.dll for ${arch}: \\d+ exports, ${names.length} names`));
      assert.equal(blank, "");
      assert.match(columns!, /^ +ordinal +hint +RVA +name$/);
      assert.equal(rows.length, names.length);
      assert.ok(
        rows.some((row) => /^ +1 +[0-9A-F]+ +accept \(forwarded to ws2_32\.accept\)$/.test(row)),
        stdout,
      );
    });
  });
}

describe("vmmc exports", () => {
  it("of a file that is no DLL: one line, exit code 2", () => {
    const { status, stdout, stderr } = vmmc("exports", join(repositoryRoot, "package.json"));
    assert.deepEqual([status, stdout], [2, ""]);
    assert.match(stderr, /^vmmc: Cannot read the exports of [^\n]+\n$/);
  });

  it("of no file: one line, exit code 2", () => {
    const { status, stderr } = vmmc("exports", join(repositoryRoot, "no-such.dll"));
    assert.equal(status, 2);
    assert.match(stderr, /^vmmc: Cannot read [^\n]+\n$/);
  });
});
