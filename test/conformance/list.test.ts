import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { allScenarios } from "../../conformance/scenarios/index.js";

describe("the list of scenarios", () => {
  test("has at least 250, each with a name of its own", () => {
    const names = allScenarios.map(({ group, name }) => `${group}: ${name}`);
    assert.equal(new Set(names).size, names.length, "a name is there twice");
    assert.ok(names.length >= 250, `${names.length}`);
  });

  test("says of each what is documented, on at least one line", () => {
    const without = allScenarios.filter(
      ({ steps }) => !steps.some((step) => "expected" in step && step.expected !== undefined),
    );
    assert.deepEqual(
      without.map(({ name }) => name),
      [],
    );
  });

  test("has no script twice", () => {
    const scripts = new Map<string, string>();
    for (const { name, steps, program } of allScenarios) {
      const key = `${program} ${JSON.stringify(steps)}`;
      assert.equal(scripts.get(key), undefined, `${name} is the same as ${scripts.get(key)}`);
      scripts.set(key, name);
    }
  });
});
