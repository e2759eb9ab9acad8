import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { availableArches, runProgram, startWineServer, toWindowsPath } from "../../testbed/wine.js";
import { defaultConfig } from "../../wrapgen/config.js";
import type { Mode } from "../../wrapgen/modes.js";
import { wrap } from "../../wrapgen/wrap.js";
import { compile, sources } from "./build.js";
import { countsCaller, countsSource, kindsHeader, sampleCount } from "./kinds.js";

/*
 * A DLL with functions of every shape, and a program that calls them: whatever the wrapper does with the calls, the
 * program prints the same. On ia32 the exports carry the linker's decorations of stdcall and fastcall.
 */

const folder = mkdtempSync(join(tmpdir(), "vmmc-kinds-"));
after(() => rmSync(folder, { recursive: true, force: true }));
before(() => startWineServer());

const special = join(sources, "kinds");

for (const arch of await availableArches()) {
  describe(`calls of every shape through wrappers for ${arch}`, () => {
    const plain = join(folder, arch);
    let expected = "";
    before(async () => {
      mkdirSync(plain, { recursive: true });
      writeFileSync(join(plain, "kinds.h"), kindsHeader);
      writeFileSync(join(plain, "counts.c"), countsSource);
      writeFileSync(join(plain, "counts-caller.c"), `${countsCaller}`);
      const options = ["-I", plain, "-I", special];
      const dll = join(plain, "kinds.dll");
      const library = [join(special, "special.c"), join(plain, "counts.c")];
      compile(arch, [...options, "-shared", "-o", dll, ...library, "-Wl,--export-all-symbols"]);
      const caller = [join(special, "caller.c"), join(plain, "counts-caller.c")];
      compile(arch, [...options, "-o", join(plain, "caller.exe"), ...caller, dll]);
      const result = await runProgram(join(plain, "caller.exe"));
      assert.equal(result.code, 0, result.stderr);
      expected = result.stdout;
    });

    it("the program prints what its source says, without a wrapper", () => {
      const lines = expected.split("\r\n").join("\n").split("\n");
      assert.equal(lines.filter((line) => /^k__\w+_\d+ /.test(line)).length, 2 * sampleCount);
      assert.equal(lines.filter((line) => line === "jumped out 5").length, 2);
      assert.equal(lines.filter((line) => line === "last error 4711 then 1234").length, 2);
      assert.ok(lines.includes("data 108 data"), expected);
    });

    const modes: Mode[] = ["auto", "pass", "jump", "trace"];
    for (const mode of modes) {
      it(`${mode}: prints the same`, async () => {
        const out = join(plain, mode);
        const place = join(out, "run");
        const beside = join(place, "kinds_real.dll");
        const { model, dll } = await wrap({
          config: {
            ...defaultConfig(join(plain, "kinds.dll")),
            headers: ["kinds.h"],
            includePaths: [plain, special],
            // One of them knows the original by its path.
            original: mode === "pass" ? toWindowsPath(beside) : basename(beside),
            modes: [{ pattern: "*", mode }],
          },
          arch,
          outDir: out,
          sources: [],
          libraries: [],
          build: true,
        });
        const found = model.stubs.filter(({ finding }) => finding?.status === "found");
        assert.ok(found.length >= sampleCount + 13, model.stubs.map(({ finding }) => finding?.note).join("\n"));
        mkdirSync(place);
        copyFileSync(join(plain, "kinds.dll"), beside);
        copyFileSync(dll!, join(place, "kinds.dll"));
        copyFileSync(join(plain, "caller.exe"), join(place, "caller.exe"));
        const result = await runProgram(join(place, "caller.exe"));
        assert.equal(result.stdout, expected, result.stderr);
        assert.equal(result.code, 0);
        if (mode === "trace") checkTrace(readFileSync(join(place, "kinds.dll.trace"), "utf8"));
      });
    }

    function checkTrace(text: string): void {
      const lines = text.trimEnd().split("\n");
      assert.match(lines[0]!, /^# vmmc trace 1\t\d+\tkinds\.dll\tL"Z:.*caller\.exe"$/);
      const calls = lines.slice(1).map((line) => line.split("\t"));
      assert.deepEqual(
        calls.filter((columns) => columns.length !== 8),
        [],
      );
      // All that return are there, those of four threads at once, too; k_callback twice does not.
      const count = (name: string) => calls.filter(([, , , called]) => called!.startsWith(name)).length;
      assert.equal(count("k_double"), 2 + 4 * 500);
      assert.equal(count("k_reenter"), 2 * 51);
      assert.ok(
        calls.some((c) => c[3] === "k_variadic" && c[4] === 'kinds="idlsi"' && c[5] === "?"),
        text,
      );
      assert.ok(calls.some((c) => c[3] === "k_float" && c[4] === "f=3" && c[5] === "1.5"));
      assert.ok(calls.some((c) => c[3] === "k_narrow" && c[4] === "a=250 b=3" && c[5] === "-3"));
      assert.ok(calls.some((c) => c[3] === "k_last_error" && c[6]?.startsWith("1234")));
      assert.ok(calls.some((c) => c[3] === "k_buffer" && c[4]!.endsWith('buffer->"abc"') && c[5] === "3"));
      // What a pointer to a function points to is code, and not a number.
      const callbacks = calls.filter((c) => c[3]!.startsWith("k_callback"));
      assert.ok(callbacks.length > 0 && callbacks.every((c) => !c[4]!.includes("&")), callbacks.join("\n"));
      assert.ok(calls.some((c) => c[3]!.startsWith("k_wide") && c[4] === "a=0x123456789abcdef b=-1"));
    }
  });
}
