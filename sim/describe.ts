import * as op from "./doors/operations.js";
import type { Region } from "./machine/memory.js";
import type { TraceEntry } from "./machine/trace.js";
import type { World } from "./world.js";

/** Gives people's names to threads, addresses and values of a run. */
export class Describer {
  private readonly blockFields: Map<number, string>;
  private readonly headerFields: Map<number, string>;
  private readonly slotFields: Map<number, string>;

  constructor(private readonly world: World) {
    this.blockFields = this.offsets("BLOCK_");
    this.headerFields = this.offsets("SEGMENT_");
    this.slotFields = this.offsets("SLOT_");
  }

  private offsets(prefix: string): Map<number, string> {
    const found = new Map<number, string>();
    for (const [name, value] of Object.entries(this.world.core.constants)) {
      if (name.startsWith(prefix) && !name.endsWith("_BYTES")) found.set(value, name.slice(prefix.length));
    }
    if (prefix === "SEGMENT_") found.set(8, "RING_BYTES");
    if (prefix === "SLOT_") for (const [at, name] of [[0, "WORD"], [4, "SEQUENCE"], [8, "START"]] as const) found.set(at, name); // biome-ignore format: short
    return found;
  }

  address(address: number): string {
    const region = this.world.machine.memory.find(address >>> 0);
    if (region === undefined) return `${address}`;
    const offset = (address >>> 0) - region.address;
    if (region.kind === "segment") return `${region.name} ${this.inSegment(region, offset)}`;
    if (region.kind === "directory") return `directory ${this.inDirectory(offset)}`;
    const owner = region.process >= 0 ? `${this.world.processes[region.process]!.name}'s ` : "";
    return `${owner}${region.freed ? "freed " : ""}${this.inHeap(region, offset)}`;
  }

  private inSegment(region: Region, offset: number): string {
    const { BLOCKS_OFFSET, BLOCK_BYTES, RINGS_OFFSET } = this.world.core.constants;
    if (offset < BLOCKS_OFFSET!) return this.headerFields.get(offset) ?? `+${offset}`;
    if (offset < RINGS_OFFSET!) {
      const side = offset < BLOCKS_OFFSET! + BLOCK_BYTES! ? 0 : 1;
      const within = offset - BLOCKS_OFFSET! - side * BLOCK_BYTES!;
      return `${side === 0 ? "connector" : "acceptor"}'s ${this.blockFields.get(within) ?? `+${within}`}`;
    }
    const ring = (region.bytes - RINGS_OFFSET!) / 2;
    const side = offset - RINGS_OFFSET! < ring ? 0 : 1;
    return `${side === 0 ? "connector" : "acceptor"}'s ring[${offset - RINGS_OFFSET! - side * ring}]`;
  }

  private inDirectory(offset: number): string {
    const { LISTENERS_OFFSET, PENDING_OFFSET, SLOT_BYTES } = this.world.core.constants;
    if (offset < LISTENERS_OFFSET!) {
      const names = Object.entries(this.world.core.constants);
      const name = names.find(([key, value]) => key.startsWith("DIRECTORY_") && value === offset)?.[0];
      return name?.slice("DIRECTORY_".length) ?? `+${offset}`;
    }
    const pending = offset >= PENDING_OFFSET!;
    const within = offset - (pending ? PENDING_OFFSET! : LISTENERS_OFFSET!);
    const field = this.slotFields.get(within % SLOT_BYTES!) ?? `+${within % SLOT_BYTES!}`;
    return `${pending ? "pending" : "listener"}[${Math.floor(within / SLOT_BYTES!)}].${field}`;
  }

  private inHeap(region: Region, offset: number): string {
    const record = this.world.core.records[region.name];
    if (record === undefined) return `${region.name || `${region.kind} of ${region.bytes}`}+${offset}`;
    const field = Object.entries(record.fields).find(([, place]) => place.offset === offset)?.[0];
    const which = region.name === "Descriptor" ? `(${this.world.machine.memory.i32[region.address >>> 2]})` : "";
    return `${region.name}${which}.${field ?? `+${offset}`}`;
  }

  /** One line of a trace. */
  entry(entry: TraceEntry): string {
    const thread = this.world.machine.threads[entry.thread];
    const head = `${String(entry.step).padStart(7)} ${(thread?.label ?? "").padEnd(20)}`;
    return `${head} ${this.operation(entry)}`;
  }

  private operation({ operation, a, b, result }: TraceEntry): string {
    const name = op.operationName(operation);
    switch (operation) {
      case op.LOAD:
        return `${name} ${this.address(a)} = ${result}`;
      case op.STORE_RELEASE:
      case op.STORE_SEQ:
        return `${name} ${this.address(a)} = ${b}`;
      case op.COMPARE_SWAP:
      case op.COMPARE_SWAP_WIDE:
      case op.ADD:
        return `${name} ${this.address(a)}: ${b}, found ${result}`;
      case op.FENCE:
      case op.PAUSE:
        return name;
      case op.COPY:
        return `${name} ${result} bytes to ${this.address(a)} from ${this.address(b)}`;
      case op.FILL:
        return `${name} ${result} bytes of ${this.address(a)} with ${b}`;
      case op.PROGRAM_CALLS:
        return `>>> ${op.operationName(a)}(${b}, .., ${result})`;
      case op.PROGRAM_RETURNS:
        return `<<< ${op.operationName(a)}(${b}) = ${result}`;
      case op.NOTE:
        return `*** process ${this.world.processes[a]?.name} has ended`;
      default:
        return result === -2 ? `${name}(${a}, ${b}) sleeps` : `${name}(${a}, ${b}) = ${result}`;
    }
  }

  /** The last operations of the run, oldest first. */
  trace(count: number): string[] {
    return this.world.machine.trace.last(count).map((entry) => this.entry(entry));
  }

  /** What each thread does now. */
  threads(): string[] {
    return this.world.machine.threads.map((thread) => {
      const rest = thread.state === "ended" ? "" : ` ${thread.doing || thread.insideName}`;
      return `${thread.label}: ${thread.state}${rest}`;
    });
  }
}
