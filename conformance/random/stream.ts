/**
 * The bytes on their way to one end, as far as a generator must know them: how many there are, and which of them is urgent.
 * Marks, stops and what is dropped are as on a TCP connection of Linux.
 */
export class Incoming {
  /** Bytes that were sent and whose place nobody has passed, urgent ones among them. */
  unread = 0;
  /** How many of them come before the urgent one, as long as that is known as such. */
  mark: number | undefined;
  /** The urgent byte was read apart from the others; its place is still to come. */
  urgentTaken = false;
  /** SO_OOBINLINE. */
  inLine = false;

  /** The urgent byte comes next, and is none for an ordinary `recv`. */
  get #markIsNext(): boolean {
    return this.mark === 0 && !this.inLine;
  }

  /** An ordinary `recv` would give bytes. */
  get ready(): boolean {
    return this.unread > (this.#markIsNext ? 1 : 0);
  }

  /** `recv` with MSG_OOB would give a byte. */
  get urgentWaits(): boolean {
    return this.mark !== undefined && !this.urgentTaken;
  }

  arrive(bytes: number): void {
    this.unread += bytes;
  }

  /** Bytes that were sent with MSG_OOB: the last of them is urgent. */
  arriveUrgent(bytes: number): void {
    if (bytes === 0) return;
    // One that would be read next gives way to a newer one.
    if (this.#markIsNext) this.unread--;
    this.mark = this.unread + bytes - 1;
    this.unread += bytes;
    this.urgentTaken = false;
  }

  /** An ordinary `recv` of up to so many bytes, which does not only look. */
  take(bytes: number): void {
    if (bytes === 0 || this.unread === 0) return;
    if (this.#markIsNext) {
      this.unread--;
      this.mark = undefined;
    }
    const most = this.mark === undefined || this.mark === 0 ? this.unread : this.mark;
    const taken = Math.min(bytes, most);
    this.unread -= taken;
    if (this.mark !== undefined) this.mark -= taken;
    if (this.mark !== undefined && this.mark < 0) this.mark = undefined;
  }

  /** Everything is read, whatever it is. */
  clear(): void {
    this.unread = 0;
    this.mark = undefined;
  }
}
