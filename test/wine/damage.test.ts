import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  closeSync,
  copyFileSync,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { arches } from "../../programs/build.js";
import type { Stage } from "../../programs/stage.js";
import { type Arch, toWindowsPath } from "../../testbed/wine.js";
import { assertKernel, assertRight, playPair, sleep, stageFor, until } from "./helpers.js";

const meterArgs = ["--rounds", "200", "--stream-mib", "4", "--quit", "1"];

/** Files below a folder, as paths. */
function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}

/** The meter between two wrapped programs: right bytes, whatever carries them. */
async function meter(stage: Stage, arch: Arch, env: Record<string, string> = {}) {
  const part = { program: "pingpong", arch, wrapped: true, env } as const;
  const { client } = await playPair(stage, part, { ...part, args: meterArgs });
  assertRight(client, "client");
  return client;
}

/** The files as a healthy run leaves them, to be spoilt; in a folder of their own. */
async function healthyFiles(t: TestContext, arch: Arch): Promise<string[]> {
  const stage = await stageFor(t, "healthy");
  const server = await stage.server({ program: "pingpong", arch, wrapped: true });
  const args = ["client", "--port", `${server.port}`, "--paced", "1", "--interval", "3600000"];
  await stage.start({ program: "pingpong", arch, wrapped: true, args });
  await sleep(1000);
  const copies = mkdtempSync(join(tmpdir(), "vmmc-copies-"));
  t.after(() => rmSync(copies, { recursive: true, force: true }));
  return filesIn(stage.sharedFolder).map((path) => {
    const copy = join(copies, path.slice(stage.sharedFolder.length + 1).replaceAll("/", "_"));
    copyFileSync(path, copy);
    return copy;
  });
}

/** The directory is the file that has the same name in every run. */
async function directoryFile(t: TestContext, arch: Arch): Promise<{ name: string; bytes: Buffer }> {
  const [first, second] = [await healthyFiles(t, arch), await healthyFiles(t, arch)];
  const nameOf = (path: string) => path.split("/").at(-1)!;
  const name = first.map(nameOf).find((each) => second.map(nameOf).includes(each));
  assert.ok(name !== undefined, `no file of the same name in two runs: ${first.map(nameOf)}; ${second.map(nameOf)}`);
  return { name, bytes: readFileSync(first.find((path) => nameOf(path) === name)!) };
}

const spoilt: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  "is empty": () => Buffer.alloc(0),
  "is of zeros": (bytes) => Buffer.alloc(bytes.length),
  "is of random bytes": (bytes) => randomBytes(bytes.length),
  "is some other file": () => Buffer.from("This is a shopping list.\n"),
  "is cut off": (bytes) => bytes.subarray(0, 100),
  "has random entries below a right header": (bytes) =>
    Buffer.concat([bytes.subarray(0, 64), randomBytes(Math.max(0, bytes.length - 64))]),
  "has another version": (bytes) => {
    // Wherever the version stands in the first words: each is one more than it should be, but for the first (the mark).
    const copy = Buffer.from(bytes);
    for (let at = 4; at < 16; at += 4) copy.writeUInt32LE((copy.readUInt32LE(at) + 1) >>> 0, at);
    return copy;
  },
};

