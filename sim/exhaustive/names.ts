import type { Play, SmallCase } from "./play.js";
import { receive, sendAll } from "./sides.js";

/** Both connectors have it, one after the other. */
const CLIENT_PORT = 0x1234;

/**
 * A process offers a segment and dies; its listener is closed, and opened again. Another process, which gets the same port,
 * dies in its connect, and may not have offered anything.
 */
const sameNames: SmallCase = {
  name: "two that die, with the same names",
  ringBytes: 8,
  disturbed: true,
  begin(play: Play) {
    let [listening, offered, again, connecting] = [false, false, false, false];
    const from = { address: play.server.address, port: CLIENT_PORT };
    const first = play.process("first", function* (api) {
      yield* play.until(() => listening);
      const socket = yield* api.socket();
      yield* api.bind(socket, from);
      if ((yield* api.connect(socket, play.server)) === 0) yield* api.send(socket, 1);
      offered = true;
      play.told();
      yield* play.until(() => false);
    });
    const second = play.process("second", function* (api) {
      yield* play.until(() => again);
      const socket = yield* api.socket();
      yield* api.bind(socket, from);
      connecting = true;
      play.told();
      play.explore();
      yield* api.connect(socket, play.server);
      yield* play.until(() => false);
    });
    play.process("server", function* (api) {
      const listener = yield* api.socket();
      yield* api.bind(listener, play.server);
      yield* api.listen(listener, 5);
      listening = true;
      play.told();
      yield* play.until(() => offered);
      play.kill(first);
      yield* api.close(listener);
      const next = yield* api.socket();
      yield* api.bind(next, play.server);
      yield* api.listen(next, 5);
      again = true;
      play.told();
      const socket = yield* api.accept(next, true);
      yield* receive(api, socket, 4);
      yield* api.close(socket);
      yield* api.close(next);
    });
    play.process("killer", function* (api) {
      yield* play.until(() => connecting);
      play.kill(second);
      play.explore(false);
      // Should the other one not have come as far as to be accepted.
      const socket = yield* api.socket();
      yield* api.connect(socket, play.server);
      yield* api.close(socket);
    });
  },
};

/** As before, but the second connector lives, and talks with the server. */
const sameNamesAlive: SmallCase = {
  name: "one that has died, and one of the same names",
  ringBytes: 8,
  disturbed: true,
  begin(play: Play) {
    let [listening, offered, again] = [false, false, false];
    const from = { address: play.server.address, port: CLIENT_PORT };
    const first = play.process("first", function* (api) {
      yield* play.until(() => listening);
      const socket = yield* api.socket();
      yield* api.bind(socket, from);
      if ((yield* api.connect(socket, play.server)) === 0) yield* api.send(socket, 1);
      offered = true;
      play.told();
      yield* play.until(() => false);
    });
    play.process("second", function* (api) {
      yield* play.until(() => again);
      const socket = yield* api.socket();
      yield* api.bind(socket, from);
      play.explore();
      yield* api.connect(socket, play.server);
      yield* sendAll(api, socket, [2]);
      yield* receive(api, socket, 4);
      yield* api.close(socket);
    });
    play.process("server", function* (api) {
      const listener = yield* api.socket();
      yield* api.bind(listener, play.server);
      yield* api.listen(listener, 5);
      listening = true;
      play.told();
      yield* play.until(() => offered);
      play.kill(first);
      yield* api.close(listener);
      const next = yield* api.socket();
      yield* api.bind(next, play.server);
      yield* api.listen(next, 5);
      again = true;
      play.told();
      const socket = yield* api.accept(next, true);
      yield* receive(api, socket, 4, 2);
      yield* sendAll(api, socket, [3]);
      yield* api.close(socket);
      yield* api.close(next);
    });
  },
};

/** Kernel connections of the same addresses and ports, one after the other. */
export const nameCases: readonly SmallCase[] = [sameNames, sameNamesAlive];
