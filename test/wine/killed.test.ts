import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { arches } from "../../programs/build.js";
import { assertRight, assertUserLevel, full, sleep, stageFor, until, unusedFiles } from "./helpers.js";

/** When the peer dies, in milliseconds after the connection carries bytes: different places in the code each time. */
const moments = full ? Array.from({ length: 40 }, (_, index) => index * 7) : [0, 3, 17, 60, 151];

for (const arch of arches()) {
  describe(`a peer is killed at any moment, ${arch}`, () => {
    test("client killed: the server lives on and serves the next one", { timeout: 300_000 }, async (t) => {
      const stage = await stageFor(t, "client-killed");
      const server = await stage.server({ program: "threadserver", arch, wrapped: true, args: ["--report", "1"] });
      for (const moment of moments) {
        const args = ["client", "--port", `${server.port}`, "--connections", "4", "--threads", "4", "--bytes", "4e9"];
        const client = await stage.start({ program: "threadserver", arch, wrapped: true, args });
        await until("the client's connections", () => client.connections().length >= 4, 120_000);
        await sleep(moment);
        client.process.kill();
        await client.process.exited;
      }
      assert.equal(server.process.exit, undefined, server.process.describe("the server should live"));
      const next = await stage.client(
        { program: "threadserver", arch, wrapped: true, args: ["--bytes", "1000000", "--reply", "1000000"] },
        server.port,
      );
      assertRight(next, "the next client");
      assertUserLevel(next.connections, "the next client");
      // Every thread comes to its end: none of them may hang in recv or send for a peer that is gone.
      await server.process.waitForLine(new RegExp(`^finished=${moments.length * 4 + 1}\\b`), 60_000);
    });

    test("server killed: the client ends with an error, promptly", { timeout: 300_000 }, async (t) => {
      for (const moment of moments) {
        const stage = await stageFor(t, "server-killed");
        const server = await stage.server({ program: "duplex", arch, wrapped: true });
        const args = ["client", "--port", `${server.port}`, "--mib", "100000"];
        const client = await stage.start({ program: "duplex", arch, wrapped: true, args });
        await until("the client's connection", () => client.connections().length > 0);
        await sleep(moment);
        server.process.kill();
        const played = await stage.end(client, 30_000);
        assert.equal(played.values.bytes_ok, "0", played.stdout);
        assert.notEqual(played.code, 0);
      }
    });

    test("killed processes leave nothing behind for the next", { timeout: 300_000 }, async (t) => {
      const stage = await stageFor(t, "leftovers");
      const round = async () => {
        const server = await stage.server({ program: "pingpong", arch, wrapped: true });
        const args = ["client", "--port", `${server.port}`, "--stream-seconds", "1000"];
        const client = await stage.start({ program: "pingpong", arch, wrapped: true, args });
        await until("the client's connection", () => client.connections().length > 0);
        server.process.kill();
        client.process.kill();
        await Promise.all([server.process.exited, client.process.exited]);
        // Whoever comes next meets the dead owners' entries and files, and removes them.
        const next = await stage.server({ program: "pingpong", arch, wrapped: true });
        const played = await stage.client(
          { program: "pingpong", arch, wrapped: true, args: ["--rounds", "100"] },
          next.port,
        );
        assertRight(played, "the next client");
        assertUserLevel(played.connections, "the next client");
        next.process.kill();
        await next.process.exited;
        // Wine's server takes its time to close what the dead had open: with that their statistics go.
        await until("no files that nobody has open", () => unusedFiles(stage.sharedFolder).length === 0);
      };
      for (let rounds = 0; rounds < (full ? 40 : 6); rounds++) await round();
    });
  });
}
