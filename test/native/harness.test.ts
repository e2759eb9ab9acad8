import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { join } from "node:path";
import { describe, it } from "node:test";
import { type LinuxVariant, linuxVariants } from "../../scripts/build/linux.js";
import { paths } from "../../scripts/build/paths.js";
import { Harness, tsanOptions } from "./harness.js";

const variants = Object.keys(linuxVariants) as LinuxVariant[];
const full = process.env.VMMC_TEST_FULL === "1";
/** Of each kind of stress. */
const seconds = full ? 20 : 2;
/** Of the long one, which is for the sanitizers. */
const longSeconds = 240;
/** With the one suppression that there is. */
const closing = `${tsanOptions}:suppressions=${join(paths.harness, "tsan-close.txt")}`;
/** With VMMC_TEST_SEED a run that failed is done again, as far as threads and processes let themselves be steered. */
const seed = Number(process.env.VMMC_TEST_SEED ?? randomInt(2 ** 32));

describe("two processes that use the core on Linux", () => {
  for (const variant of variants) {
    // Sanitizers make everything several times slower.
    const [rounds, many] = variant === "plain" ? [20000, 1000] : [2000, 200];

    it(`exchange messages at user level and over the kernel: ${variant} build`, async (t) => {
      const harness = new Harness(t, variant);
      const { user_ns, kernel_ns, line_ns } = await harness.run(["pingpong", rounds]);
      assert.ok(user_ns && kernel_ns && line_ns);
      harness.assertNothingLeft();
    });

    it(`have ${many} connections at the same time, all user-level: ${variant} build`, async (t) => {
      const harness = new Harness(t, variant);
      const { values, userLevel, kernel } = await harness.runLogged(["many", many]);
      assert.equal(values.connections, many);
      assert.deepEqual({ userLevel, kernel }, { userLevel: 2 * many, kernel: 0 });
      harness.assertNothingLeft();
    });
  }
});

describe("ten thousand connections at the same time", () => {
  const connections = 10_000;
  /** Kernel sockets not counted: those of the kernel's own connections are the same. */
  const mostBytes = 24 * 1024;

  it("are all user-level, pass every byte, cost at most 24 KiB each while idle, and leave nothing", async (t) => {
    const harness = new Harness(t, "plain");
    const run = await harness.runLogged(["scale", connections, 1000]).catch((error: Error) => error);
    if (run instanceof Error && /needs=\d+/.test(run.message)) return t.skip(run.message);
    if (run instanceof Error) throw run;
    assert.deepEqual([run.values.connections, run.userLevel, run.kernel], [connections, 2 * connections, 0]);
    const { segment_bytes, private_bytes, table_bytes } = run.values;
    const bytes = segment_bytes! + private_bytes! + table_bytes!;
    assert.ok(segment_bytes! > 0 && bytes <= mostBytes, `${bytes} bytes for each idle connection`);
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

  for (const variant of ["tsan", "asan"] as const) {
    it(`arrives unaltered for minutes: ${variant} build, one process`, {
      skip: !full && "only with VMMC_TEST_FULL=1",
    }, async (t) => {
      const harness = new Harness(t, variant);
      const { connections, cut, bytes } = await harness.run(["stress", seed, longSeconds, 1]);
      assert.ok(connections && cut && bytes);
      harness.assertNothingLeft();
    });
  }
});

describe(`a process that ends while threads of it begin, from seed ${seed},`, () => {
  for (const variant of variants) {
    it(`leaves no bell: ${variant} build`, async (t) => {
      const harness = new Harness(t, variant);
      const rounds = variant === "plain" ? 500 : 30;
      assert.equal((await harness.run(["leave", seed, rounds])).rounds, rounds);
    });
  }
});

describe(`operations that go on after their calls, from seed ${seed},`, () => {
  for (const variant of variants) {
    it(`send in their order, and all end: ${variant} build`, async (t) => {
      const harness = new Harness(t, variant);
      const rounds = variant === "plain" ? 500 : 60;
      const values = await harness.run(["later", seed, rounds]);
      assert.equal(values.rounds, rounds);
      assert.ok(values.cut! > 0);
      harness.assertNothingLeft();
    });
  }
});

describe("a blocking hook", () => {
  for (const variant of variants) {
    it(`is called while recv waits, may use sockets, and ends the wait: ${variant} build`, async (t) => {
      const harness = new Harness(t, variant);
      assert.equal((await harness.run(["hook", 20])).rounds, 20);
      harness.assertNothingLeft();
    });
  }
});

describe(`a connection that ends under somebody, from seed ${seed},`, () => {
  for (const variant of variants) {
    it(`wakes the threads that sleep in calls on the closed socket: ${variant} build`, async (t) => {
      const harness = new Harness(t, variant);
      // Threads are slow to begin and end under ThreadSanitizer.
      const rounds = full ? 10_000 : variant === "plain" ? 2000 : 400;
      assert.equal((await harness.run(["close", seed, rounds], { TSAN_OPTIONS: closing })).rounds, rounds);
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
