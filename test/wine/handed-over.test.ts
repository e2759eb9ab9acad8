import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { arches, buildProgram } from "../../programs/build.js";
import type { Stage } from "../../programs/stage.js";
import { toWindowsPath } from "../../testbed/wine.js";
import { assertRight, full, stageFor } from "./helpers.js";

/** How a server gives a connection to another process, which reads it as a file: Wine's `recv` knows no sockets of other processes. */
const ways = ["inherit", "duplicate", "stdio"] as const;
const connections = full ? 50 : 3;

/** What lies unread when the socket changes hands: little, much that the child must find, much that the client must. */
const loads = [
  { name: "a little unread", server: [], client: ["--bytes", "5000"] },
  { name: "much for the child unread", server: [], client: ["--bytes", "1500000"] },
  {
    name: "much for the client unread",
    server: ["--greeting", "1000000"],
    client: ["--bytes", "200000", "--greeting", "1000000", "--pause", "300"],
  },
] as const;

async function play(
  stage: Stage,
  arch: "x64" | "ia32",
  wrapped: boolean,
  server: readonly string[],
  client: readonly string[],
) {
  const started = await stage.server({ program: "superserver", arch, wrapped, args: ["--files", "1", ...server] });
  const args = [...client, "--connections", `${connections}`];
  const played = await stage.client({ program: "superserver", arch, wrapped, args }, started.port, 300_000);
  return { played, log: started.log(), connections: started.connections() };
}

describe("a connection whose socket another process gets", () => {
  for (const arch of arches()) {
    for (const way of ways) {
      for (const load of loads) {
        test(`${way}, ${load.name}, ${arch}: goes on in the kernel, and no byte is lost`, {
          timeout: 600_000,
        }, async (t) => {
          const stage = await stageFor(t, "handed-over");
          const { played, log } = await play(stage, arch, true, ["--give", way, ...load.server], load.client);
          assertRight(played, "client");
          const first = played.connections.filter(({ userLevel }) => userLevel);
          const then = played.connections.filter(({ userLevel }) => !userLevel);
          assert.equal(
            first.length,
            connections,
            `the connections were not user-level at first:\n${played.log}\n${log}`,
          );
          assert.ok(
            then.length === connections && then.every(({ reason }) => reason === "inherited"),
            `the client's side did not go on in the kernel:\n${played.log}\n${log}`,
          );
        });
      }
    }
    test(`a child without the wrapper, reading with ReadFile, ${arch}`, { timeout: 600_000 }, async (t) => {
      const stage = await stageFor(t, "handed-over");
      const child = toWindowsPath(await buildProgram("superserver", arch));
      const server = ["--child", child];
      const { played } = await play(stage, arch, true, server, ["--bytes", "300000"]);
      assertRight(played, "client");
    });
    test(`with VMMC_INHERIT=0 connections stay at user level, ${arch}`, { timeout: 600_000 }, async (t) => {
      const stage = await stageFor(t, "handed-over");
      const server = await stage.server({ program: "superserver", arch, wrapped: true, env: { VMMC_INHERIT: "0" } });
      const client = await stage.start({
        program: "superserver",
        arch,
        wrapped: true,
        args: ["client", "--port", `${server.port}`],
      });
      await server.process.waitForLine(/^handed=/);
      await stage.end(client, 60_000).catch(() => undefined);
      assert.ok(!server.log().includes("reason=inherited"), server.log());
    });
    test(`the same programs over the kernel alone, ${arch}`, { timeout: 600_000 }, async (t) => {
      const stage = await stageFor(t, "handed-over");
      for (const way of ways) {
        const { played } = await play(stage, arch, false, ["--give", way], ["--bytes", "300000"]);
        assertRight(played, `client, ${way}`);
      }
    });
  }
});
