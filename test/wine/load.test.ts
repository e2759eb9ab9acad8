import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { describe, test } from "node:test";
import { arches } from "../../programs/build.js";
import type { Player, Stage } from "../../programs/stage.js";
import {
  archPairs,
  assertRight,
  assertUserLevel,
  full,
  playPair,
  processorTicks,
  residentKib,
  sleep,
  stageFor,
} from "./helpers.js";

const duplexMib = full ? 1024 : 64;
const sequentialConnections = full ? 10_000 : 1_000;
const pacedRounds = full ? 10_000 : 2_000;
const simultaneous = 1_000;
const posted = full ? 5_000 : 300;

describe("bytes in both directions at once", () => {
  for (const [server, client] of archPairs()) {
    test(`${duplexMib} MiB each way, server ${server}, client ${client}`, { timeout: 600_000 }, async (t) => {
      const stage = await stageFor(t, "duplex");
      const player = await stage.server({ program: "duplex", arch: server, wrapped: true });
      const args = ["--mib", `${duplexMib}`];
      const played = await stage.client({ program: "duplex", arch: client, wrapped: true, args }, player.port, 580_000);
      assertRight(played, "client");
      assertUserLevel(played.connections, "client");
      assertRightServer(await stage.end(player));
    });
  }
  for (const arch of arches()) {
    for (const chunk of [8, 1000, 1 << 20]) {
      const size = chunk === 8 ? 1 : 16;
      test(`${size} MiB each way in pieces of ${chunk}, one thread with select, ${arch}`, {
        timeout: 300_000,
      }, async (t) => {
        const stage = await stageFor(t, "duplex-select");
        const player = await stage.server({ program: "duplex", arch, wrapped: true });
        const args = ["--mib", `${size}`, "--chunk", `${chunk - (chunk % 8)}`, "--select", "1"];
        const played = await stage.client({ program: "duplex", arch, wrapped: true, args }, player.port, 280_000);
        assertRight(played, "client");
        assertUserLevel(played.connections, "client");
        assertRightServer(await stage.end(player));
      });
    }
  }
});

function assertRightServer(played: { code: number | null; values: Record<string, string>; stdout: string }): void {
  assert.equal(played.values.server_ok, "1", played.stdout);
  assert.equal(played.code, 0, played.stdout);
}

describe("a server that accepts with AcceptEx", () => {
  for (const [server, client] of archPairs()) {
    test(`${posted} connections, server ${server}, client ${client}`, { timeout: 300_000 }, async (t) => {
      const stage = await stageFor(t, "posted");
      const args = ["--connections", `${posted}`, "--threads", "4", "--bytes", "20000", "--reply", "20000"];
      const { client: played } = await playPair(
        stage,
        { program: "threadserver", arch: server, wrapped: true, args: ["--post", "9"] },
        { program: "threadserver", arch: client, wrapped: true, args },
        280_000,
      );
      assertRight(played, "client");
      assert.equal(played.connections.length, posted);
      assertUserLevel(played.connections, "client");
    });
  }

  for (const arch of arches()) {
    test(`a client without the wrapper, ${arch}`, { timeout: 300_000 }, async (t) => {
      const stage = await stageFor(t, "posted");
      const { client } = await playPair(
        stage,
        { program: "threadserver", arch, wrapped: true, args: ["--post", "2"] },
        { program: "threadserver", arch, wrapped: false, args: ["--connections", "20", "--threads", "2"] },
      );
      assertRight(client, "client");
    });
  }
});

