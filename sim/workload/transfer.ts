import { type Api, awaitingCalls, inPieces, type Steps, sendingCalls } from "../app/api.js";
import { makePort } from "../app/file-calls.js";
import * as ws from "../kernel/constants.js";
import type { SimThread } from "../machine/thread.js";
import { moveBytes } from "./file-calls.js";
import type { SidePlan } from "./plan.js";
import { type Stage, startThread } from "./program.js";

/**
 * Waits until the socket is worth another try.
 * @param vain tries in vain so far: who polls loses interest, or two that poll a slow peer would use up a run's steps
 */
function* wait(api: Api, socket: number, plan: SidePlan, reading: boolean, vain: number): Steps<void> {
  const kernel = api.kernel(socket);
  if (plan.style === "messages") {
    const event =
      kernel === undefined ? 0 : yield* api.message(kernel, (reading ? ws.FD_READ : ws.FD_WRITE) | ws.FD_CLOSE);
    // An end that is none, which a hostile peer can make us tell of, is looked for with patience.
    if ((event & 0xffff) === ws.FD_CLOSE && vain > 16) yield* api.sleep(Math.min(64, vain >> 4));
    return;
  }
  if (plan.style === "poll") {
    yield* api.sleep(Math.min(64, 1 + (vain >> 4)));
    return;
  }
  const { random } = api.world.machine;
  const limit = random.oneIn(3) ? random.pick([0, 1, 20, 1300]) : -1;
  yield* api.select(reading ? [[socket], [], []] : [[], [socket], [socket]], limit);
  if (limit === 0) yield* api.sleep(1);
}

/** Gives the socket to another process, now or later. What that one may do, its threads here go on doing. */
function* leave(api: Api, socket: number, plan: SidePlan): Steps<void> {
  const { random } = api.world.machine;
  if (!plan.leaves || !random.oneIn(3)) return;
  yield* api.giveAway(socket, plan.style === "blocking" && !plan.pieces && !plan.operations && random.oneIn(2));
}

function* pause(api: Api, plan: SidePlan): Steps<void> {
  const { random } = api.world.machine;
  if (plan.pauseMs > 0 && random.oneIn(4)) yield* api.sleep(plan.pauseMs);
}

/** What the threads of one side of a connection know of each other. */
interface Together {
  /** The socket is being closed under who sleeps: nobody makes another call on its handle, which may mean another one then. */
  closing: boolean;
  /** Its completion port; 0: none. */
  port: number;
}

/** Some programs that wait for no messages move these bytes with an operation. */
function usesOperation(api: Api, plan: SidePlan): boolean {
  return plan.operations && plan.style !== "messages" && api.world.machine.random.oneIn(2);
}

/** Sends `bytes`, as that one of the threads that send; false: the connection has failed. */
function* write(
  api: Api,
  socket: number,
  plan: SidePlan,
  bytes: number,
  sender: number,
  all: Together,
): Steps<boolean> {
  const { random } = api.world.machine;
  let vain = 0;
  for (let done = 0; done < bytes && !all.closing; ) {
    yield* leave(api, socket, plan);
    if (all.closing) return false;
    const piece = Math.min(bytes - done, 1 + random.below(plan.piece));
    const { chances, kernelErrors } = api.world.faults;
    const sent = usesOperation(api, plan)
      ? yield* moveBytes(api, socket, false, piece, all.port, chances.size === 0 && kernelErrors === 0, sender)
      : yield* api.send(
          socket,
          plan.pieces && random.oneIn(2) ? inPieces(random, piece) : piece,
          sender,
          plan.urgent && random.oneIn(3),
        );
    if (all.closing) return false;
    vain = sent >= 0 ? vain >> 1 : vain + 1;
    if (sent >= 0) done += sent;
    else if (api.error === ws.WSAENOBUFS) yield* api.sleep(1);
    else if (api.error === ws.WSAEWOULDBLOCK || api.error === ws.WSAENOTCONN) {
      // Not connected: only as long as a connect that nobody waited for is under way.
      if (api.error === ws.WSAENOTCONN && !isConnecting(api, socket)) return false;
      // That enables no message: one may have come, and this thread may have had no memory to find itself connected.
      if (api.error === ws.WSAENOTCONN && plan.style === "messages") yield* api.sleep(1);
      else yield* wait(api, socket, plan, false, vain);
    } else return false;
    if (all.closing) return false;
    yield* pause(api, plan);
  }
  return !all.closing;
}

