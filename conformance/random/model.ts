import { Incoming } from "./stream.js";

/**
 * As much of sockets as a generator must know, to make programs whose every result is determined: what may wait, what
 * has been sent and not read, who has ended. It does not know results: those are what is compared.
 */

/** What `WSAAsyncSelect` asks for. */
export type SocketEvent = "READ" | "WRITE" | "OOB" | "ACCEPT" | "CONNECT" | "CLOSE";

/** One end of a connection. */
export class End {
  readonly party: string;
  /** Its name in the script; undefined for an end that nobody has accepted yet. */
  name: string | undefined;
  peer!: End;
  open = true;
  /** What was sent to it and not yet read. */
  readonly incoming = new Incoming();
  /** The peer will send no more. */
  ended = false;
  /** The connection was reset, seen from here: no call waits, and what recv finds is the system's affair. */
  reset = false;
  sendingShut = false;
  receivingShut = false;
  nonBlocking = false;
  lingerZero = false;
  /** SO_RCVTIMEO is set: no call of `recv` waits for long. */
  impatient = false;
  /** The events that its party's window is told of. */
  events: readonly SocketEvent[] = [];
  /** A thread waits for something to read here. */
  watched = false;
  /** A duplicated handle has taken its place, which WinSock's calls do not know. */
  handleOnly = false;
  /** The party's completion port is told of its operations. */
  hasPort = false;
  /** AcceptEx has taken it and waits for its first bytes. */
  awaited = false;
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

  /** Every call can be made on it. */
  get usable(): boolean {
    return this.open && this.named && !this.handleOnly;
  }

  /** recv would return at once. */
  get readable(): boolean {
    return this.incoming.ready || this.ended || this.reset || this.receivingShut;
  }
}

/** A listening socket, with the ends that wait to be accepted. */
export class Listener {
  readonly party: string;
  readonly name: string;
  /** How connects reach it: addresses in the script's words, without the port. */
  readonly hosts: readonly string[];
  /** The first listener of its port, which others may have again once it is closed. */
  readonly port: string;
  open = true;
  nonBlocking = false;
  inLine = false;
  impatient = false;
  events: readonly SocketEvent[] = [];
  readonly backlog: End[] = [];
  /** Calls of AcceptEx that wait for a connection, the first one first. */
  readonly acceptors: Acceptor[] = [];

  constructor(party: string, name: string, hosts: readonly string[], port = name) {
    this.party = party;
    this.name = name;
    this.hosts = hosts;
    this.port = port;
  }
}

/** A call of AcceptEx. */
export interface Acceptor {
  /** The socket that the connection is for. */
  name: string;
  /** How many bytes it waits for; 0: none. */
  wants: number;
  /** It is a call of accept by a thread. */
  blocks?: true;
  /** The connection that it got. */
  end?: End;
}

/** A call that waits: of a thread, or an operation that was started. */
export interface Waiting {
  party: string;
  /** Undefined for an operation, which needs no thread. */
  thread?: number;
  /** The ends that it waits for. */
  ends: readonly End[];
  /** It takes bytes, rather than only look at them. */
  takes: boolean;
  /** Whether it ends now. */
  ready: () => boolean;
  /** The line that awaits its end. */
  line: string;
  /** What has to be known about the call's own effect. */
  finish: () => void;
}

/** All sockets of a program under way. */
export class Model {
  readonly parties: readonly string[];
  readonly ends: End[] = [];
  readonly listeners: Listener[] = [];
  /** The parties that have a window. */
  readonly windows = new Set<string>();
  waiting: Waiting[] = [];

  constructor(parties: readonly string[]) {
    this.parties = parties;
  }

  /** Ends that a script can use as sockets. */
  usableEnds(): End[] {
    return this.ends.filter((end) => end.usable);
  }

  /** Those, and handles. */
  namedEnds(): End[] {
    return this.ends.filter((end) => end.open && end.named);
  }

  openListeners(): Listener[] {
    return this.listeners.filter((listener) => listener.open);
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
    if (end.incoming.unread > 0 || end.lingerZero) end.peer.reset = true;
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
    this.windows.delete(party);
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
