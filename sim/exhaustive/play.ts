import type { Api, Steps } from "../app/api.js";
import { AgreementChecker } from "../checkers/agreement.js";
import { LivenessChecker } from "../checkers/liveness.js";
import { MessageChecker } from "../checkers/messages.js";
import { type Flows, StreamChecker } from "../checkers/stream.js";
import { builtCore, CoreBuild } from "../core-build.js";
import { SimFailure } from "../failure.js";
import { Inspector } from "../inspector.js";
import * as ws from "../kernel/constants.js";
import { Machine } from "../machine/machine.js";
import type { SimProcess } from "../machine/process.js";
import type { SimThread } from "../machine/thread.js";
import { Random } from "../random.js";
import { asFailure } from "../run.js";
import { startProcess, startThread } from "../workload/program.js";
import { World } from "../world.js";
import type { Choices } from "./choices.js";
import { ExhaustiveScheduler } from "./scheduler.js";
import { UndisturbedChecker } from "./undisturbed.js";

/** A small case: a few programs whose every order of steps is tried. */
export interface SmallCase {
  name: string;
  /** Ring size (bytes); windows begin with 8. */
  ringBytes: number;
  /** Somebody is not wrapped, dies, or damages something: then the core may have to look around, or do without a segment. */
  disturbed?: true;
  /** What the core does wrong in some orders, and is not repaired yet. Who repairs it takes the line away. */
  wrong?: string;
  begin(play: Play): void;
}

/** How far the orders of a case are tried. */
export interface Bounds {
  preemptions: number;
  /** Stores stay unseen as long as a processor may keep them; else they are seen at once. */
  storesLate: boolean;
}

/** What a case's programs run on. */
export interface Play {
  /** A process with one thread, the core loaded. */
  process(name: string, body: (api: Api) => Steps<void>): SimProcess;
  thread(process: SimProcess, name: string, body: (api: Api) => Steps<void>): SimThread;
  /** It ends at once, whatever its threads are doing. The kernel closes its sockets, or forgets to. */
  kill(process: SimProcess, socketsStay?: boolean): void;
  /** Changes that word, a constant of core/layout.ts, of all segments, as a process might whose memory is damaged. */
  damage(field: string, change: (value: number) => number): void;
  /** Sleeps until that thread sleeps too, for a time that has an end. */
  untilAsleep(thread: () => SimThread | undefined): Steps<void>;
  /** Sleeps until the time at which that thread wakes by the clock: which of the two goes first then is a choice. */
  untilItWakes(thread: () => SimThread | undefined): Steps<void>;
  readonly inspector: Inspector;
  /** Sleeps until that is so; asked whenever a thread has ended or something was `told`. */
  until(ready: () => boolean): Steps<void>;
  told(): void;
  /** From here on every order is tried; or not any more, where what comes is of no interest. */
  explore(on?: boolean): void;
  flows(api: Api, socket: number): Flows;
  readonly server: { port: number; address: number };
}

const STEP_LIMIT = 200_000;

/** Runs small cases, again and again, with the same memory and the same instances of the core. */
export class Player {
  private readonly machine = new Machine();
  private readonly core: CoreBuild;
  private spoilt = false;
  world!: World;

  constructor(file = builtCore("small")) {
    this.core = new CoreBuild(file, this.machine, () => this.world);
  }

  get steps(): number {
    return this.machine.steps;
  }

  /** One run; gives what a checker has found. */
  run(small: SmallCase, choices: Choices, bounds: Bounds): SimFailure | undefined {
    const { machine, core } = this;
    core.reset(this.spoilt);
    this.spoilt = false;
    const scheduler = new ExhaustiveScheduler(machine, choices, bounds.preemptions);
    machine.reset(new Random(1), scheduler, {
      atStep: () => this.world.atStep(),
      idle: () => this.world.idle(),
      jump: (to, thread) => this.world.jump(to, thread),
      threadEnded: (thread) => this.world.threadEnded(thread),
      kernelCall: (thread, call) => this.world.kernelCall(thread, call),
    });
    machine.drainChance = bounds.storesLate ? 0 : 1;
    machine.heldStores = 0;
    machine.stepLimit = STEP_LIMIT;
    const network = { bufferBytes: 64, delayed: false, resetDiscards: false, ephemeralPorts: 20, handleReuse: true };
    this.world = new World(machine, core, { network, spinUs: 0, ringBytes: small.ringBytes });
    try {
      this.begin(small, scheduler);
      machine.run();
      if (!machine.stopped) throw new SimFailure("liveness", "nobody can go on, and no timer runs");
      machine.memory.checkFreed();
    } catch (error) {
      this.spoilt = true;
      return asFailure(error, machine);
    }
    return undefined;
  }

  private begin(small: SmallCase, scheduler: ExhaustiveScheduler): void {
    const { machine, world } = this;
    const streams = new StreamChecker();
    streams.watch(world);
    const agreement = new AgreementChecker(world);
    streams.isUserLevel = (connection) => agreement.isUserLevel(connection);
    const threads: SimThread[] = [];
    const stage = { world, streams, random: new Random(1), bufferBytes: 64 };
    const liveness = new LivenessChecker(world, this.core.constant("RECHECK_MS"));
    world.listeners.push(agreement, liveness, new MessageChecker(world));
    if (small.disturbed !== true) world.listeners.push(new UndisturbedChecker(world));
    world.listeners.push({
      threadEnded: () => {
        if (!threads.every((thread) => thread.state === "ended")) return;
        streams.finish();
        machine.stopped = true;
      },
    });
    small.begin({
      server: { port: ws.swapPort(7000), address: ws.LOOPBACK },
      process(name, body) {
        const process = startProcess(stage, name, true, body);
        threads.push(process.threads[0]!);
        return process;
      },
      thread(process, name, body) {
        const thread = startThread(stage, process, name, body);
        threads.push(thread);
        return thread;
      },
      kill: (process, socketsStay) => world.kill(process, socketsStay),
      damage(field, change) {
        for (const { region } of world.files.segments.values()) {
          const at = (region.address + world.core.constant(field)) >> 2;
          machine.memory.i32[at] = change(machine.memory.i32[at]!);
        }
      },
      *untilAsleep(thread) {
        const asleep = () => thread()?.state === "blocked" && thread()!.deadline < Number.POSITIVE_INFINITY;
        while (!asleep()) yield { to: "kernel", name: "sleep", args: [1] };
      },
      *untilItWakes(thread) {
        yield* this.untilAsleep(thread);
        yield { to: "kernel", name: "sleep", args: [(thread()!.deadline - machine.now) / 1000] };
      },
      inspector: new Inspector(world),
      flows: (api, socket) => streams.flowsOf(api.kernel(socket)!),
      until: (ready) => world.until(ready),
      told: () => world.changed.notify(),
      explore(on = true) {
        scheduler.exploring = on;
      },
    });
  }
}
