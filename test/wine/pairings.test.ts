import { describe, test } from "node:test";
import { freePort } from "../../testbed/ports.js";
import { archPairs, assertKernel, assertRight, assertUserLevel, playPair, stageFor } from "./helpers.js";

// [server wrapped, client wrapped]: user-level exactly when both are.
const wrappings: ReadonlyArray<readonly [boolean, boolean]> = [
  [true, true],
  [true, false],
  [false, true],
  [false, false],
];
const word = (wrapped: boolean) => (wrapped ? "wrapped" : "unwrapped");

for (const [serverArch, clientArch] of archPairs()) {
  describe(`server ${serverArch}, client ${clientArch}`, () => {
    for (const [serverWrapped, clientWrapped] of wrappings) {
      for (const greeting of [0, 70000]) {
        const first = greeting ? "server" : "client";
        const name = `${word(serverWrapped)} server and ${word(clientWrapped)} client, the ${first} speaks first`;
        test(name, async (t) => {
          const stage = await stageFor(t, "pairing");
          const { server, client } = await playPair(
            stage,
            { program: "threadserver", arch: serverArch, wrapped: serverWrapped, args: ["--greeting", `${greeting}`] },
            {
              ...{ program: "threadserver", arch: clientArch, wrapped: clientWrapped },
              args: ["--greeting", `${greeting}`, "--connections", "4", "--reply", "300000", "--bytes", "200001"],
            },
          );
          assertRight(client, name);
          const check = serverWrapped && clientWrapped ? assertUserLevel : assertKernel;
          check(client.connections, "client");
          check(server.connections(), "server");
        });
      }
    }
  });
}

describe("a listener that comes and goes", () => {
  for (const [serverArch, clientArch] of archPairs()) {
    const server = { program: "pingpong", arch: serverArch, wrapped: true } as const;
    const client = { program: "pingpong", arch: clientArch, wrapped: true, args: ["--rounds", "200"] } as const;

    test(`server killed and restarted on its port, ${serverArch}, ${clientArch}`, async (t) => {
      const stage = await stageFor(t, "restart");
      const first = await stage.server(server);
      const before = await stage.client(client, first.port);
      assertRight(before, "before");
      assertUserLevel(before.connections, "before");
      first.process.kill();
      await first.process.exited;

      const second = await stage.server(server, first.port);
      const after = await stage.client(client, second.port);
      assertRight(after, "after");
      assertUserLevel(after.connections, "after");
    });

    test(`wrapped server killed, an unwrapped one takes its port, ${serverArch}, ${clientArch}`, async (t) => {
      const stage = await stageFor(t, "replaced");
      const first = await stage.server(server);
      first.process.kill();
      await first.process.exited;

      const second = await stage.server({ ...server, wrapped: false }, first.port);
      const after = await stage.client(client, second.port);
      assertRight(after, "after");
      assertKernel(after.connections, "after");
    });

    test(`client started before the listener, ${serverArch}, ${clientArch}`, async (t) => {
      const stage = await stageFor(t, "early");
      const port = await freePort();
      const args = ["client", "--port", `${port}`, "--patience", "60", "--rounds", "200"];
      const early = await stage.start({ ...client, args });
      await new Promise((resolve) => setTimeout(resolve, 500));
      await stage.server(server, port);
      const played = await stage.end(early);
      assertRight(played, "early client");
      // Its refused attempts were the kernel's; the one that succeeded is user-level.
      assertUserLevel(played.connections.slice(-1), "early client");
    });
  }
});
