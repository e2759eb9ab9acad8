import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LeakChecker } from "../../sim/checkers/leaks.js";
import { LivenessChecker } from "../../sim/checkers/liveness.js";
import { SimFailure } from "../../sim/failure.js";
import { SmallWorld } from "./small-world.js";

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
