import { SimFailure } from "../failure.js";
import { Inspector, type Record32 } from "../inspector.js";
import type { SimProcess } from "../machine/process.js";
import type { World } from "../world.js";

/** What must be gone when nobody uses it any more: segments, mappings, directory entries, sockets, memory. */
export class LeakChecker {
  constructor(private readonly world: World) {}

  /** All connections are closed, and the caretakers had time; the processes still run. */
  whileRunning(): void {
    const { files, processes, network } = this.world;
    if (network.sockets.size > 0) {
      const left = [...network.sockets].map((socket) => `${socket.process.name}: ${socket.handle} (${socket.state})`);
      this.fail(`sockets are open: ${left.join(", ")}`);
    }
    for (const segment of files.segments.values()) {
      // What a dead process has left is removed by whoever meets its slot, at the latest when the next process starts.
      if (segment.mappedBy.size === 0 && segment.creator.ended) continue;
      const owners = [...segment.mappedBy.keys()].map((process) => process.name);
      this.fail(`${segment.region.name} is still there, mapped by ${owners.join(", ") || "nobody"}`);
    }
    this.slots(false);
    this.records();
    for (const process of processes) {
      if (process.ended || process.core === undefined) continue;
      const bells = [...process.handles.values()].filter((handle) => handle.kind === "file");
      if (bells.length > 0) this.fail(`${process.name} holds ${bells.length} files`);
      this.peers(process.index);
      this.workers(process);
    }
  }

  /** No process runs any more but one that has just started and swept the directory. */
  afterAll(): void {
    for (const segment of this.world.files.segments.values()) {
      // A hostile process may forget its own.
      if (!segment.creator.hostile) this.fail(`${segment.region.name} has outlived all processes`);
    }
    this.slots(true);
  }

  private slots(all: boolean): void {
    const { core, files, machine } = this.world;
    if (files.directory === undefined) return;
    const { LISTENERS_OFFSET, LISTENER_SLOTS, PENDING_OFFSET, PENDING_SLOTS, SLOT_BYTES } = core.constants;
    for (const [name, first, count] of [
      ["listener", LISTENERS_OFFSET!, LISTENER_SLOTS!],
      ["pending", PENDING_OFFSET!, PENDING_SLOTS!],
    ] as const) {
      for (let index = 0; index < count; index++) {
        const word = machine.memory.i32[(files.directory.address + first + index * SLOT_BYTES!) >> 2]!;
        if (word === 0) continue;
        const owner = this.world.processes.find((process) => process.tag === (word & ~3));
        if (!all && owner?.ended === true) continue;
        this.fail(`${name} slot ${index} is in use (state ${word & 3}, owner ${owner?.name ?? "unknown"})`);
      }
    }
  }

  /** Tools are told of no connection any more. */
  private records(): void {
    const { core, machine, processes, statistics } = this.world;
    const { RECORD_BYTES, RECORD_USED, STATISTICS_BYTES } = core.constants;
    for (const page of statistics) {
      if (processes[page.process]!.ended) continue;
      for (let record = RECORD_BYTES!; record + RECORD_BYTES! <= STATISTICS_BYTES!; record += RECORD_BYTES!) {
        if (machine.memory.i32[(page.address + record + RECORD_USED!) >> 2] !== 0)
          this.fail(`the ${page.name} still tell of a connection`);
      }
    }
  }

  /** Peers count the connections and sleepers that use them. */
  private peers(process: number): void {
    const { memory } = this.world.machine;
    const users = this.world.core.records.Peer!.fields.users!.offset;
    for (const region of memory.regions) {
      if (region.process !== process || region.name !== "Peer" || region.freed) continue;
      const count = memory.i32[(region.address + users) >> 2]!;
      if (count !== 0)
        this.fail(`a peer of ${this.world.processes[process]!.name} counts ${count} users, and there are none`);
    }
  }

  /** Workers are never ended, only used again; operations' memory likewise. */
  private workers(process: SimProcess): void {
    const { core, mostOperations } = this.world;
    const inspector = new Inspector(this.world);
    const isWorker = ({ duty }: Record32) => duty === core.constant("DUTY_WORKER");
    const all = inspector
      .blocks(process, "Thread")
      .map(({ address }) => inspector.record("Thread", address))
      .filter(isWorker);
    const busy = all.filter(({ queue }) => queue !== 0).length;
    if (busy > 0) this.fail(`${busy} workers of ${process.name} have something to do`);
    // One that has told of an operation may not have come back to the others when the next one begins.
    const most = 2 * (mostOperations.get(process) ?? 0);
    if (all.length > most)
      this.fail(`${process.name} has ${all.length} workers, and at most ${most / 2} operations at once`);
  }

  private fail(what: string): never {
    throw new SimFailure("leaks", `when all is closed: ${what}`);
  }
}
