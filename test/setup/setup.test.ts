import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { silentReporter } from "../../scripts/setup/progress.js";
import { exitCodes, setUp } from "../../scripts/setup/setup.js";
import { readSetupState } from "../../scripts/setup/state.js";
import { everything, FakeMachine, type FakeMachineOptions } from "./fake-machine.js";

const folder = mkdtempSync(join(tmpdir(), "vmmc-setup-test-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Every test has a checkout of its own, with nothing built. */
let checkouts = 0;

function machine(options: FakeMachineOptions) {
  const checkout = join(folder, `${++checkouts}`);
  const host = new FakeMachine(options);
  const stateFile = join(checkout, "setup.json");
  return {
    host,
    state: () => readSetupState(stateFile),
    /** Runs set-up; gives its exit code and what it said. */
    async setUp(env: NodeJS.ProcessEnv = {}) {
      const reporter = silentReporter();
      Object.assign(host.env, env);
      const code = await setUp({ host, reporter, stateFile, prefix: join(checkout, "prefix") });
      return { code, said: reporter.lines.join("\n") };
    },
  };
}

const wine32 = "wine32:i386";
const all64 = everything.filter((name) => name !== wine32);

describe("a fresh machine, as root", () => {
  it("gets every package, a Wine prefix, and both kinds of programs", async () => {
    const fresh = machine({});
    const { code } = await fresh.setUp();
    assert.equal(code, exitCodes.ready);
    assert.deepEqual([...fresh.host.packages].sort(), [...everything].sort());
    assert.deepEqual(fresh.state()?.arches, ["x64", "ia32"]);
    assert.deepEqual(fresh.state()?.loaders, { x64: "/usr/lib/wine/wine64", ia32: "/usr/lib/wine/wine" });
    assert.equal(fresh.host.ran(/^wineboot/).length, 1);
  });

  it("installs without questions and without recommended packages", async () => {
    const fresh = machine({});
    await fresh.setUp();
    const installs = fresh.host.ran(/apt-get .*install/);
    assert.equal(installs.length, 2);
    for (const command of installs) {
      assert.match(command, /^env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends /);
    }
  });
});

describe("a machine that was set up before", () => {
  it("runs no command at all the second time", async () => {
    const ready = machine({});
    await ready.setUp();
    ready.host.commands.length = 0;
    assert.deepEqual(await ready.setUp(), { code: exitCodes.ready, said: "" });
    assert.deepEqual(ready.host.commands, []);
  });

  it("runs none either when 32-bit support could not be had", async () => {
    const ready = machine({ wine32From: "nowhere" });
    await ready.setUp();
    ready.host.commands.length = 0;
    assert.equal((await ready.setUp()).code, exitCodes.ready);
    assert.deepEqual(ready.host.commands, []);
  });

  it("is looked at again when a compiler has gone", async () => {
    const ready = machine({});
    await ready.setUp();
    ready.host.packages.delete("gcc-mingw-w64-i686-win32");
    assert.equal((await ready.setUp()).code, exitCodes.ready);
    assert.ok(ready.host.packages.has("gcc-mingw-w64-i686-win32"));
  });

  it("makes its prefix again when wine32 has come since", async () => {
    const ready = machine({ wine32From: "nowhere" });
    await ready.setUp();
    assert.deepEqual(ready.state()?.arches, ["x64"]);
    ready.host.packages.add(wine32);
    assert.equal((await ready.setUp()).code, exitCodes.ready);
    assert.equal(ready.host.ran(/^wineboot/).length, 2);
    assert.deepEqual(ready.state()?.arches, ["x64", "ia32"]);
    assert.equal(ready.state()?.why32BitMissing, undefined);
  });
});

describe("a user without root's rights", () => {
  for (const sudo of ["absent", "asks for a password"] as const) {
    it(`gets the exact commands when sudo ${sudo === "absent" ? "is absent" : sudo}`, async () => {
      const poor = machine({ userId: 1000, sudo });
      const { code, said } = await poor.setUp();
      assert.equal(code, exitCodes.needsRoot);
      const commands = said.split("\n").filter((line) => line.startsWith("  sudo "));
      assert.deepEqual(commands, [
        "  sudo dpkg --add-architecture i386",
        "  sudo apt-get update",
        `  sudo apt-get install -y --no-install-recommends ${everything.join(" ")}`,
      ]);
      assert.deepEqual([...poor.host.packages], []);
      assert.equal(poor.state(), undefined);
    });
  }

  it("is told only what is missing", async () => {
    const poor = machine({ userId: 1000, i386: true, installed: everything.filter((name) => name !== "binutils") });
    const { code, said } = await poor.setUp();
    assert.equal(code, exitCodes.needsRoot);
    assert.match(said, /objdump \(package binutils\)/);
    assert.match(said, /sudo apt-get install -y --no-install-recommends binutils$/m);
    assert.doesNotMatch(said, /add-architecture|wine/);
  });

  it("needs none when everything is installed", async () => {
    const poor = machine({ userId: 1000, installed: everything });
    assert.equal((await poor.setUp()).code, exitCodes.ready);
    assert.deepEqual(poor.host.ran(/apt-get|dpkg|sudo/), []);
  });

  it("can do without 32-bit programs by saying so", async () => {
    const poor = machine({ userId: 1000, installed: all64 });
    const first = await poor.setUp();
    assert.equal(first.code, exitCodes.needsRoot);
    assert.match(first.said, /set VMMC_SETUP_WITHOUT_IA32=1/);
    const second = await poor.setUp({ VMMC_SETUP_WITHOUT_IA32: "1" });
    assert.equal(second.code, exitCodes.ready);
    assert.deepEqual(poor.state()?.arches, ["x64"]);
    assert.match(poor.state()?.why32BitMissing ?? "", /VMMC_SETUP_WITHOUT_IA32/);
    // Withdrawing the wish counts as a change.
    assert.equal((await poor.setUp({ VMMC_SETUP_WITHOUT_IA32: "" })).code, exitCodes.needsRoot);
  });

  it("with passwordless sudo is served like root", async () => {
    const trusted = machine({ userId: 1000, sudo: "passwordless" });
    assert.equal((await trusted.setUp()).code, exitCodes.ready);
    assert.equal(trusted.host.ran(/^sudo -n env DEBIAN_FRONTEND=noninteractive apt-get install/).length, 2);
    assert.deepEqual(trusted.state()?.arches, ["x64", "ia32"]);
  });
});

describe("i386 packages", () => {
  it("come from the main suite alone when apt refuses otherwise", async () => {
    const torn = machine({ wine32From: "main suite only" });
    const { code, said } = await torn.setUp();
    assert.equal(code, exitCodes.ready);
    assert.deepEqual(torn.state()?.arches, ["x64", "ia32"]);
    assert.match(torn.host.temporaryFiles["sources/main.sources"]!, /^URIs: https:\/\/mirror\.example\/debian\/$/m);
    assert.match(torn.host.temporaryFiles["sources/main.sources"]!, /^Suites: bookworm$/m);
    assert.match(said, /Set back to the release's version.*: libfirst libsecond$/m);
    assert.deepEqual(torn.host.ran(/rm -rf/), ["rm -rf /tmp/fake"]);
    assert.ok(torn.host.architectures.has("i386"));
  });

  it("that cannot be had are reported, and 64-bit goes on", async () => {
    const without = machine({ wine32From: "nowhere" });
    const { code, said } = await without.setUp();
    assert.equal(code, exitCodes.ready);
    assert.match(said, /32-bit support could not be had: .*held broken packages/s);
    assert.deepEqual(without.state()?.arches, ["x64"]);
    assert.match(without.state()?.why32BitMissing ?? "", /held broken packages/);
  });

  for (const i386 of [false, true]) {
    it(`that cannot be had leave dpkg's architectures as they were (${i386 ? "with" : "without"} i386)`, async () => {
      const without = machine({ wine32From: "nowhere", i386 });
      await without.setUp();
      assert.equal(without.host.architectures.has("i386"), i386);
    });
  }

  it("that are installed but do not run are reported after a new prefix did not help", async () => {
    const broken = machine({ installed: everything });
    await broken.setUp();
    broken.host.broken32 = true;
    broken.host.packages.delete("gcc");
    const { code, said } = await broken.setUp();
    assert.equal(code, exitCodes.ready);
    assert.equal(broken.host.ran(/^wineboot/).length, 2);
    assert.match(said, /32-bit support could not be had: .*could not load kernel32\.dll/);
  });
});