/** Sends all, and ends the stream if that is planned; false: the connection has failed. */
function* writeAll(stage: Stage, api: Api, socket: number, plan: SidePlan, all: Together): Steps<boolean> {
  let second = true;
  let bytes = plan.bytes;
  if (plan.senders > 1) {
    const flows = api.kernel(socket) === undefined ? undefined : stage.streams.flowsOf(api.kernel(socket)!);
    flows?.out.share(plan.senders, plan.style === "blocking" && stage.world.faults.chances.size === 0);
    bytes = Math.floor(plan.bytes / 2);
    const rest = plan.bytes - bytes;
    const helper = startThread(stage, api.process, `${api.thread.name}s`, function* (other) {
      second = yield* write(other, socket, plan, rest, 1, all);
    });
    const first = yield* write(api, socket, plan, bytes, 0, all);
    yield* stage.world.until(() => helper.state === "ended");
    if (!first || !second) return false;
  } else if (!(yield* write(api, socket, plan, bytes, 0, all))) return false;
  if (!plan.shuts) return true;
  let vain = 0;
  while ((yield* api.shutdown(socket, ws.SD_SEND)) !== 0) {
    if (api.error !== ws.WSAENOTCONN || !isConnecting(api, socket)) return false;
    // The message that it is connected may have come already.
    if (plan.style === "messages") yield* api.sleep(1);
    else yield* wait(api, socket, plan, false, vain++);
  }
  return true;
}

function isConnecting(api: Api, socket: number): boolean {
  const state = api.kernel(socket)?.state;
  return state === "connecting" || state === "connected";
}

/** Receives what will come; false: the connection has failed. */
function* read(api: Api, socket: number, plan: SidePlan, expected: number, all: Together): Steps<boolean> {
  if (plan.reading === "none") return true;
  const { random } = api.world.machine;
  let [done, vain] = [0, 0];
  while (plan.reading === "end" || done < expected) {
    yield* leave(api, socket, plan);
    const piece = 1 + random.below(plan.piece);
    const most = plan.reading === "end" ? piece : Math.min(piece, expected - done);
    const operation = usesOperation(api, plan);
    const peek = !operation && plan.peeks && random.oneIn(3);
    const got = operation
      ? yield* moveBytes(api, socket, true, most, all.port, true)
      : yield* api.recv(socket, plan.pieces && random.oneIn(2) ? inPieces(random, most) : most, peek);
    if (got === 0) return true;
    vain = got > 0 ? vain >> 1 : vain + 1;
    if (got > 0) {
      if (!peek) done += got;
    } else if (api.error === ws.WSAENOBUFS) yield* api.sleep(1);
    else if (api.error === ws.WSAEWOULDBLOCK) yield* wait(api, socket, plan, true, vain);
    else if (api.error === ws.WSAENOTCONN && isConnecting(api, socket)) yield* api.sleep(1);
    else return false;
    // Some receive once for each message: what is left must be told of again.
    if (got > 0 && plan.style === "messages" && random.oneIn(2) && (plan.reading === "end" || done < expected))
      yield* wait(api, socket, plan, true, 0);
    yield* pause(api, plan);
  }
  return true;
}

/** `read`, by as many threads as are planned. */
function* readAll(
  stage: Stage,
  api: Api,
  socket: number,
  plan: SidePlan,
  expected: number,
  all: Together,
): Steps<boolean> {
  const kernel = api.kernel(socket);
  if (plan.receivers === 1 || kernel === undefined) return yield* read(api, socket, plan, expected, all);
  stage.streams.flowsOf(kernel).in.receivers = plan.receivers;
  let second = true;
  const helper = startThread(stage, api.process, `${api.thread.name}r`, function* (other) {
    second = yield* read(other, socket, plan, expected, all);
  });
  const first = yield* read(api, socket, plan, expected, all);
  yield* stage.world.until(() => helper.state === "ended");
  return first && second;
}

