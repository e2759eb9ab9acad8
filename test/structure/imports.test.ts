import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { importSpecifiers, internalImports } from "./imports.js";
import { readRepositoryFile, repositoryFiles } from "./repository.js";

/**
 * Who may import from whom, between top-level folders: each line lists files or folders (ending in "/"). A
 * folder's C files follow a line of their own where there is one. Within its own folder everybody may import. A new edge is a decision: explain it here.
 */
const allowedImports: Readonly<Record<string, readonly string[]>> = {
  // What runs inside somebody else's process depends on nothing.
  core: [],
  native: [],
  // Ordinary programs that must not know of us, and what compiles and starts them.
  "programs in C": [],
  programs: ["scripts/setup/", "testbed/"],
  "conformance in C": [],
  // Plays scripts with such a program, over the kernel and over the wrapper.
  conformance: ["testbed/", "scripts/setup/", "programs/"],
  // A tool in its own right: people wrap other DLLs with it.
  wrapgen: [],
  // The numbers, the diagnostics' wording and the settings are the core's only parts that tools read.
  scripts: ["wrapgen/", "core/layout", "core/diagnostics", "core/settings"],
  // Functions in AssemblyScript with which a user's wrapper intercepts calls are compiled as the core is. The settings are
  // explained and checked, and the benchmark is a command too.
  cli: [
    "core/settings",
    "bench/",
    "programs/log",
    "wrapgen/",
    "core/layout",
    "core/diagnostics",
    "scripts/build/extract-c",
    "scripts/build/rules",
    "scripts/build/run",
  ],
  // What users start from: it knows nothing of this checkout.
  examples: [],
  "examples in C": ["examples/"],
  // Uses the built core, never its source; mutants of it are built like the core itself.
  sim: ["core/layout", "scripts/"],
  // Builds the core's C for a machine of its own, and installs the compiler for that.
  fuzz: ["scripts/", "wrapgen/", "core/layout"],
  // Needs to know what set-up found, and nothing about what is tested with it.
  testbed: ["scripts/setup/"],
  demo: ["testbed/", "programs/", "scripts/", "wrapgen/", "core/layout", "core/diagnostics"],
  bench: ["testbed/", "programs/", "scripts/", "wrapgen/", "core/layout", "core/diagnostics"],
  // Tests may also reach into what they test.
  test: [
    "testbed/",
    "scripts/",
    "wrapgen/",
    "core/layout",
    "core/diagnostics",
    "cli/",
    "demo/",
    "bench/",
    "sim/",
    "fuzz/",
    "programs/",
    "conformance/",
  ],
};

/** Why the import is not allowed, or undefined. `target` is a path without an ending. */
function objection(file: string, target: string): string | undefined {
  if (target.startsWith("../")) return "lies outside the repository";
  const [from] = file.split("/");
  const [to] = target.split("/");
  if (from === to) return undefined;
  const allowed = (/\.[ch]$/.test(file) ? allowedImports[`${from} in C`] : undefined) ?? allowedImports[from!];
  if (allowed === undefined) return `nothing is said about the folder ${from} in allowedImports`;
  const fits = allowed.some((entry) => (entry.endsWith("/") ? target.startsWith(entry) : target === entry));
  return fits ? undefined : `${from} may import ${allowed.length > 0 ? allowed.join(", ") : "nothing of ours"}`;
}

describe("imports between the top-level folders", () => {
  it("are among those that are allowed", () => {
    const wrong: string[] = [];
    const sources = repositoryFiles().filter((name) => name.includes("/") && /\.(ts|mjs|js|c|h)$/.test(name));
    for (const file of sources) {
      for (const target of internalImports(file, readRepositoryFile(file))) {
        const why = objection(file, target);
        if (why !== undefined) wrong.push(`${file} imports ${target}: ${why}`);
      }
    }
    assert.deepEqual(wrong, []);
  });

  it("that break the table are noticed", () => {
    assert.match(objection("wrapgen/pe.ts", "core/layout")!, /wrapgen may import nothing of ours/);
    assert.match(objection("scripts/build/main.ts", "core/vmmc/ring")!, /scripts may import/);
    assert.match(objection("testbed/wine.ts", "scripts/build/main")!, /testbed may import/);
    assert.match(objection("news/a.ts", "core/layout")!, /nothing is said about the folder news/);
    assert.match(objection("programs/pingpong.c", "testbed/wine")!, /programs may import nothing of ours/);
    assert.equal(objection("programs/build.ts", "testbed/wine"), undefined);
    assert.match(objection("test/a.ts", "../elsewhere/b")!, /outside/);
    assert.equal(objection("scripts/build/main.ts", "core/layout"), undefined);
    assert.equal(objection("core/vmmc/ring.ts", "core/os"), undefined);
  });
});

describe("finding imports", () => {
  it("sees every form, and neither comments, strings, templates nor regular expressions", () => {
    const text = [
      'import a, { type b } from "./one.js";',
      'import "./two.js";',
      'export * from "./three.js";',
      'export type { c } from "./four.js";',
      'const d = await import("./five.js");',
      '// import "./comment.js"',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the program that is read.
      'const e = `import "./no.js" ${f(`from "./no.js" ${1}`, { g: 2 })} from "./no.js"`;',
      'const h = /from "/; const i = j / 2; const k = \'from "./no.js"\';',
      'import l from "node:fs";',
    ].join("\n");
    const expected = ["./one.js", "./two.js", "./three.js", "./four.js", "./five.js", "node:fs"];
    assert.deepEqual(importSpecifiers(text), expected);
  });

  it("resolves names from the importing file, in C too", () => {
    assert.deepEqual(internalImports("a/b/c.ts", 'import "../d.js"; import "node:fs"; import "./e";'), [
      "a/d",
      "a/b/e",
    ]);
    const c = '#include <stdio.h>\n#include "own.h"\n  # include "../core/x.h"\n';
    assert.deepEqual(internalImports("native/main.c", c), ["native/own.h", "core/x.h"]);
  });
});
