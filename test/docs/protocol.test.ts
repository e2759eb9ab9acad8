import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as layout from "../../core/layout.js";
import { readRepositoryFile } from "../structure/repository.js";
import { codeWords, tableRows } from "./documents.js";

const file = "docs/protocol.md";

/**
 * Constants that only concern one process, or a process and its log: not part of the protocol. Any other number of the
 * layout has to be in the document, so that nobody adds a shared byte without a word about it.
 */
const notShared = /^(CONFIG|MODE|ROLE|REASON|EVENT|POLICY|TEXT|WAIT|TABLE|SPIN|SELECT)_|^BELLS_PER_BLOCK$/;

/** `NAME | value` of the document's tables: the name in the first cell, a number in the second. */
function documented(text: string): Array<[name: string, value: number]> {
  return tableRows(text).flatMap(([first, second]): Array<[string, number]> => {
    const [name] = codeWords(first ?? "");
    if (name === undefined || !/^[A-Z][A-Z0-9_]+$/.test(name)) return [];
    return /^(0x[0-9a-f]+|\d+)$/.test(second ?? "") ? [[name, Number(second)]] : [];
  });
}

const rows = documented(readRepositoryFile(file));
const numbers = new Map(Object.entries(layout as Readonly<Record<string, unknown>>));

describe(`${file} and core/layout.ts`, () => {
  it("have the same values", () => {
    const wrong = rows.filter(([name, value]) => numbers.get(name) !== value);
    const told = wrong.map(([name, value]) => `${name}: ${value} in the document, ${numbers.get(name)} in the layout`);
    assert.deepEqual(told, []);
  });

  it("name the same shared constants", () => {
    const shared = [...numbers.keys()].filter((name) => !notShared.test(name));
    assert.ok(shared.length > 40, `only ${shared.length} shared constants found`);
    const names = new Set(rows.map(([name]) => name));
    const undescribed = shared.filter((name) => !names.has(name));
    const superfluous = [...names].filter((name) => !shared.includes(name));
    assert.deepEqual({ undescribed, superfluous }, { undescribed: [], superfluous: [] });
  });

  it("agree once: no constant is described twice", () => {
    const names = rows.map(([name]) => name);
    const twice = names.filter((name, index) => names.indexOf(name) !== index);
    assert.deepEqual(twice, []);
  });

  it("speak of no constant that does not exist", () => {
    const words = codeWords(readRepositoryFile(file).replace(/```[\s\S]*?```/g, ""));
    const ofTheLayout =
      /^(DIRECTORY|LISTENER|LISTENERS|SLOT|SEGMENT|STATE|BLOCK|BLOCKS|FLAG|ARM|RING|RINGS|WINDOW)_[A-Z_]+$/;
    const unknown = words.filter((word) => ofTheLayout.test(word) && !numbers.has(word));
    assert.deepEqual(unknown, []);
  });
});

describe("reading the document's tables", () => {
  it("takes a name and a number, and nothing else", () => {
    const text = ["| name | value |", "| --- | --- |", "| `A_B` | 12 | x |", "| `C` | 0x1f |", "| `D_E` | many |"].join(
      "\n",
    );
    assert.deepEqual(documented(text), [["A_B", 12]]);
    assert.deepEqual(documented("| `A_B` | 0x1f | a \\| b |"), [["A_B", 31]]);
  });
});