/** Waits a little for the thread to end, or to fall asleep in `send` or for an operation: then true, and its socket may be closed under it. */
function* fallsAsleep(api: Api, thread: SimThread): Steps<boolean> {
  for (let round = 0; round < 20 && thread.state !== "ended"; round++) {
    // Not for a lock of this process: who waits for that has not looked yet whose connection it is.
    const name = thread.call?.name ?? "";
    if (thread.state === "blocked" && sendingCalls.includes(name) && thread.timeoutMs > 1) return true;
    // Whose operation it is was said when it began: nobody knows how far it has come.
    if (thread.state === "blocked" && awaitingCalls.includes(name)) return true;
    yield* api.sleep(1);
  }
  return false;
}

/**
 * Asks for the events that the plan wants, or for none any more. Some are there already: as the listener's, or of a connect.
 * Gives the plan as it is then: who can have no messages polls.
 */
function* selectEvents(api: Api, socket: number, plan: SidePlan): Steps<SidePlan> {
  const kernel = api.kernel(socket);
  if (kernel === undefined) return plan;
  const { random } = api.world.machine;
  const { windows } = api.world;
  if (plan.style !== "messages") {
    if (windows.asked(kernel) !== 0) yield* api.messages(socket, 0);
    return windows.asked(kernel) !== 0 && plan.style === "blocking" ? { ...plan, style: "poll" } : plan;
  }
  if ((windows.asked(kernel) & transferEvents) !== transferEvents || random.oneIn(4)) {
    yield* api.messages(socket, transferEvents);
  }
  return (windows.asked(kernel) & transferEvents) === transferEvents ? plan : { ...plan, style: "poll" };
}

/** What a program needs to know that sends and receives. */
export const transferEvents = ws.FD_READ | ws.FD_WRITE | ws.FD_CLOSE;

/** Does one side of a connection, from the moment that it is connected, and closes the socket. */
export function* transfer(
  stage: Stage,
  api: Api,
  socket: number,
  planned: SidePlan,
  peer: SidePlan,
  connected: boolean,
): Steps<void> {
  const plan = yield* selectEvents(api, socket, planned);
  const { random } = stage.world.machine;
  const port = plan.operations && random.oneIn(2) ? yield* makePort(api, socket) : 0;
  const all: Together = { closing: false, port };
  if (connected && plan.style !== "blocking" && plan.style !== "messages") yield* api.nonBlocking(socket, true);
  if (connected && plan.style === "blocking") yield* api.nonBlocking(socket, false);
  if (plan.order === "write-first") {
    if (yield* writeAll(stage, api, socket, plan, all)) yield* readAll(stage, api, socket, plan, peer.bytes, all);
  } else if (plan.order === "read-first") {
    if (yield* readAll(stage, api, socket, plan, peer.bytes, all)) yield* writeAll(stage, api, socket, plan, all);
  } else {
    const writer = startThread(stage, api.process, `${api.thread.name}w`, function* (other) {
      // Who cannot write any more tells the reader, which may wait for an answer.
      if (!(yield* writeAll(stage, other, socket, plan, all)) && !all.closing)
        yield* other.shutdown(socket, ws.SD_BOTH);
    });
    // Who cannot read any more lets the writer know, which may wait for a peer that waits as well.
    if (!(yield* readAll(stage, api, socket, plan, peer.bytes, all))) yield* api.shutdown(socket, ws.SD_BOTH);
    if (plan.aborts) yield* api.linger(socket, 0);
    if (plan.hasty && plan.senders === 1 && (yield* fallsAsleep(api, writer))) all.closing = true;
    else yield* stage.world.until(() => writer.state === "ended");
    yield* api.close(socket);
    return;
  }
  if (plan.aborts) yield* api.linger(socket, 0);
  yield* api.close(socket);
}
