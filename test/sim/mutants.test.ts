import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { paths } from "../../scripts/build/paths.js";
import { builtCore } from "../../sim/core-build.js";
import { mutants } from "../../sim/mutants/all.js";
import { hunt, Reference } from "../../sim/mutants/hunt.js";
import { buildMutant, type Mutant } from "../../sim/mutants/mutant.js";

/** At least one for each checker, of those that are found soon. `npm run mutants` looks for all. */
const chosen = [
  "no-second-look-in-wait",
  "head-not-ordered",
  "head-before-bytes",
  "acceptor-does-not-ask",
  "recv-goes-on-with-the-next-connection",
  "select-waits-for-another-send",
  "slot-claimed-before-it-counts",
  "doorbell-keeps-several-awake",
  "any-head",
  "end-told-while-bytes-are-unread",
  "event-before-status",
].map((name) => {
  const mutant = mutants.find((other) => other.name === name);
  if (mutant === undefined) throw new Error(`there is no mutant ${name}`);
  return mutant;
});

describe("a mistake in the core is found by its checker", () => {
  const folder = mkdtempSync(join(tmpdir(), "vmmc-mutants-"));
  const built: string[] = [];

  before(async () => {
    for (let first = 0; first < chosen.length; first += 2) {
      const two = chosen.slice(first, first + 2);
      built.push(...(await Promise.all(two.map((mutant) => buildMutant(paths.core, folder, "small", mutant)))));
    }
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const [place, mutant] of chosen.entries()) {
    it(`${mutant.by}: ${mutant.breaks}`, () => {
      const limits = { seeds: 1, most: 4000, first: true };
      const { seed, found, seeds } = hunt(mutant, built[place]!, new Reference(builtCore("small")), limits);
      assert.ok(seed !== undefined, `after ${seeds} runs only: ${[...found.keys()].join(", ") || "nothing"}`);
    });
  }

  it("and there is one for each checker that finds some", () => {
    const of = (list: readonly Mutant[]) => [...new Set(list.map(({ by }) => by))].sort();
    assert.deepEqual(of(chosen), of(mutants));
  });
});
