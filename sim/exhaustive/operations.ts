import type { Api, Steps } from "../app/api.js";
import { type Begun, begin, end, isThrough, makePort } from "../app/file-calls.js";
import { SimFailure } from "../failure.js";
import * as ws from "../kernel/constants.js";
import { ERROR_OPERATION_ABORTED } from "../kernel/file-calls.js";
import type { SmallCase } from "./play.js";
import { beside, connected, connectedAnew, listen, receive, type Side, sendAll, without } from "./sides.js";

/** A microsecond: others run, and may be stopped anywhere. */
const A_MOMENT_MS = 0.001;

function* beginRead(api: Api, socket: number, bytes: number): Steps<Begun> {
  return (yield* begin(api, socket, true, bytes, "event"))!;
}

function* write(api: Api, socket: number, bytes: number): Steps<number> {
  return yield* end(api, (yield* begin(api, socket, false, bytes, "event"))!);
}

/** The end of an operation whose socket was closed. */
function* endAborted(api: Api, begun: Begun): Steps<void> {
  const result = yield* end(api, begun);
  if (result === ws.SOCKET_ERROR && api.error === ERROR_OPERATION_ABORTED) return;
  throw new SimFailure("operations", `a read whose socket was closed gave ${result}, error ${api.error}`);
}

/** The bytes come when the first of two reads has begun. */
const twoReads = connectedAnew("operations: two reads are carried out in their order", 8, (play) => {
  let begun = false;
  const sending: Side = function* (api, socket) {
    yield* play.until(() => begun);
    yield* sendAll(api, socket, [3, 4]);
  };
  const reading: Side = function* (api, socket) {
    const first = yield* beginRead(api, socket, 3);
    begun = true;
    play.told();
    yield* api.sleep(A_MOMENT_MS);
    const second = yield* beginRead(api, socket, 4);
    const done = (yield* end(api, first)) + (yield* end(api, second));
    yield* receive(api, socket, 7, 7 - done);
  };
  return [sending, reading];
});

/** An operation waits on a socket that is closed, and whose handle a file gets: calls on that are the kernel's, as before. */
const handleOfFile: Side = function* (api, socket) {
  const begun = yield* beginRead(api, socket, 3);
  yield* api.close(socket);
  const result = yield* api.call("ReadFile", socket, api.someMemory, 1, 0, 0);
  if (result !== 0 || api.thread.lastError === ERROR_OPERATION_ABORTED)
    throw new SimFailure("operations", "a call on a file was taken for one on the socket that had its handle");
  yield* endAborted(api, begun);
};

/** An operation waits on a socket that is closed, and whose handle the next connection gets. Its completion port is that of the old socket. */
const closedAndAcceptedAgain: SmallCase = {
  name: "operations: closed while one waits, and accepted again",
  ringBytes: 8,
  begin(play) {
    let [listening, closed] = [false, false];
    play.process("server", function* (api) {
      const listener = yield* listen(api, play);
      listening = true;
      play.told();
      const first = yield* api.accept(listener, true);
      yield* api.recv(first, 1);
      const port = yield* makePort(api, first);
      const begun = (yield* begin(api, first, true, 3, "port", port))!;
      play.explore();
      // The worker may have come as far as it likes.
      yield* api.sleep(A_MOMENT_MS);
      yield* api.close(first);
      play.explore(false);
      closed = true;
      play.told();
      const second = yield* api.accept(listener, true);
      yield* receive(api, second, 3);
      yield* endAborted(api, begun);
      yield* api.close(second);
      yield* api.close(listener);
    });
    play.process("client", function* (api) {
      yield* play.until(() => listening);
      const first = yield* api.socket();
      if ((yield* api.connect(first, play.server)) === 0) yield* api.send(first, 1);
      yield* play.until(() => closed);
      const second = yield* api.socket();
      if ((yield* api.connect(second, play.server)) === 0) yield* sendAll(api, second, [2, 3]);
      yield* api.close(second);
      yield* api.close(first);
    });
  },
};

