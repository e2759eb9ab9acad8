/** WSAAsyncSelect: events that are chosen, chosen again and cancelled, and the messages that come. */
import type { End, Listener, SocketEvent } from "./model.js";
import type { Writer } from "./writer.js";

const ofConnections: readonly SocketEvent[] = ["READ", "WRITE", "CLOSE", "OOB"];
const ofListeners: readonly SocketEvent[] = ["ACCEPT", "READ", "WRITE", "CLOSE", "OOB"];

function someOf(w: Writer, all: readonly SocketEvent[], without: boolean): SocketEvent[] {
  return all.filter((event) => w.random.chance(0.6) && !(without && event === "OOB"));
}

function haveWindow(w: Writer, party: string): void {
  if (w.model.windows.has(party)) return;
  w.model.windows.add(party);
  w.say(`${party} window w`);
}

/** The messages that have come. */
export function tellMessages(w: Writer, party: string): void {
  if (!w.model.windows.has(party)) return;
  w.settle();
  // What was done has settled: what is to come is there.
  w.say(`${party} messages quiet=1`);
}

function choose(w: Writer, socket: End | Listener, events: readonly SocketEvent[]): void {
  haveWindow(w, socket.party);
  // A message that the last call has enabled is on its way, or would be one with the first of the new ones.
  if (socket.events.length > 0) w.disturb();
  w.settle();
  w.say(`${socket.party} async ${socket.name} w${events.map((event) => ` ${event}`).join("")}`);
  socket.events = events;
  // Whichever they are, and none.
  socket.nonBlocking = true;
  w.disturb();
}

export function chooseEvents(w: Writer, end: End): void {
  if (end.watched) return;
  // Who has been reset is told of no end any more by Wine. And who receives no more is told of bytes all the same.
  if (end.reset || end.receivingShut || (end.sendingShut && end.ended)) return;
  const cancel = end.events.length > 0 && w.random.chance(0.25);
  // In line, an urgent byte is told of as FD_READ alone, as documented; Wine tells of it as FD_OOB too.
  // Of an urgent byte before the end Wine tells only who has asked before the end came.
  const events = someOf(w, ofConnections, end.incoming.inLine || end.ended);
  // Who sends no more is told of no room; Wine tells of it after a select.
  choose(w, end, cancel ? [] : events.filter((event) => event !== "WRITE" || !end.sendingShut));
}

export function chooseListenerEvents(w: Writer, listener: Listener): void {
  const cancel = listener.events.length > 0 && w.random.chance(0.25);
  choose(w, listener, cancel ? [] : someOf(w, ofListeners, listener.inLine));
}

export function lookForMessages(w: Writer): void {
  if (w.model.windows.size === 0) return;
  tellMessages(w, w.random.pick([...w.model.windows]));
}

/** At the program's end: everything that has come. */
export function tellAllMessages(w: Writer): void {
  for (const party of w.model.windows) tellMessages(w, party);
}
