import type { Api, Steps } from "../app/api.js";
import * as ws from "../kernel/constants.js";
import type { SimProcess } from "../machine/process.js";
import type { SimThread } from "../machine/thread.js";
import type { Play, SmallCase } from "./play.js";
import { beside, connected, listen, receive, selectAndSend, sendAll } from "./sides.js";

function* selectForRoom(api: Api, socket: number): Steps<void> {
  yield* api.select([[], [socket], []], -1);
}

/** Sends without waiting, on a socket whose connect may still be under way. */
function* sendOnceConnected(api: Api, socket: number, bytes: number): Steps<void> {
  while ((yield* api.send(socket, bytes)) < 0 && api.error === ws.WSAENOTCONN) yield* api.sleep(1);
}

/** One thread's select begins before there is a connection, and ends when another's has begun to wait for room. */
const sinceBefore: SmallCase = {
  name: "two threads select, one since before the connection",
  ringBytes: 8,
  begin(play: Play) {
    let [listening, full] = [false, false];
    play.process("server", function* (api) {
      const listener = yield* listen(api, play);
      listening = true;
      play.told();
      const socket = yield* api.accept(listener, true);
      yield* play.until(() => full);
      yield* receive(api, socket, 4, 11);
      yield* api.close(socket);
      yield* api.close(listener);
    });
    play.process("client", function* (api) {
      yield* play.until(() => listening);
      const socket = yield* api.socket();
      yield* api.nonBlocking(socket, true);
      yield* api.connect(socket, play.server);
      const other = play.thread(api.process, "other", (beginner) => selectForRoom(beginner, socket));
      play.explore();
      yield* sendOnceConnected(api, socket, 8);
      full = true;
      play.told();
      yield* selectAndSend(api, socket, 3);
      yield* play.until(() => other.state === "ended");
      yield* api.close(socket);
    });
  },
};

/** Room that a send leaves which was half done when it was made: nothing but that send's end could tell of it. */
function besideSend(): SmallCase {
  let seen = false;
  return connected(
    "select waits for room beside a send that waits for it",
    8,
    function* (api, socket, play) {
      seen = false;
      const watch = function* (other: Api) {
        yield* selectForRoom(other, socket);
        seen = true;
        play.told();
      };
      yield* beside(api, play, watch, () => sendAll(api, socket, [13]));
    },
    function* (api, socket, play) {
      yield* receive(api, socket, 4, 8);
      yield* play.until(() => seen);
      yield* receive(api, socket, 5, 5);
    },
  );
}

/** A doorbell for one thread comes just when another one, which waits for bytes, looks what the kernel has to say. */
function besideReader(): SmallCase {
  let seen = false;
  let reader: SimThread | undefined;
  return connected(
    "select waits for room beside a thread that waits for bytes",
    8,
    function* (api, socket, play) {
      seen = false;
      reader = api.thread;
      yield* sendAll(api, socket, [8]);
      const watch = function* (other: Api) {
        yield* selectForRoom(other, socket);
        seen = true;
        play.told();
      };
      yield* beside(api, play, watch, () => receive(api, socket, 1, 1));
    },
    function* (api, socket, play) {
      yield* play.untilItWakes(() => reader);
      yield* receive(api, socket, 8, 8);
      yield* play.until(() => seen);
      yield* sendAll(api, socket, [1]);
    },
  );
}

/** One doorbell is for both threads: who wakes first must leave it to the one that has looked, and does not sleep yet. */
const besideSelect: SmallCase = {
  name: "two threads select for room",
  ringBytes: 8,
  begin(play) {
    let [sleeps, seen] = [false, false];
    const sides = connected(
      this.name,
      this.ringBytes,
      function* (api, socket) {
        play.explore(false);
        yield* sendAll(api, socket, [8]);
        const first = play.thread(api.process as SimProcess, "first", (other) => selectForRoom(other, socket));
        yield* play.untilAsleep(() => first);
        sleeps = true;
        play.told();
        play.explore();
        yield* selectForRoom(api, socket);
        yield* play.until(() => first.state === "ended");
        seen = true;
        play.told();
      },
      function* (api, socket) {
        yield* play.until(() => sleeps);
        yield* receive(api, socket, 8, 8);
        yield* play.until(() => seen);
      },
    );
    sides.begin(play);
  },
};

/** Threads that wait for the same connection in `select`, beside others that use it. */
export const watchedCases: readonly SmallCase[] = [sinceBefore, besideSend(), besideReader(), besideSelect];
