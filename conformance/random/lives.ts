/** How sockets come about and end: listeners, connections, half-closes, resets, processes that end. */

import { tellMessages } from "./messages.js";
import { End, Listener } from "./model.js";
import type { Writer } from "./writer.js";

const oneHost = ["127.0.0.1"];

/** Where a listener may listen, and how it is reached there. */
const places: ReadonlyArray<readonly [host: string, hosts: readonly string[]]> = [
  ["127.0.0.2", ["127.0.0.2"]],
  ["any", ["127.0.0.1", "127.0.0.2"]],
];

export function listen(w: Writer, party: string): void {
  const name = w.name();
  const used = w.model.openListeners().map(({ port }) => port);
  const old = w.model.listeners.filter(({ open, port }) => !open && !used.includes(port));
  if (w.tastes.addresses && old.length > 0 && w.random.chance(0.5)) {
    const { port, hosts } = w.random.pick(old);
    w.settle();
    w.model.listeners.push(new Listener(party, name, hosts, port));
    w.say(`${party} listener ${name} ${hosts.length > 1 ? "any" : hosts[0]}:$${port}`);
    return;
  }
  if (!w.tastes.addresses || w.random.chance(0.5)) {
    w.model.listeners.push(new Listener(party, name, oneHost));
    w.say(`${party} listener ${name}`);
    return;
  }
  const [host, hosts] = w.random.pick(places);
  w.model.listeners.push(new Listener(party, name, hosts));
  w.say(`${party} listener ${name} ${host}:0`);
}

/** The address of a listener, for `connect`. */
function addressOf(w: Writer, listener: Listener): string {
  const host = w.random.pick(listener.hosts);
  return host === "127.0.0.1" ? `$${listener.name}` : `${host}:$${listener.name}`;
}

export function connect(w: Writer, listener: Listener): void {
  if (listener.backlog.length >= 4) return;
  const party = w.random.pick(w.model.parties);
  const end = new End(party, w.name());
  end.peer = new End(listener.party, undefined);
  end.peer.peer = end;
  w.model.ends.push(end, end.peer);
  // As of now: what the listener is told later is not for this one.
  end.peer.incoming.inLine = listener.inLine;
  const acceptor = listener.acceptors.shift();
  if (acceptor) {
    acceptor.end = end.peer;
    end.peer.awaited = acceptor.wants > 0;
  } else listener.backlog.push(end.peer);
  const address = addressOf(w, listener);
  if (w.random.chance(0.3)) {
    end.nonBlocking = true;
    w.say(`${party} socket ${end.name}`);
    w.say(`${party} ioctl ${end.name} FIONBIO 1`);
    w.say(`${party} connect ${end.name} ${address}`);
    w.say(`${party} until w=${end.name}`);
  } else w.say(`${party} connection ${end.name} ${address}`);
  w.disturb();
}

/** Nobody listens there. The port is held all the same: a free one might be another program's listener by now. */
export function connectInVain(w: Writer): void {
  const party = w.random.pick(w.model.parties);
  const held = w.name();
  w.say(`${party} socket ${held}`);
  w.say(`${party} bind ${held} 0`);
  w.say(`${w.random.pick(w.model.parties)} connection ${w.name()} $${held}`);
  w.say(`${party} close ${held}`);
}

export function accept(w: Writer, listener: Listener): void {
  w.settle();
  const end = listener.backlog.shift()!;
  end.name = w.name();
  end.nonBlocking = listener.nonBlocking;
  end.impatient = listener.impatient;
  end.events = listener.events;
  // Of one that is reset Wine knows no name: it gives no socket then, and tells the window of it all the same.
  const from = w.random.chance(0.3) && !(end.reset && end.events.length > 0);
  w.say(`${listener.party} accept ${end.name} ${listener.name}${from ? " from" : ""}`);
}

export function closeListener(w: Writer, listener: Listener | undefined): void {
  if (!listener) return;
  if (listener.backlog.some(({ peer }) => !mayReset(peer))) return;
  if (disturbsMany(w, (end) => listener.backlog.includes(end))) return;
  // Whether one that has a connection by now is ended as well is not to be tried here.
  if (w.model.ends.some((end) => end.awaited && end.party === listener.party)) return;
  // A thread in accept is told so in Wine's server's words.
  if (w.model.waiting.some(({ party, ends, thread }) => party === listener.party && ends.length === 0 && thread))
    return;
  w.settle();
  if (listener.events.length > 0) tellMessages(w, listener.party);
  w.model.closeListener(listener);
  w.say(`${listener.party} close ${listener.name}`);
  for (const { name } of listener.acceptors.splice(0)) w.say(`${listener.party} completes ${name}`);
  w.disturb();
}

