/** The calls that move bytes, and those that ask about a socket. */
import type { End } from "./model.js";
import { mostUnread, type Writer } from "./writer.js";

/** How many bytes a call is to send, if so many may lie unread there, and what that comes to does not depend on time. */
export function bytesToSend(w: Writer, end: End, least: 0 | 1 = 0): number | undefined {
  // Not yet the kernel's answer: who has just received something does not ask whether the peer's process still runs.
  if (end.peerLost && end.peer.named && end.reset) return undefined;
  const bytes = w.random.chance(0.05) ? least : w.random.between(1, w.random.chance(0.2) ? 700 : 40);
  if (end.peer.incoming.unread + bytes > mostUnread) return undefined;
  // Bytes for somebody who has closed come back as a reset, of which Wine tells as of a second end.
  if (!end.peer.open && bytes > 0 && !end.sendingShut && end.events.length > 0) return undefined;
  return bytes;
}

/** What was said sends so many bytes. */
export function wasSent(w: Writer, end: End, bytes: number, urgent = false): void {
  const { peer } = end;
  if (!end.sendingShut && !end.reset && peer.open) {
    if (urgent) peer.incoming.arriveUrgent(bytes);
    else peer.incoming.arrive(bytes);
  }
  if (!peer.open && bytes > 0 && !end.sendingShut) end.reset = true;
  w.disturb();
}

export function send(w: Writer, end: End): void {
  const bytes = bytesToSend(w, end);
  if (bytes === undefined) return;
  // What a send to somebody who has gone says depends on what has been noticed of it.
  w.settle();
  w.call(end, `${w.random.chance(0.11) ? "sendto" : "send"} NAME ${bytes}`);
  wasSent(w, end, bytes);
}

/** Whether a call of `recv` returns, and says what does not depend on time; may make the socket non-blocking for that. */
export function mayReceive(w: Writer, end: End): boolean {
  if (end.watched) return false;
  // Wine's server takes the error from the kernel before recv does; here recv tells of it, as documented.
  if (end.peerLost && end.reset) return false;
  if (end.readable || end.nonBlocking || (end.impatient && w.random.chance(0.3))) return true;
  if (w.random.chance(0.7)) return false;
  end.nonBlocking = true;
  w.call(end, "ioctl NAME FIONBIO 1");
  return true;
}

/** How many bytes a call is to receive. */
export function bytesToReceive(w: Writer): number {
  return w.random.chance(0.03) ? 0 : w.random.between(1, w.random.chance(0.3) ? 2000 : 40);
}

export function receive(w: Writer, end: End): void {
  if (!mayReceive(w, end)) return;
  w.settle();
  // Of no bytes Wine makes a call that waits where nothing but an urgent byte's place is left; the documentation says nothing.
  const bytes = Math.max(end.incoming.urgentTaken ? 1 : 0, bytesToReceive(w));
  const peek = w.random.chance(0.2);
  const call = w.random.weighted([
    [7, "recv"],
    [2, "recvfrom"],
    [1, "recvex"],
  ]);
  // WSARecvEx's flags come back otherwise over Wine's sockets.
  const flags = peek && call !== "recvex" ? " peek" : "";
  w.call(end, `${call} NAME ${bytes}${flags}${call === "recvfrom" && w.random.chance(0.3) ? " from" : ""}`);
  if (flags === "" && !end.receivingShut) end.incoming.take(bytes);
  // Of what is left Wine's server tells in its own time, or not any more.
  if (end.events.includes("READ")) w.disturb();
}

/** More bytes than any buffer holds, sent by a thread while the peer reads them. */
export function stream(w: Writer, end: End): void {
  const { peer } = end;
  const thread = w.model.freeThread(end.party);
  const idle = peer.usable && !peer.watched && !peer.receivingShut && !end.sendingShut;
  if (!idle || end.peerLost || end.reset || peer.reset || end.nonBlocking || peer.nonBlocking || thread === undefined)
    return;
  // Nothing here that takes its time; and an urgent byte lets recv stop, and is counted or not.
  if (end.impatient || peer.impatient || peer.incoming.mark !== undefined) return;
  w.settle();
  const bytes = w.random.between(1, w.random.chance(0.3) ? 400_000 : 30_000);
  const chunk = w.random.pick([100, 4096, 65536]);
  const call = w.random.weighted([
    [4, `sendall ${end.name} ${bytes} chunk=${chunk}`],
    [w.tastes.handles ? 3 : 0, `writefile ${end.name} ${bytes}`],
    [w.tastes.extensions ? 3 : 0, `transmitfile ${end.name} ${bytes}`],
  ]);
  w.say(`${end.party}@${thread} ${call} &`);
  const reading = w.random.pick([333, 4096, 65536]);
  w.call(peer, `recvall NAME ${bytes + peer.incoming.unread} chunk=${reading}`);
  w.say(`${end.party}@${thread} ends`);
  peer.incoming.clear();
}

