import assert from "node:assert/strict";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { buildSimCore, simVariants } from "../../scripts/build/sim.js";
import { repositoryRoot } from "../../scripts/setup/paths.js";
import { smallCases } from "../../sim/exhaustive/cases.js";
import { enumerate } from "../../sim/exhaustive/enumerate.js";
import { Player, type SmallCase } from "../../sim/exhaustive/play.js";
import { mutants } from "../../sim/mutants/all.js";
import { checkPlants, type Mutant, PlantError, plant } from "../../sim/mutants/mutant.js";

const core = join(repositoryRoot, "core");

/** Orders of one case at most: the largest have many more, which `npm run sim -- --exhaustive` tries. */
const MOST = 60;

/** More than the small case has that is tried to its end. */
const ALL = 10_000;

function caseOf(name: string): SmallCase {
  const found = smallCases.find((small) => small.name === name);
  assert.ok(found, `there is no small case "${name}"`);
  return found;
}

describe("every order of steps of a small case", () => {
  const player = new Player();

  for (const small of smallCases.filter(({ wrong }) => wrong !== undefined)) {
    it(`still goes wrong, or its mark is to be taken away: ${small.name}`, () => {
      assert.notEqual(enumerate(player, small, { preemptions: 1, storesLate: false }, ALL).failure, undefined);
    });
  }

  for (const small of smallCases.filter(({ wrong }) => wrong === undefined)) {
    it(`goes well: ${small.name}`, () => {
      for (const preemptions of [0, 1]) {
        for (const storesLate of [false, true]) {
          const { failure, schedules } = enumerate(player, small, { preemptions, storesLate }, MOST);
          assert.equal(failure, undefined, `${failure?.choices} ${failure?.checker}: ${failure?.message}`);
          assert.ok(schedules > 0);
        }
      }
    });
  }

  it("is tried once each, and all of them", () => {
    const small = caseOf("the window grows at the byte that is read");
    const none = enumerate(player, small, { preemptions: 0, storesLate: false }, ALL);
    const one = enumerate(player, small, { preemptions: 1, storesLate: false }, ALL);
    const late = enumerate(player, small, { preemptions: 1, storesLate: true }, ALL);
    assert.deepEqual([none.complete, one.complete, late.complete], [true, true, true]);
    assert.ok(none.schedules < one.schedules, "a preemption makes more orders");
    assert.ok(one.schedules < late.schedules, "stores that are seen late make more orders");
    assert.equal(enumerate(player, small, { preemptions: 1, storesLate: true }, ALL).schedules, late.schedules);
  });
});

describe("a mistake that no seed comes to", () => {
  const folder = mkdtempSync(join(tmpdir(), "vmmc-enumeration-"));
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("is found by trying every order, and its schedule shows it again", async () => {
    const mutant = mutants.find(({ name }) => name === "no-fence-at-a-level's-end")!;
    const copy = join(folder, "core");
    cpSync(core, copy, { recursive: true });
    plant(mutant, copy);
    const file = join(folder, "planted.wasm");
    await buildSimCore(copy, file, simVariants.small);
    const small = caseOf(mutant.smallCase!);
    const player = new Player(file);
    const bounds = { preemptions: 1, storesLate: true };
    const { failure } = enumerate(player, small, bounds, ALL);
    assert.equal(failure?.checker, mutant.by);
    const again = enumerate(player, small, bounds, 1, failure?.choices);
    assert.equal(again.failure?.message, failure?.message);
    // Where stores are seen at once there is nothing wrong with it.
    assert.equal(enumerate(player, small, { ...bounds, storesLate: false }, ALL).failure, undefined);
  });
});

describe("the mutants", () => {
  it("can all be planted in the core as it is", async () => {
    await checkPlants(mutants, core);
  });

  it("that cannot be planted, or leave no program, are named", async () => {
    const stale: Mutant = { name: "stale", breaks: "", changes: [{ from: "no such text", to: "" }], by: "stream" };
    const torn: Mutant = { ...stale, name: "torn", changes: [{ from: "while (sent < d.head) {", to: "" }] };
    await assert.rejects(
      () => checkPlants([stale, torn], core),
      (error) => error instanceof PlantError && /"stale"/.test(error.message) && /"torn"/.test(error.message),
    );
  });

  it("have names of their own, and small cases that there are", () => {
    assert.equal(new Set(mutants.map(({ name }) => name)).size, mutants.length);
    for (const { smallCase } of mutants) if (smallCase !== undefined) caseOf(smallCase);
  });
});