/**
 * Whether that end may be reset now. While bytes that a window was told of lie unread, the wrapper notices a reset with the next
 * call or within a second, which is a matter of time. And of a reset behind the end Wine tells as of a second end.
 */
function mayReset(end: End): boolean {
  // Of an operation that failed a completion port is told as of a success without bytes.
  if (end.watched && end.hasPort) return false;
  // Linux still tells of an urgent byte, which it does not give any more, whoever accepts the connection.
  if (end.name === undefined && end.incoming.urgentWaits) return false;
  return end.events.length === 0 || (end.incoming.unread === 0 && !end.ended);
}

/**
 * Whether that end's peer may end the stream. Where both sides have, Wine tells of the end only, and of no bytes that are left
 * before it. And an AcceptEx that gets no bytes has no names over Wine.
 */
function mayEnd(end: End): boolean {
  return (end.events.length === 0 || !end.sendingShut) && !end.awaited;
}

export function endProcess(w: Writer, party: string): void {
  const { model } = w;
  // Wine does not always close the sockets of a process that ends while threads of it wait: its peers would never know.
  if (model.waiting.some((one) => one.party === party)) return;
  const gone = (end: End) => end.open && end.party === party;
  if (disturbsMany(w, gone)) return;
  if (model.ends.some((end) => end.awaited && end.peer.party === party)) return;
  if (w.model.ends.some((end) => gone(end) && end.peer.watched && end.peer.hasPort)) return;
  // What such a process has with SO_LINGER 0 Wine shuts down first and then resets: which of both a peer sees is a matter of time.
  if (model.ends.some((end) => gone(end) && end.lingerZero)) return;
  if (model.openListeners().some((listener) => listener.party === party && listener.acceptors.length > 0)) return;
  // A process that ends is told of at once only where all connections with events lead to it: else within a second. Nor is a
  // reset for which something is read first.
  const left = model.usableEnds().filter((end) => end.events.length > 0 && end.party !== party);
  const told = left.filter(({ peer }) => peer.party === party);
  if (told.some((end) => left.some((other) => other.party === end.party && other.peer.party !== party))) return;
  if (told.some((end) => !mayEnd(end) || !mayReset(end))) return;
  w.settle();
  model.end(party);
  w.say(`${party} ${w.random.pick(["dies", "leaves"])}`);
  w.disturb();
}

/** Whether it would end calls that wait for several ends at once: which of them they find is a matter of time. */
function disturbsMany(w: Writer, gone: (end: End) => boolean): boolean {
  return w.model.waiting.some(({ ends }) => ends.length > 1 && ends.some(({ peer }) => gone(peer)));
}

export function shutdown(w: Writer, end: End): void {
  const how = w.random.pick([0, 1, 1, 1, 2]);
  // Who receives no more is told of bytes all the same by Wine.
  if (how !== 1 && end.events.length > 0) return;
  // Who sends no more is told of no room; Wine tells of it after a select.
  if (how !== 0 && end.events.includes("WRITE")) return;
  if (how !== 0 && (!mayEnd(end.peer) || (end.events.length > 0 && end.ended))) return;
  if (end.watched && how !== 1) return;
  w.settle();
  w.call(end, `shutdown NAME ${how}`);
  if (how !== 1) end.receivingShut = true;
  if (how !== 0) {
    end.sendingShut = true;
    end.peer.ended = true;
  }
  w.disturb();
}

export function linger(w: Writer, end: End): void {
  const seconds = w.random.pick([0, 0, 0, 3]);
  const on = w.random.chance(0.7);
  end.lingerZero = on && seconds === 0;
  w.call(end, `set NAME SO_LINGER ${on ? 1 : 0} ${seconds}`);
}

export function close(w: Writer, end: End): void {
  if (end.watched && !isAlone(w, end)) return;
  if ((end.incoming.unread > 0 || end.lingerZero) && !mayReset(end.peer)) return;
  if (!mayEnd(end.peer)) return;
  w.settle();
  // Messages that lie in the queue would be taken for those of the next socket of that number.
  tellMessages(w, end.party);
  w.model.close(end);
  const asHandle = end.handleOnly || (w.tastes.handles && w.random.chance(0.3));
  w.call(end, `${asHandle ? "closehandle" : "close"} NAME`);
  for (const one of w.model.waiting.filter(({ ends }) => ends.includes(end))) w.say(one.line);
  w.model.waiting = w.model.waiting.filter(({ ends }) => !ends.includes(end));
  w.disturb();
}

/** Whether who waits for that end waits for no other: which of several a select finds closed is a matter of time. */
function isAlone(w: Writer, end: End): boolean {
  if (end.hasPort) return false;
  return w.model.waiting.every(({ ends }) => !ends.includes(end) || ends.length === 1) && w.random.chance(0.4);
}
