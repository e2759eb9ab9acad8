/** Urgent bytes: MSG_OOB, SO_OOBINLINE. SIOCATMARK is asked for elsewhere, and select's third set. */
import { bytesToSend, wasSent } from "./bytes.js";
import type { End } from "./model.js";
import type { Writer } from "./writer.js";

export function sendUrgent(w: Writer, end: End): void {
  // A recv that waits lets an urgent byte lie which comes alone, as documented; Wine passes over it.
  if (end.peer.awaited || w.model.waiting.some(({ ends, takes }) => takes && ends.includes(end.peer))) return;
  if (bytesToSend(w, end, 1) === undefined) return;
  w.settle();
  // A select that waits wakes up for the first of them, or for all.
  const watched = w.model.waiting.some(({ ends }) => ends.includes(end.peer));
  const bytes = watched ? 1 : w.random.pick([1, 1, 1, 1, 2, 3]);
  w.call(end, `send NAME ${bytes} oob`);
  wasSent(w, end, bytes, true);
}

/** `recv` with MSG_OOB, where it returns at once. */
export function receiveUrgent(w: Writer, end: End): void {
  const { incoming } = end;
  // Linux gives no urgent byte any more of a connection that was reset.
  if (end.watched || end.reset) return;
  // That call enables FD_OOB, as documented; Wine tells of it no more once the stream has ended.
  if (end.ended && end.events.includes("OOB")) return;
  if (!incoming.urgentWaits && !incoming.inLine && !end.nonBlocking) return;
  w.settle();
  const peek = w.random.chance(0.2);
  // Not none: Wine says of the urgent byte that it is too long, as of a datagram.
  w.call(end, `recv NAME ${w.random.pick([1, 1, 8])} oob${peek ? " peek" : ""}`);
  if (!peek && !end.receivingShut && !incoming.inLine) incoming.urgentTaken = true;
}

/** A thread waits for an urgent byte while others come, and then one. */
export function awaitUrgent(w: Writer, end: End): void {
  const { peer, incoming } = end;
  const thread = w.model.freeThread(end.party);
  if (thread === undefined || !peer.usable || peer.sendingShut || peer.reset || peer.peerLost) return;
  if (end.watched || end.nonBlocking || end.impatient || end.reset || end.receivingShut) return;
  if (incoming.inLine || incoming.urgentWaits || incoming.unread > 800) return;
  w.settle();
  w.say(`${end.party}@${thread} recv ${end.name} 1 oob &`);
  w.say(`${end.party}@${thread} blocked`);
  if (w.random.chance(0.5)) {
    w.call(peer, "send NAME 7");
    incoming.arrive(7);
    w.say(`${end.party}@${thread} blocked`);
  }
  w.call(peer, "send NAME 1 oob");
  incoming.arriveUrgent(1);
  w.say(`${end.party}@${thread} ends`);
  incoming.urgentTaken = true;
}

export function setInLine(w: Writer, end: End): void {
  // In line, an urgent byte is told of as FD_READ alone, as documented; Wine tells of it as FD_OOB too.
  if (end.watched || end.events.includes("OOB")) return;
  // That there is a byte more to read by that alone nobody is told of by Linux.
  if (end.events.includes("READ") && end.incoming.mark !== undefined) return;
  w.settle();
  end.incoming.inLine = w.random.chance(0.7);
  w.call(end, `set NAME SO_OOBINLINE ${end.incoming.inLine ? 1 : 0}`);
}
