/** Bytes in the order in which they came. */
export class ByteQueue {
  private bytes = new Uint8Array(256);
  private first = 0;
  length = 0;

  push(source: Uint8Array): void {
    if (this.first + this.length + source.length > this.bytes.length) {
      const size = Math.max(this.bytes.length, 2 * (this.length + source.length));
      const larger = size === this.bytes.length ? this.bytes : new Uint8Array(size);
      larger.set(this.bytes.subarray(this.first, this.first + this.length));
      this.bytes = larger;
      this.first = 0;
    }
    this.bytes.set(source, this.first + this.length);
    this.length += source.length;
  }

  /** The first `count` bytes: valid until the next call. */
  peek(count: number): Uint8Array {
    return this.bytes.subarray(this.first, this.first + Math.min(count, this.length));
  }

  drop(count: number): void {
    this.first += count;
    this.length -= count;
    if (this.length === 0) this.first = 0;
  }
}
