import assert from "node:assert/strict";
import { until, unusedFiles } from "./helpers.js";
import { type Aftermath, Arena } from "./kills-arena.js";
import { filesIn, type UsedSlot, usedSlots } from "./kills-folder.js";
import { answersOf, equivalents, wrongsOf } from "./kills-judge.js";
import { classOf, type Pair, type Round, roundOf, scenes } from "./kills-scenes.js";

/** So often the kernel is asked, with other seeds, before an answer of ours counts as one that it never gives. */
const kernelTries = 60;
/** Rounds over the kernel in which Wine alone may hang: processes and sockets of its own get stuck now and then. */
const mostStuck = 20;
/** Rounds between two looks at what has been left behind. */
const settlePeriod = 25;
/** So often a round is played before it counts as one in which Wine always keeps a survivor. */
const mostPlays = 5;
/** Handles that may come and go: what a lazily made event or a kept peer needs. */
const handleSlack = 6;

/** The kernel's answers by class of death. Asked only for those that are needed, and remembered. */
export class Reference {
  /** Rounds over the kernel so far, and those in which the survivor was never told. */
  rounds = 0;
  spoilt = 0;
  /** Rounds that have not come to their end. */
  stuck = 0;
  readonly #answers = new Map<string, Set<string>>();
  /** Answers that the kernel was asked for in vain: once is enough. */
  readonly #strange = new Set<string>();
  readonly #arenas = new Map<string, Arena>();

  /** Those of the answers that the kernel does not give in this class, however often it is asked. */
  async strangers(after: Aftermath, pair: Pair): Promise<string[]> {
    const seen = this.#seen(after.round);
    const name = classOf(after.round);
    const strange = (text: string) => this.#strange.has(`${name}: ${text}`);
    const different = [...new Set(answersOf(after))];
    const unknown = (text: string) => !equivalents(text).some((same) => seen.has(same));
    const missing = () => different.filter((text) => unknown(text) && !strange(text));
    for (let attempt = 0; missing().length > 0 && attempt < kernelTries; attempt++) {
      const { round } = after;
      // The same death first, then others like it; the kernel needs more time to come to the same place.
      const like =
        attempt === 0
          ? round
          : roundOf(round, round.id, (round.seed * 1009 + attempt) % 2 ** 31, {
              exact: round.moment.kind === "gate",
              slow: attempt % 3 !== 0,
            });
      const connections = Math.max(like.connections, round.connections);
      await this.#ask({ ...like, connections, both: undefined }, pair);
    }
    for (const text of missing()) this.#strange.add(`${name}: ${text}`);
    return different.filter((text) => unknown(text) && strange(text));
  }

