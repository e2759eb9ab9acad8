import * as ws from "../kernel/constants.js";
import { againCases } from "./again.js";
import { crossingCases } from "./crossing.js";
import { dyingCases } from "./dying.js";
import { handedCases } from "./handed.js";
import { keptCases } from "./kept.js";
import { leavingCases } from "./leaving.js";
import { messageCases } from "./messages.js";
import { nameCases } from "./names.js";
import { narrowCases } from "./narrow.js";
import { operationCases } from "./operations.js";
import { pieceCases } from "./pieces.js";
import type { SmallCase } from "./play.js";
import { beside, connected, connecting, receive, selectAndReceive, selectAndSend, sendAll } from "./sides.js";
import { urgentCases } from "./urgent.js";
import { watchedCases } from "./watched.js";

export const smallCases: readonly SmallCase[] = [
  connected(
    "bytes come: arm, sleep, wake",
    8,
    (api, socket) => sendAll(api, socket, [3, 6]),
    (api, socket) => receive(api, socket, 5, 9),
  ),
  connected(
    "room comes: a full ring",
    8,
    (api, socket) => sendAll(api, socket, [13]),
    (api, socket) => receive(api, socket, 3, 13),
  ),
  connected(
    "the window grows twice",
    32,
    (api, socket) => sendAll(api, socket, [7, 7, 14]),
    (api, socket) => receive(api, socket, 6, 28),
  ),
  connected(
    "the window grows, and select waits",
    16,
    (api, socket) => selectAndSend(api, socket, 20),
    (api, socket) => selectAndReceive(api, socket, 7, 20),
  ),
  connected(
    "select waits for bytes",
    8,
    (api, socket) => sendAll(api, socket, [2, 3]),
    (api, socket) => selectAndReceive(api, socket, 4, 5),
  ),
  connected(
    "select waits for room",
    8,
    (api, socket) => selectAndSend(api, socket, 12),
    (api, socket) => receive(api, socket, 4, 12),
  ),
  connected(
    "question and answer",
    8,
    function* (api, socket) {
      yield* sendAll(api, socket, [2]);
      yield* receive(api, socket, 4, 3);
    },
    function* (api, socket) {
      yield* receive(api, socket, 4, 2);
      yield* sendAll(api, socket, [3]);
    },
  ),
  connected(
    "close against recv",
    8,
    (api, socket) => sendAll(api, socket, [4]),
    (api, socket) => receive(api, socket, 3),
  ),
  connected(
    "close against select",
    8,
    (api, socket) => sendAll(api, socket, [4]),
    (api, socket) => selectAndReceive(api, socket, 3, 100),
  ),
  connected(
    "shutdown against recv",
    8,
    function* (api, socket) {
      yield* sendAll(api, socket, [3]);
      yield* api.shutdown(socket, ws.SD_SEND);
      yield* receive(api, socket, 3);
    },
    function* (api, socket) {
      yield* receive(api, socket, 8);
      yield* sendAll(api, socket, [2]);
    },
  ),
  connected(
    "reset against recv",
    8,
    function* (api, socket) {
      yield* sendAll(api, socket, [3]);
      yield* api.linger(socket, 0);
    },
    (api, socket) => receive(api, socket, 2),
  ),
  connected(
    "close against send",
    8,
    (api, socket) => sendAll(api, socket, [6, 6]),
    (api, socket) => receive(api, socket, 3, 3),
  ),
  connected(
    "two threads send, one receives",
    8,
    (api, socket, play) =>
      beside(
        api,
        play,
        (other) => sendAll(other, socket, [7], 1),
        () => sendAll(api, socket, [9], 0),
      ),
    (api, socket) => receive(api, socket, 5, 16),
    2,
  ),
  connected(
    "two threads receive, one sends",
    8,
    function* (api, socket) {
      yield* sendAll(api, socket, [5, 5]);
      yield* api.shutdown(socket, ws.SD_SEND);
      yield* receive(api, socket, 1);
    },
    (api, socket, play) => {
      play.flows(api, socket).in.receivers = 2;
      return beside(
        api,
        play,
        (other) => receive(other, socket, 3),
        () => receive(api, socket, 4),
      );
    },
  ),
  connected(
    "closed under a thread that receives",
    8,
    (api, socket) => receive(api, socket, 3),
    (api, socket, play) =>
      beside(
        api,
        play,
        (other) => receive(other, socket, 3),
        function* () {
          yield* api.close(socket);
        },
      ),
  ),
  ...againCases,
  ...narrowCases,
  ...crossingCases,
  ...keptCases,
  ...nameCases,
  ...leavingCases,
  ...watchedCases,
  ...urgentCases,
  ...pieceCases,
  ...operationCases,
  ...handedCases,
  ...dyingCases,
  ...messageCases,
  connecting(
    "the decision: a connector that writes",
    8,
    (api, socket) => sendAll(api, socket, [3]),
    (api, socket) => receive(api, socket, 4),
  ),
  connecting(
    "the decision: an acceptor that writes",
    8,
    (api, socket) => receive(api, socket, 4, 3),
    (api, socket) => sendAll(api, socket, [3]),
  ),
  connecting(
    "the decision: more than the ring holds",
    8,
    (api, socket) => sendAll(api, socket, [11]),
    (api, socket) => receive(api, socket, 4, 11),
  ),
  connecting(
    "the decision: select waits",
    8,
    (api, socket) => selectAndSend(api, socket, 11),
    (api, socket) => selectAndReceive(api, socket, 6, 11),
  ),
  connecting(
    "the decision: closed at once",
    8,
    function* () {},
    (api, socket) => receive(api, socket, 4),
  ),
];
