import { SimFailure } from "../failure.js";

/** Memory is checked in pieces of this size; the core's blocks are aligned to it. */
export const GRANULE_SHIFT = 6;
const GRANULE = 1 << GRANULE_SHIFT;
const MEMORY_BYTES = 128 << 20;
/** Nothing lies below: a null pointer plus a small offset is found. */
const FIRST_ADDRESS = 1 << 16;
/** What freed memory is filled with. */
const POISON = 0xdb;

export type RegionKind = "heap" | "application" | "stack" | "directory" | "segment";

/** A piece of memory with one purpose. */
export interface Region {
  kind: RegionKind;
  address: number;
  bytes: number;
  /** Index of the process that it belongs to; -1 for shared memory. */
  process: number;
  freed: boolean;
  /** Named by what it is used for, once that is known. */
  name: string;
}

/**
 * The one memory of all simulated processes. Each piece of it says which processes may touch it: their own blocks, and
 * what they have mapped. Nothing is used twice in a run, so that whatever is used after it was freed is found.
 */
export class Memory {
  readonly wasm = new WebAssembly.Memory({ initial: MEMORY_BYTES >> 16, maximum: MEMORY_BYTES >> 16 });
  readonly u8 = new Uint8Array(this.wasm.buffer);
  readonly u16 = new Uint16Array(this.wasm.buffer);
  readonly i32 = new Int32Array(this.wasm.buffer);
  /** For each granule, a bit for each process that may touch it. */
  readonly access = new Uint32Array(MEMORY_BYTES >> GRANULE_SHIFT);
  readonly regions: Region[] = [];
  private end = FIRST_ADDRESS;

  /** Forgets everything of the last run. */
  reset(): void {
    this.u8.fill(0, 0, this.end);
    this.access.fill(0, 0, (this.end >> GRANULE_SHIFT) + 1);
    this.regions.length = 0;
    this.end = FIRST_ADDRESS;
  }

  /** Zeroed memory that nobody has had before. Whoever may touch it must be let in, if it belongs to no process. */
  allocate(kind: RegionKind, bytes: number, process: number): Region {
    const address = this.end;
    const size = Math.max(GRANULE, (bytes + GRANULE - 1) & ~(GRANULE - 1));
    // Behind each block lies one that nobody may touch.
    this.end += size + GRANULE;
    if (this.end > MEMORY_BYTES)
      throw new SimFailure("memory", `the simulation's ${MEMORY_BYTES >> 20} MiB are used up`);
    const region: Region = { kind, address, bytes, process, freed: false, name: "" };
    this.regions.push(region);
    if (process >= 0) this.admit(region, process);
    return region;
  }

  admit(region: Region, process: number): void {
    const last = (region.address + Math.max(region.bytes, 1) - 1) >> GRANULE_SHIFT;
    const bit = 1 << process;
    for (let granule = region.address >> GRANULE_SHIFT; granule <= last; granule++) this.access[granule]! |= bit;
  }

  exclude(region: Region, process: number): void {
    const last = (region.address + Math.max(region.bytes, 1) - 1) >> GRANULE_SHIFT;
    const bits = ~(1 << process);
    for (let granule = region.address >> GRANULE_SHIFT; granule <= last; granule++) this.access[granule]! &= bits;
  }

  /** Takes a block from its process and spoils it, so that later use is noticed. */
  free(region: Region): void {
    region.freed = true;
    if (region.process >= 0) this.exclude(region, region.process);
    this.u8.fill(POISON, region.address, region.address + region.bytes);
  }

  /** The region that holds the address, or the last one before it. */
  find(address: number): Region | undefined {
    let low = 0;
    let high = this.regions.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.regions[middle]!.address <= address) low = middle;
      else high = middle - 1;
    }
    const region = this.regions[low];
    return region !== undefined && region.address <= address ? region : undefined;
  }

  /** True when the process may touch all these bytes. */
  mayTouch(address: number, bytes: number, process: number): boolean {
    if (bytes === 0) return true;
    const last = (address + bytes - 1) >>> GRANULE_SHIFT;
    for (let granule = address >>> GRANULE_SHIFT; granule <= last; granule++) {
      if ((this.access[granule]! & (1 << process)) === 0) return false;
    }
    return true;
  }

  /** Where the block ends in which that address lies; 0 if the process may not touch it. */
  endOf(address: number, process: number): number {
    if (!this.mayTouch(address, 1, process)) return 0;
    const { address: begin, bytes } = this.find(address)!;
    return (begin + Math.max(bytes, 1) + GRANULE - 1) & -GRANULE;
  }

  /** Throws if a freed block was written. */
  checkFreed(): void {
    for (const region of this.regions) {
      if (!region.freed || (region.kind !== "heap" && region.kind !== "application")) continue;
      for (let at = region.address; at < region.address + region.bytes; at++) {
        if (this.u8[at] === POISON) continue;
        const where = `byte ${at - region.address} of ${region.name || "a block"} of ${region.bytes} bytes`;
        throw new SimFailure("memory", `written after it was freed: ${where} of process ${region.process}`);
      }
    }
  }
}
