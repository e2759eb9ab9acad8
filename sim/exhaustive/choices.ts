/** A choice that was made: which of how many. */
interface Choice {
  taken: number;
  of: number;
}

/** A run that is to be seen again has other choices than the one that was told: it is of another core, or another case. */
export class NoSuchOrder extends Error {}

/**
 * Every sequence of choices, one after the other: a run asks `choose` whenever there is one to be made, and `next` says
 * whether there is another run to be done. The first run takes the first possibility each time.
 */
export class Choices {
  private readonly path: Choice[] = [];
  private at = 0;

  /** @param fixed the choices of a run that is to be seen again, as `toString` has told them */
  constructor(private readonly fixed?: string) {
    for (const [, at, taken] of fixed?.matchAll(/(\d+):(\d+)/g) ?? []) {
      while (this.path.length < Number(at)) this.path.push({ taken: 0, of: 0 });
      this.path.push({ taken: Number(taken), of: 0 });
    }
  }

  /** Which of `of` possibilities this run takes. */
  choose(of: number): number {
    if (of < 2) return 0;
    const known = this.path[this.at++];
    if (known === undefined) {
      this.path.push({ taken: 0, of });
      return 0;
    }
    if (known.of === 0) known.of = of;
    if (known.taken >= of) {
      throw new NoSuchOrder(`choice ${this.at - 1} has ${of} possibilities, and was ${known.taken}`);
    }
    if (known.of !== of) {
      throw new Error(`choice ${this.at - 1} has ${of} possibilities instead of ${known.of}: runs are not repeatable`);
    }
    return known.taken;
  }

  /** Goes on to the next sequence; false: all have been done. */
  next(): boolean {
    this.at = 0;
    if (this.fixed !== undefined) return false;
    for (;;) {
      const last = this.path.at(-1);
      if (last === undefined) return false;
      if (++last.taken < last.of) return true;
      this.path.pop();
    }
  }

  /** The choices of this run that were not the first possibility: `place:taken`. */
  toString(): string {
    const other = this.path.flatMap(({ taken }, at) => (taken === 0 ? [] : [`${at}:${taken}`]));
    return other.length === 0 ? "first" : other.join(",");
  }
}
