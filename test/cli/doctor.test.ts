import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Finding } from "../../cli/doctor-checks.js";
import { prebuiltProgram } from "../../cli/package.js";
import { cleanFolder, inspectFolders } from "../../cli/shared-folder.js";
import * as layout from "../../core/layout.js";
import { defaultWinePrefix } from "../../scripts/setup/wine-environment.js";
import { startWineServer, stopWineServer } from "../../testbed/wine.js";
import { arches, type Result, vmmcIn } from "./vmmc.js";

const directoryName = `directory-v${layout.PROTOCOL_VERSION}`;
const folder = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "vmmc-doctor-test-"));
let stop = false;
before(async () => {
  stop = await startWineServer();
});
after(async () => {
  rmSync(folder, { recursive: true, force: true });
  if (stop) await stopWineServer();
});

let places = 0;
function emptyPlace(): string {
  const path = join(folder, String(++places));
  mkdirSync(path, { mode: 0o700 });
  return path;
}

function doctor(variables: Record<string, string>, ...args: string[]): Result & { findings: Finding[] } {
  const result = vmmcIn({ WINEPREFIX: defaultWinePrefix(), ...variables }, "doctor", "--json", ...args);
  const findings = result.stdout === "" ? [] : (JSON.parse(result.stdout) as { findings: Finding[] }).findings;
  return { ...result, findings };
}

const problemsOf = ({ findings }: { findings: Finding[] }) => findings.filter(({ level }) => level === "problem");

describe("vmmc doctor", () => {
  it("where all is well: connects at user level, exit code 0", () => {
    const result = doctor({ VMMC_DIR: emptyPlace() });
    assert.deepEqual(problemsOf(result), []);
    assert.equal(result.status, 0);
    const connections = result.findings.filter(({ check }) => check === "connection");
    assert.equal(connections.length, arches.length);
    for (const { what } of connections) assert.match(what, /^user-level .*: [\d.]+ us for a round trip$/);
  });

  it("where the DLL is disabled: says so twice, exit code 1", () => {
    const result = doctor({ VMMC_DIR: emptyPlace(), VMMC_DISABLE: "1" });
    assert.equal(result.status, 1);
    assert.match(problemsOf(result)[0]!.what, /VMMC_DISABLE=1/);
    assert.match(problemsOf(result)[1]!.what, /: disabled$/);
    assert.equal(problemsOf(result)[1]!.fix, "Unset VMMC_DISABLE.");
  });

  it("where the directory is another's file: the connection says why, and the folder is found damaged", () => {
    const place = emptyPlace();
    writeFileSync(join(place, directoryName), Buffer.alloc(layout.DIRECTORY_BYTES, 7));
    const result = doctor({ VMMC_DIR: place });
    assert.equal(result.status, 1);
    const what = problemsOf(result).map((finding) => finding.what);
    assert.match(what[0]!, /: directory-foreign$/);
    assert.match(what.at(-1)!, /^the directory in .* is damaged$/);
  });

  it("without a prefix, and without Wine: says so, and tries no connection", () => {
    const withoutPrefix = doctor({ WINEPREFIX: join(folder, "none") });
    assert.equal(withoutPrefix.status, 1);
    assert.match(problemsOf(withoutPrefix)[0]!.what, /there is no Wine prefix/);
    assert.equal(withoutPrefix.findings.find(({ check }) => check === "connection")?.level, "note");
    assert.match(problemsOf(doctor({ PATH: "" }))[0]!.what, /there is no wine/);
    const [relative] = problemsOf(doctor({ WINEPREFIX: "some/prefix" }));
    assert.match(relative!.what, /WINEPREFIX is some\/prefix, and Wine takes no path but a full one/);
    assert.match(relative!.fix!, /^Set it to \/.*\/some\/prefix\.$/);
  });

  it("with wrong settings: each is a problem", () => {
    const result = doctor({ VMMC_SPIN_US: "x", VMMC_RINGS: "8192" }, "--no-connection");
    assert.deepEqual(
      problemsOf(result).map(({ what }) => what.split(":")[0]),
      ["VMMC_RINGS", "VMMC_SPIN_US"],
    );
  });

  it("of a program: not installed; installed, but not taken; somebody else's DLL", () => {
    const place = emptyPlace();
    const exe = join(place, "vmmc-doctor-test.exe");
    copyFileSync(prebuiltProgram("pingpong", arches[0]!), exe);
    const ofProgram = () => doctor({}, "--no-connection", exe).findings.filter(({ check }) => check === "program");
    assert.match(ofProgram()[0]!.what, /could use our DLL, which is not installed/);
    assert.equal(vmmcIn({}, "install", exe).status, 0);
    assert.match(ofProgram()[0]!.what, /Wine will not take the DLL/);
    writeFileSync(join(place, "wsock32.dll"), "other");
    assert.match(ofProgram()[0]!.what, /is not ours/);
  });

  it("of no program: one line, exit code 2, nothing tried", () => {
    const { status, stdout, stderr } = doctor({}, join(folder, "nothing.exe"));
    assert.deepEqual([status, stdout], [2, ""]);
    assert.match(stderr, /^vmmc: There is no folder or program [^\n]*\n$/);
  });
});

