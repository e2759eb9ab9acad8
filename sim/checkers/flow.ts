import { byteAt } from "../app/bytes.js";

/** How one side of a connection has ended its stream, as its program knows. */
export type StreamEnd = "open" | "shut" | "closed" | "aborted" | "died";

/** The part of a stream that one of several threads sends: its bytes come in order, the parts in any. */
interface Part {
  sent: number;
  attempted: number;
  received: number;
  /** Positions between two of its messages. */
  ends: Set<number>;
}

/** The bytes of one direction of a connection. */
export class Flow {
  /** What `send` has accepted; and that, with what a call that is under way or has failed may have written. */
  sent = 0;
  attempted = 0;
  received = 0;
  end: StreamEnd = "open";
  /** It was ended in good order before anything else happened to it. */
  shut = false;
  /** Its writer has died while it handed over to the kernel what it had written. */
  cut = false;
  /** It died, or closed, while it was to send what its peer, which had left, had not read: some of it may be lost. */
  leftOver = false;
  /** The listener was closed while its connection was being accepted. */
  lateAccept = false;
  /** A shutdown has said so: whoever begins to send after that is refused. */
  over = false;
  /** The reader has closed its socket. */
  readerClosed = false;
  /** Its process has ended: what it took may not have reached the program. */
  readerDied = false;
  /** Threads that receive. With more than one, nobody knows in which order they got what they got: all is kept. */
  receivers = 1;
  private readonly pieces: Uint8Array[] = [];
  /** What one alone has received before that. */
  private before = 0;
  private parts: Part[] = [];
  /** Each message comes in one piece. */
  private whole = false;
  private last = 0;

  constructor(readonly stream: number) {}

  /** From now on several threads send. @param whole their calls wait until all is sent */
  share(senders: number, whole: boolean): void {
    if (this.attempted > 0) throw new Error("a stream is shared from its beginning");
    this.parts = Array.from({ length: senders }, () => ({ sent: 0, attempted: 0, received: 0, ends: new Set([0]) }));
    this.whole = whole;
  }

  /** Writes what that sender is to send next. @param ahead bytes of calls that it has begun before, and that are under way */
  prepare(buffer: Uint8Array, sender: number, ahead = 0): void {
    const part = this.parts[sender];
    const from = (part?.sent ?? this.sent) + ahead;
    for (let index = 0; index < buffer.length; index++) buffer[index] = this.byte(sender, from + index);
    if (part === undefined) {
      this.attempted = Math.max(this.attempted, from + buffer.length);
      return;
    }
    part.attempted = Math.max(part.attempted, from + buffer.length);
    part.ends.add(from).add(from + buffer.length);
    this.attempted = this.parts.reduce((sum, other) => sum + other.attempted, 0);
  }

  /** A `send` of that sender has accepted so many bytes. */
  accept(bytes: number, sender: number): void {
    this.sent += bytes;
    const part = this.parts[sender];
    if (part === undefined) return;
    part.sent += bytes;
    // One that could not go on has ended its message here.
    part.ends.add(part.sent);
  }

  /** A shared stream's bytes say by their highest bit whose they are. */
  private byte(sender: number, position: number): number {
    if (this.parts.length === 0) return byteAt(this.stream, position);
    return (sender << 7) | (byteAt(this.stream * 2 + sender + 0x10000, position) & 0x7f);
  }

  /**
   * What is wrong with bytes that have been received; undefined: nothing. Takes them unless they were only looked at.
   * @param whole several senders' messages must not be mixed up
   */
  receive(buffer: Uint8Array, peek: boolean, whole: boolean): string | undefined {
    if (this.receivers > 1 && this.parts.length === 0) {
      if (this.pieces.length === 0) this.before = this.received;
      this.pieces.push(buffer.slice());
    } else {
      const wrong =
        this.parts.length === 0 ? this.compare(buffer) : this.compareParts(buffer, peek, whole && this.whole);
      if (wrong !== undefined) return wrong;
    }
    const total = this.received + buffer.length;
    if (total > this.attempted) return `${total} bytes received, and only ${this.attempted} were sent`;
    if (!peek) this.received += buffer.length;
    return undefined;
  }

  private compare(buffer: Uint8Array): string | undefined {
    for (let index = 0; index < buffer.length; index++) {
      const expected = byteAt(this.stream, this.received + index);
      if (buffer[index] !== expected) return `byte ${this.received + index} is ${buffer[index]} instead of ${expected}`;
    }
    return undefined;
  }

  private compareParts(buffer: Uint8Array, peek: boolean, whole: boolean): string | undefined {
    const before = this.parts.map((part) => part.received);
    const lastBefore = this.last;
    let wrong: string | undefined;
    for (const [index, byte] of buffer.entries()) {
      wrong ??= this.partByte(byte, this.received + index, whole);
    }
    if (peek || wrong !== undefined) {
      for (const [sender, part] of this.parts.entries()) part.received = before[sender]!;
      this.last = lastBefore;
    }
    return wrong;
  }

  private partByte(byte: number, at: number, whole: boolean): string | undefined {
    const sender = byte >> 7;
    const part = this.parts[sender]!;
    const last = this.parts[this.last]!;
    if (sender !== this.last && whole && !last.ends.has(last.received)) {
      return `byte ${at} is of sender ${sender}, in the middle of a message of sender ${this.last}`;
    }
    this.last = sender;
    const expected = this.byte(sender, part.received);
    if (byte !== expected)
      return `byte ${at}, the ${part.received}. of sender ${sender}, is ${byte} instead of ${expected}`;
    part.received++;
    return undefined;
  }

  /** All is over: do the pieces that several threads have received make up the stream's beginning? */
  incomplete(): string | undefined {
    const left = [...this.pieces];
    /** Where each piece that has been placed was in `left`: thousands of them, so no recursion. */
    const placed: { index: number; piece: Uint8Array }[] = [];
    let at = this.before;
    let from = 0;
    while (left.length > 0) {
      const index = left.findIndex((piece, position) => position >= from && this.fits(piece, at));
      if (index >= 0) {
        const [piece] = left.splice(index, 1);
        placed.push({ index, piece: piece! });
        at += piece!.length;
        from = 0;
        continue;
      }
      const back = placed.pop();
      if (back === undefined) {
        return `${this.pieces.length} pieces that several threads have received are not its beginning`;
      }
      left.splice(back.index, 0, back.piece);
      at -= back.piece.length;
      from = back.index + 1;
    }
    return undefined;
  }

  private fits(piece: Uint8Array, at: number): boolean {
    return piece.every((byte, index) => byte === byteAt(this.stream, at + index));
  }
}
