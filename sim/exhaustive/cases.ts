import type { Api, Steps } from "../app/api.js";
import * as ws from "../kernel/constants.js";
import type { SimProcess } from "../machine/process.js";
import type { Play, SmallCase } from "./play.js";

/** A side's socket, once it has one. */
interface Pair {
  connector: number;
  acceptor: number;
}

/** What one side does with its connected socket. */
type Side = (api: Api, socket: number, play: Play) => Steps<void>;

/** Two connected sides: from then on every order of their steps is tried. */
function connected(name: string, ringBytes: number, connector: Side, acceptor: Side, senders = 1): SmallCase {
  return {
    name,
    ringBytes,
    begin(play) {
      const pair: Pair = { connector: -1, acceptor: -1 };
      start(
        play,
        pair,
        function* (api, socket) {
          if (senders > 1) play.flows(api, socket).out.share(senders, true);
          // One byte each way, so that both sides know of the decision.
          yield* api.send(socket, 1);
          yield* api.recv(socket, 1);
          pair.connector = socket;
          play.told();
          yield* play.until(() => pair.acceptor >= 0);
          play.explore();
          yield* connector(api, socket, play);
        },
        function* (api, socket) {
          yield* api.recv(socket, 1);
          yield* api.send(socket, 1);
          yield* play.until(() => pair.connector >= 0);
          pair.acceptor = socket;
          play.told();
          yield* acceptor(api, socket, play);
        },
      );
    },
  };
}

/** Two sides that are about to connect and accept. */
function connecting(name: string, connector: Side, acceptor: Side): SmallCase {
  return { name, ringBytes: 8, begin: (play) => start(play, undefined, connector, acceptor) };
}

function start(play: Play, pair: Pair | undefined, connector: Side, acceptor: Side): void {
  let listening = false;
  let ready = false;
  play.process("server", function* (api) {
    const listener = yield* api.socket();
    yield* api.bind(listener, play.server);
    yield* api.listen(listener, 5);
    listening = true;
    play.told();
    yield* play.until(() => ready);
    const socket = yield* api.accept(listener, true);
    yield* acceptor(api, socket, play);
    yield* api.close(socket);
    yield* api.close(listener);
  });
  play.process("client", function* (api) {
    const socket = yield* api.socket();
    yield* play.until(() => listening);
    ready = true;
    play.told();
    if (pair === undefined) play.explore();
    const result = yield* api.connect(socket, play.server);
    if (result === 0) yield* connector(api, socket, play);
    yield* api.close(socket);
  });
}

function* sendAll(api: Api, socket: number, pieces: readonly number[], sender = 0): Steps<void> {
  for (const piece of pieces) if ((yield* api.send(socket, piece, sender)) < 0) return;
}

/** Receives up to `most` bytes, or to the end of the stream. */
function* receive(api: Api, socket: number, piece: number, most = Number.POSITIVE_INFINITY): Steps<void> {
  for (let done = 0; done < most; ) {
    const got = yield* api.recv(socket, Math.min(piece, most - done));
    if (got <= 0) return;
    done += got;
  }
}

/** The same without waiting in `send` and `recv`: `select` waits. */
function* selectAndSend(api: Api, socket: number, bytes: number): Steps<void> {
  yield* api.nonBlocking(socket, true);
  for (let done = 0; done < bytes; ) {
    const sent = yield* api.send(socket, bytes - done);
    if (sent > 0) done += sent;
    else if (api.error !== ws.WSAEWOULDBLOCK) return;
    else yield* api.select([[], [socket], []], -1);
  }
}

function* selectAndReceive(api: Api, socket: number, piece: number, most: number): Steps<void> {
  yield* api.nonBlocking(socket, true);
  for (let done = 0; done < most; ) {
    const got = yield* api.recv(socket, Math.min(piece, most - done));
    if (got > 0) done += got;
    else if (got === 0 || api.error !== ws.WSAEWOULDBLOCK) return;
    else yield* api.select([[socket], [], []], -1);
  }
}

/** Another thread of the same process does that meanwhile. */
function* beside(api: Api, play: Play, body: (api: Api) => Steps<void>, own: () => Steps<void>): Steps<void> {
  const other = play.thread(api.process as SimProcess, "other", body);
  yield* own();
  yield* play.until(() => other.state === "ended");
}

/** A thread receives on a socket that is closed under it, and whose handle the next connection gets. */
const closedAndAcceptedAgain: SmallCase = {
  name: "closed under a thread that receives, and accepted again",
  ringBytes: 8,
  begin(play) {
    let [listening, receiving, closed] = [false, false, false];
    play.process("server", function* (api) {
      const listener = yield* api.socket();
      yield* api.bind(listener, play.server);
      yield* api.listen(listener, 5);
      listening = true;
      play.told();
      const first = yield* api.accept(listener, true);
      yield* api.recv(first, 1);
      const next = function* () {
        // A call on a handle that is used again already would be the program's mistake: the other one is in its call.
        yield* api.sleep(1);
        play.explore();
        receiving = true;
        yield* api.close(first);
        closed = true;
        play.told();
        const second = yield* api.accept(listener, true);
        yield* receive(api, second, 3);
        yield* api.close(second);
        yield* api.close(listener);
      };
      const once = function* (other: Api) {
        yield* other.recv(first, 3);
      };
      yield* beside(api, play, once, next);
    });
    play.process("client", function* (api) {
      yield* play.until(() => listening);
      const first = yield* api.socket();
      if ((yield* api.connect(first, play.server)) === 0) yield* api.send(first, 1);
      yield* play.until(() => receiving && closed);
      const second = yield* api.socket();
      if ((yield* api.connect(second, play.server)) === 0) yield* sendAll(api, second, [2, 3]);
      yield* api.close(second);
      yield* api.close(first);
    });
  },
};

