import type { Api, Steps } from "../app/api.js";
import { SimFailure } from "../failure.js";
import * as ws from "../kernel/constants.js";
import type { SmallCase } from "./play.js";
import {
  beside,
  connected,
  connectedAnew,
  connecting,
  listen,
  queued,
  receive,
  type Side,
  sendAll,
  without,
} from "./sides.js";

const everything = ws.FD_READ | ws.FD_WRITE | ws.FD_CLOSE;

/** Receives once for each message: what is left, or comes later, must be told of again. */
function* receiveOnceWhenTold(api: Api, socket: number, piece: number, most: number): Steps<void> {
  const kernel = api.kernel(socket)!;
  for (let done = 0; done < most; ) {
    yield* api.message(kernel, ws.FD_READ | ws.FD_CLOSE);
    const got = yield* api.recv(socket, piece);
    if (got > 0) done += got;
    else if (got === 0 || api.error !== ws.WSAEWOULDBLOCK) return;
  }
}

/** Receives up to `most` bytes, or to the end of the stream; messages tell when there is something. */
function* receiveWhenTold(api: Api, socket: number, piece: number, most = Number.POSITIVE_INFINITY): Steps<void> {
  const kernel = api.kernel(socket)!;
  for (let done = 0; done < most; ) {
    const got = yield* api.recv(socket, Math.min(piece, most - done));
    if (got > 0) done += got;
    else if (got === 0 || api.error !== ws.WSAEWOULDBLOCK) return;
    else yield* api.message(kernel, ws.FD_READ | ws.FD_CLOSE);
  }
}

function* sendWhenTold(api: Api, socket: number, bytes: number): Steps<void> {
  const kernel = api.kernel(socket)!;
  for (let done = 0; done < bytes; ) {
    const sent = yield* api.send(socket, bytes - done);
    if (sent > 0) done += sent;
    else if (api.error !== ws.WSAEWOULDBLOCK) return;
    else yield* api.message(kernel, ws.FD_WRITE | ws.FD_CLOSE);
  }
}

/** One side waits for messages; the other one does nothing more before it is through, and so makes up for no message. */
function untilTold(name: string, told: Side, other: Side, side: "connector" | "acceptor"): SmallCase {
  return connectedAnew(name, 8, (play) => {
    let through = false;
    const waiting: Side = function* (api, socket, own) {
      yield* api.messages(socket, everything);
      yield* told(api, socket, own);
      through = true;
      play.told();
    };
    const working: Side = function* (api, socket, own) {
      yield* other(api, socket, own);
      yield* play.until(() => through);
    };
    return side === "connector" ? [waiting, working] : [working, waiting];
  });
}

/** Sends for as long as it is told of room; an end must enable a last message, whoever finds it first. */
function* sendWhenThereIsRoom(api: Api, socket: number): Steps<void> {
  const kernel = api.kernel(socket)!;
  for (;;) {
    const sent = yield* api.send(socket, 9);
    if (sent < 0 && api.error !== ws.WSAEWOULDBLOCK) return;
    if (sent < 0) yield* api.message(kernel, ws.FD_WRITE);
  }
}

/** The ring is full, and its reader closes: tried is only what comes then. */
const roomAskedFor = connectedAnew("messages: room is asked for, and another thread finds the end", 8, (play) => {
  let full = false;
  const sender: Side = function* (api, socket) {
    play.explore(false);
    const kernel = api.kernel(socket)!;
    yield* api.messages(socket, everything);
    yield* api.message(kernel, ws.FD_WRITE);
    yield* sendAll(api, socket, [8]);
    yield* beside(
      api,
      play,
      (other) => receiveWhenTold(other, socket, 4),
      function* () {
        // Till all the others sleep: then nothing is left but what comes of the reader.
        yield* api.sleep(1);
        full = true;
        play.told();
        play.explore();
        yield* api.send(socket, 9);
        play.explore(false);
        if (api.error === ws.WSAEWOULDBLOCK) yield* api.message(kernel, ws.FD_WRITE);
      },
    );
  };
  return [sender, () => play.until(() => full)];
});

/** The kernel carries a socket for which there was no memory, and has been told of the listener's FD_ACCEPT only. */
const acceptedWithoutMemory: SmallCase = {
  name: "messages: accepted without memory for the socket",
  ringBytes: 8,
  disturbed: true,
  begin(play) {
    queued(
      play,
      function* (api) {
        const listener = yield* listen(api, play);
        yield* api.messages(listener, ws.FD_ACCEPT | everything);
        return listener;
      },
      function* (api, socket) {
        yield* sendAll(api, socket, [3]);
        yield* api.shutdown(socket, ws.SD_SEND);
        yield* receive(api, socket, 4);
      },
      function* (api, listener) {
        let socket = -1;
        yield* without(api, "alloc Descriptor", function* () {
          socket = yield* api.accept(listener, true);
        });
        if (play.inspector.descriptor(api.process, socket) !== undefined)
          throw new SimFailure("liveness", "the socket has a descriptor: this case shows nothing");
        yield* api.message(api.kernel(socket)!, ws.FD_READ);
        yield* receive(api, socket, 4);
        yield* api.close(socket);
      },
    );
  },
};

/** Programs that wait for the messages of `WSAAsyncSelect`. */
export const messageCases: readonly SmallCase[] = [
  untilTold(
    "messages: bytes come",
    (api, socket) => receiveOnceWhenTold(api, socket, 4, 5),
    (api, socket) => sendAll(api, socket, [3, 2]),
    "acceptor",
  ),
  untilTold(
    "messages: room comes",
    (api, socket) => sendWhenTold(api, socket, 9),
    (api, socket) => receive(api, socket, 9, 9),
    "connector",
  ),
  connected(
    "messages: bytes and the end come",
    8,
    (api, socket) => sendAll(api, socket, [4]),
    function* (api, socket) {
      yield* api.messages(socket, everything);
      yield* receiveWhenTold(api, socket, 3);
    },
  ),
  connected(
    "messages: not any more once the socket is closed",
    8,
    (api, socket) => sendAll(api, socket, [3]),
    function* (api, socket) {
      yield* api.messages(socket, everything);
    },
  ),
  connecting(
    "messages: the acceptor speaks first",
    8,
    function* (api, socket) {
      yield* api.messages(socket, everything);
      yield* receiveWhenTold(api, socket, 4, 3);
    },
    (api, socket) => sendAll(api, socket, [3]),
  ),
  connected(
    "messages: who waits for room, and another thread finds the end",
    8,
    function* (api, socket, play) {
      yield* api.messages(socket, everything);
      yield* beside(
        api,
        play,
        (other) => receiveWhenTold(other, socket, 4),
        () => sendWhenThereIsRoom(api, socket),
      );
    },
    (api, socket) => receive(api, socket, 1, 1),
  ),
  roomAskedFor,
  acceptedWithoutMemory,
];
