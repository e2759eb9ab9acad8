import type { Api, Steps } from "../app/api.js";
import { SimFailure } from "../failure.js";
import * as ws from "../kernel/constants.js";
import type { SmallCase } from "./play.js";
import { beside, connected, receive } from "./sides.js";

/** An urgent byte: where it is read as one of the stream, the bytes are wrong. */
const URGENT = 0xee;

function* receivePieces(api: Api, socket: number, pieces: readonly number[], times: number): Steps<void> {
  for (let round = 0; round < times; round++) if ((yield* api.recv(socket, pieces)) <= 0) return;
}

/** What is refused, before anything has moved, and with which error. */
function* refused(api: Api, socket: number, receiving: boolean): Steps<void> {
  const good = [1, api.someMemory] as const;
  const nowhere = 64;
  for (const [error, buffers] of [
    [ws.WSAEFAULT, [[1, nowhere]]],
    [ws.WSAEFAULT, [good, [1, 0]]],
    [ws.WSAEFAULT, [[0, nowhere], good, [1, nowhere]]],
    [ws.WSAEINVAL, [good, [0x7fffffff, good[1]]]],
  ] as const) {
    const result = yield* api.pieces(receiving, socket, buffers);
    if (result === ws.SOCKET_ERROR && api.error === error) continue;
    const call = receiving ? "a receive into" : "a send of";
    throw new SimFailure("stream", `${call} pieces ${buffers.join("; ")} gave ${result}, error ${api.error}`);
  }
}

/** Scatter/gather: several buffers in one call. */
export const pieceCases: readonly SmallCase[] = [
  connected(
    "pieces: two threads send some",
    8,
    function* (api, socket, play) {
      let [ready, begun] = [false, false];
      play.explore(false);
      const send = function* (other: Api) {
        // With this the thread has all that it needs for waiting: how it comes by that is of no interest here.
        yield* other.select([[socket], [], []], 0);
        ready = true;
        play.told();
        yield* play.until(() => begun);
        yield* other.send(socket, [4, 3], 1);
      };
      yield* beside(api, play, send, function* () {
        yield* play.until(() => ready);
        play.explore();
        begun = true;
        play.told();
        yield* api.send(socket, [2, 0, 6, 1], 0);
      });
    },
    (api, socket) => receive(api, socket, 5, 16),
    2,
  ),
  connected(
    "pieces: received beyond the ring's end",
    8,
    function* (api, socket) {
      yield* api.send(socket, [1, 4]);
      yield* api.send(socket, 6);
      yield* api.shutdown(socket, ws.SD_SEND);
    },
    (api, socket) => receivePieces(api, socket, [2, 0, 1, 3], Number.POSITIVE_INFINITY),
  ),
  connected(
    "pieces: looked at, then received",
    8,
    function* (api, socket) {
      yield* api.send(socket, [5, 2]);
      yield* api.send(socket, [5]);
      yield* api.shutdown(socket, ws.SD_SEND);
    },
    function* (api, socket) {
      for (;;) {
        yield* api.recv(socket, [1, 3], true);
        if ((yield* api.recv(socket, [2, 1])) === 0) return;
      }
    },
  ),
  connected(
    "pieces: the last byte of all is urgent",
    8,
    function* (api, socket) {
      yield* api.sendApart(socket, URGENT, [2, 1, 0]);
      yield* api.send(socket, [1]);
    },
    function* (api, socket) {
      const byte = yield* api.recvApart(socket, [0, 1, 1]);
      if (byte !== URGENT) throw new SimFailure("stream", `the urgent byte is ${byte}, and should be ${URGENT}`);
      if ((yield* api.recv(socket, [1, 3])) !== 2) throw new SimFailure("stream", "a receive goes on beyond the mark");
      yield* receive(api, socket, 1, 1);
    },
  ),
  connected(
    "pieces: refused",
    8,
    function* (api, socket) {
      yield* refused(api, socket, false);
      yield* api.send(socket, []);
      yield* api.send(socket, [0, 2]);
    },
    function* (api, socket) {
      yield* api.recv(socket, 1, true);
      yield* refused(api, socket, true);
      yield* receive(api, socket, 2, 2);
    },
  ),
];