describe("many connections", () => {
  for (const arch of arches()) {
    test(`${simultaneous} at once to a select server, ${arch}`, { timeout: 300_000 }, async (t) => {
      const stage = await stageFor(t, "many");
      const { server, client } = await playPair(
        stage,
        { program: "selectserver", arch, wrapped: true },
        {
          program: "selectclient",
          arch,
          wrapped: true,
          args: ["--connections", `${simultaneous}`, "--bytes", "30000"],
        },
        280_000,
      );
      assertRight(client, "client");
      assert.equal(client.connections.length, simultaneous);
      assertUserLevel(client.connections, "client");
      const [line] = await server.process.waitForLine(/^served=.*/);
      assert.match(line, new RegExp(`served=${simultaneous} most=${simultaneous}\\b`));
    });

    test(`${sequentialConnections} one after the other leave nothing behind, ${arch}`, {
      timeout: 600_000,
    }, async (t) => {
      const stage = await stageFor(t, "sequence");
      const server = await stage.server({ program: "pingpong", arch, wrapped: true });
      // What is there after some connections is what pools and tables need; from then on nothing may grow.
      const before = await census(stage, server, arch, 200);
      const after = await census(stage, server, arch, sequentialConnections);
      assert.deepEqual(after.files, before.files, "files in the shared folder");
      assert.ok(after.handles <= before.handles + 4, `server's handles: ${before.handles}, then ${after.handles}`);
      // 4 MiB over 1,000 or 10,000 connections: far less than one page for each would be.
      assert.ok(after.kib <= before.kib + 4096, `server's memory in KiB: ${before.kib}, then ${after.kib}`);
    });
  }
});

/** Waits until no segment is left in the folder; returns the names of what is. */
async function filesWithoutSegments(folder: string): Promise<string[]> {
  const names = () => readdirSync(folder, { recursive: true }).map(String);
  for (const limit = Date.now() + 120_000; Date.now() < limit && names().some((name) => name.includes("seg-")); ) {
    await sleep(100);
  }
  return names();
}

/** Connects `count` times from a new client, and counts what the server and the shared folder hold afterwards. */
async function census(stage: Stage, server: Player, arch: "x64" | "ia32", count: number) {
  const args = ["--rate", `${count}`, "--handles", "1"];
  const played = await stage.client({ program: "pingpong", arch, wrapped: true, args }, server.port, 500_000);
  assertRight(played, `${count} connections`);
  assertUserLevel(played.connections, `${count} connections`);
  // The client has ended; the server keeps its last segments mapped for a while, then lets go of them.
  return {
    files: await filesWithoutSegments(stage.sharedFolder),
    handles: Number(played.values.server_handles),
    kib: residentKib(server),
  };
}

describe("waiting", () => {
  for (const arch of arches()) {
    test(`${pacedRounds} round trips, one a millisecond, lose no wake-up, ${arch}`, { timeout: 300_000 }, async (t) => {
      const stage = await stageFor(t, "paced");
      // A lost wake-up would be a round trip that never ends.
      const { client } = await playPair(
        stage,
        { program: "pingpong", arch, wrapped: true },
        { program: "pingpong", arch, wrapped: true, args: ["--paced", `${pacedRounds}`, "--interval", "1"] },
        280_000,
      );
      assertRight(client, "client");
      assert.equal(client.values.paced_count, `${pacedRounds}`);
      assertUserLevel(client.connections, "client");
    });

    test(`a connection that idles uses no processor time, ${arch}`, { timeout: 120_000 }, async (t) => {
      const stage = await stageFor(t, "idle");
      const idle = await stage.server({ program: "pingpong", arch, wrapped: true });
      const selecting = await stage.server({ program: "selectserver", arch, wrapped: true });
      // Round trips an hour apart: each client has a connection and sleeps, both servers wait on theirs.
      const wait = ["--paced", "1", "--interval", "3600000"];
      const clients = [
        await stage.start({
          program: "pingpong",
          arch,
          wrapped: true,
          args: ["client", "--port", `${idle.port}`, ...wait],
        }),
        await stage.start({
          program: "pingpong",
          arch,
          wrapped: true,
          args: ["client", "--port", `${selecting.port}`, ...wait],
        }),
      ];
      await sleep(2000);
      for (const client of clients) assertUserLevel(client.connections(), "idle client");
      const players = [idle, selecting, ...clients];
      const before = players.map(processorTicks);
      await sleep(5000);
      const used = players.map((player, index) => processorTicks(player) - before[index]!);
      // Of 500 ticks each: one or two may be the system's own.
      assert.ok(
        used.every((ticks) => ticks <= 2),
        `ticks of 10 ms used in 5 s by the two servers and two clients: ${used.join(", ")}`,
      );
    });
  }
});
