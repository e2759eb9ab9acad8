import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { findDll } from "../../wrapgen/io.js";
import { TARGETS } from "../../wrapgen/targets.js";
import { arches, vmmc, vmmcAt, vmmcIn } from "./vmmc.js";

const folder = mkdtempSync(join(tmpdir(), "vmmc-wrap-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const file = (name: string, text: string | Uint8Array) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const version = findDll("version.dll", "x64");
const out = join(folder, "out");

describe("vmmc wrap", () => {
  for (const arch of arches) {
    it(`of a system DLL for ${arch}: totals, and everything to build it`, () => {
      const place = join(folder, arch);
      const { status, stdout, stderr } = vmmc("wrap", "version.dll", "--arch", arch, "--out", place);
      assert.deepEqual([status, stderr], [0, ""]);
      assert.match(stdout, /^16 exports: 14 jump, 2 forward$/m);
      for (const name of ["wrapper.c", "exports.s", "version.def", "Makefile", "CMakeLists.txt", "report.txt"]) {
        assert.ok(readdirSync(place).includes(name), name);
      }
      assert.match(
        readFileSync(join(place, "report.txt"), "utf8"),
        /^@15 +VerQueryValueA +jump +prototype not found$/m,
      );
    });
  }

  it("with --json: what was written, for programs", () => {
    const place = join(folder, "json");
    const { status, stdout } = vmmc("wrap", "version.dll", "--out", place, "--json");
    assert.equal(status, 0);
    const result = JSON.parse(stdout) as { dll: string; arch: string; files: string[] };
    assert.deepEqual([result.dll, result.arch], ["version.dll", "x64"]);
    for (const name of result.files) assert.ok(existsSync(join(place, name)), name);
  });

  it("with headers: the report says where each prototype was found, which were ambiguous or of no use", () => {
    const header = file(
      "mine.h",
      [
        "int VerQueryValueA(int a);",
        "typedef struct incomplete later;",
        "later VerQueryValueW(int a);",
        "static inline int VerLanguageNameA(int a) { return a; }",
        "int GetFileVersionInfoA(int a), GetFileVersionInfoA(signed int b);",
        "int GetFileVersionInfoW(const char *format, ...);",
        "",
      ].join("\n"),
    );
    assert.equal(vmmc("wrap", "version.dll", "--header", header, "--out", out).status, 0);
    const report = readFileSync(join(out, "report.txt"), "utf8");
    assert.match(report, /^@15 +VerQueryValueA +pass +prototype found: \S*mine\.h:1$/m);
    assert.match(report, /^@16 +VerQueryValueW +\w+ +prototype (found|unusable): \S*mine\.h:3/m);
    assert.match(
      report,
      /^@13 +VerLanguageNameA +forward +to kernel32\.VerLanguageNameA; prototype found: \S*mine\.h:4$/m,
    );
    assert.match(
      report,
      /^@1 +GetFileVersionInfoA +pass +prototype ambiguous: chose \S*mine\.h:5, there is also int Get/m,
    );
    assert.match(
      report,
      /^@8 +GetFileVersionInfoW +jump +prototype found: \S*mine\.h:6, takes any number of arguments$/m,
    );
    assert.match(report, /^Prototypes: .*1 ambiguous/m);
  });

  it("modes for some exports by pattern", () => {
    const { status } = vmmc("wrap", "version.dll", "--out", out, "--forward", "Ver*", "--jump", "VerLang*,#1");
    assert.equal(status, 0);
    const report = readFileSync(join(out, "report.txt"), "utf8");
    assert.match(report, /^@15 +VerQueryValueA +forward +to C:\\Windows\\System32\\version\.VerQueryValueA/m);
    assert.match(report, /^@1 +GetFileVersionInfoA +jump/m);
  });
});

describe("the examples that vmmc wrap --help prints", () => {
  const place = join(folder, "examples");
  before(() => {
    mkdirSync(place);
    const write = (name: string, text: string) => writeFileSync(join(place, name), text);
    write("small.h", "int small_add(int a, int b);\n");
    write("small.c", '#include "small.h"\n__declspec(dllexport) int small_add(int a, int b) { return a + b; }\n');
    write("mine.c", '#include "intercept.h"\nint wrap_small_add(int a, int b) { return real_small_add(b, a); }\n');
    for (const dll of ["small.dll", "plugin.dll"]) {
      execFileSync(TARGETS.x64.compiler, ["-shared", "-o", dll, "small.c"], { cwd: place });
    }
  });

  const { stdout } = vmmc("wrap", "--help");
  const examples = [...stdout.matchAll(/^ {2}vmmc (wrap .*?)(?: {2,}.*)?$/gm)].map((match) => match[1]!);
  assert.equal(examples.length, 5);
  for (const example of examples) {
    it(`vmmc ${example}`, () => {
      const args = example.split(" ").map((word) => word.replace(/^'(.*)'$/, "$1"));
      const { status, stderr } = vmmcAt(place, ...args);
      assert.equal(status, 0, stderr);
      const out = join(place, args[args.indexOf("--out") + 1]!);
      assert.equal(existsSync(join(out, args[1]!)), args.includes("--build"));
      rmSync(out, { recursive: true });
    });
  }
});

describe("vmmc wrap of what cannot be wrapped: one line, exit code 2, and nothing written", () => {
  const bytes = readFileSync(version);
  const truncated = file("truncated.dll", bytes.subarray(0, 700));
  const source = file("wrong.c", '#include "intercept.h"\nint wrap_VerQueryValueA(void) { return nothing; }\n');
  const module = file(
    "wrong.ts",
    'export function VerQueryValueA(a: i32): i32 { return load<u8>(changetype<usize>("text") + a); }\n',
  );
  const header = file("query.h", "int VerQueryValueA(int a);\n");
  const intercept = ["--header", header, "--intercept", "VerQueryValueA", "--build"];
  const cases: [title: string, args: string[], message: RegExp][] = [
    ["no such file", [join(folder, "none.dll")], /Cannot read the DLL .*none\.dll: .*no such file/],
    ["no such system DLL", ["nosuchthing.dll"], /Cannot find the original nosuchthing\.dll for x64/],
    ["no DLL at all", [file("text.dll", "hello")], /it does not begin with the "MZ" header/],
    ["a DLL cut short", [truncated], /Cannot read the exports of .*truncated\.dll/],
    ["the wrong architecture", [version, "--arch", "ia32"], /Cannot wrap .* for ia32: it is made for x64/],
    ["an unknown architecture", [version, "--arch", "arm"], /There is no architecture "arm"/],
    ["a missing header", [version, "--header", "no-such.h"], /failed to preprocess no-such\.h: .*No such file/],
    ["a header with mistakes", [version, "--header", file("bad.h", "int f(\n#error no\n")], /#error no/],
    [
      "interception of no export",
      [version, "--intercept", "VerQuery", "--source", source],
      /Cannot intercept "VerQuery"/,
    ],
    ["interception without code", [version, "--intercept", "VerQueryValueA", "--build"], /name it with --source/],
    ["a missing source", [version, "--source", "no.c"], /Cannot read no\.c/],
    ["a source with mistakes", [version, ...intercept, "--source", source], /wrong\.c:2:.*nothing/],
    ["a module with static data", [version, ...intercept, "--source", module], /wrong\.ts: .*static data/],
    ["a pattern that fits nothing", [version, "--trace", "Nothing*"], /Cannot trace "Nothing\*": .* no such export/],
    ["itself as the original", [version, "--original", "VERSION.dll"], /they would be the same file/],
    ["a symbol that is no pair", [version, "--symbols", "flags"], /"flags" is not of the form/],
  ];
  for (const [title, args, message] of cases) {
    it(title, () => {
      const place = join(folder, "nothing");
      const { status, stdout, stderr } = vmmc("wrap", ...args, "--out", place);
      assert.deepEqual([status, stdout], [2, ""], stderr);
      assert.match(stderr, message);
      assert.match(stderr, /^vmmc: [^\n]+\n$/);
      assert.equal(existsSync(place), false);
    });
  }

  it("an output folder that cannot be made", () => {
    const { status, stderr } = vmmc("wrap", version, "--out", join(truncated, "below"));
    assert.equal(status, 2);
    assert.match(stderr, /^vmmc: Cannot make the folder [^\n]+\n$/);
  });

  it("an output folder in which a file's place is taken: the others are not written either", () => {
    const place = join(folder, "taken");
    mkdirSync(join(place, "wrapper.c", "full"), { recursive: true });
    const { status, stderr } = vmmc("wrap", version, "--out", place);
    assert.equal(status, 2);
    assert.match(stderr, /^vmmc: Cannot write into the folder [^\n]+\n$/);
    assert.deepEqual(readdirSync(place), ["wrapper.c"]);
  });

  it("the original's own folder", () => {
    const place = join(folder, "own");
    mkdirSync(place);
    writeFileSync(join(place, "version.dll"), bytes);
    const { status, stderr } = vmmc("wrap", join(place, "version.dll"), "--out", place, "--build");
    assert.equal(status, 2);
    assert.match(stderr, /it would overwrite the original/);
    assert.ok(readFileSync(join(place, "version.dll")).equals(bytes));
  });

  it("without a compiler", () => {
    const { status, stderr } = vmmcIn({ PATH: folder }, "wrap", version, "--out", join(folder, "nothing"), "--build");
    assert.equal(status, 2);
    assert.match(stderr, /^vmmc: Cannot run x86_64-w64-mingw32-gcc: [^\n]*Install it[^\n]+\n$/);
    assert.equal(existsSync(join(folder, "nothing")), false);
  });
});
