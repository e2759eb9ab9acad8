import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { withLock } from "../../scripts/build/lock.js";
import { withFiles } from "./cores.js";

describe("a lock", () => {
  it("that is free: taken, and given back even if the work fails", async () => {
    await withFiles({}, async (folder) => {
      const file = join(folder, "made", "lock");
      const say = () => assert.fail("nobody else is there");
      assert.equal(await withLock(file, say, async () => existsSync(file)), true);
      await assert.rejects(
        withLock(file, say, () => Promise.reject(new Error("failed"))),
        /failed/,
      );
      assert.equal(existsSync(file), false);
    });
  });

  it("that another holds: waited for, and that is said once", async () => {
    await withFiles({}, async (folder) => {
      const file = join(folder, "lock");
      const order: string[] = [];
      let letGo = () => {};
      const first = withLock(file, assert.fail, async () => {
        await new Promise<void>((resolve) => {
          letGo = resolve;
        });
        order.push("first");
      });
      const say = () => {
        order.push("told");
        letGo();
      };
      await withLock(file, say, async () => void order.push("second"));
      await first;
      assert.deepEqual(order, ["told", "first", "second"]);
    });
  });

  it("that was left by a process that has ended: taken over", async () => {
    await withFiles({}, async (folder) => {
      const file = join(folder, "lock");
      writeFileSync(file, String(spawnSync(process.execPath, ["-e", ""]).pid));
      assert.equal(
        await withLock(
          file,
          () => {},
          async () => "done",
        ),
        "done",
      );
    });
  });
});