for (const arch of arches()) {
  describe(`a directory file that cannot be used, ${arch}`, () => {
    for (const [how, spoil] of Object.entries(spoilt)) {
      test(`the file ${how}`, { timeout: 120_000 }, async (t) => {
        const { name, bytes } = await directoryFile(t, arch);
        const stage = await stageFor(t, "spoilt");
        writeFileSync(join(stage.sharedFolder, name), spoil(bytes), { mode: 0o600 });
        // The programs work: over the kernel, or at the user level if the wrapper could mend the file.
        const played = await meter(stage, arch);
        if (played.connections.some((connection) => !connection.userLevel)) {
          assert.match(played.log, /reason=|event=/, "the log says why");
        }
      });
    }
  });

  describe(`a shared folder that cannot be used, ${arch}`, () => {
    test("it does not exist and cannot be made", async (t) => {
      const stage = await stageFor(t, "nowhere");
      const file = join(stage.sharedFolder, "a-file");
      writeFileSync(file, "");
      const played = await meter(stage, arch, { VMMC_DIR: toWindowsPath(join(file, "folder")) });
      assertKernel(played.connections, "client");
      assert.match(played.log, /directory-unavailable/);
    });

    test("it may not be written", async (t) => {
      const stage = await stageFor(t, "readonly");
      chmodSync(stage.sharedFolder, 0o500);
      try {
        const played = await meter(stage, arch);
        // Root may write all the same.
        if (process.getuid?.() !== 0) assertKernel(played.connections, "client");
      } finally {
        chmodSync(stage.sharedFolder, 0o700);
      }
    });

    test("its file system is full", async (t) => {
      if (process.getuid?.() !== 0) return t.skip("only root can mount a small file system");
      const stage = await stageFor(t, "full");
      const folder = join(stage.sharedFolder, "small");
      mkdirSync(folder);
      try {
        execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k,mode=0700", "tmpfs", folder], { stdio: "pipe" });
      } catch (error) {
        return t.skip(`a small file system cannot be mounted here: ${(error as Error).message.trim()}`);
      }
      try {
        // Once full from the start, once with room for some of what is needed.
        for (const free of [0, 20_000, 48_000]) {
          for (const path of filesIn(folder)) rmSync(path);
          writeFileSync(join(folder, "filling"), Buffer.alloc(65536 - free));
          const played = await meter(stage, arch, { VMMC_DIR: toWindowsPath(folder) });
          assertKernel(played.connections, `with ${free} bytes free`);
        }
      } finally {
        execFileSync("umount", ["-l", folder]);
      }
    });
  });

  describe(`a segment that is overwritten while in use, ${arch}`, () => {
    for (const what of ["the first page", "all of it"]) {
      test(`random values in ${what}: both programs end, a bystander is unharmed`, { timeout: 240_000 }, async (t) => {
        const stage = await stageFor(t, "garbled");
        const server = await stage.server({ program: "threadserver", arch, wrapped: true });
        const bystander = await stage.server({ program: "pingpong", arch, wrapped: true });
        const before = new Set(filesIn(stage.sharedFolder));
        const args = ["client", "--port", `${server.port}`, "--connections", "1", "--bytes", "1e9", "--pause", "1"];
        const client = await stage.start({ program: "threadserver", arch, wrapped: true, args });
        await until("the client's connection", () => client.connections().length > 0);
        const segments = await until("its segment", () => {
          const found = filesIn(stage.sharedFolder).filter((path) => !before.has(path));
          return found.length > 0 && found;
        });
        // The client writes on and on: it must meet the damage, whenever that is looked at.
        for (let round = 0; round < 200 && !client.process.exit; round++) {
          for (const path of segments) overwrite(path, what === "all of it");
          await sleep(20);
        }
        const played = await stage.end(client, 60_000);
        assert.ok(played.code === 0 || played.code === 1, `exit code ${played.code}: ${played.stdout}${played.stderr}`);
        assert.equal(server.process.exit, undefined, server.process.describe("the server should live"));
        const args2 = ["--rounds", "100"];
        const other = await stage.client({ program: "pingpong", arch, wrapped: true, args: args2 }, bystander.port);
        assertRight(other, "the bystander's client");
        const next = await stage.client({ program: "threadserver", arch, wrapped: true }, server.port);
        assertRight(next, "the next client of the same server");
      });
    }
  });
}

/** Puts random bytes into a segment's first page or all of it; it may have been removed meanwhile. */
function overwrite(path: string, all: boolean): void {
  let file: number;
  try {
    file = openSync(path, "r+");
  } catch {
    return;
  }
  const size = fstatSync(file).size;
  writeSync(file, randomBytes(Math.min(size, all ? size : 4096)), 0, undefined, 0);
  closeSync(file);
}
