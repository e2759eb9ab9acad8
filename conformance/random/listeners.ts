/** What is done with listening sockets besides plain accepting, and what is done wrong. */
import type { Acceptor, End, Listener } from "./model.js";
import type { Writer } from "./writer.js";

/** Options that what it accepts has from it. */
export function setListener(w: Writer, listener: Listener): void {
  // Nor are they for a call that waits already.
  if (listener.acceptors.length > 0) return;
  const set = (text: string) => w.say(`${listener.party} ${text.replace("NAME", listener.name)}`);
  const what = w.random.between(0, 2);
  if (what === 0 && listener.events.length === 0) {
    listener.nonBlocking = !listener.nonBlocking;
    set(`ioctl NAME FIONBIO ${listener.nonBlocking ? 1 : 0}`);
  }
  if (what === 1) {
    listener.impatient = !listener.impatient;
    set(`set NAME SO_RCVTIMEO ${listener.impatient ? 20 : 0}`);
  }
  // In line, an urgent byte is told of as FD_READ alone, as documented; Wine tells of it as FD_OOB too.
  if (what === 2 && w.tastes.urgent && !listener.events.includes("OOB")) {
    listener.inLine = !listener.inLine;
    set(`set NAME SO_OOBINLINE ${listener.inLine ? 1 : 0}`);
  }
  w.disturb();
}

/** Nobody is there to be accepted. */
export function acceptNobody(w: Writer, listener: Listener): void {
  if (!listener.nonBlocking || listener.backlog.length > 0 || listener.acceptors.length > 0) return;
  w.settle();
  w.say(`${listener.party} accept ${w.name()} ${listener.name}`);
}

/** A thread waits for somebody. */
export function awaitConnection(w: Writer, listener: Listener): void {
  const { party } = listener;
  const thread = w.model.freeThread(party);
  if (thread === undefined || listener.nonBlocking || listener.impatient || listener.events.length > 0) return;
  if (listener.backlog.length > 0 || listener.acceptors.length > 0) return;
  const acceptor: Acceptor = { name: w.name(), wants: 0, blocks: true };
  w.settle();
  w.say(`${party}@${thread} accept ${acceptor.name} ${listener.name} &`);
  w.say(`${party}@${thread} blocked`);
  listener.acceptors.push(acceptor);
  w.model.waiting.push({
    party,
    thread,
    ends: [],
    takes: false,
    ready: () => acceptor.end !== undefined,
    line: `${party}@${thread} ends`,
    finish: () => {
      const end = acceptor.end!;
      end.name = acceptor.name;
      // Those that were chosen while it waited, with which a socket does not wait.
      end.events = listener.events;
      end.nonBlocking ||= listener.events.length > 0;
    },
  });
}

/** Calls that make no sense on a connected socket. */
export function misuse(w: Writer, end: End): void {
  if (end.watched || end.ended || end.reset) return;
  w.settle();
  const listener = w.random.pick(w.model.listeners);
  // What is wrong first, the buffer or the end, is looked at in another order; and Wine tells of room once more.
  const badBuffer = end.sendingShut || end.events.length > 0 ? [] : ["send NAME 5 buf=null"];
  w.call(
    end,
    w.random.pick([
      `connect NAME $${listener.name}`,
      "listen NAME 5",
      "bind NAME 0",
      `accept ${w.name()} NAME`,
      "shutdown NAME 7",
      "ioctl NAME 7",
      "get NAME SO_ACCEPTCONN",
      "get NAME 77",
      "set NAME 77 1",
      ...badBuffer,
      "getpeername NAME len=4",
    ]),
  );
}
