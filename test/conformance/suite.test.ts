import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { allScenarios } from "../../conformance/scenarios/index.js";
import { objection, type Played, playings, playSuite } from "../../conformance/suite.js";
import { arches } from "../../programs/build.js";
import { startWineServer } from "../../testbed/wine.js";

/** Scripts at the same time: most of their time they wait. */
const lanes = 4;

for (const arch of arches()) {
  describe(`conformance ${arch}`, () => {
    const all = playings(allScenarios);
    let results: Played[] = [];

    before(
      async () => {
        await startWineServer();
        results = await playSuite(all, { arches: [arch], lanes });
      },
      { timeout: 600_000 },
    );

    for (const [index, { scenario, role }] of all.entries()) {
      const gap = scenario.gap === undefined ? "" : " [known gap]";
      test(`${scenario.group}: ${scenario.name} (${role})${gap}`, (t) => {
        const played = results[index]!;
        if (played.slow) t.diagnostic("differed at first, and was played again with more time");
        const why = objection(played);
        assert.ok(why === undefined, why);
      });
    }
  });
}
