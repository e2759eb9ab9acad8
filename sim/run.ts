import { AgreementChecker } from "./checkers/agreement.js";
import { LeakChecker } from "./checkers/leaks.js";
import { LivenessChecker } from "./checkers/liveness.js";
import { MessageChecker } from "./checkers/messages.js";
import { StreamChecker } from "./checkers/stream.js";
import { builtCore, CoreBuild } from "./core-build.js";
import { SimFailure } from "./failure.js";
import { FaultPlan, prepareDirectory } from "./fault-plan.js";
import { Machine } from "./machine/machine.js";
import { Policy } from "./machine/policy.js";
import type { Program } from "./machine/thread.js";
import type { SimOptions } from "./options.js";
import { Random } from "./random.js";
import { type Stage, startProcess } from "./workload/program.js";
import { Scenario } from "./workload/scenario.js";
import { World } from "./world.js";

/** What came of one run. */
export interface RunResult {
  failure: SimFailure | undefined;
  steps: number;
  switches: number;
  faults: number;
  bytes: number;
  /** Equal for equal runs. */
  hash: number;
  /** How often each state worth knowing of was reached. */
  reached: ReadonlyMap<string, number>;
  /** To be asked for names when something has failed. */
  world: World;
  scenario: Scenario;
}

const STEP_LIMIT = 10_000_000;
/** Time (ms) for the caretakers to let go of what is not used any more. */
const CLEAN_UP_MS = 20_000;

/** Runs simulations, one after the other, with the same memory and the same instances of the core. */
export class Simulator {
  private readonly machine = new Machine();
  private readonly cores = new Map<string, CoreBuild>();
  private world!: World;
  private spoilt = false;

  /** @param coreFile gives the WebAssembly of a core by its name: the build's own, unless others are to be tried */
  constructor(private readonly coreFile: (name: string) => string = builtCore) {}

  /** @param stepLimit a run that is not at an end by then has failed */
  run(options: SimOptions, stepLimit = STEP_LIMIT): RunResult {
    const { machine } = this;
    const core = this.core(options.core);
    core.reset(this.spoilt);
    this.spoilt = false;
    const random = new Random(options.seed ^ 0x5eed);
    machine.reset(random, new Policy(options.policy, random, options.meanRun), {
      atStep: () => this.world.atStep(),
      idle: () => this.world.idle(),
      jump: (to, thread) => this.world.jump(to, thread),
      threadEnded: (thread) => this.world.threadEnded(thread),
      kernelCall: (thread, call) => this.world.kernelCall(thread, call),
    });
    machine.drainChance = options.drainChance;
    machine.heldStores = options.heldStores;
    machine.stepLimit = stepLimit;
    const world = this.makeWorld(core, options);
    this.world = world;
    const streams = new StreamChecker();
    const agreement = new AgreementChecker(world);
    const liveness = new LivenessChecker(world, core.constant("RECHECK_MS"));
    streams.watch(world);
    streams.isUserLevel = (connection) => agreement.isUserLevel(connection);
    const messages = new MessageChecker(world);
    messages.off = options.kernelErrors > 0 || options.hostile >= 0 || options.directory !== "good";
    world.listeners.push(agreement, liveness, messages);
    const stage: Stage = { world, streams, random, bufferBytes: Math.max(64, options.mostBytes) };
    const scenario = new Scenario(stage, options);
    prepareDirectory(world, options.directory);
    scenario.begin();
    new FaultPlan(stage, scenario, options, { streams, agreement, liveness }).begin();
    world.machine.spawn(world.processes[0]!, "director", direct(stage, scenario, liveness, options)).daemon = true;
    let failure: SimFailure | undefined;
    world.reach(`core ${options.core}`);
    world.reach(`policy ${options.policy}`);
    try {
      machine.run();
      if (!machine.stopped) throw new SimFailure("liveness", "nobody can go on, and no timer runs");
      machine.memory.checkFreed();
    } catch (error) {
      failure = asFailure(error, machine);
      this.spoilt = true;
    }
    if (liveness.rescues > 0) world.reach("woken by looking only");
    return {
      failure,
      steps: machine.steps,
      switches: machine.switches,
      faults: world.faults.injected,
      bytes: streams.bytes,
      hash: machine.trace.hash,
      reached: world.reached,
      world,
      scenario,
    };
  }

  private makeWorld(core: CoreBuild, options: SimOptions): World {
    return new World(this.machine, core, {
      network: {
        bufferBytes: options.socketBufferBytes,
        delayed: options.delayedPackets,
        resetDiscards: options.resetDiscards,
        ephemeralPorts: options.ephemeralPorts,
        handleReuse: options.handleReuse,
      },
      spinUs: options.spinUs,
      ringBytes: options.ringBytes,
      statistics: options.statistics,
    });
  }

  private core(name: string): CoreBuild {
    let core = this.cores.get(name);
    if (core === undefined) {
      core = new CoreBuild(this.coreFile(name), this.machine, () => this.world);
      this.cores.set(name, core);
    }
    return core;
  }
}

/** Anything thrown in a run, as what it says about the core. */
export function asFailure(error: unknown, machine: Machine): SimFailure {
  if (error instanceof SimFailure) return error;
  // A trap of the core: it must never come to one, in somebody else's process.
  if (error instanceof Error && error.constructor.name === "RuntimeError") {
    return new SimFailure("trap", `${machine.current.label} in ${machine.current.insideName}: ${error.message}`);
  }
  throw error;
}

/** The run from its beginning to its end: all programs, then time to clean up, then the processes' ends. */
function* direct(stage: Stage, scenario: Scenario, liveness: LivenessChecker, options: SimOptions): Program {
  const { world } = stage;
  const leaks = new LeakChecker(world);
  yield* world.until(() => scenario.done);
  scenario.stop();
  yield* world.until(() => scenario.closed);
  liveness.over = true;
  stage.streams.finish();
  world.faults.end();
  yield { to: "kernel", name: "sleep", args: [CLEAN_UP_MS] };
  const spoilt = world.processes.some((process) => process.hostile) || options.directory !== "good";
  // A caretaker that could not start lets go of nothing.
  const cared = !options.refusals.some((call) => ["caretaker_start", "bell_create", "alloc"].includes(call));
  if (!spoilt && cared && options.kernelErrors === 0) leaks.whileRunning();
  for (const process of scenario.processes) {
    if (process.usesCore && stage.random.oneIn(2)) {
      const thread = world.machine.spawn(process, "exit", endProcess());
      yield* world.until(() => thread.state === "ended");
    }
    world.kill(process);
  }
  const last = startProcess(stage, "janitor", true, function* () {});
  yield* world.until(() => last.threads[0]!.state === "ended");
  if (options.directory === "good") leaks.afterAll();
  world.machine.stopped = true;
}

function* endProcess(): Program {
  yield { to: "core", name: "processEnds", args: [] };
}
