/** Sockets as handles of the system: ReadFile and WriteFile, waited for and not. */
import { bytesToReceive, bytesToSend, wasSent } from "./bytes.js";
import { tellMessages } from "./messages.js";
import type { End } from "./model.js";
import type { Writer } from "./writer.js";

export function writeFile(w: Writer, end: End): void {
  const bytes = bytesToSend(w, end);
  if (bytes === undefined) return;
  w.settle();
  w.call(end, `writefile NAME ${bytes}${plainly(w, end)}`);
  wasSent(w, end, bytes);
}

/** Without an OVERLAPPED, of which a completion port would be told. */
function plainly(w: Writer, end: End): string {
  return end.hasPort || w.random.chance(0.3) ? " plain" : "";
}

/** It waits whatever the socket is, and so is called only where there is something. */
export function readFile(w: Writer, end: End): void {
  if (end.watched || !end.readable || (end.peerLost && end.reset)) return;
  w.settle();
  const bytes = bytesToReceive(w);
  w.call(end, `readfile NAME ${bytes}${plainly(w, end)}`);
  if (!end.receivingShut) end.incoming.take(bytes);
}

/** The party's completion port is told of its operations from now on. */
export function givePort(w: Writer, end: End): void {
  if (end.watched || end.hasPort) return;
  end.hasPort = true;
  w.call(end, `port NAME ${w.random.between(1, 9)}`);
}

/** A duplicate takes the place of the socket. */
export function duplicate(w: Writer, end: End): void {
  if (end.watched || end.hasPort || end.events.length > 0 || !end.peer.named) return;
  w.settle();
  tellMessages(w, end.party);
  const name = w.name();
  w.call(end, `duplicate NAME ${name} close`);
  end.name = name;
  end.handleOnly = true;
}

/** Whether an operation of that party is under way: a player has room for a few, and a port tells of them in their order. */
function isBusy(w: Writer, end: End): boolean {
  return w.model.waiting.some((one) => one.party === end.party && one.thread === undefined);
}

/** An operation that ends when there is something to read. */
export function beginReading(w: Writer, end: End): void {
  // Where it fails, whether it does so at once is the system's affair.
  if (end.receivingShut || (end.hasPort && end.reset)) return;
  if (end.watched || end.impatient || end.incoming.mark !== undefined || (end.peerLost && end.reset)) return;
  // Whether the operation or the window is first to hear of bytes is a matter of time.
  if (end.events.includes("READ") || isBusy(w, end)) return;
  w.settle();
  const bytes = w.random.between(1, 60);
  w.call(end, `beginfile NAME read ${bytes}${end.hasPort ? " port" : ""}`);
  end.watched = true;
  w.model.waiting.push({
    party: end.party,
    ends: [end],
    takes: true,
    ready: () => end.readable,
    line: end.hasPort ? `${end.party} dequeue` : `${end.party} endfile ${end.name}`,
    finish: () => {
      if (!end.receivingShut) end.incoming.take(bytes);
    },
  });
}

/** One that writes, with room enough for it. */
export function beginWriting(w: Writer, end: End): void {
  if (end.watched || isBusy(w, end)) return;
  const bytes = bytesToSend(w, end, 1);
  if (bytes === undefined) return;
  w.settle();
  const willFail = end.sendingShut || end.reset;
  if (willFail && end.hasPort) return;
  w.call(end, `beginfile NAME write ${bytes}${end.hasPort ? " port" : ""}`);
  if (!willFail) w.call(end, end.hasPort ? "dequeue" : "endfile NAME");
  wasSent(w, end, bytes);
}
