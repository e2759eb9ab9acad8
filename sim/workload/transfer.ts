import type { Api, Steps } from "../app/api.js";
import * as ws from "../kernel/constants.js";
import type { SidePlan } from "./plan.js";
import { type Stage, startThread } from "./program.js";

/** Waits until the socket is worth another try. */
function* wait(api: Api, socket: number, plan: SidePlan, reading: boolean): Steps<void> {
  if (plan.style === "poll") {
    yield* api.sleep(1);
    return;
  }
  const { random } = api.world.machine;
  const limit = random.oneIn(3) ? random.pick([0, 1, 20, 1300]) : -1;
  yield* api.select(reading ? [[socket], [], []] : [[], [socket], [socket]], limit);
  if (limit === 0) yield* api.sleep(1);
}

function* pause(api: Api, plan: SidePlan): Steps<void> {
  const { random } = api.world.machine;
  if (plan.pauseMs > 0 && random.oneIn(4)) yield* api.sleep(plan.pauseMs);
}

/** Sends all; false: the connection has failed. */
function* write(api: Api, socket: number, plan: SidePlan): Steps<boolean> {
  const { random } = api.world.machine;
  for (let done = 0; done < plan.bytes; ) {
    const piece = Math.min(plan.bytes - done, 1 + random.below(plan.piece));
    const sent = yield* api.send(socket, piece);
    if (sent >= 0) done += sent;
    else if (api.error === ws.WSAENOBUFS) yield* api.sleep(1);
    else if (api.error === ws.WSAEWOULDBLOCK || api.error === ws.WSAENOTCONN) {
      // Not connected: only as long as a connect that nobody waited for is under way.
      if (api.error === ws.WSAENOTCONN && !isConnecting(api, socket)) return false;
      yield* wait(api, socket, plan, false);
    } else return false;
    yield* pause(api, plan);
  }
  if (!plan.shuts) return true;
  while ((yield* api.shutdown(socket, ws.SD_SEND)) !== 0) {
    if (api.error !== ws.WSAENOTCONN || !isConnecting(api, socket)) return false;
    yield* wait(api, socket, plan, false);
  }
  return true;
}

function isConnecting(api: Api, socket: number): boolean {
  const state = api.kernel(socket)?.state;
  return state === "connecting" || state === "connected";
}

/** Receives what will come; false: the connection has failed. */
function* read(api: Api, socket: number, plan: SidePlan, expected: number): Steps<boolean> {
  if (plan.reading === "none") return true;
  const { random } = api.world.machine;
  let done = 0;
  while (plan.reading === "end" || done < expected) {
    const piece = 1 + random.below(plan.piece);
    const peek = plan.peeks && random.oneIn(3);
    const most = plan.reading === "end" ? piece : Math.min(piece, expected - done);
    const got = yield* api.recv(socket, most, peek);
    if (got === 0) return true;
    if (got > 0) {
      if (!peek) done += got;
    } else if (api.error === ws.WSAENOBUFS) yield* api.sleep(1);
    else if (api.error === ws.WSAEWOULDBLOCK) yield* wait(api, socket, plan, true);
    else if (api.error === ws.WSAENOTCONN && isConnecting(api, socket)) yield* api.sleep(1);
    else return false;
    yield* pause(api, plan);
  }
  return true;
}

/** Does one side of a connection, from the moment that it is connected, and closes the socket. */
export function* transfer(
  stage: Stage,
  api: Api,
  socket: number,
  plan: SidePlan,
  peer: SidePlan,
  connected: boolean,
): Steps<void> {
  if (connected && plan.style !== "blocking") yield* api.nonBlocking(socket, true);
  if (connected && plan.style === "blocking") yield* api.nonBlocking(socket, false);
  if (plan.order === "write-first") {
    if (yield* write(api, socket, plan)) yield* read(api, socket, plan, peer.bytes);
  } else if (plan.order === "read-first") {
    if (yield* read(api, socket, plan, peer.bytes)) yield* write(api, socket, plan);
  } else {
    const writer = startThread(stage, api.process, `${api.thread.name}w`, function* (other) {
      // Who cannot write any more tells the reader, which may wait for an answer.
      if (!(yield* write(other, socket, plan))) yield* other.shutdown(socket, ws.SD_BOTH);
    });
    // Who cannot read any more lets the writer know, which may wait for a peer that waits as well.
    if (!(yield* read(api, socket, plan, peer.bytes))) yield* api.shutdown(socket, ws.SD_BOTH);
    if (!plan.hasty) yield* stage.world.until(() => writer.state === "ended");
  }
  if (plan.aborts) yield* api.linger(socket, 0);
  yield* api.close(socket);
}
