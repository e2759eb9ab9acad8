import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setupStateFile } from "./paths.js";

/** A processor architecture of Windows programs, in Node's words: 64-bit or 32-bit x86. */
export type Arch = "x64" | "ia32";

/** Raise when set-up does more than before, so that existing checkouts go through it again. */
export const setupVersion = 1;

/** What set-up found out, kept in build/setup.json. */
export interface SetupState {
  setupVersion: number;
  /** The architectures whose programs were seen running under Wine. */
  arches: Arch[];
  /** Present when "ia32" is not in `arches`: the reason, for people. */
  why32BitMissing?: string;
  /** Absolute paths of the programs found, by name. */
  tools: Record<string, string>;
  /** Wine's loader for programs of each architecture. */
  loaders: Record<Arch, string>;
  /** What this result rests on (files by path, switches by name): it holds while all of these are the same. */
  basis: Record<string, string>;
}

/** Reads the state, or undefined when there is none that this version understands. */
export function readSetupState(file: string = setupStateFile): SetupState | undefined {
  if (!existsSync(file)) return undefined;
  try {
    const state = JSON.parse(readFileSync(file, "utf8")) as SetupState;
    return state.setupVersion === setupVersion ? state : undefined;
  } catch {
    // A half-written or foreign file is the same as none: set-up makes a new one.
    return undefined;
  }
}

/** Writes the state in one step, so that another process never reads half of it. */
export function writeSetupState(state: SetupState, file: string = setupStateFile): void {
  mkdirSync(dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}`;
  writeFileSync(temporary, `${JSON.stringify(state, null, 2)}\n`);
  renameSync(temporary, file);
}
