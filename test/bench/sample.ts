import type { BenchReport, PathFigures } from "../../bench/results.js";

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** A report that tests may change. */
export interface SampleReport extends Omit<BenchReport, "paths"> {
  paths: Record<"kernel" | "user", Writable<PathFigures>>;
}

/** A report with figures that can be reckoned in the head: user level is a hundred times as good. */
export function sampleReport(): SampleReport {
  const figures = (factor: number): Writable<PathFigures> => ({
    trips: [
      [20_000 / factor, 90],
      [40_000 / factor, 10],
    ],
    paced: [[50_000 / factor, 100]],
    many: { connections: 200, connectsPerS: 10 * factor, trips: [[30_000 / factor, 100]] },
    connectionsPerS: 10 * factor,
    sizes: [1, 1024, 65_536].map((bytes) => ({
      bytes,
      mibPerS: (bytes * factor) / 100,
      messagesPerS: 1000 * factor,
      cpuNsPerByte: 100 / bytes / factor,
    })),
  });
  return {
    format: "vmmc-bench",
    formatVersion: 1,
    version: "1.2.3",
    machine: {
      processor: "A processor",
      cores: 2,
      memoryGib: 8,
      kernel: "6.1",
      virtual: true,
      wine: "wine-8.0",
      node: "v20.0.0",
      commit: "unknown",
      date: "2026-01-02T03:04:05.678Z",
    },
    arch: "x64",
    seconds: 60,
    cacheLineNs: 100,
    paths: { kernel: figures(1), user: figures(100) },
    astray: [],
  };
}
