import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { repositoryRoot } from "../../scripts/setup/paths.js";
import { findDll } from "../../wrapgen/io.js";
import type { PeExportTable } from "../../wrapgen/pe.js";
import { TARGETS } from "../../wrapgen/targets.js";
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

describe("vmmc exports of a DLL with forwarders, data and exports without names", () => {
  it("--def: a module definition that dlltool takes", () => {
    const { status, stdout } = vmmc("exports", "avifil32.dll", "--def");
    assert.equal(status, 0);
    assert.match(stdout, /^LIBRARY "avifil32\.dll"\nEXPORTS\n/i);
    assert.match(stdout, / DATA$/m);
    const folder = mkdtempSync(join(tmpdir(), "vmmc-def-"));
    try {
      writeFileSync(join(folder, "a.def"), stdout);
      const dlltool = TARGETS.x64.compiler.replace("gcc", "dlltool");
      execFileSync(dlltool, ["-d", join(folder, "a.def"), "-l", join(folder, "a.lib")]);
      assert.ok(readFileSync(join(folder, "a.lib")).includes("AVIFileInit"));
    } finally {
      rmSync(folder, { recursive: true });
    }
    assert.match(vmmc("exports", "oleaut32.dll", "--def").stdout, /^ {2}SysAllocString @2$/m);
    assert.match(vmmc("exports", "mapi32.dll", "--def").stdout, /^ {2}ordinal_\d+ @\d+ NONAME$/m);
  });

  it("--follow: where forwarders lead in the end", () => {
    const { stdout } = vmmc("exports", "wsock32.dll", "--follow");
    assert.match(stdout, / accept \(forwarded to ws2_32\.accept: code\)$/m);
    const { exports } = JSON.parse(vmmc("exports", "wsock32.dll", "--follow", "--json").stdout);
    assert.deepEqual(exports[0].chain, { steps: ["ws2_32.accept"], end: "code" });
  });
});

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
