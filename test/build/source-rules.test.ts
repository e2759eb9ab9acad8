import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BuildError } from "../../scripts/build/run.js";
import { checkSources } from "../../scripts/build/source-rules.js";
import { repositoryRoot } from "../../scripts/setup/paths.js";
import { goodCore, withFiles } from "./cores.js";

/** What the check says about a core, "" if nothing. */
async function complaint(files: Readonly<Record<string, string>>): Promise<string> {
  return withFiles({ ...goodCore, ...files }, async (root) => {
    try {
      await checkSources(root);
      return "";
    } catch (error) {
      assert.ok(error instanceof BuildError, String(error));
      return error.message;
    }
  });
}

/** Statements inside a function of core/broken.ts, on its fifth line. */
function inFunction(statement: string): Record<string, string> {
  const lines = [
    'import * as os from "./os";',
    'import { Runtime, runtime, start } from "./runtime";',
    "",
    "export function broken(socket: usize, n: u32): void {",
    `  ${statement}`,
    "}",
    "",
  ];
  return { "core/index.ts": 'export { broken } from "./broken";\n', "core/broken.ts": lines.join("\n") };
}

/** Declarations at the top of core/broken.ts, on its first line. */
function atTop(declaration: string, file = "core/broken.ts"): Record<string, string> {
  const lines = [declaration, "export function broken(): u32 {", "  return 0;", "}", ""];
  return { "core/index.ts": `export { broken } from "./${file.slice(5, -3)}";\n`, [file]: lines.join("\n") };
}

describe("the real core", () => {
  it("keeps its rules", async () => {
    await checkSources(repositoryRoot);
  });
});

describe("a small core that keeps the rules", () => {
  it("is not complained about", async () => {
    assert.equal(await complaint({}), "");
  });

  for (const statement of [
    'store<u32>(socket + offsetof<Runtime>("count"), 1);',
    "const largest = u32.MAX_VALUE; if (n == largest) return;",
    "memory.copy(socket, socket + 4, <usize>min(n, 4)); memory.fill(socket, 0, 8);",
    "const alloc = os.alloc(8); if (alloc == 0) return;",
    // A parameter that happens to have a function's name is no function.
    "const start = socket; store<usize>(start, socket);",
  ]) {
    it(`may say ${statement}`, async () => {
      assert.equal(await complaint(inFunction(statement)), "");
    });
  }

  for (const declaration of [
    "const SIZE: usize = sizeof<usize>() == 8 ? 520 : 260;",
    "const NOTHING: usize = ~0;",
    "enum Kind { none, some }",
    "@unmanaged class Pair { a: u32; b: Pair; }",
    "type Handle = usize;",
  ]) {
    it(`may declare ${declaration}`, async () => {
      assert.equal(await complaint(atTop(declaration)), "");
    });
  }
});

