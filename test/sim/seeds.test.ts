import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { repositoryRoot } from "../../scripts/setup/paths.js";
import { optionsOf, type Profile, profiles } from "../../sim/options.js";
import { type RunResult, Simulator } from "../../sim/run.js";

const simulator = new Simulator();
const main = join(repositoryRoot, "dist", "sim", "main.js");

function sim(...args: string[]) {
  return spawnSync(process.execPath, [main, ...args], { encoding: "utf8" });
}

/** How many seeds of each kind. With VMMC_TEST_FULL=1, ten times as many. */
const share = process.env.VMMC_TEST_FULL === "1" ? 10 : 1;
const counts: Readonly<Record<Profile, number>> = {
  mixed: 1500,
  calm: 500,
  kills: 300,
  refusals: 200,
  "kernel-errors": 1000,
  hostile: 300,
  directory: 200,
  messages: 400,
  urgent: 400,
  pieces: 400,
  operations: 500,
  leaving: 500,
};

describe("seeds", () => {
  const reached = new Map<string, number>();

  function note(result: RunResult): void {
    for (const [name, count] of result.reached) reached.set(name, (reached.get(name) ?? 0) + count);
  }

  for (const profile of profiles) {
    it(`of the profile ${profile} find nothing`, () => {
      const found: string[] = [];
      for (let seed = 1; seed <= counts[profile] * share; seed++) {
        const result = simulator.run(optionsOf(seed, profile));
        note(result);
        const { failure } = result;
        if (failure === undefined) continue;
        found.push(`npm run sim -- --seed ${seed} --profile ${profile}: ${failure.checker}: ${failure.message}`);
      }
      assert.deepEqual(found, []);
    });
  }

  it("reach the states that matter", () => {
    const states = [
      "connect user",
      "message posted at user level",
      "accept user",
      "connect kernel no listener",
      "connect kernel peer not wrapped",
      "connect kernel not accepted",
      "connect kernel connect failed",
      "connect kernel closed before accept",
      "connect kernel segment create",
      "connect kernel directory full",
      "connect kernel directory foreign",
      "connect kernel directory version",
      "connect kernel listener gone",
      "accept kernel segment import",
      "event damaged",
      "event stale slot",
      "window grown",
      "slept on a bell",
      "woken by the peer's end",
      "core's own send",
      "core's own select",
      "process ended",
      "core small-strict",
      "operation begun: read",
      "operation begun: write",
      "operation through",
      "operation ended with 995",
    ];
    for (const state of states) {
      assert.ok((reached.get(state) ?? 0) > 0, `no seed comes to "${state}": ${[...reached].join("; ")}`);
    }
  });

  it("run again give the same run, whatever ran before", () => {
    for (const profile of profiles) {
      const first = simulator.run(optionsOf(11, profile));
      simulator.run(optionsOf(12, "calm"));
      const again = simulator.run(optionsOf(11, profile));
      const fresh = new Simulator().run(optionsOf(11, profile));
      assert.deepEqual([again.hash, again.steps], [first.hash, first.steps], profile);
      assert.deepEqual([fresh.hash, fresh.steps], [first.hash, first.steps], profile);
    }
  });

  it("that differ give different runs", () => {
    const hashes = Array.from({ length: 20 }, (_, seed) => simulator.run(optionsOf(seed + 1)).hash);
    assert.ok(new Set(hashes).size > 18);
  });
});

describe("npm run sim", () => {
  it("with one seed tells its options first, and its hash", () => {
    const { stdout, status } = sim("--seed", "5", "--profile", "calm", "--trace", "20");
    assert.equal(status, 0, stdout);
    const lines = stdout.split("\n");
    assert.match(lines[0]!, /^options \{"seed":5,/);
    assert.match(lines[1]!, /^hash [\da-f]+, \d+ steps$/);
    assert.ok(lines.filter((line) => /^ +\d+ \w+\/\w+ /.test(line)).length >= 20, stdout);
  });

  it("with many seeds ends in one line for people and a file for machines, also when shared", () => {
    const folder = mkdtempSync(join(tmpdir(), "vmmc-sim-test-"));
    try {
      const file = join(folder, "result.json");
      const { stdout, status } = sim(
        "--seeds",
        "40",
        "--from",
        "100",
        "--profile",
        "calm",
        "--jobs",
        "2",
        "--stats",
        "--json",
        file,
      );
      assert.equal(status, 0, stdout);
      assert.match(
        stdout.trimEnd().split("\n").at(-1)!,
        /^Simulation: 40 seeds, \d+ steps, .* seeds a minute\), no failure\.$/,
      );
      const summary = JSON.parse(readFileSync(file, "utf8"));
      assert.equal(summary.seeds, 40);
      assert.deepEqual(summary.failures, []);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("with arguments that it does not know says what it takes", () => {
    const { stdout, status } = sim("--seed", "many");
    assert.equal(status, 2);
    assert.match(stdout, /whole number/);
    assert.match(sim("--help").stdout, /Examples:/);
  });
});