  knownAnswers(round: Round): string[] {
    return [...this.#seen(round)];
  }

  #seen(round: Round): Set<string> {
    const name = classOf(round);
    if (!this.#answers.has(name)) this.#answers.set(name, new Set());
    return this.#answers.get(name)!;
  }

  async #ask(round: Round, pair: Pair): Promise<void> {
    const name = `${pair.host} ${pair.victim}`;
    if (!this.#arenas.has(name)) this.#arenas.set(name, await Arena.open(pair, false));
    const arena = this.#arenas.get(name)!;
    let after: Aftermath;
    this.rounds++;
    try {
      after = await arena.run(round);
    } catch (error) {
      this.#arenas.delete(name);
      await arena.close();
      if (++this.stuck > mostStuck) throw error;
      return;
    }
    if (after.void) this.spoilt++;
    assert.deepEqual(wrongsOf(after, false), [], `over the kernel: ${JSON.stringify(round)}`);
    // The kernel does not know how many microseconds we take: any moment's answers hold for the class.
    for (const text of answersOf(after)) this.#seen(round).add(text);
  }

  async close(): Promise<void> {
    for (const arena of this.#arenas.values()) await arena.close();
  }
}

/** What a session found out. */
export interface Report {
  rounds: number;
  outcomes: number;
  /** Rounds that were played again, since connections on the kernel did not come to their end. */
  kept: number;
  /** What went wrong, each with its round. */
  failures: string[];
  /** How often each decision was logged by survivors. */
  decisions: Map<string, number>;
}

/** A start after deaths: at its beginning a program removes what the last victim has left. Its own death leaves nothing. */
const cleaningRound = (id: number): Round => ({
  ...{
    id,
    seed: 1,
    scene: "talked",
    role: "client",
    mode: "block",
    connections: 3,
    both: undefined,
  },
  moment: { kind: "gate", delayMs: 0 },
});

const describe = (round: Round) => `${classOf(round)} ${JSON.stringify(round)}`;

/** One death after the other through the wrapper, each judged. */
export async function playSession(
  rounds: readonly Round[],
  pair: Pair,
  reference: Reference,
  onFailure: (failure: string) => void = () => {},
): Promise<Report> {
  const report: Report = { rounds: 0, outcomes: 0, kept: 0, failures: [], decisions: new Map() };
  const arena = await Arena.open(pair, true);
  try {
    let stale = new Map<string, number>();
    let handles: { host: number | undefined; count: number } | undefined;
    let settles = 0;
    const planned = rounds.flatMap((round, index) =>
      (index + 1) % settlePeriod === 0 || index === rounds.length - 1
        ? [round, cleaningRound(rounds.length + ++settles)]
        : [round],
    );
    for (const round of planned) {
      const fail = (what: string) => {
        report.failures.push(`${what}\n    ${describe(round)}`);
        onFailure(report.failures.at(-1)!);
      };
      let after = await arena.run(round);
      // Wine's server keeps the sockets of the dead in bursts, until it is started anew. Such a round says nothing.
      for (let plays = 1; after.void && plays < mostPlays; plays++) {
        report.kept++;
        after = await arena.run(round);
      }
      if (after.void) fail(`the kernel keeps a survivor, ${mostPlays} times`);
      report.rounds++;
      report.outcomes += after.outcomes.length;
      for (const wrong of wrongsOf(after, true)) fail(wrong);
      for (const text of await reference.strangers(after, pair)) {
        fail(
          `not an answer of the kernel: ${text}\n    it says: ${reference.knownAnswers(round).join("\n             ")}`,
        );
      }
      for (const complaint of decisionsOf(after, report)) fail(complaint);
      // Every program that starts removes what it finds of dead ones. It may find one that Wine does not count as dead yet.
      const found = staleSlots(arena);
      // With so many steps at least one of the victim's connections has been through its first calls.
      if (after.victim && after.victim.steps > 3 * round.connections) {
        for (const slot of found.filter((name) => stale.get(name) === 2)) fail(`left in the directory: ${slot}`);
      }
      stale = new Map(found.map((name) => [name, (stale.get(name) ?? 0) + 1]));
      if (round.id > rounds.length) {
        await arena.start();
        const counted = { host: arena.hostTag, count: await settled(arena) };
        if (handles?.host === counted.host && counted.count > handles!.count + handleSlack) {
          fail(`the survivor's handles: ${handles!.count} ${settlePeriod} rounds ago, ${counted.count} now`);
        }
        handles = counted;
      }
    }
    await arena.stop();
    const left = filesLeft(arena);
    if (left.segments.length + left.others.length + usedSlots(arena.sharedFolder).length > 0) {
      report.failures.push(`left behind at the end: ${JSON.stringify([left, usedSlots(arena.sharedFolder)])}`);
    }
  } finally {
    await arena.close();
  }
  return report;
}

/** Counts what the survivor's wrapper decided; complains where a connection had to be user-level and was not. */
function decisionsOf({ round, connections, outcomes }: Aftermath, report: Report): string[] {
  for (const { role, userLevel, reason } of connections) {
    const name = `${role} ${userLevel ? "user-level" : reason}`;
    report.decisions.set(name, (report.decisions.get(name) ?? 0) + 1);
  }
  const due = scenes[round.scene]!.established && round.moment.kind === "gate" ? outcomes.length : 0;
  const got = connections.filter(({ userLevel }) => userLevel).length;
  if (got >= due) return [];
  return [`${got} of ${due} connections were user-level: ${JSON.stringify(connections)}`];
}

/** Names of the slots of processes that run no more; every use of a slot has another name. */
function staleSlots(arena: Arena): string[] {
  return usedSlots(arena.sharedFolder)
    .filter(({ tag }) => tag !== arena.hostTag)
    .map(
      ({ kind, index, tag, state, sequence }: UsedSlot) =>
        `${kind} ${index} of ${tag}, state ${state}, use ${sequence}`,
    );
}

/** Files that should be gone. Wine's server may hold a dead process's open for longer; with them their names stay. */
function filesLeft(arena: Arena): ReturnType<typeof filesIn> {
  const unused = unusedFiles(arena.sharedFolder);
  return filesIn(arena.sharedFolder, (name) => !unused.includes(name));
}

/** Waits until nothing is left of the dead. Returns the survivor's handles. */
async function settled(arena: Arena): Promise<number> {
  const left = () => ({
    ...filesLeft(arena),
    slots: staleSlots(arena).filter((name) => !name.startsWith("listener")),
  });
  const clean = () => {
    const { segments, others, slots } = left();
    return segments.length + others.length + slots.length === 0;
  };
  await until("no segment and no slot of the dead", clean, 30_000).catch((error: Error) => {
    throw new Error(`${error.message}; left: ${JSON.stringify(left())}`);
  });
  return arena.handles();
}
