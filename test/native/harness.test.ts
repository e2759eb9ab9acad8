import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { describe, it } from "node:test";
import { type LinuxVariant, linuxVariants } from "../../scripts/build/linux.js";
import { Harness } from "./harness.js";

const variants = Object.keys(linuxVariants) as LinuxVariant[];
/** Of each kind of stress. */
const seconds = process.env.VMMC_TEST_FULL === "1" ? 20 : 2;
/** With VMMC_TEST_SEED a run that failed is done again, as far as threads and processes let themselves be steered. */
const seed = Number(process.env.VMMC_TEST_SEED ?? randomInt(2 ** 32));

describe("two processes that use the core on Linux", () => {
  it("exchange messages at user level and over the kernel", async (t) => {
    const harness = new Harness(t, "plain");
    const { user_ns, kernel_ns, line_ns } = await harness.run(["pingpong", 20000]);
    assert.ok(user_ns && kernel_ns && line_ns);
    harness.assertNothingLeft();
  });

  it("have a thousand connections at the same time, all user-level", async (t) => {
    const harness = new Harness(t, "plain");
    const { values, userLevel, kernel } = await harness.runLogged(["many", 1000]);
    assert.equal(values.connections, 1000);
    assert.deepEqual({ userLevel, kernel }, { userLevel: 2000, kernel: 0 });
    harness.assertNothingLeft();
  });
});

describe(`all kinds of traffic at once, from seed ${seed},`, () => {
  /** A small ring is full most of the time; without spinning every wait is a sleep. */
  const settings: [string, Record<string, string>][] = [
    ["", {}],
    [", rings of 8 KiB", { VMMC_RING: "8192" }],
    [", no spinning", { VMMC_SPIN_US: "0" }],
  ];
  for (const variant of variants) {
    for (const processes of [1, 2]) {
      for (const [name, environment] of settings) {
        it(`arrives unaltered: ${variant} build, ${processes === 1 ? "one process" : "two processes"}${name}`, async (t) => {
          const harness = new Harness(t, variant);
          const { connections, cut, bytes } = await harness.run(["stress", seed, seconds, processes], environment);
          assert.ok(connections && cut && bytes);
          assert.ok(cut < connections);
          harness.assertNothingLeft();
        });
      }
    }
  }
});

describe(`a connection that ends under somebody, from seed ${seed},`, () => {
  // Not with ThreadSanitizer: it objects to the use of a descriptor that another thread closes, which is the point here.
  for (const variant of ["plain", "asan"] as const) {
    it(`wakes the threads that sleep in calls on the closed socket: ${variant} build`, async (t) => {
      const harness = new Harness(t, variant);
      assert.equal((await harness.run(["close", seed, 200])).rounds, 200);
      harness.assertNothingLeft();
    });
  }

  for (const variant of variants) {
    it(`is noticed when its process is killed, and nothing stays behind: ${variant} build`, async (t) => {
      const harness = new Harness(t, variant);
      const rounds = variant === "plain" ? 100 : 20;
      assert.equal((await harness.run(["kill", seed, rounds])).rounds, rounds);
      // What a killed process cannot take away, the next program of the user does.
      await harness.run(["start"]);
      harness.assertNothingLeft();
    });
  }
});