describe("a construct inside a function", () => {
  const cases: readonly (readonly [statement: string, column: number, what: RegExp])[] = [
    ['const text = "hello";', 16, /the string literal "hello": the core has no static data/],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the core's source.
    ["const text = `n${n}`;", 16, /a template literal: the core has no static data/],
    ["const pattern = /a+/;", 19, /a regular expression: /],
    ["const list = [1, 2];", 16, /an array literal: the core has no static data/],
    ["const pair: Pair = { a: 1 };", 22, /an object literal: the core has no garbage collector/],
    ["const f = (): u32 => 1;", 13, /a function expression: the core has no function table/],
    ["const f = function (): void {};", 13, /a function expression: /],
    ["function inner(): void {}", 3, /a function expression: /],
    ["const f = start;", 13, /the function start as a value: the core has no function table/],
    ["const f = os.alloc;", 13, /the function alloc as a value: /],
    ["run(start);", 7, /the function start as a value: /],
    ["start.call(0);", 3, /the function start as a value: /],
    ["let f: () => void;", 10, /a function type: the core has no function table/],
    ["const made = new Pair();", 16, /new: the core has no garbage collector/],
    ["throw n;", 3, /throw: the core lives in somebody else's process/],
    ["const half = 0.5;", 16, /a floating-point number: native\/prelude.h has no floating point/],
    ["const real = load<f64>(socket);", 21, /the type f64: native\/prelude.h has no floating point/],
    ["const real = f32(n);", 16, /a call of f32: native\/prelude.h has no floating point/],
    ["let list: Array<u32>;", 13, /the type Array: the core knows whole numbers/],
    ["let text: string;", 13, /the type string: /],
    ["const made = heap.alloc(8);", 16, /a call of heap.alloc: the core has no allocator/],
    ["const made = memory.data(8);", 16, /a call of memory.data: the core has no static data/],
    ["memory.grow(1);", 3, /a call of memory.grow: memory is the process's own/],
    ["atomic.store<u32>(socket, 1);", 3, /a call of atomic.store: .* core\/sync.ts/],
    ["i32.atomic.store(socket, 1);", 3, /i32.atomic: .* core\/sync.ts/],
    ["assert(n != 0);", 3, /a call of assert: .* must not abort/],
    ["unreachable();", 3, /a call of unreachable: .* must not trap/],
    ["trace(n);", 3, /a call of trace: /],
    ["const bits = popcnt(n);", 16, /a call of popcnt: the core does not declare it; built-ins that it may use: load,/],
  ];
  for (const [statement, column, what] of cases) {
    it(`${statement} is named with its place`, async () => {
      const message = await complaint(inFunction(statement));
      const place = `core/broken.ts:5:${column}: `;
      const line = message.split("\n").find((candidate) => candidate.startsWith(place));
      assert.ok(line !== undefined, `no line begins with ${place} in:\n${message}`);
      assert.match(line, what);
      // The line itself follows, and a mark below the construct.
      const [source, mark] = message.split("\n").slice(message.split("\n").indexOf(line) + 1);
      assert.equal(source, `    5 |   ${statement}`);
      assert.equal(mark?.indexOf("^"), "    5 | ".length + column - 1);
    });
  }
});

describe("a declaration at top level", () => {
  const cases: readonly (readonly [declaration: string, column: number, what: RegExp])[] = [
    ["let counter: u32 = 0;", 5, /the global variable counter: all state hangs off structs/],
    ["var counter: u32 = 0;", 5, /the global variable counter: /],
    ["namespace inner { let counter: u32 = 0; }", 23, /the global variable counter: /],
    ["const first = broken();", 15, /a call outside any function: the core has no start-up code/],
    ["broken();", 1, /a statement outside any function: start-up code is not run/],
    ["class Managed { a: u32; }", 1, /the managed class Managed: .* write @unmanaged before it/],
    ["@unmanaged class Pair { static used: u32 = 0; }", 25, /the static field used: it is a global variable/],
    ["interface Shape { area(): u32; }", 1, /an interface: /],
    ["@lazy const late: u32 = 1;", 1, /the decorator @lazy: only @inline, /],
    ['import { x } from "../elsewhere";', 1, /an import of elsewhere: the core imports nothing outside of core/],
    ['@external("env", "f") declare function f(): void;', 1, /the imported function f: .* only through core\/os.ts/],
    ['@external("os", "f") declare function f(): void;', 1, /the imported function f: .* only through core\/os.ts/],
    ["declare const f: u32;", 15, /the imported variable f: /],
  ];
  for (const [declaration, column, what] of cases) {
    it(`${declaration} is named with its place`, async () => {
      const message = await complaint(atTop(declaration));
      const line = message.split("\n").find((candidate) => candidate.startsWith(`core/broken.ts:1:${column}: `));
      assert.ok(line !== undefined, message);
      assert.match(line, what);
      assert.ok(message.includes(`    1 | ${declaration}\n`), message);
    });
  }
});

describe("the doors to the world", () => {
  it("in core/os.ts: an import from another module is named", async () => {
    const os = `${goodCore["core/os.ts"]}@external("env", "abort") export declare function abort(): void;\n`;
    assert.match(await complaint({ "core/os.ts": os }), /core\/os.ts:2:11: the imported function abort: .*"os"/);
  });

  it("in core/os.ts: an import without @external is named", async () => {
    const os = `${goodCore["core/os.ts"]}export declare function exit(): void;\n`;
    assert.match(await complaint({ "core/os.ts": os }), /core\/os.ts:2:1: the imported function exit: write @external/);
  });

  it("in core/generated/: imports from os are allowed", async () => {
    const text = '@external("os", "send") export declare function send(s: usize): i32;\n';
    const index = 'import * as ws from "./generated/ws"; export function f(s: usize): i32 { return ws.send(s); }';
    assert.equal(await complaint({ "core/generated/ws.ts": text, "core/index.ts": index }), "");
  });

  it("in core/sync.ts: imports are from sync, not from os", async () => {
    const sync = (module: string) => `@external("${module}", "fence") export declare function fence(): void;\n`;
    const index = 'import * as sync from "./sync"; export function f(): void { sync.fence(); }';
    assert.equal(await complaint({ "core/sync.ts": sync("sync"), "core/index.ts": index }), "");
    assert.match(await complaint({ "core/sync.ts": sync("os"), "core/index.ts": index }), /core\/sync.ts:1:11: /);
  });
});

describe("the start-up pointer", () => {
  it("has its place in core/runtime.ts, and a second variable there is named", async () => {
    const runtime = `${goodCore["core/runtime.ts"]}\nlet second: u32 = 0;\n`;
    assert.match(
      await complaint({ "core/runtime.ts": runtime }),
      /core\/runtime.ts:19:5: the global variable second: /,
    );
  });
});

describe("several broken rules", () => {
  it("are all told, in the order of the source", async () => {
    const message = await complaint(inFunction('const a = "x"; const b = [1]; throw n;'));
    assert.match(message, /^The core breaks its rules at 3 places:\n/);
    assert.ok(message.indexOf("the string literal") < message.indexOf("an array literal"), message);
    assert.ok(message.indexOf("an array literal") < message.indexOf("throw:"), message);
  });
});
