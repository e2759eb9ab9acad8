/** Calls that wait: threads in recv and select, operations under way; and select that looks around. */

import { accept } from "./lives.js";
import type { End, Listener, Waiting } from "./model.js";
import type { Writer } from "./writer.js";

/** Sets of some sockets, of which one may be in all of them. */
export function select(w: Writer, end: End): void {
  w.settle();
  const { random } = w;
  // The kernel is asked now and then only while something is ready at user level: what it alone knows is not mixed with that.
  const mine = isLive(end) ? w.model.usableEnds().filter((one) => one.party === end.party && isLive(one)) : [end];
  const most = random.pick([1, 1, 2, 4]);
  const some = () => {
    const names = [end, ...Array.from({ length: most }, () => random.pick(mine))].map(({ name }) => name);
    return [...new Set(names)].join(",");
  };
  const sets = [
    random.chance(0.8) ? `r=${some()}` : "",
    // Of room on one that is reset Wine tells once more after a select.
    random.chance(0.5) && !(end.reset && end.events.includes("WRITE")) ? `w=${some()}` : "",
    // After a reset Linux still finds an urgent byte exceptional, which it does not give any more.
    !end.reset && random.chance(w.tastes.urgent ? 0.6 : 0.3) ? `e=${some()}` : "",
  ].filter((set) => set !== "");
  if (sets.length === 0) return;
  w.say(`${end.party} select ${sets.join(" ")} t=${random.pick([0, 0, 1, 3])}`);
}

/** What becomes of it is told by its peer, and not by the kernel. */
function isLive(end: End): boolean {
  return !end.ended && !end.reset;
}

/** A listener is readable when somebody waits to be accepted; beside it, connections where nothing is to be read. */
export function selectListeners(w: Writer, listener: Listener): void {
  w.settle();
  const isMine = ({ party }: End | Listener) => party === listener.party;
  const quiet = w.model.usableEnds().filter((end) => isMine(end) && isLive(end) && !end.readable);
  const sockets = [...w.model.openListeners().filter(isMine), ...quiet.slice(0, w.random.between(0, 3))];
  w.say(`${listener.party} select r=${sockets.map(({ name }) => name).join(",")} t=${w.random.pick([0, 2])}`);
}

/** A call that waits begins. */
function begin(w: Writer, waiting: Waiting & { thread: number }, text: string): void {
  for (const one of waiting.ends) one.watched = true;
  w.say(`${waiting.party}@${waiting.thread} ${text} &`);
  w.say(`${waiting.party}@${waiting.thread} blocked`);
  w.model.waiting.push(waiting);
}

/** A thread selects on some ends, none of which is ready. */
export function watch(w: Writer, end: End): void {
  const mine = w.model.usableEnds().filter((one) => one.party === end.party && !one.readable && !one.watched);
  const thread = w.model.freeThread(end.party);
  if (mine.length === 0 || thread === undefined) return;
  w.settle();
  const ends = mine.filter((_, index) => index < 3);
  const names = ends.map(({ name }) => name).join(",");
  const excepts =
    w.tastes.urgent && ends.every(({ incoming }) => !incoming.urgentWaits && !incoming.inLine) && w.random.chance(0.5);
  const isReady = (one: End) => one.readable || (excepts && one.incoming.urgentWaits);
  const waiting = {
    party: end.party,
    thread,
    ends,
    takes: false,
    ready: () => ends.some(isReady),
    line: `${end.party}@${thread} ends`,
    finish: () => {},
  };
  begin(w, waiting, `select r=${names}${excepts ? ` e=${names}` : ""}`);
}

/** A thread waits in recv. */
export function block(w: Writer, end: End): void {
  const thread = w.model.freeThread(end.party);
  if (end.readable || end.nonBlocking || end.impatient || thread === undefined) return;
  // Behind one that waits already, or none. What one that only looks finds behind another is a matter of time.
  const before = w.model.waiting.filter(({ ends }) => ends.includes(end));
  if (before.length > 1 || before.some(({ takes, thread: other }) => !takes || other === undefined)) return;
  // A recv that waits lets an urgent byte lie which comes alone, as documented; Wine passes over it.
  if (end.incoming.mark !== undefined) return;
  w.settle();
  // Few: several threads may read, and in which order they look at longer ones is a matter of time.
  const bytes = w.random.between(1, 40);
  const call = w.random.weighted([
    [6, "recv"],
    [2, "recvfrom"],
    [w.tastes.handles ? 3 : 0, "readfile"],
  ]);
  const peek = call === "recv" && before.length === 0 && w.random.chance(0.2);
  const waiting = {
    party: end.party,
    thread,
    ends: [end],
    takes: true,
    ready: () => end.readable,
    line: `${end.party}@${thread} ends`,
    finish: () => {
      if (!peek) end.incoming.take(bytes);
    },
  };
  begin(w, waiting, `${call} ${end.name} ${bytes}${peek ? " peek" : ""}`);
}

/** The calls that now end, do. */
export function wake(w: Writer): void {
  for (const one of [...w.model.waiting]) {
    if (!one.ready()) continue;
    w.say(one.line);
    w.model.waiting = w.model.waiting.filter((other) => other !== one);
    for (const end of one.ends) end.watched = w.model.waiting.some(({ ends }) => ends.includes(end));
    one.finish();
  }
}

/** Nobody is left waiting at the program's end: their peers speak, or close. */
export function wakeAll(w: Writer): void {
  const { model } = w;
  for (const one of [...model.waiting]) {
    if (!model.waiting.includes(one)) continue;
    const end = one.ends.find(({ peer }) => peer.open && !peer.peerLost && (!peer.sendingShut || !peer.watched));
    if (!end) continue;
    const { peer } = end;
    const listener = model.listeners.find(({ backlog }) => backlog.includes(peer));
    while (listener && peer.name === undefined) accept(w, listener);
    w.settle();
    const [ends, speaks] = peer.handleOnly ? ["closehandle NAME", "writefile NAME 1"] : ["close NAME", "send NAME 1"];
    w.call(peer, peer.sendingShut ? ends : speaks);
    if (peer.sendingShut) model.close(peer);
    else end.incoming.arrive(1);
    wake(w);
  }
}
