import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { eventSlugs, reasonSlugs } from "../../core/diagnostics.js";
import { availableArches } from "../../testbed/wine.js";
import { findDll } from "../../wrapgen/io.js";
import { readExportTable } from "../../wrapgen/pe.js";
import { readRepositoryFile } from "../structure/repository.js";
import { codeWords, sectionOf, tableRows } from "./documents.js";

const file = "docs/compatibility.md";

/** Rows of the tables of exports: the names of one row, and what is done with them. */
const rows = tableRows(sectionOf(file, "Exports of wsock32.dll")).map(([first, second]) => ({
  names: codeWords(first!),
  treatment: second!.replaceAll("*", ""),
}));
const documented = rows.flatMap(({ names }) => names);

for (const arch of await availableArches()) {
  describe(`${file} and the original wsock32.dll, ${arch}`, () => {
    const { exports } = readExportTable(readFileSync(findDll("wsock32.dll", arch)), "wsock32.dll");

    it("have the same exports, each once", () => {
      const names = exports.flatMap((entry) => entry.names);
      assert.equal(names.length, exports.length, "every export has one name");
      assert.deepEqual([...documented].sort(), names.sort());
    });
  });
}

describe(`${file} and wrapper/wsock32.json`, () => {
  const { intercept } = JSON.parse(readRepositoryFile("wrapper/wsock32.json")) as { intercept: string[] };

  it("agree on what is intercepted", () => {
    const handled = rows
      .filter(({ treatment }) => /^(user level|not supported)/.test(treatment))
      .flatMap(({ names }) => names);
    // Intercepted, but only passed on so far.
    assert.deepEqual([...handled, "bind", "getsockopt"].sort(), [...intercept].sort());
  });

  it("say one of three things about each", () => {
    const unclear = rows.filter(
      ({ names, treatment }) => names.length > 0 && !/^(user level|kernel|not supported)$/.test(treatment),
    );
    assert.deepEqual(unclear, []);
  });
});

describe(`${file} and the log`, () => {
  const words = (heading: string) =>
    tableRows(sectionOf(file, heading))
      .flatMap(([first]) => codeWords(first!))
      .sort();

  it("have the same reasons and the same events", () => {
    const described = words("Why a connection stays on the kernel");
    assert.deepEqual(described, [...Object.values(reasonSlugs), ...Object.values(eventSlugs)].sort());
  });
});
