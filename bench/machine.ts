import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";

/** What the figures were measured on. */
export interface Machine {
  processor: string;
  cores: number;
  memoryGib: number;
  kernel: string;
  virtual: boolean;
  wine: string;
  node: string;
  commit: string;
  date: string;
}

function output(command: string, args: string[]): string {
  try {
    return execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    // A description that lacks a line is better than no measurement.
    return "unknown";
  }
}

/** Describes this machine. */
export function describeMachine(): Machine {
  const info = readFileSync("/proc/cpuinfo", "utf8");
  return {
    processor: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    virtual: /^flags\b.*\bhypervisor\b/m.test(info),
    wine: output("wine", ["--version"]),
    node: process.version,
    commit: output("git", ["rev-parse", "--short", "HEAD"]),
    date: new Date().toISOString(),
  };
}
