import type { Api, Steps } from "../app/api.js";
import { SimFailure } from "../failure.js";
import * as ws from "../kernel/constants.js";
import type { SmallCase } from "./play.js";
import { listen, sendAll, without } from "./sides.js";

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
    let [listening, connectedNow] = [false, false];
    const client = play.process("client", function* (api) {
      yield* play.until(() => listening);
      const socket = yield* api.socket();
      yield* api.connect(socket, play.server);
      connectedNow = true;
      play.told();
      yield* sendAll(api, socket, [3]);
      yield* play.until(() => false);
    });
    play.process("server", function* (api) {
      const listener = yield* listen(api, play);
      listening = true;
      play.told();
      yield* play.until(() => connectedNow);
      play.explore();
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
      yield* api.close(listener);
    });
  },
};

/** Somebody is killed. */
export const dyingCases: readonly SmallCase[] = [peerWithoutRecord];
