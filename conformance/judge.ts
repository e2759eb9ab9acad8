import type { Line } from "./play.js";

/** What is wrong with a pair of transcripts. */
export interface Verdict {
  /** The kernel's sockets did not give what the script expects of them. */
  unexpected: string[];
  /** The wrapper gave something else than it should. */
  differences: string[];
}

/** Whether that is what is expected, or one of the things, with "or" between them. */
function fits(gave: string, expected: string): boolean {
  return expected.split(" or ").includes(gave);
}

/** Compares the transcript over the wrapper with the one over the kernel's sockets, and both with what is expected. */
export function judge(kernel: readonly Line[], wrapped: readonly Line[]): Verdict {
  const verdict: Verdict = { unexpected: [], differences: [] };
  for (let index = 0; index < Math.max(kernel.length, wrapped.length); index++) {
    const reference = kernel[index];
    const line = wrapped[index];
    const what = (reference ?? line)!.what;
    const expected = reference?.expected;
    if (reference && expected && !fits(reference.gave, expected.wine ?? expected.documented)) {
      const wanted = expected.wine ?? expected.documented;
      verdict.unexpected.push(
        `${what}\n    expected of the kernel: ${wanted}\n    gave:                   ${reference.gave}`,
      );
    }
    // Where Wine deviates and the wrapper does not, the documentation is the measure, else the kernel's answer.
    const deviates = expected?.wine !== undefined && !expected.both;
    const wanted = deviates ? expected.documented : (reference?.gave ?? "(not reached)");
    if (line === undefined || (deviates ? !fits(line.gave, wanted) : line.gave !== wanted)) {
      verdict.differences.push(`${what}\n    expected: ${wanted}\n    gave:     ${line?.gave ?? "(not reached)"}`);
    }
  }
  return verdict;
}

/** A transcript as text. */
export function transcriptText(lines: readonly Line[]): string {
  return lines.map(({ what, gave }) => `    ${what}${gave ? ` -> ${gave}` : ""}`).join("\n");
}
