import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { productVersion } from "../../cli/package.js";
import { vmmc } from "./vmmc.js";

describe("vmmc", () => {
  for (const command of [
    [],
    ["exports"],
    ["wrap"],
    ["trace"],
    ["trace", "show"],
    ["install"],
    ["uninstall"],
    ["status"],
  ]) {
    it(`${command.join(" ")} --help: shown with an example, exit code 0`, () => {
      const { status, stdout, stderr } = vmmc(...command, "--help");
      assert.deepEqual([status, stderr], [0, ""]);
      assert.match(stdout, /Examples?:\n {2}vmmc /);
    });
  }

  it("--version: the package's", () => {
    assert.deepEqual(vmmc("--version"), { status: 0, stdout: `${productVersion}\n`, stderr: "" });
  });

  for (const wrong of [["fly"], ["install"], ["install", "a", "b"], ["exports", "x", "--yaml"]]) {
    it(`${wrong.join(" ")}: not understood, exit code 2`, () => {
      const { status, stdout, stderr } = vmmc(...wrong);
      assert.deepEqual([status, stdout], [2, ""]);
      assert.match(stderr, /^error: [^\n]+\n\(vmmc --help shows how it is used\)\n$/);
    });
  }

  it("without a command: help on standard error, exit code 2", () => {
    const { status, stdout, stderr } = vmmc();
    assert.deepEqual([status, stdout], [2, ""]);
    assert.match(stderr, /^Usage: vmmc /);
  });
});
