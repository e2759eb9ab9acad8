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
export type Side = (api: Api, socket: number, play: Play) => Steps<void>;

/** Two connected sides: from then on every order of their steps is tried. */
export function connected(name: string, ringBytes: number, connector: Side, acceptor: Side, senders = 1): SmallCase {
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

/** As `connected`, for sides that tell each other something: they are made anew for each run. */
export function connectedAnew(
  name: string,
  ringBytes: number,
  sides: (play: Play) => [connector: Side, acceptor: Side],
): SmallCase {
  return { name, ringBytes, begin: (play) => connected(name, ringBytes, ...sides(play)).begin(play) };
}

/** Two sides that are about to connect and accept. */
export function connecting(name: string, ringBytes: number, connector: Side, acceptor: Side): SmallCase {
  return { name, ringBytes, begin: (play) => start(play, undefined, connector, acceptor) };
}

/** A socket that listens at the server's name. */
export function* listen(api: Api, play: Play): Steps<number> {
  const listener = yield* api.socket();
  yield* api.bind(listener, play.server);
  yield* api.listen(listener, 5);
  return listener;
}

/** Accepts past the core, as a module does that is not wrapped: the connector, which has offered a segment, finds out. */
export function* acceptPast(api: Api, listener: number): Steps<number> {
  return yield* api.kernelCall("accept", listener, 0, 0);
}

function start(play: Play, pair: Pair | undefined, connector: Side, acceptor: Side): void {
  let listening = false;
  let ready = false;
  play.process("server", function* (api) {
    const listener = yield* listen(api, play);
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

/**
 * A connector whose connect is over before the other side, which has a socket that listens, accepts: from then on every order is
 * tried. Gives the connector's process.
 */
export function queued(
  play: Play,
  listening: (api: Api) => Steps<number>,
  connector: Side,
  acceptor: Side,
): SimProcess {
  let [listens, connects] = [false, false];
  const client = play.process("client", function* (api) {
    yield* play.until(() => listens);
    const socket = yield* api.socket();
    yield* api.connect(socket, play.server);
    connects = true;
    play.told();
    yield* connector(api, socket, play);
    yield* api.close(socket);
  });
  play.process("server", function* (api) {
    const listener = yield* listening(api);
    listens = true;
    play.told();
    yield* play.until(() => connects);
    play.explore();
    yield* acceptor(api, listener, play);
    yield* api.close(listener);
  });
  return client;
}

export function* sendAll(api: Api, socket: number, pieces: readonly number[], sender = 0): Steps<void> {
  for (const piece of pieces) if ((yield* api.send(socket, piece, sender)) < 0) return;
}

/** Receives up to `most` bytes, or to the end of the stream. */
export function* receive(api: Api, socket: number, piece: number, most = Number.POSITIVE_INFINITY): Steps<void> {
  for (let done = 0; done < most; ) {
    const got = yield* api.recv(socket, Math.min(piece, most - done));
    if (got <= 0) return;
    done += got;
  }
}

/** The same without waiting in `send` and `recv`: `select` waits. */
export function* selectAndSend(api: Api, socket: number, bytes: number): Steps<void> {
  yield* api.nonBlocking(socket, true);
  for (let done = 0; done < bytes; ) {
    const sent = yield* api.send(socket, bytes - done);
    if (sent > 0) done += sent;
    else if (api.error !== ws.WSAEWOULDBLOCK) return;
    else yield* api.select([[], [socket], []], -1);
  }
}

export function* selectAndReceive(api: Api, socket: number, piece: number, most: number): Steps<void> {
  yield* api.nonBlocking(socket, true);
  for (let done = 0; done < most; ) {
    const got = yield* api.recv(socket, Math.min(piece, most - done));
    if (got > 0) done += got;
    else if (got === 0 || api.error !== ws.WSAEWOULDBLOCK) return;
    else yield* api.select([[socket], [], []], -1);
  }
}

/** Another thread of the same process does that meanwhile. */
export function* beside(api: Api, play: Play, body: (api: Api) => Steps<void>, own: () => Steps<void>): Steps<void> {
  const other = play.thread(api.process as SimProcess, "other", body);
  yield* own();
  yield* play.until(() => other.state === "ended");
}

/** The system, or the kernel's sockets, refuse these calls while `body` runs; "alloc" with a record's name: memory for that one alone. */
export function* without(api: Api, calls: string | readonly string[], body: () => Steps<void>): Steps<void> {
  const { chances } = api.world.faults;
  const refused = [calls].flat();
  for (const call of refused) chances.set(call, 1);
  yield* body();
  for (const call of refused) chances.delete(call);
}
