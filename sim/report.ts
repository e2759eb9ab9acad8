import { writeFileSync } from "node:fs";
import type { Arguments } from "./arguments.js";
import type { Summary } from "./seeds.js";

/** Tells people what came of it, and machines if they asked. */
export function report(summary: Summary, wanted: Arguments, say: (line: string) => void): void {
  for (const failure of summary.failures) {
    if (failure.trace.length > 0) {
      say("");
      for (const line of failure.trace) say(line);
    }
    say(`FAILED seed ${failure.seed}, ${failure.checker}: ${failure.message}`);
    say(`  to see it again: ${replay(failure.seed, wanted)}`);
  }
  if (wanted.stats) {
    const width = Math.max(0, ...Object.keys(summary.reached).map((name) => name.length));
    for (const name of Object.keys(summary.reached).sort()) say(`  ${name.padEnd(width)} ${summary.reached[name]}`);
  }
  say(summaryLine(summary));
  if (wanted.json !== undefined) writeFileSync(wanted.json, `${JSON.stringify(summary, null, 1)}\n`);
}

function replay(seed: number, wanted: Arguments): string {
  const profile = wanted.profile === "mixed" ? "" : ` --profile ${wanted.profile}`;
  const cores = wanted.cores === undefined ? "" : ` --cores ${wanted.cores}`;
  return `npm run sim -- --seed ${seed}${profile}${cores}`;
}

/** The run in one line. */
export function summaryLine(summary: Summary): string {
  const rate = Math.round((summary.seeds / Math.max(summary.seconds, 0.001)) * 60);
  const parts = [
    `${summary.seeds} seeds`,
    `${summary.steps} steps`,
    `${summary.switches} switches`,
    `${summary.faults} faults`,
    `${summary.userLevel} connections user-level, ${summary.kernel} in the kernel`,
    `${summary.bytes} bytes checked`,
    `${summary.seconds.toFixed(1)} s (${rate} seeds a minute)`,
    summary.failures.length === 0 ? "no failure" : `${summary.failures.length} FAILED`,
  ];
  return `Simulation: ${parts.join(", ")}.`;
}
