import type { Api, Steps } from "../app/api.js";
import * as ws from "../kernel/constants.js";
import type { Play, SmallCase } from "./play.js";
import { beside, listen, receive, sendAll } from "./sides.js";

/** One thread shuts the socket down while the kernel still connects it; another sends as soon as that is allowed. */
const shutdownDuringConnect: SmallCase = {
  name: "a shutdown crosses the end of the connect",
  ringBytes: 8,
  begin(play: Play) {
    let listening = false;
    play.process("server", function* (api) {
      const listener = yield* listen(api, play);
      listening = true;
      play.told();
      const socket = yield* api.accept(listener, true);
      yield* receive(api, socket, 4);
      yield* api.close(socket);
      yield* api.close(listener);
    });
    play.process("client", function* (api) {
      yield* play.until(() => listening);
      const socket = yield* api.socket();
      yield* api.nonBlocking(socket, true);
      play.explore();
      yield* api.connect(socket, play.server);
      const shut = (other: Api) => other.shutdown(socket, ws.SD_SEND) as Steps<unknown> as Steps<void>;
      yield* beside(api, play, shut, function* () {
        yield* api.sleep(1);
        yield* sendAll(api, socket, [2]);
      });
      yield* sendAll(api, socket, [2]);
      yield* api.close(socket);
    });
  },
};

/** The acceptor is in the middle of its close when the connector, which was first, connects again with the same segment. */
const closeCrossesTheNext: SmallCase = {
  name: "a close crosses the next connection",
  ringBytes: 8,
  begin(play: Play) {
    let [listening, closed, closing] = [false, false, false];
    play.process("server", function* (api) {
      const listener = yield* listen(api, play);
      listening = true;
      play.told();
      const first = yield* api.accept(listener, true);
      yield* sendAll(api, first, [1]);
      // The end is not read: this side has not heard of it when it closes.
      yield* play.until(() => closed);
      play.explore();
      closing = true;
      play.told();
      yield* api.close(first);
      const second = yield* api.accept(listener, true);
      yield* sendAll(api, second, [2]);
      yield* receive(api, second, 4);
      yield* api.close(second);
      yield* api.close(listener);
    });
    play.process("client", function* (api) {
      yield* play.until(() => listening);
      const first = yield* api.socket();
      yield* api.connect(first, play.server);
      yield* receive(api, first, 1, 1);
      yield* api.close(first);
      closed = true;
      play.told();
      yield* play.until(() => closing);
      const second = yield* api.socket();
      yield* api.connect(second, play.server);
      yield* receive(api, second, 1, 2);
      yield* sendAll(api, second, [1]);
      yield* api.close(second);
    });
  },
};

/** Ends of connections that cross a beginning. */
export const crossingCases: readonly SmallCase[] = [shutdownDuringConnect, closeCrossesTheNext];
