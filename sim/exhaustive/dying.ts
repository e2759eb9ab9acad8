import type { Api, Steps } from "../app/api.js";
import { SimFailure } from "../failure.js";
import * as ws from "../kernel/constants.js";
import type { SmallCase } from "./play.js";
import { listen, queued, receive, sendAll, without } from "./sides.js";

/** Looks for bytes every now and then, to the end of the stream. */
function* poll(api: Api, socket: number): Steps<void> {
  for (;;) {
    const got = yield* api.recv(socket, 4);
    if (got === 0 || (got < 0 && api.error !== ws.WSAEWOULDBLOCK)) return;
    yield* api.sleep(100);
  }
}

/** An acceptor had no memory to note who its peer is, and waits in no call: it must find out by itself that the peer has died. */
const peerWithoutRecord: SmallCase = {
  name: "killed: the peer of one who had no memory for its record, and polls",
  ringBytes: 8,
  disturbed: true,
  begin(play) {
    const client = queued(
      play,
      (api) => listen(api, play),
      function* (api, socket) {
        yield* sendAll(api, socket, [3]);
        yield* play.until(() => false);
      },
      function* (api, listener) {
        let socket = -1;
        yield* without(api, "alloc Peer", function* () {
          socket = yield* api.accept(listener, true);
        });
        play.kill(client);
        play.explore(false);
        if (play.inspector.descriptor(api.process, socket)?.peer !== 0)
          throw new SimFailure("liveness", "the peer has a record: this case shows nothing");
        yield* api.nonBlocking(socket, true);
        yield* poll(api, socket);
        yield* api.close(socket);
      },
    );
  },
};

/** PENDING_LIMIT_MS of core/layout.ts, in microseconds. */
const PENDING_LIMIT_US = 3_000_000;
const BYTES = 5;

/**
 * A connector has written, and nobody has accepted for so long that its caretaker hands over to the kernel. It is killed at any
 * step of that. The acceptor hears of it, and gets all bytes.
 * @param later it accepts when the connector is dead; else at any step of the hand-over
 * @param socketsStay the kernel does not close the socket of one that was killed in the hand-over, and its peer hears of nothing
 */
function killedInHandOver(what: string, later: boolean, socketsStay = false): SmallCase {
  return {
    name: `killed: while it hands over to the kernel, ${what}`,
    ringBytes: 8,
    disturbed: true,
    begin(play) {
      let [listening, late] = [false, false];
      let offered = -1;
      const client = play.process("client", function* (api) {
        yield* play.until(() => listening);
        const socket = yield* api.socket();
        yield* api.connect(socket, play.server);
        // Time passes, and then it writes: so its caretaker hands over as soon as it looks.
        api.world.machine.now += PENDING_LIMIT_US;
        offered = socket;
        yield* sendAll(api, socket, [BYTES]);
        yield* play.until(() => false);
      });
      const caretaker = () => client.threads.find(({ daemon }) => daemon);
      function* untilItHandsOver(): Steps<void> {
        yield* play.until(() => late);
        yield* play.untilItWakes(caretaker);
      }
      play.process("server", function* (api) {
        const listener = yield* listen(api, play);
        listening = true;
        play.told();
        yield* later ? play.until(() => client.ended) : untilItHandsOver();
        const socket = yield* api.accept(listener, true);
        const flow = play.flows(api, socket).in;
        yield* receive(api, socket, 4);
        if (flow.received < BYTES) throw new SimFailure("stream", `${flow.received} of ${BYTES} bytes have come`);
        yield* api.close(socket);
        yield* api.close(listener);
      });
      play.process("killer", function* (api) {
        while (caretaker()?.state !== "blocked") yield* api.sleep(1);
        late = true;
        play.told();
        play.explore();
        // Where the acceptor is too late by a moment, it does not take what was offered.
        api.world.faults.injected++;
        yield* untilItHandsOver();
        // What it has stored is seen, however it ends.
        for (const { buffer } of client.threads) buffer.drain(Number.POSITIVE_INFINITY);
        const stay = socketsStay && play.inspector.isHandedOver(client, offered);
        // After the last byte the kernel is asked how it ended, and never says so: the look once a second is to be expected.
        client.hostile = stay;
        play.kill(client, stay);
      });
    },
  };
}

/** Somebody is killed. */
export const dyingCases: readonly SmallCase[] = [
  peerWithoutRecord,
  killedInHandOver("and is accepted later", true),
  killedInHandOver("and is accepted just then", false),
  killedInHandOver("and its socket stays open", true, true),
];
