/** What threads do, as numbers for the trace. The order is that of `operationNames`. */
export const operationNames = [
  "load",
  "store-release",
  "store-seq",
  "compare-swap",
  "add",
  "compare-swap-wide",
  "fence",
  "pause",
  "copy",
  "fill",
  "fault",
  "note",
  "calls",
  "returns",
] as const;

export const LOAD = 0;
export const STORE_RELEASE = 1;
export const STORE_SEQ = 2;
export const COMPARE_SWAP = 3;
export const ADD = 4;
export const COMPARE_SWAP_WIDE = 5;
export const FENCE = 6;
export const PAUSE = 7;
export const COPY = 8;
export const FILL = 9;
export const FAULT = 10;
export const NOTE = 11;
export const PROGRAM_CALLS = 12;
export const PROGRAM_RETURNS = 13;
/** Calls of `os` follow, in the order in which they are first named. */
export const FIRST_CALL = 16;

const callNames: string[] = [];

/** The number of that call of `os`. */
export function callOperation(name: string): number {
  const known = callNames.indexOf(name);
  return FIRST_CALL + (known >= 0 ? known : callNames.push(name) - 1);
}

export function operationName(operation: number): string {
  return operation < FIRST_CALL ? operationNames[operation]! : callNames[operation - FIRST_CALL]!;
}
