import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { repositoryRoot } from "../../scripts/setup/paths.js";
import { parseConfig, type WrapperConfig } from "../../wrapgen/config.js";
import { emitDef } from "../../wrapgen/emit-def.js";
import { emitKernel, wasm2cName } from "../../wrapgen/emit-kernel.js";
import { emitStubs } from "../../wrapgen/emit-stubs.js";
import { WrapgenError } from "../../wrapgen/errors.js";
import { cParser } from "../../wrapgen/headers.js";
import { compileToAssembly, grammarBytes } from "../../wrapgen/io.js";
import { makeModel, type WrapperModel } from "../../wrapgen/model.js";
import type { PeExport, PeExportTable } from "../../wrapgen/pe.js";
import { indexHeaders } from "../../wrapgen/prototypes.js";
import type { Arch } from "../../wrapgen/targets.js";

const parseC = await cParser(grammarBytes);

/** Stands for the headers: the model reads the text, the compiler (which needs a real header) has a standard one. */
const header = "int f(int a, short b, char *c); void g(void); int v(const char *s, ...); long long big(void);";

function code(ordinal: number, ...names: string[]): PeExport {
  return { ordinal, names, rva: 4096, kind: "code", forwarder: undefined };
}

function forwarder(ordinal: number, name: string, dll: string, target: string | number): PeExport {
  const symbol = typeof target === "string" ? target : undefined;
  const other = typeof target === "number" ? target : undefined;
  return { ordinal, names: [name], rva: 4096, kind: "forwarder", forwarder: { dll, symbol, ordinal: other, text: "" } };
}

function model(exports: PeExport[], changes: Partial<WrapperConfig> = {}, arch: Arch = "x64"): WrapperModel {
  const defaults = parseConfig(JSON.stringify({ dll: "some.dll", headers: ["stddef.h"] }), "some.json");
  const table: PeExportTable = { arch, dllName: "some.dll", ordinalBase: 1, exports };
  const library: PeExportTable = { ...table, exports: [code(1, "g")] };
  return makeModel({
    config: { ...defaults, ...changes },
    arch,
    exports: table,
    headers: indexHeaders(header, parseC),
    macros: () => new Map(),
    compile: (source) => compileToAssembly(source.replace("\n", `\n${header}\n#line 2\n`), defaults, arch),
    libraryExports: () => library,
  });
}

function refused(message: RegExp, work: () => unknown): void {
  assert.throws(work, (error) => error instanceof WrapgenError && message.test(error.message));
}

describe("module definition", () => {
  it("keeps names, ordinals and namelessness", () => {
    const text = emitDef(model([code(3, "f"), code(70), forwarder(500, "h", "other.dll", "h2")]));
    assert.equal(
      text,
      'LIBRARY "some.dll"\nEXPORTS\n  f = vmmc_stub_f @3\n  ordinal_70 = vmmc_stub_ordinal_70 @70 NONAME\n  h = vmmc_stub_h @500\n',
    );
  });

  it("quotes what is no C name or means something else, and refuses what cannot be said", () => {
    const text = emitDef(model([code(1, "?f@@YAHXZ"), code(2, "DATA")]));
    assert.match(text, /^ {2}"\?f@@YAHXZ" = vmmc_stub_ordinal_1 @1$/m);
    assert.match(text, /^ {2}"DATA" = vmmc_stub_DATA @2$/m);
    refused(/cannot say the name "a b"/, () => emitDef(model([code(1, "a b")])));
    refused(/several names \(a, b\)/, () => emitDef(model([code(1, "a", "b")])));
  });
});

describe("stubs", () => {
  it("an intercepted function goes to the core, narrow integers by their sign", () => {
    const text = emitStubs(model([code(1, "f")], { intercept: ["f"] }));
    assert.match(
      text,
      /int vmmc_stub_f\(int a, short b, char \*c\) \{\n {2}return \(int\)VMMC_CALL\(f, \(u32\)a, \(u32\)\(int\)b, \(uptr\)c\);\n\}/,
    );
  });

  it("a function with a prototype is called through its pointer, one without is jumped to", () => {
    const text = emitStubs(model([code(1, "f"), code(2, "unheard_of"), code(3, "v")]));
    assert.match(text, /return __atomic_load_n\(&vmmc_target_f, __ATOMIC_RELAXED\)\(a, b, c\);/);
    assert.match(text, /jmp \*vmmc_target_unheard_of\(%rip\)/);
    assert.match(text, /\/\* v @3: jump/, "a variable number of arguments cannot be passed on by a call");
  });

  it("on ia32 assembler names carry an underscore and no decoration", () => {
    const text = emitStubs(model([code(1, "f"), code(2, "unheard_of")], {}, "ia32"));
    assert.match(text, /__asm__\("_vmmc_stub_f"\)/);
    assert.match(text, /jmp \*_vmmc_target_unheard_of\\n/);
  });
});

