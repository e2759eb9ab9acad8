import type { AgreementChecker } from "./checkers/agreement.js";
import type { LivenessChecker } from "./checkers/liveness.js";
import type { StreamChecker } from "./checkers/stream.js";
import { FAULT } from "./doors/operations.js";
import type { Region } from "./machine/memory.js";
import type { SimProcess } from "./machine/process.js";
import type { Program } from "./machine/thread.js";
import type { SimOptions } from "./options.js";
import type { Random } from "./random.js";
import type { Stage } from "./workload/program.js";
import type { Scenario } from "./workload/scenario.js";
import type { World } from "./world.js";

/** Who must know of the faults: what they excuse. */
interface Checkers {
  streams: StreamChecker;
  agreement: AgreementChecker;
  liveness: LivenessChecker;
}

/** How often a hostile process writes something, in steps. */
const SCRIBBLE_STEPS = 60;

/** Brings about at some steps what the options have planned. */
export class FaultPlan {
  private readonly world: World;
  private readonly random: Random;

  constructor(
    stage: Stage,
    private readonly scenario: Scenario,
    private readonly options: SimOptions,
    private readonly checkers: Checkers,
  ) {
    this.world = stage.world;
    this.random = stage.random;
  }

  begin(): void {
    const { world, options, checkers, random } = this;
    for (const call of options.refusals) world.faults.chances.set(call, 0.3);
    world.faults.kernelErrors = options.kernelErrors;
    checkers.streams.onlyBytes = options.kernelErrors > 0;
    // Nor does an acceptor take a segment that has no bell to be woken with.
    checkers.streams.importsFail = ["segment_open", "bell_create"].some((call) => options.refusals.includes(call));
    // Who cannot have a bell, or whose doorbell the kernel does not send, is helped by looking around once a second.
    checkers.liveness.bellsLost =
      options.refusals.length > 0 || options.kernelErrors > 0 || options.directory !== "good";
    checkers.agreement.mayMiss = checkers.liveness.bellsLost || options.kills + options.exits > 0;
    if (options.directory === "garbage" || options.directory === "scribbled") {
      checkers.streams.off = true;
      checkers.agreement.excused = true;
    }
    if (options.directory === "scribbled") this.repeat(() => this.scribbleDirectory());
    if (options.hostile >= 0) this.letBeHostile();
    if (options.kernelErrors > 0) this.helpTheLost();
    for (let kill = 0; kill < options.kills; kill++) this.planEnd((process) => world.kill(process));
    for (let exit = 0; exit < options.exits; exit++) this.planEnd((process) => this.exit(process));
    for (let jump = 0; jump < options.clockJumps; jump++) {
      world.plan(random.below(5000), () => {
        world.faults.injected++;
        world.machine.now += random.pick([1000, 300_000, 5_000_000]);
      });
    }
  }

  private planEnd(end: (process: SimProcess) => void): void {
    const { random, world } = this;
    world.plan(random.below(random.pick([300, 3000, 12000])), () => {
      const running = this.scenario.processes;
      if (running.length === 0 || world.faults.over) return;
      world.faults.injected++;
      const process = random.pick(running);
      end(process);
      this.scenario.lost(process);
    });
  }

  /** The process ends by itself: other threads are gone, then the core is told, then the kernel closes all. */
  private exit(process: SimProcess): void {
    const { world } = this;
    for (const thread of process.threads) world.machine.abandon(thread);
    if (!process.usesCore) {
      world.kill(process);
      return;
    }
    world.endOf(process);
    world.machine.spawn(process, "exit", exitProcess(world, process)).daemon = true;
  }

  /** Does something again and again, until there is nothing more to spoil. */
  private repeat(action: () => void): void {
    const { world, random } = this;
    const again = (): void => {
      if (this.scenario.done) return;
      action();
      world.plan(world.machine.steps + 1 + random.below(2 * SCRIBBLE_STEPS), again);
    };
    world.plan(random.below(2 * SCRIBBLE_STEPS), again);
  }

  /** A program whose calls failed may have left its peer waiting: that is theirs, not the core's. Somebody ends it. */
  private helpTheLost(): void {
    const { world, checkers, scenario } = this;
    checkers.liveness.onStall = () => {
      const lost = scenario.processes[0];
      if (lost === undefined) return false;
      world.faults.kernelErrors = 0;
      world.kill(lost);
      scenario.lost(lost);
      return true;
    };
  }

  private letBeHostile(): void {
    const { world, checkers, scenario } = this;
    const programs = scenario.processes;
    const hostile = programs[this.options.hostile % programs.length]!;
    hostile.hostile = true;
    this.repeat(() => this.scribbleSegment(hostile));
    // Who waits for a hostile peer waits for ever; once that is gone, everybody goes on.
    checkers.liveness.onStall = () => {
      if (hostile.ended) return false;
      world.kill(hostile);
      scenario.lost(hostile);
      return true;
    };
  }

