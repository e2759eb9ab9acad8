import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { paths } from "../../scripts/build/paths.js";
import { buildSimCore, simVariants } from "../../scripts/build/sim.js";
import { AgreementChecker } from "../../sim/checkers/agreement.js";
import { LeakChecker } from "../../sim/checkers/leaks.js";
import * as ws from "../../sim/kernel/constants.js";
import { SmallWorld } from "./small-world.js";

/** All 10,000 take a minute: with VMMC_TEST_FULL=1. */
const CONNECTIONS = process.env.VMMC_TEST_FULL === "1" ? 10_000 : 1000;
/** Handles lie four apart: room for each, and for the listener. */
const pages = { TABLE_PAGES: 160, TABLE_PAGE_ENTRIES: 64 };

const folder = mkdtempSync(join(tmpdir(), "vmmc-sim-scale-"));
after(() => rmSync(folder, { recursive: true, force: true }));

describe("very many connections between two simulated processes", () => {
  it(`${CONNECTIONS} are open at the same time, all user-level, and carry their own bytes`, async () => {
    const coreFile = join(folder, "many.wasm");
    const overrides = { ...simVariants.small!.overrides, ...pages };
    await buildSimCore(paths.core, coreFile, { overrides });
    const small = new SmallWorld({ coreFile, ephemeralPorts: 20_000 });
    const agreement = new AgreementChecker(small.world);
    small.world.listeners.push(agreement);
    small.streams.isUserLevel = (connection) => agreement.isUserLevel(connection);
    const place = { port: ws.swapPort(7000), address: ws.LOOPBACK };
    let open = 0;
    small.process("server", true, function* (api) {
      const listener = yield* api.socket();
      yield* api.bind(listener, place);
      yield* api.listen(listener, 5);
      const sockets: number[] = [];
      while (sockets.length < CONNECTIONS) sockets.push(yield* api.accept(listener, false));
      open = sockets.length;
      for (const socket of sockets) while ((yield* api.recv(socket, 4)) > 0);
      for (const socket of sockets) yield* api.send(socket, 3);
      for (const socket of sockets) yield* api.close(socket);
      yield* api.close(listener);
    });
    small.process("client", true, function* (api) {
      const sockets: number[] = [];
      while (sockets.length < CONNECTIONS) {
        const socket = yield* api.socket();
        if ((yield* api.connect(socket, place)) !== 0) {
          // The listener may not be there yet.
          yield* api.close(socket);
          yield* api.sleep(1);
        } else sockets.push(socket);
      }
      for (const socket of sockets) {
        yield* api.send(socket, 6);
        yield* api.shutdown(socket, ws.SD_SEND);
      }
      for (const socket of sockets) while ((yield* api.recv(socket, 2)) > 0);
      for (const socket of sockets) yield* api.close(socket);
      // The caretakers let go of what was kept.
      yield* api.sleep(10_000);
    });
    assert.ok(small.run(), "not at an end");
    small.streams.finish();
    assert.equal(open, CONNECTIONS);
    assert.equal(small.streams.bytes, 9 * CONNECTIONS);
    const reached = small.world.reached;
    assert.equal(reached.get("connect user"), CONNECTIONS);
    assert.equal(reached.get("accept user"), CONNECTIONS);
    new LeakChecker(small.world).whileRunning();
  });
});
