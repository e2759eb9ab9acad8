/**
 * What the simulation finds, and what is not repaired yet: counted and told in each summary, never left out. Who
 * repairs the core takes the line away.
 */
export interface KnownFinding {
  checker: string;
  message: RegExp;
  /** What is wrong, in one sentence. */
  what: string;
}

export const knownFindings: readonly KnownFinding[] = [
  {
    checker: "liveness",
    message: /^lost wake-up: select \(of a connection handed over to the kernel\)/,
    what: "a select for writing learns up to a second late that its pending connection was handed over to the kernel",
  },
];

/** The finding that this failure is one more case of. */
export function knownFinding(checker: string, message: string): KnownFinding | undefined {
  return knownFindings.find((known) => known.checker === checker && known.message.test(message));
}
