import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { repositoryRoot } from "../../scripts/setup/paths.js";
import { finish } from "../../testbed/process.js";
import { compileProgram, installBeside } from "../../testbed/programs.js";
import {
  availableArches,
  programArch,
  runProgram,
  spawnProgram,
  startWineServer,
  toWindowsPath,
  wineEnvironment,
} from "../../testbed/wine.js";

const source = join(repositoryRoot, "test", "testbed", "echo-lines.c");
const folder = mkdtempSync(join(tmpdir(), "vmmc-testbed-"));
after(() => rmSync(folder, { recursive: true, force: true }));
before(() => startWineServer());

/** Longer than any test may take: a program that sleeps this long ends only by being killed. */
const forEver = "1000000000";

for (const arch of await availableArches()) {
  describe(`a ${arch} program under Wine`, () => {
    let exe: string;
    before(async () => {
      exe = await compileProgram(source, arch, folder, { libs: [] });
    });

    it("is recognised by its file header", () => {
      assert.equal(programArch(exe), arch);
    });

    it("runs to its end: exit code and both outputs are collected", async () => {
      const result = await runProgram(exe);
      assert.equal(result.code, 7);
      assert.match(result.stdout, new RegExp(`^process \\d+, ${arch === "x64" ? 64 : 32}-bit\nsleeping\n$`));
      assert.equal(result.stderr, "end of input\n");
    });

    it("talks while it runs", async () => {
      const program = await spawnProgram(exe);
      await program.waitForLine(/^process \d+/);
      program.write("one\ntwo\n");
      const match = await program.waitForLine(/^got (tw.)$/);
      assert.equal(match[1], "two");
      program.endInput();
      assert.deepEqual(await program.exited, { code: 7, signal: null });
    });

    it("is the process that was started, and is gone once killed", async () => {
      const program = await spawnProgram(exe, [forEver]);
      program.endInput();
      await program.waitForLine(/^sleeping/);
      // What Wine puts there is the program's own command line; a launcher's would begin with its own name.
      const commandLine = readFileSync(`/proc/${program.pid}/cmdline`, "utf8");
      assert.match(commandLine.split("\0")[0]!, /echo-lines\.exe/);
      program.kill();
      assert.deepEqual(await program.exited, { code: null, signal: "SIGKILL" });
      program.kill();
    });

    it("that does not end in time is killed, and the error holds its output", async () => {
      const program = await spawnProgram(exe, [forEver]);
      program.endInput();
      await program.waitForLine(/^sleeping/);
      await assert.rejects(finish(program, 1), /did not end within 1 ms.*sleeping/s);
    });

    it("that ends without the line that is waited for is reported with its output", async () => {
      const program = await spawnProgram(exe);
      program.endInput();
      await assert.rejects(program.waitForLine(/^never/), /waited for a line matching \/\^never\/.*sleeping/s);
    });
  });
}

describe("starting a program", () => {
  it("that does not exist names the file", async () => {
    await assert.rejects(spawnProgram(join(folder, "none.exe")), /cannot run .*none\.exe under Wine/);
  });

  it("that is no Windows program says so", async () => {
    const text = join(folder, "text.exe");
    for (const content of ["", "MZ", "x".repeat(1000)]) {
      writeFileSync(text, content);
      await assert.rejects(spawnProgram(text), /it is no 64- or 32-bit x86 Windows program/);
    }
  });
});

describe("the environment of a program", () => {
  it("names the DLLs to take from the application's folder", () => {
    const { WINEDLLOVERRIDES } = wineEnvironment({ native: ["wsock32", "mswsock.dll"] });
    assert.match(WINEDLLOVERRIDES!, /;wsock32=n,b;mswsock=n,b$/);
  });

  it("has neither the caller's Wine settings nor a display", () => {
    process.env.WINEARCH = "win32";
    try {
      const environment = wineEnvironment({ prefix: "/somewhere" });
      assert.equal(environment.WINEARCH, undefined);
      assert.equal(environment.DISPLAY, undefined);
      assert.equal(environment.WINEPREFIX, "/somewhere");
    } finally {
      delete process.env.WINEARCH;
    }
  });

  it("sets and removes variables as asked", () => {
    const environment = wineEnvironment({ env: { VMMC_LOG: "all", PATH: undefined } });
    assert.equal(environment.VMMC_LOG, "all");
    assert.equal("PATH" in environment, false);
  });
});

it("a Unix path becomes a path on drive Z", () => {
  assert.equal(toWindowsPath("/a/b c"), "Z:\\a\\b c");
});

describe("installing beside a program", () => {
  it("puts the DLL there, and takes it away again", async () => {
    const exe = join(folder, "some.exe");
    const dll = join(folder, "wsock32.dll");
    writeFileSync(exe, "program");
    writeFileSync(dll, "library");
    const runDir = join(folder, "run");
    assert.equal(await installBeside(exe, dll, runDir), join(runDir, "some.exe"));
    assert.equal(readFileSync(join(runDir, "wsock32.dll"), "utf8"), "library");
    await installBeside(exe, undefined, runDir);
    assert.throws(() => readFileSync(join(runDir, "wsock32.dll")), /ENOENT/);
    assert.equal(readFileSync(join(runDir, "some.exe"), "utf8"), "program");
  });
});
