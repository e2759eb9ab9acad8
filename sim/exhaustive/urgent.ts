import type { Api, Steps } from "../app/api.js";
import { SimFailure } from "../failure.js";
import * as ws from "../kernel/constants.js";
import type { SmallCase } from "./play.js";
import { connected, connectedAnew, receive, selectAndReceive, sendAll } from "./sides.js";

/** A byte that belongs to no stream: where it is read as one of them, the bytes are wrong. */
const OTHER = 0xee;

function* sendUrgent(api: Api, socket: number): Steps<void> {
  yield* api.sendApart(socket, OTHER);
}

/** Waits for the urgent byte, and takes it. */
function* takeUrgent(api: Api, socket: number): Steps<void> {
  const byte = yield* api.recvApart(socket);
  if (byte !== OTHER) throw new SimFailure("stream", `the urgent byte is ${byte}, and should be ${OTHER}`);
}

function* writeAround(api: Api, socket: number): Steps<void> {
  yield* sendAll(api, socket, [1]);
  yield* sendUrgent(api, socket);
  yield* sendAll(api, socket, [1]);
  yield* api.shutdown(socket, ws.SD_SEND);
}

/** Nothing but the urgent byte wakes who waits for it: its sender does not close before it is found. */
const selected = connectedAnew("urgent: select waits for it, behind a byte that is unread", 8, (play) => {
  let found = false;
  return [
    function* (api, socket) {
      yield* writeAround(api, socket);
      yield* play.until(() => found);
    },
    function* (api, socket) {
      yield* api.select([[], [], [socket]], -1);
      found = true;
      play.told();
      yield* takeUrgent(api, socket);
      yield* receive(api, socket, 4);
    },
  ];
});

export const urgentCases: readonly SmallCase[] = [
  connected("urgent: passed over by who only reads", 8, writeAround, (api, socket) => receive(api, socket, 4)),
  connected("urgent: passed over by who selects", 8, writeAround, (api, socket) => selectAndReceive(api, socket, 4, 2)),
  selected,
  connected(
    "urgent: recv waits for it",
    8,
    function* (api, socket) {
      yield* sendUrgent(api, socket);
      yield* sendAll(api, socket, [1]);
    },
    function* (api, socket) {
      yield* takeUrgent(api, socket);
      yield* receive(api, socket, 1, 1);
    },
  ),
];
