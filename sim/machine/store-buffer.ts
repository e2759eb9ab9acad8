/** More stores than this never wait: the oldest goes out first. */
const CAPACITY = 12;

/**
 * Stores that their thread has done and nobody else sees yet, as in the store buffer of an x86 processor: they become
 * visible in order, at any time, and before anything that the processor does as one step with memory.
 */
export class StoreBuffer {
  count = 0;
  private readonly addresses = new Int32Array(CAPACITY);
  private readonly values = new Int32Array(CAPACITY);

  constructor(private readonly memory: Int32Array) {}

  push(address: number, value: number): void {
    if (this.count === CAPACITY) this.drain(1);
    this.addresses[this.count] = address;
    this.values[this.count] = value;
    this.count++;
  }

  /** What the thread itself sees at that address. */
  load(address: number): number {
    for (let index = this.count - 1; index >= 0; index--) {
      if (this.addresses[index] === address) return this.values[index]!;
    }
    return this.memory[address >>> 2]!;
  }

  /** Whether one of these bytes is among the stores that nobody else sees yet. */
  has(address: number, bytes: number): boolean {
    for (let index = 0; index < this.count; index++) {
      const at = this.addresses[index]!;
      if (at + 4 > address && at < address + bytes) return true;
    }
    return false;
  }

  /** Makes the oldest `count` stores visible. */
  drain(count: number): void {
    const out = Math.min(count, this.count);
    for (let index = 0; index < out; index++) this.memory[this.addresses[index]! >>> 2] = this.values[index]!;
    this.addresses.copyWithin(0, out, this.count);
    this.values.copyWithin(0, out, this.count);
    this.count -= out;
  }
}
