import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { describe, it } from "node:test";
import { buildTarget, compileChangedCore, type Target, targets } from "../../fuzz/build.js";
import { clangWorks } from "../../fuzz/compiler.js";
import { committedCorpus, fuzz } from "../../fuzz/engine.js";
import { plants } from "../../fuzz/plants.js";

const full = process.env.VMMC_TEST_FULL === "1";

/** Carries out all committed inputs of a target, with the program that gcc made. */
function replayAll(program: string, target: Target) {
  return spawnSync(program, [committedCorpus(target)], { encoding: "utf8", timeout: 300_000 });
}

describe("the committed inputs of the fuzzers", () => {
  for (const target of targets) {
    it(`break no promise: ${target}`, async () => {
      const { status, stdout, stderr } = replayAll(await buildTarget(target, "replay"), target);
      assert.equal(stderr, "");
      assert.equal(status, 0);
      assert.equal(stdout, `inputs=${readdirSync(committedCorpus(target)).length}\n`);
    });
  }
});

describe("a check that is missing in the core", () => {
  // Each needs a core and a program of its own: one of them is enough every day.
  for (const { name, target, changes, hard } of full ? plants : plants.slice(0, 1)) {
    it(`is noticed by the committed inputs: ${name} (${target})`, async () => {
      const core = await compileChangedCore(name, changes);
      const { status, stderr } = replayAll(await buildTarget(target, "replay", name, core), target);
      assert.notEqual(status, 0, "no input shows that it is missing");
      assert.match(stderr, /FINDING: |AddressSanitizer: /);
    });

    it(`is found by the fuzzer from nothing: ${name} (${target})`, async (t) => {
      if (hard) return t.skip("needs an input to begin with");
      if (!full) return t.skip("only with VMMC_TEST_FULL=1");
      if (!clangWorks()) return t.skip("clang with libFuzzer is not installed; npm run fuzz installs it, or says how");
      const core = await compileChangedCore(name, changes);
      await buildTarget(target, "fuzzer", name, core);
      const { findings } = await fuzz(target, 300, 1, () => {}, name);
      assert.notEqual(findings.length, 0);
    });
  }
});
