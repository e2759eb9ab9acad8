/** AcceptEx and TransmitFile. */
import { bytesToSend, wasSent } from "./bytes.js";
import { connect } from "./lives.js";
import type { Acceptor, End, Listener } from "./model.js";
import type { Writer } from "./writer.js";

/** AcceptEx with and without bytes, before or after the connection comes. */
export function acceptEx(w: Writer, listener: Listener): void {
  // What a window is told of a connection that AcceptEx waits for is a matter of time.
  if (listener.events.length > 0) return;
  // A socket that is accepted so keeps its own options, as documented; over Wine it has the listener's.
  if (listener.inLine || listener.impatient || listener.nonBlocking) return;
  if (listener.backlog[0]?.incoming.inLine) return;
  if (listener.backlog.length === 0 && w.random.chance(0.5)) beginAcceptEx(w, listener);
  else if (listener.acceptors.length === 0) acceptExNow(w, listener);
}

function acceptExNow(w: Writer, listener: Listener): void {
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

/** One that waits for a connection, or several. */
function beginAcceptEx(w: Writer, listener: Listener): void {
  const { party } = listener;
  // Which of a thread in accept and an operation gets a connection is a matter of time.
  if (listener.acceptors.some(({ blocks }) => blocks)) return;
  // A player has room for a few operations only.
  if (w.model.waiting.filter((one) => one.party === party && one.thread === undefined).length >= 3) return;
  const acceptor: Acceptor = { name: w.name(), wants: w.random.chance(0.5) ? 0 : w.random.between(1, 60) };
  w.settle();
  w.say(`${party} socket ${acceptor.name}`);
  w.say(`${party} acceptex ${acceptor.name} ${listener.name} ${acceptor.wants}`);
  listener.acceptors.push(acceptor);
  w.model.waiting.push({
    party,
    ends: [],
    takes: false,
    ready: () => acceptor.end !== undefined && (acceptor.wants === 0 || acceptor.end.incoming.ready),
    line: `${party} completes ${acceptor.name} accept`,
    finish: () => {
      const end = acceptor.end!;
      end.name = acceptor.name;
      end.awaited = false;
      if (acceptor.wants > 0) end.incoming.take(acceptor.wants);
    },
  });
}

/** At the program's end: everybody gets a connection, and a byte. */
export function endAcceptors(w: Writer): void {
  for (const listener of w.model.openListeners()) {
    while (listener.acceptors.length > 0) connect(w, listener);
  }
  for (const end of w.model.ends) {
    if (!end.awaited || end.incoming.ready) continue;
    w.call(end.peer, "send NAME 3");
    end.incoming.arrive(3);
  }
}

/** No bytes can come from its peer, or what came is not plain. */
function cannotSpeak(end: End): boolean {
  const { peer } = end;
  return end.ended || end.reset || !peer.usable || peer.sendingShut || peer.reset || end.incoming.mark !== undefined;
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
  if (peer.watched || peer.awaited) return;
  const texts = w.random.chance(0.3) ? " head=HEAD tail=TAIL" : "";
  w.call(
    end,
    `transmitfile NAME ${bytes}${part ? ` bytes=${part}` : ""}${texts}${w.random.chance(0.5) && !end.watched && !end.hasPort ? " overlapped" : ""}`,
  );
  wasSent(w, end, (part || bytes) + (texts ? 8 : 0));
}