  /** A word of a segment that the process has mapped: of the header, a block or a ring. */
  private scribbleSegment(process: SimProcess): void {
    const { random, world } = this;
    const mapped = [...world.files.segments.values()].filter((segment) => segment.mappedBy.has(process));
    if (process.ended || mapped.length === 0) return;
    const { BLOCKS_OFFSET, BLOCK_BYTES, BLOCK_HEAD, BLOCK_WINDOW, BLOCK_CREDIT, BLOCK_READ_ARMED } =
      world.core.constants;
    const { BLOCK_WRITE_ARMED, BLOCK_FLAGS, SEGMENT_STATE, SEGMENT_RELEASED, SEGMENT_UNMAPPED } = world.core.constants;
    const fields = [BLOCK_HEAD, BLOCK_WINDOW, BLOCK_CREDIT, BLOCK_READ_ARMED, BLOCK_WRITE_ARMED, BLOCK_FLAGS];
    const header = [0, 4, 8, 12, 16, 20, 24, 28, 32, 36, SEGMENT_STATE, SEGMENT_RELEASED, SEGMENT_UNMAPPED];
    const { region } = random.pick(mapped);
    const block = BLOCKS_OFFSET! + random.below(2) * BLOCK_BYTES!;
    const offset = random.weighted([
      [block + random.pick(fields)!, 6],
      [random.pick(header)!, 2],
      [random.below(region.bytes >> 2) << 2, 1],
    ]);
    this.scribble(region, offset);
  }

  private scribbleDirectory(): void {
    const { random, world } = this;
    const { directory } = world.files;
    if (directory === undefined) return;
    const { LISTENERS_OFFSET, PENDING_OFFSET, DIRECTORY_LISTENERS_USED, DIRECTORY_PENDING_USED } = world.core.constants;
    const slot = random.pick([LISTENERS_OFFSET!, PENDING_OFFSET!]) + 64 * random.below(3) + 4 * random.below(10);
    const offset = random.weighted([
      [slot, 12],
      [DIRECTORY_LISTENERS_USED!, 1],
      [DIRECTORY_PENDING_USED!, 1],
      [4 * random.below(4), 1],
    ]);
    this.scribble(directory, offset);
  }

  private scribble(region: Region, offset: number): void {
    const { random, world } = this;
    const { i32 } = world.machine.memory;
    const at = (region.address + offset) >> 2;
    i32[at] = random.pick([
      0,
      1,
      2,
      3,
      7,
      -1,
      0x7fffffff,
      i32[at]! + 1,
      i32[at]! - 1,
      i32[at]! ^ (1 << random.below(32)),
      random.next(),
    ]);
    world.faults.injected++;
    world.machine.trace.add(world.machine.steps, world.machine.current.id, FAULT, region.address + offset, i32[at]!, 0);
  }
}

function* exitProcess(world: World, process: SimProcess): Program {
  yield { to: "core", name: "processEnds", args: [] };
  world.kill(process);
}

/** A directory that is there before the first process starts, and not as it should be. */
export function prepareDirectory(world: World, kind: SimOptions["directory"]): void {
  if (kind === "good" || kind === "scribbled") return;
  const { files, machine, core } = world;
  const bytes = core.constant("DIRECTORY_BYTES");
  files.directory = machine.memory.allocate("directory", bytes, -1);
  const words = machine.memory.i32.subarray(files.directory.address >> 2, (files.directory.address + bytes) >> 2);
  if (kind === "foreign") words[0] = 0x12345678;
  else words[0] = core.constant("MAGIC");
  words[1] = core.constant("PROTOCOL_VERSION") + (kind === "version" ? 1 : 0);
  words[2] = bytes;
  if (kind === "garbage") {
    const { random } = machine;
    for (let word = 16; word < words.length; word++) if (random.oneIn(8)) words[word] = random.next();
  }
  if (kind !== "full") return;
  // Every slot belongs to a process that runs: the kernel's own here.
  const { LISTENERS_OFFSET, LISTENER_SLOTS, PENDING_OFFSET, PENDING_SLOTS } = core.constants;
  const owner = world.processes[0]!;
  for (const [first, count] of [
    [LISTENERS_OFFSET!, LISTENER_SLOTS!],
    [PENDING_OFFSET!, PENDING_SLOTS!],
  ] as const) {
    for (let slot = 0; slot < count; slot++) {
      const at = (first + 64 * slot) >> 2;
      words[at] = owner.tag | core.constant("SLOT_CLAIMED");
      words[at + 2] = Number(owner.start);
    }
  }
}
