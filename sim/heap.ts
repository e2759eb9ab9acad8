import { SimFailure } from "./failure.js";
import type { Memory } from "./machine/memory.js";
import type { SimProcess } from "./machine/process.js";

/** `os.alloc` and `os.free` of all processes. */
export class Heap {
  /** Whether to say that there is no memory: asked for each block, with the name of the record that it is for, if it is one's size. */
  refuses: (record: string) => boolean = () => false;

  constructor(
    private readonly memory: Memory,
    /** Names of the core's records, by their size. */
    private readonly names: ReadonlyMap<number, string>,
  ) {}

  allocate(process: SimProcess, bytes: number): number {
    const name = this.names.get(bytes) ?? "";
    if (this.refuses(name)) return 0;
    const region = this.memory.allocate("heap", bytes, process.index);
    region.name = name;
    process.blocks.set(region.address, region);
    return region.address;
  }

  free(process: SimProcess, address: number): void {
    const region = process.blocks.get(address);
    if (region === undefined) {
      const found = this.memory.find(address);
      const what = found?.address === address && found.freed ? "is free already" : "it never allocated";
      throw new SimFailure("memory", `${process.name} frees ${found?.name || "a block"} at ${address}, which ${what}`);
    }
    process.blocks.delete(address);
    this.memory.free(region);
  }
}
