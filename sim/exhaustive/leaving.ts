import type { Api, Steps } from "../app/api.js";
import { SimFailure } from "../failure.js";
import * as ws from "../kernel/constants.js";
import type { SmallCase } from "./play.js";
import { connected, receive, selectAndReceive, selectAndSend, sendAll, without } from "./sides.js";

/** Longer than who leaves waits for an answer. */
const MUCH_LATER_MS = 10_000;

/** The socket is another process's from now on: what is sent and received goes past the core. The peer lives, and answers. */
function* leave(api: Api, socket: number): Steps<void> {
  if (yield* api.giveAway(socket, true)) return;
  throw new SimFailure("liveness", `${api.thread.label} cannot leave user level: its peer does not answer`);
}

/** Who shuts down receiving must not get what comes behind the bytes that it gave up. */
const notShutInKernel: SmallCase = {
  name: "leaves: the kernel refuses to shut down what the peer has not read",
  ringBytes: 8,
  disturbed: true,
  begin(play) {
    let [sent, over] = [false, false];
    const sides = connected(
      this.name,
      this.ringBytes,
      function* (api, socket) {
        yield* sendAll(api, socket, [3]);
        yield* leave(api, socket);
        yield* sendAll(api, socket, [2]);
        sent = true;
        play.told();
        yield* play.until(() => over);
      },
      function* (api, socket) {
        yield* play.until(() => sent);
        yield* without(api, "shutdown", function* () {
          yield* api.shutdown(socket, ws.SD_RECEIVE);
        });
        yield* api.recv(socket, 4);
        over = true;
        play.told();
      },
    );
    sides.begin(play);
  },
};

/** Connections of which one socket is given to another process: they go on in the kernel. */
export const leavingCases: readonly SmallCase[] = [
  connected(
    "leaves: bytes for it lie unread",
    8,
    function* (api, socket) {
      yield* leave(api, socket);
      yield* receive(api, socket, 4, 6);
      yield* sendAll(api, socket, [2]);
    },
    function* (api, socket) {
      yield* sendAll(api, socket, [3, 3]);
      yield* receive(api, socket, 4, 2);
    },
  ),
  connected(
    "leaves: bytes for the peer lie unread",
    8,
    function* (api, socket) {
      yield* sendAll(api, socket, [3]);
      yield* leave(api, socket);
      yield* sendAll(api, socket, [3]);
      yield* api.shutdown(socket, ws.SD_SEND);
      yield* receive(api, socket, 4);
    },
    function* (api, socket) {
      yield* receive(api, socket, 4);
      yield* sendAll(api, socket, [2]);
    },
  ),
  connected(
    "leaves: the peer is about to close",
    8,
    function* (api, socket) {
      // It may have closed before it was asked.
      yield* api.giveAway(socket, true);
      yield* receive(api, socket, 4);
    },
    (api, socket) => sendAll(api, socket, [3]),
  ),
  connected(
    "leaves: the peer selects for bytes",
    8,
    function* (api, socket) {
      yield* leave(api, socket);
      yield* sendAll(api, socket, [3]);
    },
    (api, socket) => selectAndReceive(api, socket, 4, 3),
  ),
  connected(
    "leaves: the peer selects for room",
    8,
    function* (api, socket) {
      yield* leave(api, socket);
      yield* receive(api, socket, 4, 12);
    },
    (api, socket) => selectAndSend(api, socket, 12),
  ),
  connected(
    "leaves: after its window has grown",
    32,
    function* (api, socket) {
      yield* receive(api, socket, 3, 3);
      yield* leave(api, socket);
      yield* receive(api, socket, 20, 25);
      yield* sendAll(api, socket, [1]);
    },
    function* (api, socket) {
      yield* sendAll(api, socket, [7, 7, 14]);
      yield* receive(api, socket, 1, 1);
    },
  ),
  connected(
    "leaves: the peer does something else",
    8,
    function* (api, socket) {
      yield* leave(api, socket);
      yield* receive(api, socket, 4, 3);
      yield* sendAll(api, socket, [2]);
    },
    function* (api, socket) {
      yield* sendAll(api, socket, [3]);
      yield* api.sleep(MUCH_LATER_MS);
      yield* receive(api, socket, 4, 2);
    },
  ),
  connected(
    "leaves: both at once",
    8,
    function* (api, socket) {
      yield* api.giveAway(socket, false);
      yield* sendAll(api, socket, [3]);
      yield* receive(api, socket, 4, 2);
    },
    function* (api, socket) {
      yield* api.giveAway(socket, false);
      yield* sendAll(api, socket, [2]);
      yield* receive(api, socket, 4, 3);
    },
  ),
  connected(
    "leaves: an urgent byte among those unread",
    16,
    function* (api, socket) {
      yield* api.inLine(socket);
      yield* leave(api, socket);
      yield* receive(api, socket, 4, 5);
      yield* sendAll(api, socket, [1]);
    },
    function* (api, socket) {
      yield* api.send(socket, 3, 0, true);
      yield* sendAll(api, socket, [2]);
      yield* receive(api, socket, 1, 1);
    },
  ),
  notShutInKernel,
];
