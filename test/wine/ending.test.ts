import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { arches } from "../../programs/build.js";
import { assertRight, assertUserLevel, full, stageFor } from "./helpers.js";

const rounds = full ? 400 : 30;

describe("programs that end right after they close", () => {
  for (const arch of arches()) {
    // Wine 8 lets a 32-bit process crash that ends while one of its threads is being made: with a thread that began at
    // the close, one of about a hundred of these programs did: the large figure shows it, the small one is a sample.
    test(`${rounds} servers and clients in a row end well, ${arch}`, { timeout: 600_000 }, async (t) => {
      const stage = await stageFor(t, "ending");
      for (let round = 1; round <= rounds; round++) {
        const server = await stage.server({ program: "duplex", arch, wrapped: true });
        const args = ["--mib", "4", "--chunk", "1000", "--select", "1"];
        const client = await stage.client({ program: "duplex", arch, wrapped: true, args }, server.port, 60_000);
        assertRight(client, `client of round ${round}`);
        assertUserLevel(client.connections, `client of round ${round}`);
        const ended = await stage.end(server);
        assert.equal(ended.code, 0, `server of round ${round} ended otherwise:\n${ended.stdout}`);
      }
    });
  }
});
