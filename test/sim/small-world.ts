import type { Api, Steps } from "../../sim/app/api.js";
import { StreamChecker } from "../../sim/checkers/stream.js";
import { builtCore, CoreBuild } from "../../sim/core-build.js";
import type { NetworkOptions } from "../../sim/kernel/network.js";
import { Machine } from "../../sim/machine/machine.js";
import { Policy } from "../../sim/machine/policy.js";
import type { SimProcess } from "../../sim/machine/process.js";
import type { SimThread } from "../../sim/machine/thread.js";
import { Random } from "../../sim/random.js";
import { startProcess, startThread } from "../../sim/workload/program.js";
import { World } from "../../sim/world.js";

/** A simulated machine for a test that writes its own programs. */
export class SmallWorld {
  readonly machine = new Machine();
  readonly world: World;
  readonly streams = new StreamChecker();
  private readonly random: Random;
  private readonly threads: SimThread[] = [];

  constructor(
    options: Partial<NetworkOptions> & { seed?: number; core?: string; drainChance?: number; coreFile?: string } = {},
  ) {
    this.random = new Random(options.seed ?? 1);
    let world: World | undefined;
    const core = new CoreBuild(options.coreFile ?? builtCore(options.core ?? "small"), this.machine, () => world!);
    this.machine.reset(this.random, new Policy("uniform", this.random, 3), {
      atStep: () => world!.atStep(),
      idle: () => world!.idle(),
      jump: (to, thread) => world!.jump(to, thread),
      threadEnded: (thread) => world!.threadEnded(thread),
      kernelCall: (thread, call) => world!.kernelCall(thread, call),
    });
    this.machine.drainChance = options.drainChance ?? 1;
    const network = {
      bufferBytes: 64,
      delayed: false,
      resetDiscards: false,
      ephemeralPorts: 100,
      handleReuse: true,
      ...options,
    };
    world = new World(this.machine, core, { network, spinUs: 0, ringBytes: 32 });
    this.world = world;
    this.streams.watch(world);
  }

  get stage() {
    return { world: this.world, streams: this.streams, random: this.random, bufferBytes: 4096 };
  }

  /** A process with one thread. */
  process(name: string, wrapped: boolean, main: (api: Api) => Steps<void>): SimProcess {
    const process = startProcess(this.stage, name, wrapped, main);
    this.threads.push(process.threads[0]!);
    return process;
  }

  thread(process: SimProcess, name: string, body: (api: Api) => Steps<void>): SimThread {
    const thread = startThread(this.stage, process, name, body);
    this.threads.push(thread);
    return thread;
  }

  /** Until every thread that the test has started has ended; false: they never do. */
  run(): boolean {
    const ended = () => this.threads.every((thread) => thread.state === "ended");
    this.world.listeners.push({
      threadEnded: () => {
        this.machine.stopped = ended();
      },
      jump: (to) => {
        if (to > 1e9) this.machine.stopped = true;
      },
    });
    this.machine.run();
    return ended();
  }
}