/** A thread that has no bell, and gets none, writes more than there is room for: what it has sent it cannot take back. */
const writeWithoutBell: Side = (api, socket, play) =>
  beside(
    api,
    play,
    (other) =>
      without(other, "bell_create", function* () {
        const sent = yield* end(other, (yield* begin(other, socket, false, 13, "at once"))!);
        if (sent < 0) throw new SimFailure("stream", "a write of which the peer gets a part has failed");
      }),
    function* () {},
  );

/** Reads without ever waiting in a call. */
const poll: Side = function* (api, socket) {
  yield* api.nonBlocking(socket, true);
  for (let done = 0; done < 13; ) {
    const got = yield* api.recv(socket, 5);
    if (got > 0) done += got;
    else if (got === 0 || api.error !== ws.WSAEWOULDBLOCK) return;
    else yield* api.sleep(1);
  }
};

/** Operations that go on after their calls. */
export const operationCases: readonly SmallCase[] = [
  twoReads,
  connected(
    "operations: two reads, one after the other",
    8,
    (api, socket) => sendAll(api, socket, [2, 3]),
    function* (api, socket) {
      yield* end(api, yield* beginRead(api, socket, 2));
      yield* end(api, yield* beginRead(api, socket, 3));
    },
  ),
  connected(
    "operations: one is looked at while it goes on",
    8,
    (api, socket) => sendAll(api, socket, [3]),
    function* (api, socket) {
      const begun = yield* beginRead(api, socket, 3);
      yield* isThrough(api, begun);
      yield* end(api, begun);
    },
  ),
  connected(
    "operations: closed while one waits",
    8,
    (api, socket) => receive(api, socket, 3),
    function* (api, socket) {
      const begun = yield* beginRead(api, socket, 3);
      yield* api.close(socket);
      yield* endAborted(api, begun);
    },
  ),
  connected(
    "operations: the next one finds a worker that is about to sleep",
    8,
    function* (api, socket) {
      yield* sendAll(api, socket, [2]);
      yield* receive(api, socket, 2, 2);
      yield* sendAll(api, socket, [3]);
    },
    function* (api, socket) {
      yield* end(api, yield* beginRead(api, socket, 2));
      yield* write(api, socket, 2);
      yield* end(api, yield* beginRead(api, socket, 3));
    },
  ),
  connected(
    "operations: a write waits for room",
    8,
    (api, socket) => receive(api, socket, 5, 13),
    function* (api, socket) {
      yield* write(api, socket, 13);
    },
  ),
  connected(
    "operations: on a socket that does not wait",
    8,
    function* (api, socket) {
      yield* sendAll(api, socket, [2]);
      yield* receive(api, socket, 13, 13);
    },
    function* (api, socket) {
      yield* api.nonBlocking(socket, true);
      yield* end(api, (yield* begin(api, socket, true, 2, "at once"))!);
      yield* write(api, socket, 13);
    },
  ),
  connected(
    "operations: no worker is to be had for two threads",
    8,
    (api, socket) => sendAll(api, socket, [2, 2]),
    (api, socket, play) => {
      play.flows(api, socket).in.receivers = 2;
      const read = function* (own: Api) {
        // One that has found another's operation before its own may hear that there is no worker.
        if ((yield* end(own, yield* beginRead(own, socket, 2))) < 0) yield* own.recv(socket, 2);
      };
      return without(api, "caretaker_start", () => beside(api, play, read, () => read(api)));
    },
  ),
  connected(
    "operations: no memory for the second one",
    8,
    (api, socket) => sendAll(api, socket, [3, 4]),
    function* (api, socket) {
      const first = yield* beginRead(api, socket, 3);
      let second: Begun | undefined;
      yield* without(api, "alloc", function* () {
        second = yield* beginRead(api, socket, 4);
      });
      const done = (yield* end(api, first)) + Math.max(0, yield* end(api, second!));
      yield* receive(api, socket, 7, 7 - done);
    },
  ),
  closedAndAcceptedAgain,
  connected(
    "operations: closed while one waits, and the handle is a file's",
    8,
    (api, socket) => receive(api, socket, 1),
    handleOfFile,
  ),
  { ...connected("operations: a write whose thread cannot sleep", 8, poll, writeWithoutBell), disturbed: true },
];
