import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { buildSimCore, simVariants } from "../../scripts/build/sim.js";
import { repositoryRoot } from "../../scripts/setup/paths.js";
import { LeakChecker } from "../../sim/checkers/leaks.js";
import { LivenessChecker } from "../../sim/checkers/liveness.js";
import { SimFailure } from "../../sim/failure.js";
import { optionsOf } from "../../sim/options.js";
import { Simulator } from "../../sim/run.js";
import { SmallWorld } from "./small-world.js";

/** One mistake in the core, and the checker that must find it. */
interface Mistake {
  name: string;
  file: string;
  from: RegExp;
  to: string;
  checker: string;
}

const mistakes: readonly Mistake[] = [
  {
    name: "the second look after arming is left out",
    file: "sockets/waiting.ts",
    from: /if \(ready\(d, reading\)\) break;/,
    to: "",
    checker: "liveness",
  },
  {
    name: "the head is stored without waiting for it to be seen",
    file: "sockets/transmit.ts",
    from: /sync\.storeSeq\((d\.remote \+ layout\.BLOCK_HEAD)/,
    to: "sync.storeRelease($1",
    checker: "liveness",
  },
  {
    name: "the head is stored before the bytes",
    file: "sockets/transmit.ts",
    from: /( {4}copyIn\(d, buffer \+ done, bytes\);\n)((?:.*\n){1,3}?.*BLOCK_HEAD.*\n)/,
    to: "    sync.storeSeq(d.remote + layout.BLOCK_HEAD, d.head + bytes);\n$1$2",
    checker: "stream",
  },
  {
    name: "the acceptor does not look who decided",
    file: "sockets/accepting.ts",
    from: /const state = (sync\.compareSwap\(address \+ layout\.SEGMENT_STATE.*);/,
    to: "$1;\n  const state: u32 = layout.STATE_PENDING;",
    checker: "agreement",
  },
];

const folder = mkdtempSync(join(tmpdir(), "vmmc-planted-"));

async function plant(mistake: Mistake, place: number): Promise<string> {
  const copy = join(folder, `core${place}`);
  cpSync(join(repositoryRoot, "core"), copy, { recursive: true });
  const file = join(copy, mistake.file);
  const text = readFileSync(file, "utf8");
  const changed = text.replace(mistake.from, mistake.to);
  assert.notEqual(changed, text, `${mistake.file} has changed: plant "${mistake.name}" in another way`);
  writeFileSync(file, changed);
  const out = join(folder, `${place}.wasm`);
  await buildSimCore(copy, out, simVariants.small);
  return out;
}

describe("a mistake in the core is found by its checker", () => {
  const built: string[] = [];

  before(async () => {
    for (let first = 0; first < mistakes.length; first += 2) {
      const two = mistakes.slice(first, first + 2).map((mistake, index) => plant(mistake, first + index));
      built.push(...(await Promise.all(two)));
    }
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const [place, mistake] of mistakes.entries()) {
    it(`${mistake.name}: ${mistake.checker}`, () => {
      const simulator = new Simulator(() => built[place]!);
      const found = new Set<string>();
      for (let seed = 1; seed <= 3000 && !found.has(mistake.checker); seed++) {
        const { failure } = simulator.run({ ...optionsOf(seed, "calm"), core: "planted" });
        if (failure !== undefined) found.add(failure.checker);
      }
      assert.ok(found.has(mistake.checker), `only found: ${[...found].join(", ") || "nothing"}`);
    });
  }
});

describe("a mistake of the simulated world is found by its checker", () => {
  function failureOf(run: () => void): string {
    try {
      run();
    } catch (error) {
      if (error instanceof SimFailure) return `${error.checker}: ${error.message}`;
      throw error;
    }
    return "nothing";
  }

  it("a block that is freed twice: memory", () => {
    const small = new SmallWorld();
    const { heap } = small.world;
    const process = small.world.makeProcess("program", true);
    const address = heap.allocate(process, 100);
    heap.free(process, address);
    assert.match(
      failureOf(() => heap.free(process, address)),
      /^memory: program frees .* is free already/,
    );
  });

  it("a socket that nobody closes: leaks", () => {
    const small = new SmallWorld();
    small.process("program", false, function* (api) {
      yield* api.socket();
    });
    assert.ok(small.run());
    assert.match(
      failureOf(() => new LeakChecker(small.world).whileRunning()),
      /^leaks: .*program: 4 \(fresh\)/,
    );
  });

  it("a slot of the directory that is not given back: leaks", () => {
    const small = new SmallWorld();
    const process = small.process("program", true, function* () {});
    assert.ok(small.run());
    const leaks = new LeakChecker(small.world);
    leaks.whileRunning();
    const { core, files, machine } = small.world;
    machine.memory.i32[(files.directory!.address + core.constant("PENDING_OFFSET")) >> 2] = process.tag | 1;
    assert.match(
      failureOf(() => leaks.whileRunning()),
      /^leaks: .*pending slot 0 is in use \(state 1, owner program\)/,
    );
  });

  it("threads that wait for each other: liveness", () => {
    const small = new SmallWorld();
    const liveness = new LivenessChecker(small.world, 1000);
    small.world.listeners.push(liveness);
    small.process("program", false, function* (api) {
      const socket = yield* api.socket();
      yield* api.bind(socket, { address: 0, port: 1 });
      yield* api.listen(socket, 1);
      yield* api.accept(socket, false);
    });
    assert.match(
      failureOf(() => small.run()),
      /^liveness: .*program\/main in accept/,
    );
  });

  it("a thread that looks around all the time: processor", () => {
    const small = new SmallWorld();
    const liveness = new LivenessChecker(small.world, 1000);
    small.world.listeners.push(liveness);
    const busy = small.world.makeProcess("busy", false);
    small.machine.spawn(
      busy,
      "main",
      (function* () {
        for (;;) {
          for (let look = 0; look < 100; look++) yield { to: "kernel", name: "socket", args: [9] };
          yield { to: "kernel", name: "sleep", args: [1] };
        }
      })(),
    );
    small.process("program", false, function* (api) {
      yield* api.sleep(60_000);
    });
    assert.match(
      failureOf(() => small.run()),
      /^processor: \d+ steps in 10 seconds/,
    );
  });
});
