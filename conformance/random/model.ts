/**
 * As much of sockets as a generator must know, to make programs whose every result is determined: what may wait, what
 * has been sent and not read, who has ended. It does not know results: those are what is compared.
 */

/** One end of a connection. */
export class End {
  readonly party: string;
  /** Its name in the script; undefined for an end that nobody has accepted yet. */
  name: string | undefined;
  peer!: End;
  open = true;
  /** Bytes sent to it and not yet read. */
  incoming = 0;
  /** The peer will send no more. */
  ended = false;
  /** The connection was reset, seen from here: no call waits, and what recv finds is the system's affair. */
  reset = false;
  sendingShut = false;
  receivingShut = false;
  nonBlocking = false;
  lingerZero = false;
  /** A thread waits for something to read here. */
  watched = false;
  /** The peer's process is gone, or its listener before it accepted. */
  peerLost = false;

  constructor(party: string, name: string | undefined) {
    this.party = party;
    this.name = name;
  }

  /** It was accepted, or made by connect. */
  get named(): boolean {
    return this.name !== undefined;
  }

  /** recv would return at once. */
  get readable(): boolean {
    return this.incoming > 0 || this.ended || this.reset || this.receivingShut;
  }
}

/** A listening socket, with the ends that wait to be accepted. */
export class Listener {
  readonly party: string;
  readonly name: string;
  open = true;
  nonBlocking = false;
  readonly backlog: End[] = [];

  constructor(party: string, name: string) {
    this.party = party;
    this.name = name;
  }
}

/** A thread that waits in a call. */
export interface Waiting {
  party: string;
  thread: number;
  /** The ends whose readiness ends the call. */
  ends: readonly End[];
  /** What has to be known about the call's own effect. */
  finish: () => void;
}

/** All sockets of a program under way. */
export class Model {
  readonly parties: readonly string[];
  readonly ends: End[] = [];
  readonly listeners: Listener[] = [];
  waiting: Waiting[] = [];

  constructor(parties: readonly string[]) {
    this.parties = parties;
  }

  /** Ends that a script can name. */
  namedEnds(): End[] {
    return this.ends.filter((end) => end.open && end.name !== undefined);
  }

  /** A thread of the party that does nothing, or undefined. */
  freeThread(party: string): number | undefined {
    const busy = this.waiting.filter((one) => one.party === party).map(({ thread }) => thread);
    return [1, 2, 3].find((thread) => !busy.includes(thread));
  }

  /** An end is closed: an orderly end for the peer, or a reset. */
  close(end: End): void {
    if (!end.open) return;
    end.open = false;
    if (end.incoming > 0 || end.lingerZero) end.peer.reset = true;
    end.peer.ended = true;
  }

  /** A process is gone, with all that it had open. */
  end(party: string): void {
    for (const end of this.ends.filter((one) => one.party === party)) {
      end.lingerZero = false;
      if (end.open) end.peer.peerLost = true;
      this.close(end);
    }
    for (const listener of this.listeners.filter((one) => one.party === party)) this.closeListener(listener);
    this.waiting = this.waiting.filter((one) => one.party !== party);
  }

  closeListener(listener: Listener): void {
    listener.open = false;
    for (const end of listener.backlog.splice(0)) {
      end.open = false;
      end.peer.reset = true;
      end.peer.ended = true;
      end.peer.peerLost = true;
    }
  }
}
