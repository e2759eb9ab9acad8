import type { Api, Steps } from "../app/api.js";
import type { SmallCase } from "./play.js";
import { beside, listen, receive, type Side, sendAll } from "./sides.js";

/** Both connectors have it, one after the other. */
const CLIENT_PORT = 0x1234;

/**
 * A process offers a segment and dies; its listener is closed, and opened again. Another process gets the same port.
 * @param dies somebody kills that one as well, in its connect or later
 */
function sameNames(name: string, connector: Side, acceptor: Side, dies = false): SmallCase {
  return {
    name,
    ringBytes: 8,
    disturbed: true,
    begin(play) {
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
        yield* connector(api, socket, play);
      });
      play.process("server", function* (api) {
        const listener = yield* listen(api, play);
        listening = true;
        play.told();
        yield* play.until(() => offered);
        play.kill(first);
        yield* api.close(listener);
        const next = yield* listen(api, play);
        again = true;
        play.told();
        const socket = yield* api.accept(next, true);
        yield* acceptor(api, socket, play);
        yield* api.close(socket);
        yield* api.close(next);
      });
      if (!dies) return;
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
}

/** A connector offers a segment, writes and dies, and the listener is closed while it is accepted. */
const closedMeanwhile: SmallCase = {
  name: "one that has died, while the listener is closed",
  ringBytes: 8,
  disturbed: true,
  begin(play) {
    let [listening, offered] = [false, false];
    const client = play.process("client", function* (api) {
      yield* play.until(() => listening);
      const socket = yield* api.socket();
      if ((yield* api.connect(socket, play.server)) === 0) yield* api.send(socket, 1);
      offered = true;
      play.told();
      yield* play.until(() => false);
    });
    play.process("server", function* (api) {
      const listener = yield* listen(api, play);
      listening = true;
      play.told();
      yield* play.until(() => offered);
      play.kill(client);
      play.explore();
      const close = (other: Api) => other.close(listener) as Steps<unknown> as Steps<void>;
      yield* beside(api, play, close, function* () {
        const socket = yield* api.accept(listener, true);
        if (socket < 0) return;
        yield* receive(api, socket, 4);
        yield* api.close(socket);
      });
    });
  },
};

/** Kernel connections of the same addresses and ports, one after the other. */
export const nameCases: readonly SmallCase[] = [
  closedMeanwhile,
  sameNames(
    "two that die, with the same names",
    (_, __, play) => play.until(() => false),
    (api, socket) => receive(api, socket, 4),
    true,
  ),
  sameNames(
    "one that has died, and one of the same names",
    function* (api, socket) {
      yield* sendAll(api, socket, [2]);
      yield* receive(api, socket, 4);
      yield* api.close(socket);
    },
    function* (api, socket) {
      yield* receive(api, socket, 4, 2);
      yield* sendAll(api, socket, [3]);
    },
  ),
];
