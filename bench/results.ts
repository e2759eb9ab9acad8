import type { Arch } from "../testbed/wine.js";
import type { Machine } from "./machine.js";

/** Over which way the bytes went. */
export type Path = "kernel" | "user";
export const bothPaths: readonly Path[] = ["kernel", "user"];
export const pathNames: Readonly<Record<Path, string>> = { kernel: "kernel", user: "user level" };

/** How many round trips took how long: at least `low` nanoseconds each, and less than the next one's `low`. */
export type Distribution = readonly (readonly [low: number, count: number])[];

/** Buckets are up to so much wider than their lower end, which is how exact percentiles are. */
export const bucketWidth = 1 / 16;

/** One size of messages. */
export interface SizeFigures {
  bytes: number;
  mibPerS: number;
  messagesPerS: number;
  /** Processor time of both sides; undefined where it was too little to be seen. */
  cpuNsPerByte: number | undefined;
}

/** All that was measured over one path. */
export interface PathFigures {
  /** Round trips of 64 bytes, one after the other. */
  trips: Distribution;
  /** One each millisecond: both sides sleep in between. */
  paced: Distribution;
  /** Over many open connections in turn. */
  many: { connections: number; connectsPerS: number; trips: Distribution };
  /** Connect, a byte there and back, close. */
  connectionsPerS: number;
  sizes: readonly SizeFigures[];
}

/** What `vmmc bench --json` writes. */
export interface BenchReport {
  format: "vmmc-bench";
  formatVersion: 1;
  version: string;
  machine: Machine;
  arch: Arch;
  /** How long the run was allowed to take. */
  seconds: number;
  /** A bare cache line there and back between two processes: what no software can beat (ns). */
  cacheLineNs: number;
  paths: Readonly<Record<Path, PathFigures>>;
  /** Connections that were to be user-level and were not: these figures are not of what they claim. */
  astray: readonly string[];
}

/** The time that a share of all round trips did not exceed (ns); undefined when there were none. */
export function percentile(trips: Distribution, share: number): number | undefined {
  const total = countOf(trips);
  if (total === 0) return undefined;
  let seen = 0;
  for (const [low, count] of trips) {
    if (seen + count >= share * total) return low * (1 + (bucketWidth * (share * total - seen)) / count);
    seen += count;
  }
  return undefined;
}

export function countOf(trips: Distribution): number {
  return trips.reduce((sum, [, count]) => sum + count, 0);
}

/** Reads `LOW:COUNT,...`, as the measuring program writes it. @throws an Error on anything else */
export function parseDistribution(text: string): Distribution {
  return text.split(",").map((pair) => {
    const match = /^(\d+(?:\.\d+)?):(\d+)$/.exec(pair);
    if (match === null) throw new Error(`the measuring program wrote a distribution that cannot be read: ${pair}`);
    return [Number(match[1]), Number(match[2])] as const;
  });
}

/** One figure that has a name: for tables and comparisons. */
export interface Figure {
  name: string;
  unit: string;
  /** Whether more is better; else less is. */
  more: boolean;
  of(figures: PathFigures): number | undefined;
}

const us = (trips: Distribution, share: number) => {
  const ns = percentile(trips, share);
  return ns === undefined ? undefined : ns / 1000;
};

const shares = [
  ["median", 0.5],
  ["p90", 0.9],
  ["p99", 0.99],
  ["p99.9", 0.999],
] as const;

const tripFigures = (name: string, trips: (figures: PathFigures) => Distribution): Figure[] =>
  shares.map(([title, share]) => ({
    name: `${name}, ${title}`,
    unit: "us",
    more: false,
    of: (figures) => us(trips(figures), share),
  }));

/** Sizes as people write them. */
export function sizeName(bytes: number): string {
  if (bytes >= 2 ** 20) return `${bytes / 2 ** 20} MiB`;
  return bytes >= 1024 ? `${bytes / 1024} KiB` : `${bytes} B`;
}

/** All figures of a path, by name. */
export function figuresOf(sizes: readonly number[]): Figure[] {
  const bySize = (bytes: number, of: (size: SizeFigures) => number | undefined) => (figures: PathFigures) => {
    const size = figures.sizes.find((candidate) => candidate.bytes === bytes);
    return size === undefined ? undefined : of(size);
  };
  return [
    ...tripFigures("round trip", ({ trips }) => trips),
    ...tripFigures("paced round trip", ({ paced }) => paced),
    ...tripFigures("round trip over many connections", ({ many }) => many.trips),
    { name: "connections", unit: "/s", more: true, of: ({ connectionsPerS }) => connectionsPerS },
    { name: "opening many connections", unit: "/s", more: true, of: ({ many }) => many.connectsPerS },
    ...sizes.flatMap((bytes): Figure[] => [
      { name: `throughput, ${sizeName(bytes)}`, unit: "MiB/s", more: true, of: bySize(bytes, (size) => size.mibPerS) },
      { name: `messages, ${sizeName(bytes)}`, unit: "/s", more: true, of: bySize(bytes, (size) => size.messagesPerS) },
      {
        name: `processor time, ${sizeName(bytes)}`,
        unit: "ns/B",
        more: false,
        of: bySize(bytes, (size) => size.cpuNsPerByte),
      },
    ]),
  ];
}

/** A number with three significant digits, and commas. */
export function shown(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return "-";
  const rounded = Number(value.toPrecision(3));
  return rounded.toLocaleString("en-US", { maximumSignificantDigits: 3 });
}
