import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SimFailure } from "../../sim/failure.js";
import { Memory } from "../../sim/machine/memory.js";
import { Policy, type PolicyKind } from "../../sim/machine/policy.js";
import { StoreBuffer } from "../../sim/machine/store-buffer.js";
import type { SimThread } from "../../sim/machine/thread.js";
import { Trace } from "../../sim/machine/trace.js";
import { Random } from "../../sim/random.js";

describe("random numbers", () => {
  it("are the same for the same seed, and unrelated for the next one", () => {
    const numbers = (seed: number) => {
      const random = new Random(seed);
      return Array.from({ length: 5 }, () => random.next());
    };
    assert.deepEqual(numbers(7), numbers(7));
    assert.notDeepEqual(numbers(7), numbers(8));
  });

  it("come in the asked-for proportions", () => {
    const random = new Random(3);
    let seldom = 0;
    for (let round = 0; round < 10000; round++) if (random.weighted([[true, 1], [false, 9]] as const)) seldom++; // biome-ignore format: short
    assert.ok(seldom > 800 && seldom < 1200, `${seldom}`);
  });
});

describe("a store buffer", () => {
  it("shows a store to its own thread at once, and to others in order when drained", () => {
    const memory = new Int32Array(4);
    const buffer = new StoreBuffer(memory);
    buffer.push(0, 1);
    buffer.push(4, 2);
    buffer.push(0, 3);
    assert.equal(buffer.load(0), 3);
    assert.deepEqual([...memory], [0, 0, 0, 0]);
    buffer.drain(1);
    assert.deepEqual([...memory], [1, 0, 0, 0]);
    buffer.drain(Number.POSITIVE_INFINITY);
    assert.deepEqual([...memory], [3, 2, 0, 0]);
    assert.equal(buffer.count, 0);
  });

  it("that is full lets the oldest store out", () => {
    const memory = new Int32Array(64);
    const buffer = new StoreBuffer(memory);
    for (let index = 0; index < 13; index++) buffer.push(4 * index, 1);
    assert.equal(memory[0], 1);
    assert.equal(memory[1], 0);
  });
});

describe("memory", () => {
  it("belongs to those who were let in, up to its end", () => {
    const memory = new Memory();
    const region = memory.allocate("segment", 100, -1);
    assert.equal(memory.mayTouch(region.address, 1, 2), false);
    memory.admit(region, 2);
    assert.equal(memory.mayTouch(region.address, 100, 2), true);
    assert.equal(memory.mayTouch(region.address, 200, 2), false);
    assert.equal(memory.mayTouch(region.address, 1, 3), false);
    memory.exclude(region, 2);
    assert.equal(memory.mayTouch(region.address, 1, 2), false);
  });

  it("that was freed is nobody's, and a later write to it is found", () => {
    const memory = new Memory();
    const region = memory.allocate("heap", 40, 1);
    memory.free(region);
    assert.equal(memory.mayTouch(region.address, 1, 1), false);
    memory.checkFreed();
    memory.u8[region.address + 5] = 0;
    assert.throws(() => memory.checkFreed(), SimFailure);
  });

  it("is zero again after a reset", () => {
    const memory = new Memory();
    const { address } = memory.allocate("heap", 40, 1);
    memory.u8[address] = 9;
    memory.reset();
    assert.equal(memory.allocate("heap", 40, 1).address, address);
    assert.equal(memory.u8[address], 0);
  });
});

describe("a policy", () => {
  const threads = (count: number) => Array.from({ length: count }, (_, id) => ({ id, priority: 0 }) as SimThread);

  for (const kind of ["uniform", "priorities", "long-runs", "starve"] as const satisfies PolicyKind[]) {
    it(`(${kind}) lets another thread run for one that has nothing to do, and everybody in the end`, () => {
      const policy = new Policy(kind, new Random(5), 4);
      const all = threads(4);
      for (const thread of all) policy.welcome(thread);
      const seen = new Set<SimThread>();
      let current: SimThread | undefined;
      for (let round = 0; round < 3000; round++) {
        const next = policy.pick(all, current, current);
        assert.notEqual(next, current);
        current = next;
        seen.add(next);
      }
      assert.equal(seen.size, 4);
    });
  }

  it("(priorities) keeps to one thread as long as nothing changes", () => {
    const policy = new Policy("priorities", new Random(5), 1);
    const all = threads(4);
    for (const thread of all) policy.welcome(thread);
    const first = policy.pick(all, undefined, undefined);
    for (let round = 0; round < 100; round++) assert.equal(policy.pick(all, undefined, undefined), first);
  });
});

describe("a trace", () => {
  it("keeps the last entries, and a hash of all", () => {
    const trace = new Trace();
    for (let step = 0; step < 5000; step++) trace.add(step, 1, 2, 3, 4, 5);
    assert.deepEqual(
      trace.last(2).map((entry) => entry.step),
      [4998, 4999],
    );
    const other = new Trace();
    for (let step = 0; step < 5000; step++) other.add(step, 1, 2, 3, 4, step === 0 ? 6 : 5);
    assert.notEqual(trace.hash, other.hash);
  });
});
