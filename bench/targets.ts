import type { Figures } from "./measures.js";

/** All figures of one architecture: medians over the repetitions. */
export interface ArchFigures {
  kernel: Figures;
  wrapped: Figures;
  cacheline: Figures;
  passthrough: Figures;
}

/** One line of the report: a comparison made in one run, and what it should be. */
export interface Verdict {
  what: string;
  kernel?: number;
  wrapped?: number;
  unit: string;
  /** What is compared with the target. */
  result: number;
  resultUnit: string;
  target: string;
  met: boolean;
}

const atLeast = (result: number, bound: number, what = "x") => ({
  result,
  resultUnit: what,
  target: `at least ${bound} ${what}`,
  met: result >= bound,
});
export const atMost = (result: number, bound: number, what = "x") => ({
  result,
  resultUnit: what,
  target: `at most ${bound} ${what}`,
  met: result <= bound,
});

const figure = (figures: Figures, name: string) => figures[name] ?? Number.NaN;

/** Functions that do next to nothing, so that what is seen is the cost of passing on. */
export const cheapCalls = ["htons", "ntohl", "inet_addr", "WSAGetLastError"] as const;

/** What one architecture's figures say about the targets. */
export function judge({ kernel, wrapped, cacheline, passthrough }: ArchFigures): Verdict[] {
  const both = (name: string) => ({ kernel: figure(kernel, name), wrapped: figure(wrapped, name) });
  const roundTrip = both("rtt_median_us");
  const streaming = both("stream_mib_s");
  const paced = both("paced_median_us");
  const rate = both("rate_per_s");
  const bare = figure(cacheline, "cacheline_median_us");
  const pass = cheapCalls.map((call) => ({
    call,
    extra: figure(passthrough, `${call}_import_ns`) - figure(passthrough, `${call}_direct_ns`),
  }));
  const worst = pass.reduce((a, b) => (b.extra > a.extra ? b : a));
  return [
    { what: "64-byte round trip", unit: "us", ...roundTrip, ...atLeast(roundTrip.kernel / roundTrip.wrapped, 300) },
    {
      what: "64-byte round trip / bare cache line",
      unit: "us",
      kernel: bare,
      wrapped: roundTrip.wrapped,
      ...atMost(roundTrip.wrapped / bare, 3),
    },
    { what: "64 KiB streaming", unit: "MiB/s", ...streaming, ...atLeast(streaming.wrapped / streaming.kernel, 30) },
    { what: "paced round trip, each ms", unit: "us", ...paced, ...atMost(paced.wrapped / paced.kernel, 1) },
    { what: `pass-through (worst: ${worst.call})`, unit: "ns", ...atMost(worst.extra, 50, "ns more") },
    { what: "connect, byte to and fro, close", unit: "/s", ...rate, ...atLeast(rate.wrapped / rate.kernel, 0.8) },
  ];
}
