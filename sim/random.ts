/** Seeded random numbers: everything that a simulation leaves to chance comes from one of these. */
export class Random {
  private a: number;
  private b: number;
  private c: number;
  private d: number;

  /** @param seed any integer below 2^53; nearby seeds give unrelated sequences */
  constructor(seed: number) {
    this.a = 0x9e3779b9 ^ Math.floor(seed / 4294967296);
    this.b = 0x243f6a88;
    this.c = seed | 0;
    this.d = 1;
    for (let round = 0; round < 12; round++) this.next();
  }

  /** 32 random bits (the generator known as sfc32). */
  next(): number {
    const sum = (((this.a + this.b) | 0) + this.d) | 0;
    this.d = (this.d + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** From 0 to `count` - 1. */
  below(count: number): number {
    return this.next() % count;
  }

  /** From `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  /** True once in `times` on average; never for 0. */
  oneIn(times: number): boolean {
    return times > 0 && this.next() % times === 0;
  }

  chance(probability: number): boolean {
    return this.next() < probability * 4294967296;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  /** Of pairs {value, weight}. */
  weighted<T>(choices: readonly (readonly [T, number])[]): T {
    let rest = this.below(choices.reduce((sum, [, weight]) => sum + weight, 0));
    for (const [value, weight] of choices) {
      rest -= weight;
      if (rest < 0) return value;
    }
    throw new Error("no choice has any weight");
  }

  /** How many times in a row something happens that is over with `probability` each time. */
  geometric(probability: number): number {
    if (probability >= 1) return 0;
    const uniform = (this.next() + 1) / 4294967297;
    return Math.min(1e6, Math.floor(Math.log(uniform) / Math.log(1 - probability)));
  }
}
