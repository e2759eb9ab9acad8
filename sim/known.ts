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

export const knownFindings: readonly KnownFinding[] = [];

/** The finding that this failure is one more case of. */
export function knownFinding(checker: string, message: string): KnownFinding | undefined {
  return knownFindings.find((known) => known.checker === checker && known.message.test(message));
}
