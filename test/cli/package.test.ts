import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { repositoryRoot } from "../../scripts/setup/paths.js";
import { defaultWinePrefix } from "../../scripts/setup/wine-environment.js";
import { startWineServer, stopWineServer } from "../../testbed/wine.js";
import { readRepositoryFile } from "../structure/repository.js";
import { arches, compileSamples, type Samples, vmmcEnvironment } from "./vmmc.js";

const place = mkdtempSync(join(tmpdir(), "vmmc-package-"));
const installed = join(place, "node_modules", "vmmc-sockets");
let stop = false;

/** Runs a program in the empty folder that the package was installed into. */
function run(command: string, args: readonly string[], variables: Readonly<Record<string, string>> = {}) {
  const env = vmmcEnvironment({ WINEPREFIX: defaultWinePrefix(), ...variables });
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: place, encoding: "utf8", env });
  return { status, stdout, stderr };
}

const vmmc = (...args: string[]) => run(process.execPath, [join(installed, "dist", "cli", "main.js"), ...args]);

before(async () => {
  stop = await startWineServer();
  // As npm does it: the packed file's contents, and beside them the packages that it depends on, and no others.
  const packed = spawnSync("npm", ["pack", "--silent", "--pack-destination", place], {
    cwd: repositoryRoot,
    encoding: "utf8",
  });
  assert.equal(packed.status, 0, packed.stderr);
  mkdirSync(installed, { recursive: true });
  const file = join(place, packed.stdout.trim().split("\n").at(-1)!);
  assert.equal(spawnSync("tar", ["-xzf", file, "-C", installed, "--strip-components=1"]).status, 0);
  const lock = JSON.parse(readRepositoryFile("package-lock.json")) as { packages: Record<string, { dev?: boolean }> };
  for (const [path, { dev }] of Object.entries(lock.packages)) {
    if (path === "" || dev || path.lastIndexOf("node_modules/") > 0 || !existsSync(join(repositoryRoot, path)))
      continue;
    mkdirSync(dirname(join(place, path)), { recursive: true });
    symlinkSync(join(repositoryRoot, path), join(place, path));
  }
});
after(async () => {
  rmSync(place, { recursive: true, force: true });
  if (stop) await stopWineServer();
});

describe("the packed package in an empty folder", () => {
  it("has no tests, and no sources that it does not need", () => {
    assert.deepEqual(readdirSync(join(installed, "dist")).sort(), [
      "bench",
      "cli",
      "core",
      "programs",
      "scripts",
      "wrapgen",
    ]);
  });

  it("starts, tells its commands, and lists exports", () => {
    assert.equal(vmmc("--help").status, 0);
    const { status, stdout, stderr } = vmmc("exports", join(installed, "prebuilds", "win32-x64", "wsock32.dll"));
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^wsock32\.dll for x64: \d+ exports/);
  });

  it("connects two programs at user level", () => {
    const shared = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "vmmc-package-"));
    try {
      const main = join(installed, "dist", "cli", "main.js");
      const { status, stdout, stderr } = run(process.execPath, [main, "doctor"], { VMMC_DIR: shared });
      assert.equal(status, 0, `${stdout}${stderr}`);
      assert.match(stdout, /user-level between two x64 programs/);
    } finally {
      rmSync(shared, { recursive: true, force: true });
    }
  });

  it("installs beside 64- and 32-bit programs, and leaves nothing when it is uninstalled", async () => {
    for (const arch of arches) {
      let samples: Samples | undefined;
      try {
        samples = await compileSamples(arch);
        const folder = join(place, arch);
        mkdirSync(folder);
        copyFileSync(samples.wsock32, join(folder, "vmmc-package-test.exe"));
        const install = vmmc("install", folder);
        assert.equal(install.status, 0, install.stderr);
        assert.match(vmmc("status", folder).stdout, /vmmc-package-test\.exe +\w+ +yes +native,builtin/);
        assert.equal(vmmc("uninstall", folder).status, 0);
        assert.deepEqual(readdirSync(folder), ["vmmc-package-test.exe"]);
      } finally {
        if (samples !== undefined) rmSync(samples.folder, { recursive: true, force: true });
      }
    }
  });
});
