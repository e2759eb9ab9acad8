import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { configurationProblems } from "../../cli/configuration.js";
import { ruleProblems } from "../../cli/rules.js";
import { rightRules, wrongRules } from "./sample-rules.js";

describe("rules, as the tools read them", () => {
  for (const [rules] of rightRules)
    it(`${JSON.stringify(rules)}: good`, () => assert.deepEqual(ruleProblems(rules), []));
  for (const rule of wrongRules) {
    it(`${rule}: one problem`, () => {
      const [problem, ...others] = ruleProblems(`kernel; ${rule}; user-level`);
      assert.ok(problem!.startsWith(`"${rule}" is left out: `), problem);
      assert.deepEqual(others, []);
    });
  }

  it("too many: none counts", () => assert.match(ruleProblems("kernel;".repeat(600)).join(), /longer than 4095 bytes/));
});

describe("a configuration file, as the tools read it", () => {
  const folder = mkdtempSync(join(tmpdir(), "vmmc-configuration-"));
  after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "vmmc.conf");
  const problems = (text: string, environment: NodeJS.ProcessEnv = {}) => {
    writeFileSync(file, text);
    return configurationProblems(environment, folder).map(
      ({ name, what }) => `${name.replace(`${file}, `, "")}: ${what}`,
    );
  };

  it("with nothing wrong", () => {
    const text = "# comment\r\n\n  VMMC_SPIN_US = 0\r\n\tVMMC_RING=8192\nVMMC_RULES = kernel port 1; user-level\n";
    assert.deepEqual(problems(text), []);
  });

  it("with something wrong in each line", () => {
    assert.deepEqual(problems("VMMC_SPIN_US = many\nnonsense\nVMMC_SPIN = 1\nVMMC_CONFIG = x\nVMMC_SPIN_US=1"), [
      'line 1, VMMC_SPIN_US: "many" is not valid, and counts as 100',
      "line 2: it is left out",
      "line 3, VMMC_SPIN: there is no such setting",
      "line 4: a file cannot name another one",
      "line 5: VMMC_SPIN_US stands above already, and that counts",
    ]);
  });

  it("that is too long, or is not there", () => {
    assert.match(problems(`#${"x".repeat(20000)}`).join(), /only its first 16383 bytes are read/);
    assert.match(problems("", { VMMC_CONFIG: join(folder, "none") }).join(), /none is no file: nothing is read/);
  });
});
