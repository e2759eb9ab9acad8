import type { Api } from "../app/api.js";
import type { SmallCase } from "./play.js";
import { beside, listen, receive, sendAll } from "./sides.js";

/** A microsecond: others run, and may be stopped anywhere. */
const A_MOMENT_MS = 0.001;

/** A thread receives on a socket that is closed under it, and whose handle the next connection gets. */
const closedAndAcceptedAgain: SmallCase = {
  name: "closed under a thread that receives, and accepted again",
  ringBytes: 8,
  begin(play) {
    let [listening, receiving, closed] = [false, false, false];
    play.process("server", function* (api) {
      const listener = yield* listen(api, play);
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

/** The peer of a thread that receives dies, the socket is closed under the thread, and the next connection gets its handle. */
const diedAndAcceptedAgain: SmallCase = {
  name: "closed under a thread whose peer has died, and accepted again",
  ringBytes: 8,
  disturbed: true,
  begin(play) {
    let [listening, closed, accepted] = [false, false, false];
    const victim = play.process("victim", function* (api) {
      yield* play.until(() => listening);
      const socket = yield* api.socket();
      if ((yield* api.connect(socket, play.server)) === 0) yield* api.send(socket, 1);
      yield* play.until(() => false);
    });
    play.process("server", function* (api) {
      const listener = yield* listen(api, play);
      listening = true;
      play.told();
      const first = yield* api.accept(listener, true);
      yield* api.recv(first, 1);
      const next = function* () {
        yield* api.sleep(1);
        play.explore();
        play.kill(victim);
        // The other thread has been woken by that, and may have come as far as it likes.
        yield* api.sleep(A_MOMENT_MS);
        play.explore(false);
        yield* api.close(first);
        closed = true;
        play.told();
        const second = yield* api.accept(listener, true);
        accepted = true;
        play.told();
        yield* receive(api, second, 2, 2);
        yield* sendAll(api, second, [1]);
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
      yield* play.until(() => closed);
      const socket = yield* api.socket();
      if ((yield* api.connect(socket, play.server)) === 0) {
        // By then the other thread has done what it wants to do about the dead peer.
        yield* play.until(() => accepted);
        yield* api.sleep(5);
        yield* sendAll(api, socket, [2]);
        yield* receive(api, socket, 1, 1);
        yield* sendAll(api, socket, [3]);
      }
      yield* api.close(socket);
    });
  },
};

/** Handles of sockets that are used again while a thread still sleeps in a call on the socket before. */
export const againCases: readonly SmallCase[] = [closedAndAcceptedAgain, diedAndAcceptedAgain];
