import type { Api, Steps } from "../app/api.js";
import * as ws from "../kernel/constants.js";
import type { Play, SmallCase } from "./play.js";
import { listen, receive, sendAll } from "./sides.js";

/**
 * A server that accepts as many connections as `closing` has places, says a byte on each once all are there, and closes
 * them in that order; then one more.
 */
function serve(play: Play, closing: readonly number[], listening: () => void): void {
  play.process("server", function* (api) {
    const listener = yield* listen(api, play);
    listening();
    play.told();
    const sockets: number[] = [];
    while (sockets.length < closing.length) sockets.push(yield* api.accept(listener, true));
    for (const socket of sockets) yield* sendAll(api, socket, [1]);
    for (const socket of sockets) yield* receive(api, socket, 4);
    for (const place of closing) yield* api.close(sockets[place]!);
    const last = yield* api.accept(listener, true);
    yield* sendAll(api, last, [1]);
    yield* receive(api, last, 4);
    yield* api.close(last);
    yield* api.close(listener);
  });
}

/** So many connections at once, each of which has heard of its decision. */
function* connectTo(api: Api, play: Play, count: number): Steps<number[]> {
  const sockets: number[] = [];
  while (sockets.length < count) {
    const socket = yield* api.socket();
    yield* api.connect(socket, play.server);
    sockets.push(socket);
  }
  for (const socket of sockets) yield* receive(api, socket, 1, 1);
  return sockets;
}

function* shutAndClose(api: Api, sockets: readonly number[]): Steps<void> {
  for (const socket of sockets) yield* api.shutdown(socket, ws.SD_SEND);
  for (const socket of sockets) yield* receive(api, socket, 4);
  for (const socket of sockets) yield* api.close(socket);
}

/** The acceptor unmaps what it does not keep; the connector offers one of its segments again. */
const moreThanAreKept: SmallCase = {
  name: "segments: more than the acceptor keeps, and then another connection",
  ringBytes: 8,
  begin(play) {
    let listening = false;
    // The first one is not kept here. The connector keeps two, and takes the one first that it has put there last.
    serve(play, [1, 0, 2], () => {
      listening = true;
    });
    play.process("client", function* (api) {
      yield* play.until(() => listening);
      const sockets = yield* connectTo(api, play, 3);
      yield* shutAndClose(api, sockets.reverse());
      play.explore();
      const last = yield* connectTo(api, play, 1);
      play.explore(false);
      yield* shutAndClose(api, last);
    });
  },
};

/** Segments that are kept for the next connection between the same two processes, or are not any more. */
export const keptCases: readonly SmallCase[] = [moreThanAreKept];
