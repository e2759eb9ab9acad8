import { readFileSync } from "node:fs";
import { type BenchReport, bothPaths, figuresOf, type Path } from "./results.js";

/** One figure in two reports. */
export interface Compared {
  figure: string;
  unit: string;
  path: Path;
  before: number;
  after: number;
  /** How many times as good the second is: above 1 it is better. */
  ratio: number;
}

/** A report that cannot be used, for the reason given. */
export class ReportError extends Error {}

/** Reads what `--json` wrote. @throws ReportError */
export function readReport(file: string): BenchReport {
  let report: Partial<BenchReport>;
  try {
    report = JSON.parse(readFileSync(file, "utf8")) as Partial<BenchReport>;
  } catch (error) {
    throw new ReportError(`Cannot read the report ${file}: ${(error as Error).message}.`);
  }
  const whole =
    report?.format === "vmmc-bench" &&
    typeof report.machine === "object" &&
    bothPaths.every((path) => {
      const figures = report.paths?.[path];
      return (
        Array.isArray(figures?.trips) &&
        Array.isArray(figures.paced) &&
        Array.isArray(figures.many?.trips) &&
        Array.isArray(figures.sizes)
      );
    });
  if (!whole) throw new ReportError(`Cannot read the report ${file}: it is not what vmmc bench --json writes.`);
  if (report.formatVersion !== 1) {
    throw new ReportError(
      `Cannot read the report ${file}: it is of format ${report.formatVersion}, and this is for format 1.`,
    );
  }
  return report as BenchReport;
}

/** The figures that both reports have. */
export function compare(before: BenchReport, after: BenchReport): Compared[] {
  const sizes = before.paths.user.sizes.map(({ bytes }) => bytes);
  return figuresOf(sizes).flatMap(({ name, unit, more, of }) =>
    bothPaths.flatMap((path) => {
      const [a, b] = [of(before.paths[path]), of(after.paths[path])];
      if (!a || !b || !Number.isFinite(a) || !Number.isFinite(b)) return [];
      return [{ figure: name, unit, path, before: a, after: b, ratio: more ? b / a : a / b }];
    }),
  );
}

/** What makes the comparison less than one of like with like: sentences, or none. */
export function differences(before: BenchReport, after: BenchReport): string[] {
  const parts: readonly (readonly [what: string, of: (report: BenchReport) => unknown])[] = [
    ["processors", ({ machine }) => `${machine.processor}, ${machine.cores} cores`],
    ["kernels", ({ machine }) => machine.kernel],
    ["versions of Wine", ({ machine }) => machine.wine],
    ["architectures", ({ arch }) => arch],
    ["lengths", ({ seconds }) => `${seconds} s`],
  ];
  return parts.flatMap(([what, of]) =>
    of(before) === of(after) ? [] : [`The reports are of different ${what}: ${of(before)}; ${of(after)}.`],
  );
}
