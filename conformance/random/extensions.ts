/** AcceptEx and TransmitFile. */
import { bytesToSend, wasSent } from "./bytes.js";
import { connect } from "./lives.js";
import type { End, Listener } from "./model.js";
import type { Writer } from "./writer.js";

/** AcceptEx with and without bytes, before or after the connection comes. */
export function acceptEx(w: Writer, listener: Listener): void {
  // Events of a listener, and plain calls of accept beside it, are told of by others.
  if (listener.events.length > 0) return;
  const name = w.name();
  const wants = w.random.chance(0.5) ? 0 : w.random.between(1, 60);
  const before = listener.backlog.length === 0;
  if (!before && wants > 0 && cannotSpeak(listener.backlog[0]!)) return;
  w.settle();
  w.say(`${listener.party} socket ${name}`);
  w.say(`${listener.party} acceptex ${name} ${listener.name} ${wants}`);
  if (before) connect(w, listener);
  const end = listener.backlog.shift()!;
  if (wants > 0 && !end.incoming.ready) {
    w.settle();
    w.call(end.peer, "send NAME 9");
    end.incoming.arrive(9);
  }
  w.settle();
  end.name = name;
  w.say(`${listener.party} completes ${name} accept`);
  if (wants > 0) end.incoming.take(wants);
}

/** No bytes can come from its peer, or what came is not plain. */
function cannotSpeak(end: End): boolean {
  const { peer } = end;
  return end.ended || end.reset || !peer.open || peer.sendingShut || peer.reset || end.incoming.mark !== undefined;
}

export function transmitFile(w: Writer, end: End): void {
  const { peer } = end;
  // To a connection that has been reset: Wine has another error, as it asks for the peer's name first.
  if (end.reset || !peer.open || end.peerLost || end.sendingShut) return;
  const bytes = bytesToSend(w, end, 1);
  if (bytes === undefined) return;
  w.settle();
  const part = w.random.chance(0.3) ? w.random.between(1, bytes) : 0;
  // Who waits for bytes may get the first piece of it, or all.
  if (peer.watched) return;
  const texts = w.random.chance(0.3) ? " head=HEAD tail=TAIL" : "";
  w.call(
    end,
    `transmitfile NAME ${bytes}${part ? ` bytes=${part}` : ""}${texts}${w.random.chance(0.5) ? " overlapped" : ""}`,
  );
  wasSent(w, end, (part || bytes) + (texts ? 8 : 0));
}