export const smallCases: readonly SmallCase[] = [
  connected(
    "bytes come: arm, sleep, wake",
    8,
    (api, socket) => sendAll(api, socket, [3, 6]),
    (api, socket) => receive(api, socket, 5, 9),
  ),
  connected(
    "room comes: a full ring",
    8,
    (api, socket) => sendAll(api, socket, [13]),
    (api, socket) => receive(api, socket, 3, 13),
  ),
  connected(
    "the window grows twice",
    32,
    (api, socket) => sendAll(api, socket, [7, 7, 14]),
    (api, socket) => receive(api, socket, 6, 28),
  ),
  connected(
    "the window grows, and select waits",
    16,
    (api, socket) => selectAndSend(api, socket, 20),
    (api, socket) => selectAndReceive(api, socket, 7, 20),
  ),
  connected(
    "select waits for bytes",
    8,
    (api, socket) => sendAll(api, socket, [2, 3]),
    (api, socket) => selectAndReceive(api, socket, 4, 5),
  ),
  connected(
    "select waits for room",
    8,
    (api, socket) => selectAndSend(api, socket, 12),
    (api, socket) => receive(api, socket, 4, 12),
  ),
  connected(
    "question and answer",
    8,
    function* (api, socket) {
      yield* sendAll(api, socket, [2]);
      yield* receive(api, socket, 4, 3);
    },
    function* (api, socket) {
      yield* receive(api, socket, 4, 2);
      yield* sendAll(api, socket, [3]);
    },
  ),
  connected(
    "close against recv",
    8,
    (api, socket) => sendAll(api, socket, [4]),
    (api, socket) => receive(api, socket, 3),
  ),
  connected(
    "close against select",
    8,
    (api, socket) => sendAll(api, socket, [4]),
    (api, socket) => selectAndReceive(api, socket, 3, 100),
  ),
  connected(
    "shutdown against recv",
    8,
    function* (api, socket) {
      yield* sendAll(api, socket, [3]);
      yield* api.shutdown(socket, ws.SD_SEND);
      yield* receive(api, socket, 3);
    },
    function* (api, socket) {
      yield* receive(api, socket, 8);
      yield* sendAll(api, socket, [2]);
    },
  ),
  connected(
    "reset against recv",
    8,
    function* (api, socket) {
      yield* sendAll(api, socket, [3]);
      yield* api.linger(socket, 0);
    },
    (api, socket) => receive(api, socket, 2),
  ),
  connected(
    "close against send",
    8,
    (api, socket) => sendAll(api, socket, [6, 6]),
    (api, socket) => receive(api, socket, 3, 3),
  ),
  connected(
    "two threads send, one receives",
    8,
    (api, socket, play) =>
      beside(
        api,
        play,
        (other) => sendAll(other, socket, [7], 1),
        () => sendAll(api, socket, [9], 0),
      ),
    (api, socket) => receive(api, socket, 5, 16),
    2,
  ),
  connected(
    "two threads receive, one sends",
    8,
    function* (api, socket) {
      yield* sendAll(api, socket, [5, 5]);
      yield* api.shutdown(socket, ws.SD_SEND);
      yield* receive(api, socket, 1);
    },
    (api, socket, play) => {
      play.flows(api, socket).in.receivers = 2;
      return beside(
        api,
        play,
        (other) => receive(other, socket, 3),
        () => receive(api, socket, 4),
      );
    },
  ),
  connected(
    "closed under a thread that receives",
    8,
    (api, socket) => receive(api, socket, 3),
    (api, socket, play) =>
      beside(
        api,
        play,
        (other) => receive(other, socket, 3),
        function* () {
          yield* api.close(socket);
        },
      ),
  ),
  closedAndAcceptedAgain,
  connecting(
    "the decision: a connector that writes",
    (api, socket) => sendAll(api, socket, [3]),
    (api, socket) => receive(api, socket, 4),
  ),
  connecting(
    "the decision: an acceptor that writes",
    (api, socket) => receive(api, socket, 4, 3),
    (api, socket) => sendAll(api, socket, [3]),
  ),
  connecting(
    "the decision: more than the ring holds",
    (api, socket) => sendAll(api, socket, [11]),
    (api, socket) => receive(api, socket, 4, 11),
  ),
  connecting(
    "the decision: select waits",
    (api, socket) => selectAndSend(api, socket, 11),
    (api, socket) => selectAndReceive(api, socket, 6, 11),
  ),
  connecting(
    "the decision: closed at once",
    function* () {},
    (api, socket) => receive(api, socket, 4),
  ),
];
