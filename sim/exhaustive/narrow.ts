import type { Api, Steps } from "../app/api.js";
import type { SmallCase } from "./play.js";
import { connected, connecting, listen, receive, selectAndSend, sendAll } from "./sides.js";

/**
 * A window grows exactly at the byte that is being read, so that the reader's credit and the writer's larger window may
 * cross each other. The reader reads no more until the writer is through: nobody makes up for a call that was not made.
 */
const growsAtTheByteThatIsRead: SmallCase = {
  name: "the window grows at the byte that is read",
  ringBytes: 16,
  begin(play) {
    let [nearlyRead, sent] = [false, false];
    const whole = connected(
      this.name,
      this.ringBytes,
      function* (api, socket) {
        yield* sendAll(api, socket, [8]);
        yield* play.until(() => nearlyRead);
        yield* sendAll(api, socket, [16]);
        sent = true;
        play.told();
      },
      function* (api, socket) {
        yield* receive(api, socket, 7, 7);
        nearlyRead = true;
        play.told();
        // Less than a quarter of the window: for so little the writer is not called otherwise.
        yield* receive(api, socket, 1, 1);
        yield* play.until(() => sent);
        yield* receive(api, socket, 16);
      },
    );
    whole.begin(play);
  },
};

/** More than may be written before the decision; the acceptor reads nothing before all of it is written. */
function waitsForTheDecisionAlone(
  how: string,
  send: (api: Api, socket: number, bytes: number) => Steps<void>,
): SmallCase {
  return {
    name: `the decision: nothing else wakes ${how}`,
    ringBytes: 32,
    begin(play) {
      let sent = false;
      const whole = connecting(
        this.name,
        this.ringBytes,
        function* (api, socket) {
          yield* send(api, socket, 20);
          sent = true;
          play.told();
        },
        function* (api, socket) {
          yield* play.until(() => sent);
          yield* receive(api, socket, 20);
        },
      );
      whole.begin(play);
    },
  };
}

/** A segment says that its rings are larger than they are: its connection goes on in the kernel. */
const wrongSize: SmallCase = {
  name: "the decision: a segment that is smaller than it says",
  ringBytes: 8,
  disturbed: true,
  begin(play) {
    let [listening, connectedNow] = [false, false];
    play.process("server", function* (api) {
      const listener = yield* listen(api, play);
      listening = true;
      play.told();
      yield* play.until(() => connectedNow);
      play.damage("SEGMENT_RING_BYTES", (bytes) => 2 * bytes);
      play.explore();
      const socket = yield* api.accept(listener, true);
      yield* receive(api, socket, 4, 3);
      yield* sendAll(api, socket, [2]);
      yield* api.close(socket);
      yield* api.close(listener);
    });
    play.process("client", function* (api) {
      yield* play.until(() => listening);
      const socket = yield* api.socket();
      if ((yield* api.connect(socket, play.server)) === 0) {
        connectedNow = true;
        play.told();
        yield* sendAll(api, socket, [3]);
        yield* receive(api, socket, 4);
      }
      yield* api.close(socket);
    });
  },
};

/** States that programs come to rarely, or never. */
export const narrowCases: readonly SmallCase[] = [
  growsAtTheByteThatIsRead,
  waitsForTheDecisionAlone("a sender", (api, socket, bytes) => sendAll(api, socket, [bytes])),
  waitsForTheDecisionAlone("a select", selectAndSend),
  wrongSize,
];
