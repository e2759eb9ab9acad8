import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { eventSlugs, reasonSlugs } from "../../core/diagnostics.js";
import { availableArches } from "../../testbed/wine.js";
import { findDll, macros } from "../../wrapgen/io.js";
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

/** Names in winsock.h that begin as the others of their kind do, and are something else. */
const notOfTheirKind = new Set(["MSG_MAXIOVLEN", "FD_SETSIZE", "SO_SYNCHRONOUS_ALERT", "SO_SYNCHRONOUS_NONALERT"]);

const kinds = [
  { what: "options of sockets and of TCP", heading: "Options", pattern: /^(SO|TCP)_/ },
  { what: "options of IP", heading: "Options", pattern: /^IP_(?!DEFAULT_|MAX_)/ },
  { what: "flags", heading: "Flags", pattern: /^MSG_/ },
  { what: "commands of ioctlsocket", heading: "ioctlsocket", pattern: /^(FIO|SIO)[A-Z]/ },
  { what: "events", heading: "Messages", pattern: /^FD_/ },
];

for (const arch of await availableArches()) {
  describe(`${file} and winsock.h, ${arch}`, () => {
    const namesOf = (...headers: string[]) => [...macros({ headers, includePaths: [], defines: [] }, arch).keys()];
    const inHeader = namesOf("winsock.h");
    // Programs get these from a later header, and wsock32.dll takes them all the same.
    const inLaterOnes = namesOf("winsock2.h", "mswsock.h");

    for (const { what, heading, pattern } of kinds) {
      it(`have the same ${what}, each once`, () => {
        const described = tableRows(sectionOf(file, heading))
          .flatMap(([first]) => codeWords(first!))
          .filter((name) => pattern.test(name));
        const wanted = inHeader.filter((name) => pattern.test(name) && !notOfTheirKind.has(name));
        assert.ok(wanted.length > 0, "the header has none: has the pattern gone wrong?");
        assert.deepEqual(
          described.filter((name) => !inLaterOnes.includes(name) || wanted.includes(name)).sort(),
          wanted.sort(),
        );
        assert.equal(new Set(described).size, described.length, "something is there twice");
      });
    }
  });
}