/** Both speak at once, and much, each with one thread that sends and one that reads. */
export function exchange(w: Writer, end: End): void {
  const { peer } = end;
  const both = [end, peer];
  if (end.party === peer.party || !both.every((one) => isPlain(one))) return;
  if (w.model.waiting.some(({ party }) => party === end.party || party === peer.party)) return;
  w.settle();
  const sizes = both.map(() => w.random.between(1, w.random.chance(0.3) ? 300_000 : 30_000));
  for (const [index, one] of both.entries()) {
    w.say(`${one.party}@1 sendall ${one.name} ${sizes[index]} chunk=${w.random.pick([100, 4096, 65536])} &`);
    const bytes = sizes[1 - index]! + one.incoming.unread;
    w.say(`${one.party}@2 recvall ${one.name} ${bytes} chunk=${w.random.pick([333, 4096, 65536])} &`);
    one.incoming.clear();
  }
  for (const { party } of both) w.say(`${party}@1 ends`);
  for (const { party } of both) w.say(`${party}@2 ends`);
}

/** It blocks, can send and receive, and has nothing that would disturb a stream. */
function isPlain(end: End): boolean {
  const bothWays = !end.sendingShut && !end.receivingShut && !end.ended && !end.reset && !end.peerLost;
  return (
    end.usable && bothWays && !end.nonBlocking && !end.impatient && !end.watched && end.incoming.mark === undefined
  );
}

/** Fills all buffers, then the peer reads it all: whoever waited for room hears of it. */
export function fill(w: Writer, end: End): void {
  const { peer } = end;
  if (!end.nonBlocking || !peer.usable || peer.nonBlocking || peer.watched) return;
  if (end.sendingShut || end.reset || peer.reset || peer.receivingShut || peer.impatient || end.peerLost) return;
  if (peer.incoming.unread !== 0 || peer.incoming.mark !== undefined) return;
  w.settle();
  w.call(end, "fill NAME chunk=65536");
  // Whether there is room by now is the implementation's affair.
  w.call(peer, "recvall NAME $filled");
  // How much that was is the implementation's affair.
  w.call(end, "rewind NAME sent");
  w.call(peer, "rewind NAME received");
  w.disturb();
}

/** A send that waits for room no longer than it may; then the peer reads it all. */
export function fillInTime(w: Writer, end: End): void {
  const { peer } = end;
  if (!isPlain(end) || !isPlain(peer) || peer.incoming.unread !== 0) return;
  w.settle();
  w.call(end, "set NAME SO_SNDTIMEO 20");
  w.call(end, "fill NAME chunk=65536");
  w.call(end, "set NAME SO_SNDTIMEO 0");
  w.call(peer, "recvall NAME $filled");
  w.call(end, "rewind NAME sent");
  w.call(peer, "rewind NAME received");
  w.disturb();
}

export function ask(w: Writer, end: End): void {
  w.settle();
  const questions = ["getsockname NAME", "ioctl NAME FIONREAD", "get NAME SO_TYPE", "get NAME SO_LINGER"];
  // Linux forgets the peer of a connection that both sides have ended; the kernel connection below ours goes on.
  if (!end.sendingShut && !end.ended && !end.reset) questions.push("getpeername NAME", "get NAME SO_ERROR");
  questions.push("set NAME TCP_NODELAY 1", "set NAME SO_KEEPALIVE 1", "ioctl NAME SIOCATMARK", "get NAME SO_RCVTIMEO");
  const question = w.random.pick(questions);
  if (w.random.chance(0.25) && !end.watched) {
    const wanted = !end.nonBlocking;
    w.call(end, `ioctl NAME FIONBIO ${wanted ? 1 : 0}`);
    // A socket with events stays as it is.
    if (end.events.length === 0) end.nonBlocking = wanted;
  } else if (w.random.chance(0.1) && !end.watched) {
    end.impatient = !end.impatient;
    w.call(end, `set NAME SO_RCVTIMEO ${end.impatient ? 20 : 0}`);
  } else w.call(end, question);
}
