import { ask, exchange, fill, fillInTime, receive, send, stream } from "./bytes.js";
import { acceptEx, endAcceptors, transmitFile } from "./extensions.js";
import { beginReading, beginWriting, duplicate, givePort, readFile, writeFile } from "./handles.js";
import { acceptNobody, awaitConnection, misuse, setListener } from "./listeners.js";
import { accept, close, closeListener, connect, connectInVain, endProcess, linger, listen, shutdown } from "./lives.js";
import { chooseEvents, chooseListenerEvents, lookForMessages, tellAllMessages } from "./messages.js";
import type { End, Listener } from "./model.js";
import { Random } from "./random.js";
import { awaitUrgent, receiveUrgent, sendUrgent, setInLine } from "./urgent.js";
import { block, select, selectListeners, wake, wakeAll, watch } from "./waiting.js";
import { type ProgramOptions, type Tastes, Writer } from "./writer.js";

type Act = (w: Writer, end: End) => void;

/** What is done with a connected socket, by how often. */
const acts: ReadonlyArray<readonly [weight: number, act: Act]> = [
  [20, send],
  [20, receive],
  [8, select],
  [5, ask],
  [4, watch],
  [3, block],
  [3, stream],
  [1, exchange],
  [1, misuse],
  [1, fillInTime],
  [3, shutdown],
  [1, linger],
  [3, close],
];

/** What else is, in programs that are fond of it. */
const tastedActs: ReadonlyArray<readonly [taste: keyof Tastes, weight: number, act: Act]> = [
  ["urgent", 10, sendUrgent],
  ["urgent", 10, receiveUrgent],
  ["urgent", 2, awaitUrgent],
  ["urgent", 3, setInLine],
  ["messages", 8, chooseEvents],
  ["messages", 16, lookForMessages],
  ["messages", 8, fill],
  ["handles", 8, writeFile],
  ["handles", 8, readFile],
  ["handles", 6, beginReading],
  ["handles", 3, beginWriting],
  ["handles", 3, givePort],
  ["handles", 1, duplicate],
  ["extensions", 10, transmitFile],
];

/** What can be done with a handle that WinSock does not know. */
const handleActs: ReadonlyArray<readonly [weight: number, act: Act]> = [
  [6, writeFile],
  [6, readFile],
  [3, beginReading],
  [1, beginWriting],
  [1, close],
];

function act(w: Writer, end: End): void {
  if (end.handleOnly) {
    w.random.weighted(handleActs)(w, end);
    return;
  }
  const tasted = tastedActs.flatMap(([taste, weight, one]) => (w.tastes[taste] ? [[weight, one] as const] : []));
  w.random.weighted([...acts, ...tasted])(w, end);
}

function connectOrListen(w: Writer): void {
  const { random, model } = w;
  const listeners = model.openListeners();
  if (listeners.length === 0 || (listeners.length < 3 && random.chance(w.tastes.addresses ? 0.3 : 0.1))) {
    listen(w, random.pick(model.parties));
  } else if (w.tastes.extensions && random.chance(0.4)) acceptEx(w, random.pick(listeners));
  else connect(w, random.pick(listeners));
}

function withListener(w: Writer, listener: Listener): void {
  w.random.weighted<(w: Writer, listener: Listener) => void>([
    [3, selectListeners],
    [2, setListener],
    [1, acceptNobody],
    [3, awaitConnection],
  ])(w, listener);
}

function step(w: Writer): void {
  const { random, model, tastes } = w;
  const ends = model.namedEnds();
  const listeners = model.openListeners();
  const called = listeners.filter(({ backlog }) => backlog.length > 0);
  if (ends.length === 0 || (ends.length < 8 && random.chance(0.12))) connectOrListen(w);
  else if (called.length > 0 && random.chance(0.35)) accept(w, random.pick(called));
  else if (random.chance(0.015)) closeListener(w, random.pick([...listeners, undefined]));
  else if (random.chance(0.02)) connectInVain(w);
  else if (listeners.length > 0 && random.chance(0.06)) withListener(w, random.pick(listeners));
  else if (listeners.length > 0 && tastes.messages && random.chance(0.05))
    chooseListenerEvents(w, random.pick(listeners));
  else if (!w.options.together && tastes.deaths && random.chance(0.03)) endProcess(w, random.pick(model.parties));
  else act(w, random.pick(ends));
  wake(w);
}

/** The steps of a seed's program. */
export function stepsOf(seed: number): number[] {
  const random = new Random(~seed);
  return Array.from({ length: random.between(6, random.chance(0.1) ? 90 : 32) }, (_, step) => step);
}

/**
 * The program of a seed, as the script's lines, whose every result is determined once what was sent has arrived: of all its
 * steps, or of some, for making it smaller.
 */
export function generate(seed: number, options: ProgramOptions, steps: readonly number[] = stepsOf(seed)): string[] {
  const w = new Writer(seed, options);
  listen(w, w.random.pick(w.model.parties));
  for (const number of steps) {
    // Each step draws from a seed of its own: it does much the same when others are left out.
    w.random = new Random(seed * 1009 + number + 1);
    step(w);
  }
  endAcceptors(w);
  wake(w);
  wakeAll(w);
  tellAllMessages(w);
  return w.lines;
}
