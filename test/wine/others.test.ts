import assert from "node:assert/strict";
import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { arches } from "../../programs/build.js";
import { assertKernel, assertRight, assertUserLevel, playPair, sleep, stageFor } from "./helpers.js";

for (const arch of arches()) {
  describe(`what the wrapper must leave alone, ${arch}`, () => {
    test("a process whose other module calls ws2_32.dll stays on kernel sockets, and says so", async (t) => {
      const stage = await stageFor(t, "mixed");
      const { client } = await playPair(
        stage,
        { program: "mixed", arch, wrapped: true },
        { program: "mixed", arch, wrapped: true },
      );
      assertRight(client, "client");
      assertKernel(client.connections, "client");
      assert.match(client.log, /mixed-process/);
    });

    test("datagrams go as they went", async (t) => {
      const stage = await stageFor(t, "datagrams");
      const { client } = await playPair(
        stage,
        { program: "datagrams", arch, wrapped: true },
        { program: "datagrams", arch, wrapped: true },
      );
      assertRight(client, "client");
    });
  });

  describe(`what the wrapper must not need, ${arch}`, () => {
    test("programs that import by ordinal only are user-level too", async (t) => {
      const stage = await stageFor(t, "ordinal");
      const { client } = await playPair(
        stage,
        { program: "ordinal", arch, wrapped: true },
        { program: "ordinal", arch, wrapped: true },
      );
      assertRight(client, "client");
      assertUserLevel(client.connections, "client");
    });

    test("programs run without a log and without a chosen folder", async (t) => {
      const stage = await stageFor(t, "defaults");
      const env = { VMMC_DIR: undefined, VMMC_LOG: undefined };
      const { client } = await playPair(
        stage,
        { program: "pingpong", arch, wrapped: true, env },
        { program: "pingpong", arch, wrapped: true, env, args: ["--rounds", "100", "--quit", "1"] },
      );
      assertRight(client, "client");
      assert.equal(client.log, "");
    });
  });

  describe(`privacy, ${arch}`, () => {
    test("nobody but the owner may read or write what is shared", async (t) => {
      const stage = await stageFor(t, "privacy");
      const server = await stage.server({ program: "pingpong", arch, wrapped: true });
      const args = ["client", "--port", `${server.port}`, "--paced", "1", "--interval", "3600000"];
      const client = await stage.start({ program: "pingpong", arch, wrapped: true, args });
      await sleep(1500);
      assertUserLevel(client.connections(), "client");
      const names = readdirSync(stage.sharedFolder, { recursive: true, encoding: "utf8" });
      assert.ok(names.length > 0, "something is shared");
      // A file that others could open through an open folder must be closed itself; the chosen folder is its maker's.
      for (const name of names) {
        const { mode } = lstatSync(join(stage.sharedFolder, name));
        assert.equal(mode & 0o077, 0, `${name} has mode ${(mode & 0o777).toString(8)}`);
      }
    });
  });
}
