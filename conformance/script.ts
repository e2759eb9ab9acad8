/**
 * Scripts: what a scenario does, one call a line.
 *
 *     pair                                 A and B are connected, as `s` on both sides
 *     A send s 5                           party A's first thread makes a call
 *     A@1 recv s 16 &                      another thread of A makes a call; the script goes on
 *     A@1 blocked                          it has not returned after some time
 *     A@1 ends => 5 'abcde'                it returns now; this is what the documentation says that it returns
 *     B connect c $l                       $NAME is the port of the socket NAME
 *     settle                               time for what was sent to arrive
 *     B dies                               its process is killed; it is started again when it is needed again
 *     B leaves                             its process ends by itself, with its sockets open
 *
 * After "=>" stands what is documented. Where Wine answers otherwise, it is said with the reason:
 *
 *     => -1 WSAEINTR | wine: -1 WSAEINVAL (why)     Wine says something else, and the wrapper what is documented
 *     => 3 | both: 2 (why)                          Wine says something else, and so does the wrapper
 */

/** What a line is expected to give. */
export interface Expectation {
  documented: string;
  /** What Wine gives instead. */
  wine?: string;
  /** Set when the wrapper gives what Wine gives. */
  both?: boolean;
  reason?: string;
}

/** A call by one thread of one party. */
export interface CallStep {
  kind: "call";
  party: string;
  thread: number;
  text: string;
  /** The script goes on before it returns. */
  begins: boolean;
  expected?: Expectation;
}

/** Something else that happens to a party or one of its threads. */
export interface PartyStep {
  kind: "ends" | "blocked" | "dies" | "leaves";
  party: string;
  thread: number;
  expected?: Expectation;
}

export type Step = CallStep | PartyStep | { kind: "settle" } | { kind: "pair" };

const eventWords = new Set(["ends", "blocked", "dies", "leaves"]);

/** @throws an Error that quotes the line when its expectation is malformed. */
function parseExpectation(text: string, line: string): Expectation {
  const [documented = "", deviation] = text.split(" | ").map((part) => part.trim());
  if (deviation === undefined) return { documented };
  const match = deviation.match(/^(wine|both): (.*?) \(([^()]*(?:\([^()]*\)[^()]*)*)\)$/);
  if (!match) throw new Error(`cannot read what is expected in "${line}": write "=> X | wine: Y (why)"`);
  return { documented, wine: match[2]!, both: match[1] === "both", reason: match[3]! };
}

function parseLine(line: string): Step {
  if (line === "settle" || line === "pair") return { kind: line };
  const [call = "", expectation] = line.split(" => ");
  const match = call.trim().match(/^([A-D])(?:@(\d))? (.*)$/);
  if (!match) throw new Error(`cannot read the script's line "${line}": it begins with no party`);
  const [, party, thread, rest] = match;
  const where = { party: party!, thread: Number(thread ?? 0) };
  const expected = expectation === undefined ? {} : { expected: parseExpectation(expectation, line) };
  if (eventWords.has(rest!)) return { kind: rest as PartyStep["kind"], ...where, ...expected };
  const begins = rest!.endsWith(" &");
  if (begins && where.thread === 0) throw new Error(`"${line}": the first thread reads the script, it cannot wait`);
  return { kind: "call", ...where, text: begins ? rest!.slice(0, -2) : rest!, begins, ...expected };
}

/** The steps of a script. Empty lines, and what follows a "#", are for people. */
export function parseScript(script: string): Step[] {
  return script
    .split("\n")
    .map((line) => line.replace(/(^|\s)#.*/, "").trim())
    .filter((line) => line !== "")
    .map(parseLine);
}

/** Who connects and who accepts where a script says `pair`; "together": both are threads of one process. */
export type Role = "A accepts" | "A connects" | "together" | "as written";

const connects: Readonly<Record<string, readonly string[]>> = {
  "A accepts": ["A listener l", "B connection s $l", "A accept s l"],
  "A connects": ["B listener l", "A connection s $l", "B accept s l"],
};

/** The script with `pair` spelled out for a role. */
export function castScript(steps: readonly Step[], role: Role): Step[] {
  const pair = connects[role] ?? connects["A accepts"]!;
  return steps.flatMap((step) => (step.kind === "pair" ? pair.map((line) => parseLine(`${line} => 0`)) : [step]));
}

/** The roles in which a script is worth playing. */
export function rolesOf(steps: readonly Step[]): Role[] {
  return steps.some((step) => step.kind === "pair") ? ["A accepts", "A connects"] : ["as written"];
}

/** The parties that a script needs. */
export function partiesOf(steps: readonly Step[]): string[] {
  const parties = steps.flatMap((step) => ("party" in step ? [step.party] : step.kind === "pair" ? ["A", "B"] : []));
  return [...new Set(parties)].sort();
}
