import type { PolicyKind } from "./machine/policy.js";
import { Random } from "./random.js";

/** Kinds of runs that can be asked for by name. Each leaves everything else to the seed. */
export const profiles = [
  "mixed",
  "calm",
  "kills",
  "refusals",
  "kernel-errors",
  "hostile",
  "directory",
  "messages",
  "urgent",
  "pieces",
  "operations",
  "leaving",
] as const;
export type Profile = (typeof profiles)[number];

/** Everything about a run that its seed decides beforehand. */
export interface SimOptions {
  seed: number;
  /** Which build of the core: see scripts/build/sim.ts. */
  core: string;
  policy: PolicyKind;
  /** Mean number of steps between two decisions of the scheduler. */
  meanRun: number;
  /** How likely a buffered store becomes visible at a decision; 1: stores are visible at once. */
  drainChance: number;
  /** One in so many buffered stores stops its thread for a while; 0: none. */
  heldStores: number;
  spinUs: number;
  ringBytes: number;
  socketBufferBytes: number;
  delayedPackets: boolean;
  resetDiscards: boolean;
  ephemeralPorts: number;
  servers: number;
  clients: number;
  unwrappedServer: boolean;
  unwrappedClient: boolean;
  connectionsPerClient: number;
  /** The most bytes of one direction. */
  mostBytes: number;
  /** Processes that are killed at some step. */
  kills: number;
  /** Calls that the system refuses now and then. */
  refusals: readonly string[];
  /** How likely a call of the kernel fails with one of its documented errors. */
  kernelErrors: number;
  /** A process that scribbles over the segments of its connections: its place among the processes; -1: none. */
  hostile: number;
  /** What is wrong with the directory: from the beginning, or while it is in use. */
  directory: "good" | "foreign" | "version" | "full" | "garbage" | "scribbled";
  /** Times at which the clock jumps ahead. */
  clockJumps: number;
  /** Processes that end by themselves in the middle of their work. */
  exits: number;
  /** Handles of closed sockets are given to new ones; else connections may be closed under sleeping threads. */
  handleReuse: boolean;
  /** Some programs wait for the messages of `WSAAsyncSelect`. */
  messages: boolean;
  /** Some bytes are sent as urgent, and read in line. */
  urgent: boolean;
  /** Some programs send and receive in pieces. */
  pieces: boolean;
  /** Some programs use `ReadFile` and `WriteFile`, whose operations go on after the call. */
  operations: boolean;
  /** Some sockets are given to another process. */
  leaving: boolean;
  /** Processes keep statistics for tools. */
  statistics: boolean;
}

/** Calls that may fail without the application noticing. */
const refusable = [
  "segment_create",
  "page_create",
  "segment_allocate",
  "segment_open",
  "alloc",
  "bell_create",
  "bell_open",
  "caretaker_start",
  "directory_map",
];

export function optionsOf(seed: number, profile: Profile = "mixed"): SimOptions {
  const random = new Random(seed);
  const core = random.weighted([["small", 16], ["normal", 3], ["small-strict", 1]] as const); // biome-ignore format: short
  const small = core !== "normal";
  const policy = random.weighted([["uniform", 4], ["priorities", 3], ["long-runs", 2], ["starve", 2]] as const); // biome-ignore format: short
  const meanRun = policy === "long-runs" ? random.pick([50, 200]) : random.pick([1, 2, 5, 15]);
  const kills = profile === "kills" || (profile === "mixed" && random.oneIn(4)) ? random.between(1, 3) : 0;
  const refuses = profile === "refusals" || (profile === "mixed" && random.oneIn(6));
  const damaged = profile === "directory" || (profile === "mixed" && random.oneIn(20));
  return {
    seed,
    core,
    policy,
    meanRun,
    drainChance: random.pick([1, 0.5, 0.2, 0.05]),
    heldStores: random.pick([0, 4, 20]),
    spinUs: random.weighted([[0, 6], [3, 2], [20, 1]] as const), // biome-ignore format: short
    ringBytes: small ? 8 << random.below(4) : 8192 << random.below(3),
    // A fresh connection of the kernel takes at least what the core lays into a ring before the decision.
    socketBufferBytes: small ? random.between(17, 80) : random.pick([17000, 40000]),
    delayedPackets: random.oneIn(2),
    resetDiscards: random.oneIn(2),
    ephemeralPorts: random.pick([3, 20, 200]),
    servers: random.weighted([[1, 4], [2, 1]] as const), // biome-ignore format: short
    clients: random.between(1, 3),
    unwrappedServer: random.oneIn(8),
    unwrappedClient: random.oneIn(8),
    connectionsPerClient: random.weighted([[1, 3], [2, 3], [4, 1]] as const), // biome-ignore format: short
    mostBytes: small ? random.pick([10, 40, 120]) : random.pick([100, 20000, 60000]),
    kills,
    refusals: refuses ? refusable.filter(() => random.oneIn(3)) : [],
    kernelErrors:
      profile === "kernel-errors" || (profile === "mixed" && random.oneIn(12)) ? random.pick([0.003, 0.03]) : 0,
    hostile: profile === "hostile" || (profile === "mixed" && random.oneIn(10)) ? random.below(3) : -1,
    directory: damaged ? random.pick(["foreign", "version", "full", "garbage", "scribbled"] as const) : "good",
    clockJumps: profile !== "calm" && random.oneIn(8) ? random.between(1, 3) : 0,
    exits: profile === "kills" || (profile === "mixed" && random.oneIn(8)) ? random.between(0, 2) : 0,
    handleReuse: random.oneIn(2),
    // Decided last, so that what a seed had decided before there were messages is as it was.
    messages: profile === "messages" || random.oneIn(4),
    statistics: random.oneIn(4),
    urgent: profile === "urgent" || random.oneIn(6),
    pieces: profile === "pieces" || random.oneIn(6),
    operations: profile === "operations" || random.oneIn(6),
    leaving: profile === "leaving" || random.oneIn(6),
  };
}
