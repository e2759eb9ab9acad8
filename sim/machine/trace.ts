const ENTRIES = 1 << 16;
const WORDS = 6;

/** One thing that a thread did. */
export interface TraceEntry {
  step: number;
  thread: number;
  operation: number;
  a: number;
  b: number;
  result: number;
}

/** The last few thousand operations of a run, and a hash of all of them: equal hashes mean equal runs. */
export class Trace {
  private readonly words = new Int32Array(ENTRIES * WORDS);
  private at = 0;
  private full = false;
  hash = 0x811c9dc5 | 0;

  reset(): void {
    this.at = 0;
    this.full = false;
    this.hash = 0x811c9dc5 | 0;
  }

  add(step: number, thread: number, operation: number, a: number, b: number, result: number): void {
    const at = this.at;
    const words = this.words;
    words[at] = step;
    words[at + 1] = thread;
    words[at + 2] = operation;
    words[at + 3] = a;
    words[at + 4] = b;
    words[at + 5] = result;
    this.at = at + WORDS;
    if (this.at === words.length) {
      this.at = 0;
      this.full = true;
    }
    const mixed = Math.imul(this.hash ^ ((thread << 8) | operation), 0x01000193) ^ a;
    this.hash = Math.imul(Math.imul(mixed, 0x01000193) ^ b, 0x01000193) ^ result;
  }

  /** The last entries, oldest first. */
  last(count: number): TraceEntry[] {
    const total = this.full ? ENTRIES : this.at / WORDS;
    const first = (this.full ? this.at / WORDS : 0) + Math.max(0, total - count);
    const found: TraceEntry[] = [];
    for (let index = 0; index < Math.min(count, total); index++) {
      const at = ((first + index) % ENTRIES) * WORDS;
      const [step, thread, operation, a, b, result] = this.words.subarray(at, at + WORDS) as unknown as number[];
      found.push({ step: step!, thread: thread!, operation: operation!, a: a!, b: b!, result: result! });
    }
    return found;
  }
}
