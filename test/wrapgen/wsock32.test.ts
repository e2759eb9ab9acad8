import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { repositoryRoot } from "../../scripts/setup/paths.js";
import { installBeside } from "../../testbed/programs.js";
import { availableArches, runProgram, startWineServer } from "../../testbed/wine.js";
import { generate, inspect, loadConfig } from "../../wrapgen/generate.js";
import { findDll } from "../../wrapgen/io.js";
import { TARGETS } from "../../wrapgen/targets.js";
import { buildWrapper, compile, sources } from "./build.js";
import { listExports } from "./objdump.js";

const folder = mkdtempSync(join(tmpdir(), "vmmc-wrapgen-"));
after(() => rmSync(folder, { recursive: true, force: true }));
before(() => startWineServer());

const config = loadConfig(join(repositoryRoot, "wrapper", "wsock32.json"));

for (const arch of await availableArches()) {
  describe(`generated wsock32.dll for ${arch}`, () => {
    const out = join(folder, arch);
    let wrapper: string;
    before(async () => {
      wrapper = await buildWrapper(config, arch, out);
    });

    it("exports the same names at the same ordinals as the original, and forwards none", () => {
      const original = listExports(findDll("wsock32.dll", arch));
      const withoutForwarders = original.map((entry) => ({ ...entry, forwarder: undefined }));
      assert.deepEqual(listExports(wrapper), withoutForwarders);
      assert.ok(original.length >= 60);
    });

    it("does not load sockets libraries before they are needed", () => {
      const imports = execFileSync("objdump", ["-p", wrapper], { encoding: "utf8" }).match(/DLL Name: .*/g);
      assert.deepEqual(
        imports?.map((line) => line.slice(10).toLowerCase()),
        ["kernel32.dll", "msvcrt.dll"],
      );
    });

    it("intercepts what it should, and has types for all that the headers declare", async () => {
      const { stubs } = await inspect(config, arch);
      const names = (mode: string) => stubs.filter((stub) => stub.mode === mode).map((stub) => stub.names[0]!);
      assert.deepEqual(names("core").sort(), [...config.intercept].sort());
      // Obsolete calls that no mingw header declares.
      assert.deepEqual(names("jump").sort(), ["WEP", "WsControl", "getnetbyname", "inet_network", "s_perror"]);
    });

    it("behind a program, nothing changes", async () => {
      const exe = join(out, "calls.exe");
      compile(arch, ["-o", exe, join(sources, "calls.c"), "-lwsock32"]);
      const plain = await runProgram(await installBeside(exe, undefined, join(out, "plain")), [], {
        native: ["wsock32"],
      });
      const wrapped = await runProgram(await installBeside(exe, wrapper, join(out, "wrapped")), [], {
        native: ["wsock32"],
      });
      assert.equal(plain.code, 0);
      assert.match(plain.stdout, /first WSAGetLastError 1234\n(thread \d: 5 of 5\n){8}/);
      assert.match(plain.stdout, /recv 5 hello\nrecv of nothing -1, error 10035\n/);
      assert.match(plain.stdout, /inet_network 1020304, again 5060708\nby ordinal: 1\n/);
      assert.match(plain.stderr, /^wsock32\.dll is the system's\nby name again: the same\n$/);
      assert.equal(wrapped.stdout, plain.stdout);
      assert.equal(wrapped.code, 0);
      assert.match(wrapped.stderr, /^wsock32\.dll is the program's own\nby name again: the same\n$/);
    });

    it("behind a program that imports by ordinal only, too", async () => {
      const library = join(out, "by-ordinal.a");
      const exe = join(out, "by-ordinal.exe");
      let definition = readFileSync(join(sources, "by-ordinal.def"), "utf8");
      if (arch === "x64") definition = definition.replace(/@\d+ (?=@)/g, " ");
      writeFileSync(join(out, "by-ordinal.def"), definition);
      const dlltool = TARGETS[arch].compiler.replace("gcc", "dlltool");
      execFileSync(dlltool, ["-k", "-d", join(out, "by-ordinal.def"), "-l", library]);
      compile(arch, ["-o", exe, join(sources, "by-ordinal.c"), library]);
      const imports = execFileSync("objdump", ["-p", exe], { encoding: "utf8" });
      assert.doesNotMatch(imports, /closesocket|WSAStartup/);
      const expected = "WSAStartup 0\nsocket 1, closesocket 0, htons 3412\nclosed again -1, error 10038\n";
      for (const dll of [undefined, wrapper]) {
        const program = await installBeside(exe, dll, join(out, "ordinal"));
        const { stdout } = await runProgram(program, [], { native: ["wsock32"] });
        assert.equal(stdout, expected);
      }
    });

    it("is not generated again while nothing changes, and is when something does", async () => {
      const again = await generate(config, arch, out);
      assert.equal(again.fresh, false);
      const text = readFileSync(again.stubs, "utf8");
      const time = statSync(again.kernel).mtimeMs;
      writeFileSync(again.stubs, "damaged");
      assert.equal((await generate(config, arch, out)).fresh, true);
      assert.equal(readFileSync(again.stubs, "utf8"), text);
      assert.equal(statSync(again.kernel).mtimeMs, time, "a file that stays the same is not written");
      const other = { ...config, intercept: config.intercept.slice(1) };
      assert.equal((await generate(other, arch, out)).fresh, true);
      assert.notEqual(readFileSync(again.stubs, "utf8"), text);
    });
  });
}
