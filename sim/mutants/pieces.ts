import type { Mutant } from "./mutant.js";

/** Mistakes in scatter/gather. */
export const pieceMutants: readonly Mutant[] = [
  {
    name: "pieces-sent-one-by-one",
    breaks: "two threads' pieces are mixed up with each other",
    changes: [
      {
        from: "  if (changetype<usize>(d) != 0) return transmit<Piece>(d, socket, generationOf(d), pieces, count, flags);\n",
        to: `  if (changetype<usize>(d) != 0) {
    let done = 0;
    for (let n = 0; n < count; n++) {
      const sent = transmit<Piece>(d, socket, generationOf(d), pieces + 8 * n, 1, flags);
      if (sent < 0) return done != 0 ? done : sent;
      done += sent;
    }
    return done;
  }
`,
      },
    ],
    by: "stream",
    profile: "pieces",
  },
  {
    name: "piece-begun-again",
    breaks: "what is left of a piece is taken from its beginning",
    changes: [{ from: "const address = addressOf(piece) + from;", to: "const address = addressOf(piece);" }],
    by: "stream",
    profile: "pieces",
  },
  {
    name: "pieces-filled-alike",
    breaks: "each piece is given the first bytes that are there",
    changes: [{ from: "copyOut(d, d.tail + done, address, part);", to: "copyOut(d, d.tail, address, part);" }],
    by: "stream",
    smallCase: "pieces: received beyond the ring's end",
  },
  {
    name: "first-piece-urgent",
    breaks: "of pieces the first byte is told of as the urgent one",
    changes: [
      { from: "load<u8>(byteAt<T>(elements, count, done - 1))", to: "load<u8>(byteAt<T>(elements, count, from))" },
    ],
    by: "stream",
    smallCase: "pieces: the last byte of all is urgent",
  },
  {
    name: "piece-after-a-rest",
    breaks: "the next piece is given to the kernel although it has not taken all of the last one",
    changes: [{ from: "    if (<u32>sent < part) break;\n", to: "" }],
    by: "stream",
    profile: "pieces",
  },
  {
    name: "bad-piece-copied",
    breaks: "only the first piece is looked at whether it is memory",
    changes: [
      {
        from: "if (what == CHECK_READABLE && !canReadFrom(d, address, part)) return false;",
        to: "if (what == CHECK_READABLE) return canReadFrom(d, address, part);",
      },
    ],
    by: "memory",
    smallCase: "pieces: refused",
  },
];
