/** Sockets as handles of the system: ReadFile and WriteFile, waited for and not. */
import { bytesToReceive, bytesToSend, wasSent } from "./bytes.js";
import type { End } from "./model.js";
import type { Writer } from "./writer.js";

export function writeFile(w: Writer, end: End): void {
  const bytes = bytesToSend(w, end);
  if (bytes === undefined) return;
  w.settle();
  w.call(end, `writefile NAME ${bytes}${w.random.chance(0.3) ? " plain" : ""}`);
  wasSent(w, end, bytes);
}

/** It waits whatever the socket is, and so is called only where there is something. */
export function readFile(w: Writer, end: End): void {
  if (end.watched || !end.readable || (end.peerLost && end.reset)) return;
  w.settle();
  const bytes = bytesToReceive(w);
  w.call(end, `readfile NAME ${bytes}${w.random.chance(0.3) ? " plain" : ""}`);
  if (!end.receivingShut) end.incoming.take(bytes);
}

/** An operation that ends when there is something to read. */
export function beginReading(w: Writer, end: End): void {
  // Where it fails, whether it does so at once is the system's affair.
  if (end.receivingShut) return;
  if (end.watched || end.impatient || end.incoming.mark !== undefined || (end.peerLost && end.reset)) return;
  // Whether the operation or the window is first to hear of bytes is a matter of time.
  if (end.events.includes("READ")) return;
  if (w.model.waiting.some((one) => one.party === end.party && one.thread === undefined)) return;
  w.settle();
  const bytes = w.random.between(1, 60);
  w.call(end, `beginfile NAME read ${bytes}`);
  end.watched = true;
  w.model.waiting.push({
    party: end.party,
    ends: [end],
    takes: true,
    ready: () => end.readable,
    line: `${end.party} endfile ${end.name}`,
    finish: () => {
      if (!end.receivingShut) end.incoming.take(bytes);
    },
  });
}

/** One that writes, with room enough for it. */
export function beginWriting(w: Writer, end: End): void {
  if (end.watched) return;
  const bytes = bytesToSend(w, end, 1);
  if (bytes === undefined) return;
  w.settle();
  w.call(end, `beginfile NAME write ${bytes}`);
  if (!end.sendingShut && !end.reset) w.call(end, "endfile NAME");
  wasSent(w, end, bytes);
}