describe("kernel.h", () => {
  it("leads forwarders to their DLL, by name or ordinal, and own code to the original", () => {
    const text = emitKernel(
      model([code(1, "f"), forwarder(2, "g", "other.dll", "g2"), forwarder(3, "big", "other.dll", 12)]),
    );
    assert.match(text, /vmmc_library_some_dll = \{ "some\.dll", 1, NULL \}/);
    assert.match(text, /vmmc_library_other_dll = \{ "other\.dll", 0, NULL \}/);
    assert.match(text, /vmmc_import_f = \{ &vmmc_library_some_dll, "f", /);
    assert.match(text, /vmmc_import_g = \{ &vmmc_library_other_dll, "g2", /);
    assert.match(text, /vmmc_import_big = \{ &vmmc_library_other_dll, \(const char \*\)\(__UINTPTR_TYPE__\)12, /);
  });

  it("gives the core functions of the DLL itself and of further libraries", () => {
    const bindings = { functions: ["f", "g", "big"], structs: [], constants: [], libraries: ["lib.dll"] };
    const exports = [code(1, "f"), code(2, "big")];
    const x64 = emitKernel(model(exports, { bindings, intercept: ["f"] }));
    assert.match(x64, /static inline u32 w2c_os_f\(struct w2c_os \*os, u32 a, u32 b, uptr c\)/);
    assert.match(x64, /\(\(int\)a, \(short\)b, \(char \*\)c\)/);
    assert.match(x64, /static inline void w2c_os_g\(struct w2c_os \*os\)/);
    assert.match(x64, /vmmc_import_g = \{ &vmmc_library_lib_dll, "g", /);
    assert.match(x64, /static inline uptr w2c_os_big/);
    assert.match(emitKernel(model(exports, { bindings }, "ia32")), /static inline u64 w2c_os_big/);
  });

  it("lists the functions that take the place of imports, each with a stub into the core", () => {
    const bindings = { functions: ["g"], structs: [], constants: [], libraries: ["lib.dll"] };
    const redirecting = model([code(1, "f")], { bindings, redirect: ["g"] });
    assert.match(emitKernel(redirecting), /vmmc_redirections\[\] = \{\s+\{ "g", \(void \*\)vmmc_stub_g \},\s+\};/);
    assert.match(emitStubs(redirecting), /void vmmc_stub_g\(void\) \{\n {2}VMMC_CALL\(g\);\n\}/);
    assert.doesNotMatch(emitDef(redirecting), /\bg\b/, "it is no export");
    assert.doesNotMatch(emitKernel(model([code(1, "f")], { bindings })), /vmmc_redirections/);
  });
});

describe("names as wasm2c writes them", () => {
  const names = ["a__b", "_a", "a_", "a___b", "_", "a____b_c__", "___", "__WSAFDIsSet", "accept"];

  it("agree with wasm2c", async () => {
    const wabt = join(repositoryRoot, "node_modules", "wabt", "bin");
    const folder = mkdtempSync(join(tmpdir(), "vmmc-names-"));
    try {
      const [text, wasm, c] = ["names.wat", "names.wasm", "names.c"].map((name) => join(folder, name)) as [
        string,
        string,
        string,
      ];
      writeFileSync(text, `(module ${names.map((name) => `(import "os" "${name}" (func))`).join("")})`);
      execFileSync(process.execPath, [join(wabt, "wat2wasm"), text, "-o", wasm]);
      execFileSync(process.execPath, [join(wabt, "wasm2c"), wasm, "-o", c]);
      const declared = readFileSync(join(folder, "names.h"), "utf8").matchAll(/w2c_os_(\w+)\(struct w2c_os\*\);/g);
      assert.deepEqual([...declared].map((match) => match[1]).sort(), names.map(wasm2cName).sort());
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("a description that cannot be carried out is refused", () => {
  const bindings = (functions: string[]) => ({ functions, structs: [], constants: [], libraries: ["lib.dll"] });

  it("interception of what is not exported, has no prototype, or takes any number of arguments", () => {
    refused(/Cannot intercept "x": some\.dll \(x64\) exports no such name/, () =>
      model([code(1, "f")], { intercept: ["x"] }),
    );
    refused(/"x" cannot be intercepted: the headers \(stddef\.h\) declare no prototype/, () =>
      model([code(1, "x")], { intercept: ["x"] }),
    );
    refused(/"v" cannot be intercepted: it takes a variable number/, () => model([code(1, "v")], { intercept: ["v"] }));
  });

  it("a core function that nobody exports", () => {
    refused(/The core cannot call "f": neither some\.dll nor lib\.dll exports it/, () =>
      model([code(1, "x")], { bindings: bindings(["f"]) }),
    );
  });

  it("redirection of what the core cannot call, or of an export of the DLL itself", () => {
    refused(/Cannot redirect "g": the core must be able to call the original/, () =>
      model([code(1, "f")], { redirect: ["g"] }),
    );
    refused(/Cannot redirect "f"/, () => model([code(1, "f")], { bindings: bindings(["f"]), redirect: ["f"] }));
  });

  it("interception of data, or a DLL that is made for the other target", () => {
    const data: PeExport = { ...code(1, "x"), kind: "data" };
    refused(/"x": some\.dll \(x64\) exports it as data/, () => model([data], { intercept: ["x"] }));
    assert.equal(model([data]).stubs[0]?.forwarder, "C:\\Windows\\System32\\some.x");
    refused(/it is made for ia32/, () =>
      makeModel({
        config: parseConfig('{"dll":"some.dll","headers":["a.h"]}', "some.json"),
        arch: "x64",
        exports: { arch: "ia32", dllName: "some.dll", ordinalBase: 1, exports: [] },
        headers: indexHeaders("", parseC),
        macros: () => new Map(),
        compile: () => ({ assembly: "" }),
        libraryExports: () => assert.fail(),
      }),
    );
  });
});

describe("wrapper descriptions", () => {
  const parse = (value: unknown) => parseConfig(JSON.stringify(value), "a.json");

  it("have sensible defaults", () => {
    assert.deepEqual(parse({ dll: "a.dll", headers: ["a.h"] }), {
      dll: "a.dll",
      headers: ["a.h"],
      includePaths: [],
      defines: [],
      original: "system",
      intercept: [],
      redirect: [],
      interceptor: "core",
      modes: [{ pattern: "*", mode: "pass" }],
      symbols: {},
      bindings: { functions: [], structs: [], constants: [], libraries: ["kernel32.dll"] },
    });
  });

  it("with mistakes are refused, naming file and entry", () => {
    refused(/a\.json: it is not JSON|a\.json/, () => parseConfig("{", "a.json"));
    refused(/^a\.json: "dll" must be/, () => parse({ headers: ["a.h"] }));
    refused(/^a\.json: "headers" must be/, () => parse({ dll: "a.dll", headers: "a.h" }));
    refused(/^a\.json: "modes\.f" must be one of forward/, () => parse({ dll: "a.dll", modes: { f: "fly" } }));
    refused(/^a\.json: "symbols\.flags" must be/, () => parse({ dll: "a.dll", symbols: { flags: "MSG_*" } }));
    refused(/^a\.json: "interceptor" must be/, () => parse({ dll: "a.dll", interceptor: "me" }));
    refused(/^a\.json: "intercept" must be a list of names/, () =>
      parse({ dll: "a.dll", headers: ["a.h"], intercept: [1] }),
    );
    refused(/^a\.json: "send" stands twice in "intercept"/, () =>
      parse({ dll: "a.dll", headers: ["a.h"], intercept: ["send", "send"] }),
    );
    refused(/^a\.json: unknown entry "intercepts"/, () => parse({ dll: "a.dll", headers: ["a.h"], intercepts: [] }));
    refused(/^a\.json: unknown entry "bindings\.struct"/, () =>
      parse({ dll: "a.dll", headers: ["a.h"], bindings: { struct: [] } }),
    );
    refused(/^a\.json: "the whole file" must be an object/, () => parse([]));
  });
});
