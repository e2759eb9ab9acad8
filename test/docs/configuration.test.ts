import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { configurationProblems, parseNumber, profiles, variables } from "../../cli/configuration.js";
import { readRepositoryFile, repositoryFiles } from "../structure/repository.js";
import { codeWords, sectionOf, tableRows } from "./documents.js";

const file = "docs/configuration.md";

/** The rows of a section's table, without its head. */
const rowsOf = (heading: string) => tableRows(sectionOf(file, heading)).slice(1);

/** What the native code asks the system for by name: settings come to it from core/settings.ts. */
function readByNativeCode(): string[] {
  const sources = repositoryFiles().filter((name) => /^native\/.*\.[ch]$/.test(name));
  const calls = sources.flatMap((name) => [
    ...readRepositoryFile(name).matchAll(
      /(?:getenv|GetEnvironmentVariable[AW]|vmmc_(?:variable|value))\((?:L?)"(VMMC_\w+)"/g,
    ),
  ]);
  return [...new Set(calls.map(([, name]) => name!))];
}

describe(`${file} and the native code`, () => {
  it("have the same variables", () => {
    const documented = rowsOf("What the DLL reads").map(([first]) => codeWords(first!)[0]);
    const settings = variables.filter(({ setting }) => setting !== undefined).map(({ name }) => name);
    const native = readByNativeCode();
    assert.ok(native.includes("VMMC_LOG"), "the search finds nothing any more: was the native code's way changed?");
    assert.deepEqual([...documented].sort(), [...native, ...settings].sort());
    assert.deepEqual(variables.map(({ name }) => name).sort(), [...documented].sort());
  });

  it("say the same of ranges and defaults", () => {
    for (const [first, values, normal] of rowsOf("What the DLL reads")) {
      const { setting } = variables.find(({ name }) => name === codeWords(first!)[0])!;
      if (setting === undefined) continue;
      const { least, most, powerOfTwo } = setting;
      const range = most - least === 1 ? `${least}, ${most}` : `${least} to ${most}`;
      assert.deepEqual([values, normal], [`${range}${powerOfTwo ? ", a power of two" : ""}`, String(setting.normal)]);
    }
  });

  it("have the same profiles", () => {
    const documented = rowsOf("Profiles of vmmc run").map(([name, sets]) => [codeWords(name!)[0]!, codeWords(sets!)]);
    const real = Object.entries(profiles).map(([name, profile]) => [
      name,
      Object.entries(profile.variables).map(([key, value]) => `${key}=${value}`),
    ]);
    assert.deepEqual(documented, real);
  });
});

describe("the README's table of variables", () => {
  it("names those of the configuration's", () => {
    const named = tableRows(sectionOf("README.md", "Using it")).map(([first]) => codeWords(first!)[0]?.split("=")[0]);
    assert.deepEqual(named.slice(1).sort(), variables.map(({ name }) => name).sort());
  });
});

describe("a number in a variable", () => {
  it("is read as C reads it", () => {
    for (const [text, value] of [
      ["0", 0],
      ["100", 100],
      ["0x20", 32],
      ["010", 8],
      ["1e3", undefined],
      ["08", undefined],
      ["", undefined],
      ["-1", undefined],
      ["1 ", undefined],
    ] as const) {
      assert.equal(parseNumber(text), value, text);
    }
  });
});

describe("wrong settings", () => {
  const wrong = (environment: Record<string, string>) => configurationProblems(environment).map(({ name }) => name);

  it("are found: no numbers, out of range, not a power of two, no such name, no such folder", () => {
    assert.deepEqual(wrong({ VMMC_SPIN_US: "-1" }), ["VMMC_SPIN_US"]);
    assert.deepEqual(wrong({ VMMC_SPIN_US: "1000001" }), ["VMMC_SPIN_US"]);
    assert.deepEqual(wrong({ VMMC_RING: "65537" }), ["VMMC_RING"]);
    assert.deepEqual(wrong({ VMMC_DISABLE: "yes" }), ["VMMC_DISABLE"]);
    assert.deepEqual(wrong({ VMMC_WINDOW: "1" }), ["VMMC_WINDOW"]);
    assert.deepEqual(wrong({ VMMC_LOG: "/no/such/folder/log.txt" }), ["VMMC_LOG"]);
    assert.deepEqual(wrong({ VMMC_DIR: "/no/such/folder/at/all" }), ["VMMC_DIR"]);
  });

  it("are not found among right ones", () => {
    const right = {
      VMMC_SPIN_US: "0",
      VMMC_RING: "0x10000",
      VMMC_DISABLE: "1",
      VMMC_LOG: "debugger",
      VMMC_DIR: "C:\\x",
    };
    assert.deepEqual(wrong({ ...right, PATH: "x", OTHER_VMMC_X: "1", VMMC_RUN: "7" }), []);
  });
});
