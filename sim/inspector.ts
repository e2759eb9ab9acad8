import type { Region } from "./machine/memory.js";
import type { SimProcess } from "./machine/process.js";
import type { World } from "./world.js";

/** The fields of one of the core's records. Those of 8 bytes are left out. */
export type Record32 = Readonly<Record<string, number>>;

/** A descriptor's kind, as in core/sockets/descriptor.ts: from this one on bytes go through a segment. */
export const KIND_PENDING = 7;
const KIND_LEFT = 5;
const KIND_USER = 8;

/** Looks into the memory of simulated processes, by the names that the core's source gives to it. */
export class Inspector {
  constructor(private readonly world: World) {}

  record(name: string, address: number): Record32 {
    const found: Record<string, number> = {};
    for (const [field, place] of Object.entries(this.world.core.records[name]!.fields)) {
      if (place.bytes === 4) found[field] = this.world.machine.memory.i32[(address + place.offset) >> 2]!;
    }
    return found;
  }

  /** The blocks that the process holds for such records. */
  blocks(process: SimProcess, name: string): Region[] {
    return [...process.blocks.values()].filter((region) => region.name === name);
  }

  /** True while the process hands over to the kernel what it has written to that socket's ring: it has decided so, and is not through. */
  isHandedOver(process: SimProcess, socket: number): boolean {
    const { core, machine } = this.world;
    const d = this.descriptor(process, socket);
    if (d === undefined || d.kind !== KIND_PENDING || d.own === 0) return false;
    const state = d.own! - core.constant("BLOCKS_OFFSET") + core.constant("SEGMENT_STATE");
    return machine.memory.i32[state >> 2] === core.constant("STATE_KERNEL");
  }

  /** True while the process is to send through the kernel what its peer, which has left, had not read. */
  hasLeftOver(process: SimProcess, socket: number): boolean {
    const { core, machine } = this.world;
    const d = this.descriptor(process, socket);
    if (d === undefined || d.own === 0) return false;
    if (d.kind === KIND_LEFT) return d.leftAt !== d.head;
    // The connector's block comes first, whichever side this is.
    const state = Math.min(d.own!, d.remote!) - core.constant("BLOCKS_OFFSET") + core.constant("SEGMENT_STATE");
    return d.kind === KIND_USER && machine.memory.i32[state >> 2] === core.constant("STATE_LEFT");
  }

  /** The descriptor of that socket, if its handle is this one's now. */
  descriptor(process: SimProcess, socket: number): Record32 | undefined {
    const offset = this.world.core.records.Descriptor!.fields.handle!.offset;
    for (const region of this.blocks(process, "Descriptor")) {
      if (this.world.machine.memory.i32[(region.address + offset) >> 2] === socket) {
        return this.record("Descriptor", region.address);
      }
    }
    return undefined;
  }
}
