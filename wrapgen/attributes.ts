/*
 * GNU attributes may stand almost anywhere in a declaration, and the C grammar does not know all of those places
 * (`char *__attribute__((stdcall)) f(void)` confuses it). So they are blanked out before parsing, with spaces, which
 * keeps every offset valid, and remembered by their place.
 */

/** One `__attribute__((...))`, by its place in the source text. */
export interface Attribute {
  start: number;
  end: number;
}

export interface BlankedSource {
  /** The source with every attribute replaced by as many spaces. */
  text: string;
  /** In the order of their places. */
  attributes: Attribute[];
}

/** Blanks out all GNU attributes of preprocessed C source. An attribute whose parentheses never close is left as it is. */
export function blankAttributes(source: string): BlankedSource {
  const attributes: Attribute[] = [];
  const pieces: string[] = [];
  let done = 0;
  for (const match of source.matchAll(/\b__attribute(?:__)?\s*\(/g)) {
    if (match.index < done) {
      continue;
    }
    const end = closingParenthesis(source, match.index + match[0].length - 1);
    if (end === undefined) {
      continue;
    }
    attributes.push({ start: match.index, end });
    pieces.push(source.slice(done, match.index), source.slice(match.index, end).replace(/[^\n]/g, " "));
    done = end;
  }
  pieces.push(source.slice(done));
  return { text: pieces.join(""), attributes };
}

/** No attribute is longer; the limit keeps source with unbalanced parentheses from being scanned again and again. */
const MAX_ATTRIBUTE_LENGTH = 4096;

/** The offset after the parenthesis that closes the one at `open`. */
function closingParenthesis(source: string, open: number): number | undefined {
  let depth = 0;
  let quoted = false;
  const limit = Math.min(source.length, open + MAX_ATTRIBUTE_LENGTH);
  for (let at = open; at < limit; at++) {
    const c = source[at];
    if (c === '"' && source[at - 1] !== "\\") {
      quoted = !quoted;
    } else if (!quoted && c === "(") {
      depth++;
    } else if (!quoted && c === ")" && --depth === 0) {
      return at + 1;
    }
  }
  return undefined;
}

/** Calling conventions, as one would write them before a function's name. */
export type Convention = "cdecl" | "stdcall" | "fastcall" | "thiscall" | "vectorcall" | "ms_abi" | "sysv_abi";

const CONVENTIONS: readonly Convention[] = [
  "cdecl",
  "stdcall",
  "fastcall",
  "thiscall",
  "vectorcall",
  "ms_abi",
  "sysv_abi",
];

/** The calling convention that an attribute or a keyword such as `__stdcall` names, if it names one. */
export function conventionIn(text: string): Convention | undefined {
  return CONVENTIONS.find((convention) => new RegExp(`\\b_{0,2}${convention}(?:__)?\\b`).test(text));
}
