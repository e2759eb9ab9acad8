import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildSimCore, simVariants } from "../../scripts/build/sim.js";
import { syntaxErrors } from "../../scripts/build/source-tree.js";
import type { Profile } from "../options.js";

/** One place of the core, and what stands there instead. Wherever in the core the text is: files are split now and then. */
export interface Change {
  from: string;
  to: string;
}

/** A mistake that somebody could make in the core, and the checker that must notice it. */
export interface Mutant {
  /** A few words, joined by hyphens: how it is asked for. */
  name: string;
  /** What no longer holds, in a clause. */
  breaks: string;
  changes: readonly Change[];
  /** The checker that must find it; others may as well. */
  by: string;
  /** Kind of runs in which it matters. */
  profile?: Profile;
  /** The first seed to be run, where few seeds find it: one of those. */
  from?: number;
  /** The build in which it matters: only seeds that run on that one are counted. */
  core?: "small" | "small-strict" | "normal";
  /** Found by trying every order of this small case (`sim/exhaustive/cases.ts`), where seeds come to it too rarely. */
  smallCase?: string;
  /** The core had this mistake once, and the simulation found it. */
  once?: true;
  /** Why nobody can notice it: then it must not be found. */
  equivalent?: string;
}

/** The text of a mutant is not in the core any more, or more than once. */
export class PlantError extends Error {}

/** Makes the mutant's changes to the copy of the core in `folder`. Gives the changed files. @throws PlantError */
export function plant(mutant: Mutant, folder: string): string[] {
  const changed: string[] = [];
  for (const { from, to } of mutant.changes) {
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
    const places = files.flatMap((name) => {
      const text = readFileSync(join(folder, name), "utf8");
      return Array.from({ length: text.split(from).length - 1 }, () => name);
    });
    if (places.length !== 1) {
      const where = places.length === 0 ? "nowhere" : `in ${places.join(", ")}`;
      throw new PlantError(
        `Cannot plant "${mutant.name}": its text must stand in the core exactly once, and stands ${where}. ` +
          `Has the core changed? Write the mutant anew, in sim/mutants/. The text:\n${from}`,
      );
    }
    const file = join(folder, places[0]!);
    const text = readFileSync(file, "utf8");
    const at = text.indexOf(from);
    writeFileSync(file, text.slice(0, at) + to + text.slice(at + from.length));
    changed.push(file);
  }
  return changed;
}

/** Whether the core of that folder can be parsed with each of them. @throws PlantError that names those with which it cannot */
export async function checkPlants(mutants: readonly Mutant[], coreFolder: string): Promise<void> {
  const wrong: string[] = [];
  const folder = mkdtempSync(join(tmpdir(), "vmmc-mutant-"));
  try {
    for (const mutant of mutants) {
      cpSync(coreFolder, folder, { recursive: true });
      try {
        for (const file of plant(mutant, folder)) {
          const [error] = await syntaxErrors(readFileSync(file, "utf8"));
          if (error !== undefined) {
            wrong.push(`Cannot plant "${mutant.name}": with it ${file} is no program any more: ${error}`);
          }
        }
      } catch (error) {
        if (!(error instanceof PlantError)) throw error;
        wrong.push(error.message);
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  if (wrong.length > 0) throw new PlantError(wrong.join("\n"));
}

/** Everything that decides what a built core is. */
function fingerprint(folder: string, variant: string): string {
  const hash = createHash("sha256").update(JSON.stringify(simVariants[variant]));
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" }).sort()) {
    if (name.endsWith(".ts")) hash.update(name).update(readFileSync(join(folder, name)));
  }
  return hash.digest("hex").slice(0, 16);
}

/**
 * Builds the core in `coreFolder` with the mutant's changes, unless that was done before; without a mutant, the core as
 * it is. Gives the WebAssembly's file, in `outFolder`.
 * @throws PlantError, or BuildError when the changed core is no program any more
 */
export async function buildMutant(
  coreFolder: string,
  outFolder: string,
  variant: string,
  mutant: Mutant | undefined,
): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "vmmc-mutant-"));
  try {
    const copy = join(folder, "core");
    cpSync(coreFolder, copy, { recursive: true });
    if (mutant !== undefined) plant(mutant, copy);
    const file = join(outFolder, `${mutant?.name ?? "unchanged"}-${variant}-${fingerprint(copy, variant)}.wasm`);
    if (!existsSync(`${file}.json`)) await buildSimCore(copy, file, simVariants[variant]);
    return file;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
