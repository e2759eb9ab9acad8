import type { Arch } from "../../testbed/wine.js";

/** How a program waits on its sockets: see programs/mortal.c. */
export type Mode = "block" | "select" | "poll" | "group";
export type Role = "server" | "client";

/**
 * What two programs do until one of them is ended: words of programs/mortal-script.h for each of their connections. At
 * "gate" the victim waits for its end; so the state in which it dies is exact.
 */
export interface Scene {
  victim: string;
  survivor: string;
  /** The victim's roles; both by default. */
  roles?: readonly Role[];
  modes?: readonly Mode[];
  /** The victim never comes to a gate: it is ended at a moment of its own, or when nothing moves any more. */
  moving?: boolean;
  /** Every connection is accepted before the end, so that all must be user-level. */
  established?: boolean;
}

const all: readonly Mode[] = ["block", "select", "poll", "group"];

/** The states of a connection at the moment of death, by name. */
export const scenes: Readonly<Record<string, Scene>> = {
  // Nothing has been said.
  idle: { victim: "open gate", survivor: "open gate read ask", established: true },
  // Both directions have been used: whatever is decided is decided.
  talked: { victim: "open s3000 r3000 gate", survivor: "open r3000 s3000 gate read ask", established: true },
  // Bytes of the victim that nobody has read yet; the survivor looks when it is dead, or reads all the time.
  "unread here": { victim: "open s6000 gate", survivor: "open gate dead read ask", modes: ["block", "poll"] },
  "read at once": { victim: "open s100000 gate", survivor: "open gate read ask", modes: all },
  // Bytes for the victim that it has not read: the kernel makes a reset of its end.
  "unread there": { victim: "open r10 gate", survivor: "open s5000 gate dead read ask", modes: ["block", "poll"] },
  "unread there, waiting": { victim: "open r10 gate", survivor: "open s5000 gate read ask" },
  // Streams, cut anywhere.
  "stream in": { victim: "open write", survivor: "open read ask", moving: true },
  "stream out": { victim: "open read", survivor: "open write ask", moving: true },
  "both ways": { victim: "open both", survivor: "open both ask", moving: true },
  // A blocked sender, and two.
  full: { victim: "open r10 gate", survivor: "open gate write ask", modes: all },
  "full both ways": { victim: "open write", survivor: "open write ask", moving: true },
  "full, then read": {
    victim: "open write",
    survivor: "open gate dead read ask",
    moving: true,
    modes: ["block", "poll"],
  },
  // Half-closed by either.
  "victim half-closed": { victim: "open s2000 half gate", survivor: "open read gate write ask" },
  "victim half-closed, idle": { victim: "open s2000 half gate", survivor: "open read gate dead ask", modes: ["block"] },
  "victim half-closed, reads": { victim: "open s2000 half read", survivor: "open read write ask", moving: true },
  "survivor half-closed": { victim: "open read s2000 gate", survivor: "open s2000 half r2000 gate read ask" },
  "survivor half-closed, reads": { victim: "open write", survivor: "open s2000 half read ask", moving: true },
  // Closed before the death, in order and otherwise.
  closed: { victim: "open s2000 close gate", survivor: "open gate dead read ask", modes: ["block", "poll"] },
  "closed, waiting": { victim: "open s2000 close gate", survivor: "open read ask" },
  "closed, writing": { victim: "open r10 close gate", survivor: "open write ask" },
  "closed unread": { victim: "open r10 close gate", survivor: "open s5000 gate dead read ask", modes: ["block"] },
  reset: { victim: "open s2000 reset gate", survivor: "open gate dead read ask", modes: ["block", "poll"] },
  // Not accepted yet: by the victim, which never will, or by the survivor, which does when it is too late.
  "not accepted": { victim: "gate", survivor: "open s100 gate read ask", roles: ["server"], modes: all },
  "not accepted, idle": { victim: "gate", survivor: "open gate read ask", roles: ["server"] },
  "not accepted, full": { victim: "gate", survivor: "open gate write ask", roles: ["server"] },
  "not accepted, asked later": {
    victim: "gate",
    survivor: "open s100 gate dead read ask",
    roles: ["server"],
    modes: ["block", "poll"],
  },
  "accepted later": { victim: "open s3000 gate", survivor: "gate dead open read ask", roles: ["client"] },
  "accepted later, half-closed": {
    victim: "open s3000 half gate",
    survivor: "gate dead open read ask",
    roles: ["client"],
  },
  "accepted later, closed": { victim: "open s3000 close gate", survivor: "gate dead open read ask", roles: ["client"] },
  "accepted later, reset": { victim: "open s3000 reset gate", survivor: "gate dead open read ask", roles: ["client"] },
  // Connected too late.
  "dead already": { victim: "gate", survivor: "gate dead open", roles: ["server"], modes: ["block", "select"] },
  // Connections come and go all the time.
  churn: { victim: "open s300 r300 close again", survivor: "open r300 s300 read close again", moving: true },
  "churn without a word": { victim: "open close again", survivor: "open read close again", moving: true },
  "churn of the survivor": {
    victim: "open r300 s300 read close again",
    survivor: "open s300 r300 close again",
    moving: true,
  },
};

