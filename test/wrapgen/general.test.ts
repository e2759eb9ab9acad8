import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { availableArches, runProgram, startWineServer } from "../../testbed/wine.js";
import { inspect, parseConfig } from "../../wrapgen/generate.js";
import { buildWrapper, compile, sources } from "./build.js";
import { listExports } from "./objdump.js";

/*
 * A DLL that has nothing to do with sockets: front.dll, whose exports are forwarders to back.dll, with all kinds of
 * types and conventions. It shows that nothing in the generator knows about WinSock.
 */

const folder = mkdtempSync(join(tmpdir(), "vmmc-wrapgen-"));
after(() => rmSync(folder, { recursive: true, force: true }));
before(() => startWineServer());

const source = (name: string) => join(sources, "front", name);

for (const arch of await availableArches()) {
  describe(`wrapper of an arbitrary ${arch} DLL`, () => {
    const original = join(folder, arch, "original");
    const wrapped = join(folder, arch, "wrapped");
    const functions = ["front_add", "front_fast", "front_mix", "front_narrow"];
    const config = (intercept: string[]) =>
      parseConfig(
        JSON.stringify({
          dll: join(original, "front.dll"),
          headers: ["front.h"],
          includePaths: [join(sources, "front")],
          intercept,
          bindings: { functions },
        }),
        "front.json",
      );

    before(() => {
      for (const path of [original, wrapped]) mkdirSync(path, { recursive: true });
      compile(arch, ["-shared", "-o", join(original, "back.dll"), source("back.c"), source("back.def")]);
      compile(arch, [
        "-shared",
        "-o",
        join(original, "front.dll"),
        "-x",
        "c",
        "/dev/null",
        "-x",
        "none",
        source("front.def"),
      ]);
      compile(arch, ["-o", join(original, "user.exe"), source("user.c")]);
      compile(arch, ["-DMISSING_TOO", "-o", join(wrapped, "missing.exe"), source("user.c")]);
      for (const name of ["back.dll", "user.exe"]) copyFileSync(join(original, name), join(wrapped, name));
    });

    const expected = [
      "add 5, by ordinal 9",
      "fast 123",
      "mix 1.09951e+12",
      "narrow 254",
      "pair 4 0.75",
      "sum 60",
      "many 91",
      "vector 11",
    ]
      .map((line) => `${line}\n${line}\n`)
      .join("");

    it("is called as the original is, when it passes calls on", async () => {
      assert.equal((await runProgram(join(original, "user.exe"))).stdout, expected);
      await buildWrapper(config([]), arch, wrapped);
      assert.equal((await runProgram(join(wrapped, "user.exe"))).stdout, expected);
    });

    it("gives the core values of every type, when it intercepts", async () => {
      await buildWrapper(config(functions), arch, wrapped);
      assert.equal((await runProgram(join(wrapped, "user.exe"))).stdout, expected);
    });

    it("keeps exports without a name, and the modes follow from the headers", async () => {
      const names = (dll: string) => listExports(dll).map(({ ordinal, names }) => [ordinal, ...names]);
      assert.deepEqual(names(join(wrapped, "front.dll")), names(join(original, "front.dll")));
      const { stubs } = await inspect(config(functions), arch);
      const untyped = stubs.filter(({ mode }) => mode === "jump").map(({ id }) => id);
      assert.deepEqual(untyped, ["front_sum", "front_many", "front_vector", "ordinal_20", "front_gone_untyped"]);
    });

    it("fails as its type suggests where the function behind it is missing", async () => {
      const { stdout } = await runProgram(join(wrapped, "missing.exe"));
      assert.equal(
        stdout.slice(expected.length),
        [
          "gone -1, error 127",
          "gone -1, error 127",
          "gone bool 0, error 127",
          "gone pointer 1, error 127",
          "gone pair 0 0, error 127",
          "gone void, error 127",
          "no library -1, error 127",
          "vmmc: cannot call back.dll!gone6: its DLL has no such export (error 127). The call fails. Is this version of Windows or Wine too old for the program?",
          "exception c06d007f",
          "",
        ].join("\n"),
      );
    });
  });
}
