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

  const hostile = ["", "../../../etc/passwd", "a\nb", "-", "\u001b[31mred", "x".repeat(5000), "$(touch pwned)", "a;b"];
  const commands: readonly (readonly string[])[] = [["install"], ["uninstall"], ["status"], ["run"], ["doctor"]];
  for (const command of [...commands, ["bench", "--compare"], ["exports"], ["trace", "show"], ["completion"]]) {
    it(`${command.join(" ")} with hostile names: one line, exit code 2`, () => {
      for (const name of hostile) {
        const { status, stdout, stderr } = vmmc(...command, name);
        assert.deepEqual([status, stdout], [2, ""], `${JSON.stringify(name)}: ${stderr}`);
        assert.match(
          stderr,
          /^(?:vmmc|error): [\x20-\x7e]+\n(?:\(vmmc --help shows how it is used\)\n)?$/,
          JSON.stringify(name),
        );
      }
    });
  }

  it("without a command: help on standard error, exit code 2", () => {
    const { status, stdout, stderr } = vmmc();
    assert.deepEqual([status, stdout], [2, ""]);
    assert.match(stderr, /^Usage: vmmc /);
  });
});
