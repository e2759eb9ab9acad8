import { existsSync, readFileSync } from "node:fs";

/** One connection slot's account: see programs/mortal-stream.h. */
export interface Account {
  started: number;
  acked: number;
  received: number;
  iteration: number;
  wrong: number;
  /** The sender's slot as its stream said, or `nobody`. */
  from: number;
  fromIteration: number;
}

/** What a process counted until its end. */
export interface Ledger {
  steps: number;
  gates: number;
  round: number;
  accounts: Account[];
}

export const nobody = 255;
const slots = 16;
const accountsOffset = 16;
const accountBytes = 40;

/** Reads a ledger that its process may be writing; undefined while there is none. */
export function readLedger(file: string): Ledger | undefined {
  if (!existsSync(file)) return undefined;
  const bytes = readFileSync(file);
  if (bytes.length < accountsOffset + slots * accountBytes) return undefined;
  const accounts = Array.from({ length: slots }, (_, slot): Account => {
    const at = accountsOffset + slot * accountBytes;
    return {
      started: Number(bytes.readBigUInt64LE(at)),
      acked: Number(bytes.readBigUInt64LE(at + 8)),
      received: Number(bytes.readBigUInt64LE(at + 16)),
      iteration: bytes.readUInt32LE(at + 24),
      wrong: bytes.readUInt32LE(at + 28),
      from: bytes.readUInt32LE(at + 32),
      fromIteration: bytes.readUInt32LE(at + 36),
    };
  });
  return { steps: bytes.readInt32LE(0), gates: bytes.readInt32LE(4), round: bytes.readInt32LE(8), accounts };
}
