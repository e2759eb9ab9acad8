import * as ws from "../kernel/constants.js";
import type { SmallCase } from "./play.js";
import { acceptPast, listen, receive, type Side, selectAndSend, sendAll, without } from "./sides.js";

/** Longer (ms) than a connector waits for an acceptor that is wrapped: PENDING_LIMIT_MS of core/layout.ts. */
const TOO_LONG_MS = 5000;

/** A listener of a wrapped process, and an acceptor that is none. */
function handedOver(what: string, acceptor: Side, connector: Side): SmallCase {
  return {
    name: `handed over to the kernel: ${what}`,
    ringBytes: 8,
    disturbed: true,
    begin(play) {
      let listening = false;
      play.process("server", function* (api) {
        const listener = yield* listen(api, play);
        listening = true;
        play.told();
        const socket = yield* acceptPast(api, listener);
        yield* acceptor(api, socket, play);
        yield* api.close(socket);
        yield* api.close(listener);
      });
      play.process("client", function* (api) {
        yield* play.until(() => listening);
        const socket = yield* api.socket();
        if ((yield* api.connect(socket, play.server)) === 0) yield* connector(api, socket, play);
        yield* api.close(socket);
      });
    },
  };
}

/** Connections whose acceptor is not wrapped, although the listener is: what was written into the ring goes on in the kernel. */
export const handedCases: readonly SmallCase[] = [
  handedOver(
    "while another thread sends",
    function* (api, socket) {
      yield* sendAll(api, socket, [1]);
      yield* receive(api, socket, 5, 5);
    },
    function* (api, socket, play) {
      yield* sendAll(api, socket, [2]);
      const reader = play.thread(api.process, "reader", (other) => receive(other, socket, 4));
      // The reader looks around for an acceptor that has written something, and finds it.
      play.explore();
      yield* play.untilItWakes(() => reader);
      yield* sendAll(api, socket, [3]);
      yield* play.until(() => reader.state === "ended");
    },
  ),
  handedOver(
    "a shutdown and nothing else",
    function* (api, socket) {
      yield* receive(api, socket, 4);
      yield* sendAll(api, socket, [2]);
    },
    function* (api, socket, play) {
      play.explore();
      yield* api.shutdown(socket, ws.SD_SEND);
      yield* receive(api, socket, 4);
    },
  ),
  handedOver(
    "select waits for room",
    function* (api, socket) {
      yield* api.sleep(TOO_LONG_MS);
      yield* receive(api, socket, 4, 11);
    },
    function* (api, socket, play) {
      // So that it does not happen to look around just when the connection is handed over.
      yield* api.sleep(500);
      play.explore();
      yield* selectAndSend(api, socket, 11);
    },
  ),
  handedOver(
    "the kernel refuses its bytes and its reset, and another process is to have it",
    function* (api, socket) {
      yield* api.shutdown(socket, ws.SD_SEND);
      yield* receive(api, socket, 4);
    },
    function* (api, socket, play) {
      // Those bytes are lost: a reset is due, and no orderly end.
      play.flows(api, socket).out.leftOver = true;
      yield* without(api, ["send", "setsockopt"], function* () {
        yield* sendAll(api, socket, [3]);
        // Meanwhile it is handed over, in vain.
        yield* api.sleep(500);
        play.explore();
        // That process would end it in order.
        if (yield* api.giveAway(socket, true)) yield* api.kernelCall("shutdown", socket, ws.SD_SEND);
      });
    },
  ),
];
