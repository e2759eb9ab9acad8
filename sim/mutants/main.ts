/**
 * `npm run mutants`: is the simulation any good? Plants known mistakes in a copy of the core, one at a time, and runs
 * seeds until each is found. Exit code 1 if one survives: then the simulation is to be improved.
 *
 * `mutant.ts` says what a mutant is, and plants it; `all.ts` and the files that it names list them; `hunt.ts` runs seeds.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import Table from "cli-table3";
import { paths } from "../../scripts/build/paths.js";
import { BuildError } from "../../scripts/build/run.js";
import { mutants } from "./all.js";
import { type Arguments, parseArguments } from "./arguments.js";
import { type Catch, hunt, Reference } from "./hunt.js";
import { buildMutant, checkPlants, type Mutant, PlantError } from "./mutant.js";

/** True when it went as it should: found, or not to be found. */
function fine(mutant: Mutant, result: Catch): boolean {
  return (result.seed === undefined) === (mutant.equivalent !== undefined);
}

function checkers(result: Catch): string {
  return [...result.found].map(([checker, count]) => `${checker} ${count}`).join(", ");
}

function row(mutant: Mutant, result: Catch): string[] {
  const found = [...result.found.values()].reduce((sum, count) => sum + count, 0);
  const by = mutant.equivalent !== undefined ? "(equivalent)" : result.seed === undefined ? "SURVIVES" : mutant.by;
  return [mutant.name, mutant.breaks, by, `${result.seed ?? ""}`, `${found} of ${result.seeds}`, checkers(result)];
}

async function check(wanted: Arguments, chosen: readonly Mutant[]): Promise<boolean> {
  const coreFolder = wanted.core ?? paths.core;
  const outFolder = join(paths.sim, "mutants");
  await checkPlants(chosen, coreFolder);
  const references = new Map<string, Reference>();
  const table = new Table({
    head: ["mutant", "breaks", "found by", "first seed", "seeds", "by checker"],
    style: { head: [], border: [] },
  });
  const results: Record<string, unknown>[] = [];
  let all = true;
  for (const mutant of chosen) {
    const variant = mutant.core ?? "small";
    if (!references.has(variant)) {
      references.set(variant, new Reference(await buildMutant(coreFolder, outFolder, variant, undefined)));
    }
    const file = await buildMutant(coreFolder, outFolder, variant, mutant);
    const most = mutant.equivalent === undefined ? wanted.most : wanted.seeds;
    const result = hunt(mutant, file, references.get(variant)!, { ...wanted, most: Math.max(most, wanted.seeds) });
    if (!fine(mutant, result)) all = false;
    table.push(row(mutant, result));
    results.push({ ...mutant, ...result, found: Object.fromEntries(result.found) });
    console.log(row(mutant, result).join(" | "));
    if (result.unclear > 0) console.log(`  ${result.unclear} seeds find something in the unchanged core too`);
  }
  console.log(table.toString());
  for (const { name, equivalent } of chosen) if (equivalent !== undefined) console.log(`${name}: ${equivalent}`);
  if (wanted.json !== undefined) writeFileSync(wanted.json, `${JSON.stringify(results, null, 1)}\n`);
  return all;
}

async function main(args: readonly string[]): Promise<number> {
  const wanted = parseArguments(args);
  if ("say" in wanted) {
    console.log(wanted.say);
    return wanted.code;
  }
  const chosen = mutants.filter(
    ({ name }) => wanted.words.length === 0 || wanted.words.some((word) => name.includes(word)),
  );
  if (wanted.list) {
    for (const { name, breaks, by } of chosen) console.log(`${name}: ${breaks} (${by})`);
    return 0;
  }
  if (chosen.length === 0) {
    console.error(`no mutant has ${wanted.words.join(" or ")} in its name: npm run mutants -- --list tells them all`);
    return 2;
  }
  try {
    return (await check(wanted, chosen)) ? 0 : 1;
  } catch (error) {
    if (!(error instanceof PlantError || error instanceof BuildError)) throw error;
    console.error(error.message);
    return 2;
  }
}

process.exitCode = await main(process.argv.slice(2));
