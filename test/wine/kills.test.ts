import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { archPairs, full } from "./helpers.js";
import { planOf } from "./kills-scenes.js";
import { playSession, Reference } from "./kills-session.js";

/** Another number, other deaths: VMMC_KILLS_SEED. */
const seed = Number(process.env.VMMC_KILLS_SEED ?? 1);
const pairs = archPairs();
/** Deaths in each pair of architectures: 2,000 in all with the large figures. */
const deaths = Number(process.env.VMMC_KILLS ?? Math.ceil((full ? 2000 : 40) / pairs.length));

describe(`one of two programs is ended, ${deaths} times with each pair of architectures, seed ${seed}`, () => {
  pairs.forEach(([host, victim], index) => {
    test(`survivor ${host}, victim ${victim}`, { timeout: 3_600_000 }, async (t) => {
      const reference = new Reference();
      t.after(() => reference.close());
      const began = Date.now();
      const report = await playSession(planOf(deaths, seed + index), { host, victim }, reference);
      t.diagnostic(
        `${report.rounds} deaths, ${report.outcomes} connections that survived one side, ` +
          `${((Date.now() - began) / 1000).toFixed(0)} s; the kernel was asked ${reference.rounds} times; ` +
          `${reference.spoilt} survivors waited in vain, ${reference.stuck} rounds got stuck there; ` +
          `${report.kept} rounds were played again, for the kernel beside the wrapper kept a survivor; ` +
          [...report.decisions].map(([name, count]) => `${count} x ${name}`).join(", "),
      );
      assert.equal(report.failures.join("\n"), "");
    });
  });
});
