import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { type Step, Steps } from "../../scripts/build/steps.js";
import { withFiles } from "./cores.js";

interface Bench {
  folder: string;
  lines: string[];
  /** Does the step in a new build, and tells whether it was really done. */
  build(changes?: Partial<Step>): Promise<boolean>;
}

/** A step that copies a folder's file, done once before. */
async function withStep(work: (bench: Bench) => Promise<void>): Promise<void> {
  await withFiles({ "in/source": "1", tool: "t" }, async (folder) => {
    const lines: string[] = [];
    const build = async (changes: Partial<Step> = {}) => {
      let wasDone = false;
      const steps = new Steps(join(folder, "stamps"), (line) => lines.push(line));
      await steps.run({
        name: "make the thing",
        inputs: [join(folder, "in"), join(folder, "tool")],
        outputs: [join(folder, "out")],
        versions: ["compiler 1"],
        async run() {
          wasDone = true;
          writeFileSync(join(folder, "out"), "made");
        },
        ...changes,
      });
      steps.finish("things");
      return wasDone;
    };
    assert.equal(await build(), true);
    await work({ folder, lines, build });
  });
}

describe("a step that was done", () => {
  it("is not done again, and one line is said", async () => {
    await withStep(async ({ build, lines }) => {
      assert.match(lines[0]!, /^ {2}make the thing +\d+\.\d s$/);
      assert.match(lines[1]!, /^Built things in +\d+\.\d s\.$/);
      lines.length = 0;
      assert.equal(await build(), false);
      assert.deepEqual(lines, ["Build: up to date (things)."]);
    });
  });

  it("is not done again when a file was written with the same content", async () => {
    await withStep(async ({ build, folder }) => {
      writeFileSync(join(folder, "tool"), "t");
      assert.equal(await build(), false);
    });
  });

  const changes: readonly (readonly [what: string, change: (folder: string) => void])[] = [
    ["an input has changed", (folder) => writeFileSync(join(folder, "tool"), "u")],
    ["a file in an input folder has changed", (folder) => writeFileSync(join(folder, "in", "source"), "2")],
    ["a file has come into an input folder", (folder) => writeFileSync(join(folder, "in", "more"), "")],
    ["a file has gone from an input folder", (folder) => rmSync(join(folder, "in", "source"))],
    ["the output has gone", (folder) => rmSync(join(folder, "out"))],
    ["the output was changed by somebody else", (folder) => writeFileSync(join(folder, "out"), "edited")],
    ["its stamp is damaged", (folder) => writeFileSync(join(folder, "stamps", "make-the-thing.json"), "{")],
  ];
  for (const [what, change] of changes) {
    it(`is done again when ${what}`, async () => {
      await withStep(async ({ build, folder }) => {
        change(folder);
        assert.equal(await build(), true);
        assert.equal(await build(), false);
      });
    });
  }

  it("is done again when a compiler has another version", async () => {
    await withStep(async ({ build }) => assert.equal(await build({ versions: ["compiler 2"] }), true));
  });
});

describe("a step that fails", () => {
  it("is done again next time, even if its output is there", async () => {
    await withStep(async ({ build, folder }) => {
      writeFileSync(join(folder, "tool"), "broken");
      const run = () => Promise.reject(new Error("no"));
      await assert.rejects(build({ run }), /no/);
      await assert.rejects(build({ run }), /no/);
      assert.equal(await build(), true);
    });
  });
});
