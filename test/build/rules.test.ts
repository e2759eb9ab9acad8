import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { paths } from "../../scripts/build/paths.js";
import { checkModule } from "../../scripts/build/rules.js";
import { BuildError } from "../../scripts/build/run.js";
import { goodCore, withFiles } from "./cores.js";

/** What the check says about the module that the compiler makes of a core, "" if nothing. */
async function complaint(index: string, flags: readonly string[] = []): Promise<string> {
  return withFiles({ ...goodCore, "core/index.ts": index }, (folder) => {
    const args = ["core/index.ts", "-O3", "--runtime", "stub", "--noAssert", "--debug", "--baseDir", folder];
    execFileSync(join(paths.bin, "asc"), [...args, ...flags, "-o", "core.wasm"], { cwd: folder, stdio: "pipe" });
    try {
      checkModule(readFileSync(join(folder, "core.wasm")));
      return "";
    } catch (error) {
      assert.ok(error instanceof BuildError, String(error));
      return error.message;
    }
  });
}

describe("the compiled core", () => {
  for (const bits of [32, 64]) {
    it(`keeps its rules with ${bits} bits`, () => {
      checkModule(readFileSync(join(paths.out, `wasm${bits}`, "core.wasm")));
    });
  }
});

describe("a compiled module that", () => {
  it("keeps the rules is not complained about", async () => {
    assert.equal(await complaint(goodCore["core/index.ts"]!), "");
    const wide = await complaint(goodCore["core/index.ts"]!, ["--transform", paths.wasm64]);
    assert.equal(wide, "");
  });

  it("holds static data: the text in it is shown", async () => {
    const message = await complaint('export function f(): usize { return changetype<usize>("hello"); }');
    assert.match(message, /it has static data.*"hello"/);
  });

  it("has a table: the function in it is named", async () => {
    const source = [
      "function one(): u32 { return 1; } function two(): u32 { return 2; }",
      "export function f(n: u32): u32 { let g = one; if (n != 0) g = two; return g(); }",
    ];
    assert.match(await complaint(source.join("\n")), /it has a table: .*: core\/index\/one, core\/index\/two/);
  });

  it("has a mutable global: it is named, the start-up pointer is not", async () => {
    const source = [
      'import { start } from "./runtime"; let counter: u32 = 0;',
      "export function f(): u32 { start(); return ++counter; }",
    ];
    const message = await complaint(source.join("\n"));
    assert.match(message, /it has the mutable global core\/index\/counter;/);
    assert.doesNotMatch(message, /core\/runtime\/instance/);
  });

  it("has start-up code: that is told", async () => {
    const source = 'import * as os from "./os"; const a = os.alloc(8); export function f(): usize { return a; }';
    assert.match(await complaint(source), /it has start-up code \(~start\)/);
  });

  it("imports something foreign: module and name are told", async () => {
    const source =
      '@external("env", "print") declare function print(n: u32): void; export function f(): void { print(1); }';
    assert.match(await complaint(source), /it imports "print" from "env", not from os or sync/);
  });

  it("allocates: the helper is named", async () => {
    const source = "class A { n: u32; } export function f(n: u32): A { const a = new A(); a.n = n; return a; }";
    assert.match(await complaint(source), /it allocates with AssemblyScript's own runtime: .*~lib\/rt\/stub\/__new/);
  });

  it("ends too early: that is told, whatever byte is the last", () => {
    const wasm = readFileSync(join(paths.out, "wasm32", "core.wasm"));
    for (let length = 9; length < 400; length++) {
      try {
        checkModule(wasm.subarray(0, length));
      } catch (error) {
        assert.ok(error instanceof BuildError, `${length} bytes: ${error}`);
      }
    }
  });
});