describe("a folder of shared files", () => {
  /** A directory in which one process listens. */
  function directoryBytes(): Buffer {
    const bytes = Buffer.alloc(layout.DIRECTORY_BYTES);
    bytes.writeUInt32LE(layout.MAGIC, layout.DIRECTORY_MAGIC);
    bytes.writeUInt32LE(layout.PROTOCOL_VERSION, layout.DIRECTORY_VERSION);
    bytes.writeUInt32LE(layout.DIRECTORY_BYTES, layout.DIRECTORY_BYTES_FIELD);
    bytes.writeUInt32LE(64 | layout.SLOT_LIVE, layout.LISTENERS_OFFSET);
    return bytes;
  }

  it("left by a killed program: counted, and cleaned", () => {
    const place = emptyPlace();
    writeFileSync(join(place, directoryName), directoryBytes());
    writeFileSync(join(place, "seg-00000040-0000000000000001-0000000000000002"), "x");
    writeFileSync(join(place, "notes.txt"), "of the user");
    const [found] = inspectFolders([place]);
    assert.deepEqual([found?.listeners, found?.pending, found?.users, found?.deadOwners], [1, 0, 0, 1]);
    assert.deepEqual(found?.leftovers, ["seg-00000040-0000000000000001-0000000000000002"]);
    assert.equal(cleanFolder(found!), 2);
    assert.ok(existsSync(join(place, "notes.txt")));
    assert.deepEqual(inspectFolders([place])[0]?.leftovers, []);
  });

  it("in use: what a process has open stays", async () => {
    const place = emptyPlace();
    const segment = join(place, "seg-00000040-0000000000000001-0000000000000002");
    writeFileSync(segment, "x");
    const child = spawn("sleep", ["600"], { stdio: [openSync(segment, "r"), "ignore", "ignore"] });
    try {
      const [found] = inspectFolders([place]);
      assert.deepEqual(found?.leftovers, []);
      assert.equal(cleanFolder({ ...found!, leftovers: ["seg-00000040-0000000000000001-0000000000000002"] }), 0);
      assert.ok(existsSync(segment));
    } finally {
      child.kill();
    }
  });

  it("open to others, or damaged: said", () => {
    const place = emptyPlace();
    chmodSync(place, 0o755);
    assert.equal(inspectFolders([place])[0]?.trouble, "lets other users in");
    const damaged = emptyPlace();
    writeFileSync(join(damaged, directoryName), "short");
    assert.equal(inspectFolders([damaged])[0]?.directory, "damaged");
  });
});
