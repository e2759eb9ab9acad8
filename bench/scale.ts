import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { linuxBuild } from "../scripts/build/linux.js";
import type { Figures } from "./measures.js";
import { atMost, type Verdict } from "./targets.js";

/** Connections at the same time between processes on Linux, and round trips for each figure. */
export const CONNECTIONS = 10_000;
const ROUNDS = { user: 50_000, kernel: 2000 };

/** What the harness measured over either path; see test/native/harness-scale.c. */
export interface ScaleFigures {
  kernel: Figures;
  wrapped: Figures;
}

/** Runs the harness on Linux once. @throws an Error when a byte was wrong, or the machine's limits do not allow it */
function harness(path: "user" | "kernel"): Promise<Figures> {
  // The segments' storage is to be memory, as in use.
  const folder = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "vmmc-bench-"));
  const env = { ...process.env, VMMC_DIR: folder, VMMC_DISABLE: path === "kernel" ? "1" : "0" };
  const args = ["scale", String(CONNECTIONS), String(ROUNDS[path])];
  return new Promise((resolve, reject) => {
    execFile(linuxBuild("plain").harness, args, { env }, (error, stdout, stderr) => {
      rmSync(folder, { recursive: true });
      if (error) {
        reject(new Error(`measuring ${CONNECTIONS} connections failed: ${error.message}\n${stdout}${stderr}`));
      } else {
        const values = [...stdout.matchAll(/(\w+)=(\d+)/g)].map(([, name, value]): [string, number] => [
          name!,
          Number(value),
        ]);
        resolve(Object.fromEntries(values));
      }
    });
  });
}

export async function measureScale(): Promise<ScaleFigures> {
  return { wrapped: await harness("user"), kernel: await harness("kernel") };
}

const figure = (figures: Figures, name: string) => figures[name] ?? Number.NaN;

/** What the figures say about the targets. Round trips: the better of the two of each kind. */
export function judgeScale({ kernel, wrapped }: ScaleFigures): Verdict[] {
  const best = (figures: Figures, kind: string) =>
    Math.min(figure(figures, `${kind}_ns`), figure(figures, `${kind}_again_ns`)) / 1000;
  const bytes = ["segment_bytes", "private_bytes", "table_bytes"].reduce((sum, name) => sum + figure(wrapped, name), 0);
  const rate = (figures: Figures) => figure(figures, "connects_per_s");
  const trip = { kernel: best(kernel, "among"), wrapped: best(wrapped, "among") };
  return [
    { what: "memory of an idle connection", unit: "KiB", wrapped: bytes / 1024, ...atMost(bytes / 1024, 24, "KiB") },
    {
      what: `round trip, ${CONNECTIONS} idle / alone`,
      unit: "us",
      ...trip,
      ...atMost(trip.wrapped / best(wrapped, "alone"), 1.5),
    },
    {
      what: `connects up to ${CONNECTIONS}`,
      unit: "/s",
      kernel: rate(kernel),
      wrapped: rate(wrapped),
      result: rate(wrapped) / rate(kernel),
      resultUnit: "x",
      target: "none",
      met: true,
    },
  ];
}