/** When and how the victim ends. */
export type Moment =
  /** When all of both are at their gates, and so long after. */
  | { kind: "gate"; delayMs: number }
  /** At its Nth step: the beginning or the end of a socket call. */
  | { kind: "step"; step: number; how: How }
  /** So many microseconds after its beginning. */
  | { kind: "us"; us: number; how: How }
  /** So many milliseconds after it was started: perhaps before its beginning. */
  | { kind: "outside"; ms: number };
export type How = "terminate" | "exit" | "crash";

/** One death. */
export interface Round {
  id: number;
  seed: number;
  scene: string;
  role: Role;
  mode: Mode;
  connections: number;
  moment: Moment;
  /** The host is ended as well, so many milliseconds later (or earlier). */
  both: number | undefined;
}

/** Server or host first, victim second. */
export interface Pair {
  host: Arch;
  victim: Arch;
}

/** What the kernel's answers are compared by: the state, who dies, how the survivor waits, and whether the state is exact. */
export function classOf(round: Round): string {
  return `${round.scene} | victim is ${round.role} | ${round.mode} | ${round.moment.kind === "gate" ? "exact" : "any moment"}`;
}

/** Seeded numbers (mulberry32). */
export function randomFrom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Every scene with each role and mode that it has. */
export function combinations(): Array<{ scene: string; role: Role; mode: Mode }> {
  return Object.entries(scenes).flatMap(([scene, { roles, modes }]) =>
    (roles ?? (["server", "client"] as const)).flatMap((role) =>
      (modes ?? (["block", "select", "poll"] as const)).map((mode) => ({ scene, role, mode })),
    ),
  );
}

/** One death of a class, everything else from the seed. `slow`: not so near to the beginning. */
export function roundOf(
  kind: { scene: string; role: Role; mode: Mode },
  id: number,
  seed: number,
  { exact, slow }: { exact?: boolean; slow?: boolean } = {},
): Round {
  const random = randomFrom(seed);
  const how = (["terminate", "terminate", "exit", "crash"] as const)[random(4)]!;
  // Every power of two as likely: most of what can go wrong is near the beginning.
  const logarithmic = (doublings: number) => 1 + random(2 ** (1 + random(doublings)));
  const least = slow ? 1 : 0;
  const moments: Moment[] = [
    { kind: "step", step: 10 * least + logarithmic(6 + 6 * least), how },
    { kind: "us", us: 2000 * least + logarithmic(15 + 2 * least), how },
    { kind: "outside", ms: 40 * least + 1 + random(150) },
  ];
  const movable = scenes[kind.scene]!.moving === true;
  const atGate = exact ?? (!movable && random(3) !== 0);
  const moment: Moment = atGate ? { kind: "gate", delayMs: [0, 0, 1, 4, 12][random(5)]! } : moments[random(3)]!;
  const connections = [1, 1, 2, 3, 7][random(5)]!;
  const both = random(10) === 0 ? random(7) - 3 : undefined;
  return { ...kind, id, seed, connections, moment, both };
}

/** `count` deaths: all combinations in a shuffled order, as often as it takes. */
export function planOf(count: number, seed: number): Round[] {
  const random = randomFrom(seed);
  const rounds: Round[] = [];
  while (rounds.length < count) {
    const kinds = combinations();
    for (let left = kinds.length; left > 0 && rounds.length < count; left--) {
      const [kind] = kinds.splice(random(left), 1);
      rounds.push(roundOf(kind!, rounds.length + 1, seed * 100_003 + rounds.length));
    }
  }
  return rounds;
}
