import type { SimProcess } from "../machine/process.js";
import type { WaitQueue } from "../machine/thread.js";
import { ByteQueue } from "./byte-queue.js";
import type { Inherited } from "./socket.js";

/** What is on its way from one end of a connection to the other. */
type Packet = { kind: "data"; bytes: Uint8Array } | { kind: "fin" } | { kind: "reset" };

/** How the simulated network behaves. */
export interface TcpOptions {
  /** Bytes that wait to be read, or are on their way, in each direction. */
  bufferBytes: number;
  /** Packets arrive later, when the network's thread runs; else at once. */
  delayed: boolean;
  /** A reset throws away what was received and not read (as Windows does; Linux lets it be read). */
  resetDiscards: boolean;
}

/** One end of a connection. */
export class Endpoint {
  readonly received = new ByteQueue();
  /** Packets that this end has sent and that have not arrived. */
  readonly wire: Packet[] = [];
  wireBytes = 0;
  peer!: Endpoint;
  /** What the other end has told, as far as it has arrived. */
  finReceived = false;
  resetReceived = false;
  /** What this end has done. */
  finSent = false;
  stoppedReading = false;
  closed = false;

  constructor(
    readonly connection: Connection,
    /** 0: the end that connected, 1: the end that was accepted. */
    readonly side: 0 | 1,
    /** Notified whenever something arrives or room becomes free. */
    readonly changed: WaitQueue,
  ) {}

  get readable(): boolean {
    return this.received.length > 0 || this.finReceived || this.resetReceived || this.stoppedReading;
  }

  get writable(): boolean {
    return this.resetReceived || this.finSent || this.room > 0;
  }

  get room(): number {
    return this.connection.tcp.options.bufferBytes - this.peer.received.length - this.wireBytes;
  }
}

export interface Name {
  address: number;
  port: number;
}

export class Connection {
  readonly ends: readonly [Endpoint, Endpoint];
  /** The processes that have its ends. */
  readonly owners: [SimProcess | undefined, SimProcess | undefined] = [undefined, undefined];
  /** True once an acceptor has it. */
  accepted = false;
  /** Options of the socket that is to be accepted for it; set when it arrives at a listener. */
  inherited: Inherited | undefined;

  constructor(
    readonly tcp: Tcp,
    /** The connecting socket's. */
    readonly id: number,
    readonly client: Name,
    readonly server: Name,
    queues: readonly [WaitQueue, WaitQueue],
  ) {
    this.ends = [new Endpoint(this, 0, queues[0]), new Endpoint(this, 1, queues[1])];
    this.ends[0].peer = this.ends[1];
    this.ends[1].peer = this.ends[0];
  }

  /** Both ends are closed: its addresses may be used again. */
  get over(): boolean {
    return this.ends[0].closed && this.ends[1].closed;
  }
}

/** Connections and what travels over them. */
export class Tcp {
  readonly connections: Connection[] = [];
  /** Ends with packets on their way. */
  private readonly sending: Endpoint[] = [];

  constructor(
    readonly options: TcpOptions,
    private readonly newQueue: () => WaitQueue,
    /** Notified when a packet is on its way. */
    readonly traffic: WaitQueue,
  ) {}

  connect(id: number, client: Name, server: Name): Connection {
    const connection = new Connection(this, id, client, server, [this.newQueue(), this.newQueue()]);
    this.connections.push(connection);
    return connection;
  }

  /** As many of the bytes as there is room for. */
  send(from: Endpoint, bytes: Uint8Array): number {
    const count = Math.min(bytes.length, from.room);
    if (count > 0) this.post(from, { kind: "data", bytes: bytes.slice(0, count) });
    return Math.max(0, count);
  }

  finish(from: Endpoint): void {
    if (from.finSent) return;
    from.finSent = true;
    this.post(from, { kind: "fin" });
    from.changed.notify();
  }

  read(to: Endpoint, count: number): void {
    to.received.drop(count);
    to.peer.changed.notify();
  }

  stopReading(end: Endpoint): void {
    end.stoppedReading = true;
    end.changed.notify();
  }

  /** @param abortively with a reset, whatever lies unread */
  close(end: Endpoint, abortively: boolean): void {
    if (end.closed) return;
    const reset = abortively || end.received.length > 0;
    end.closed = true;
    if (end.resetReceived) end.peer.wire.length = 0;
    else if (reset) this.post(end, { kind: "reset" });
    else this.finish(end);
    end.changed.notify();
  }

  get hasTraffic(): boolean {
    return this.sending.length > 0;
  }

  /** Lets one packet arrive. @param choose picks a sender */
  deliver(choose: (count: number) => number): void {
    const at = choose(this.sending.length);
    const from = this.sending[at]!;
    const packet = from.wire.shift();
    if (packet !== undefined) this.arrive(from, packet);
    if (from.wire.length === 0) this.sending.splice(this.sending.indexOf(from), 1);
  }

  private post(from: Endpoint, packet: Packet): void {
    if (!this.options.delayed) {
      this.arrive(from, packet);
      return;
    }
    from.wire.push(packet);
    if (packet.kind === "data") from.wireBytes += packet.bytes.length;
    if (!this.sending.includes(from)) this.sending.push(from);
    this.traffic.notify();
  }

  private arrive(from: Endpoint, packet: Packet): void {
    const to = from.peer;
    if (packet.kind === "data") {
      if (this.options.delayed) from.wireBytes -= packet.bytes.length;
      if (to.resetReceived) return;
      if (to.closed || to.stoppedReading) {
        this.reset(from);
        if (!to.closed) this.reset(to);
        return;
      }
      to.received.push(packet.bytes);
    } else if (packet.kind === "fin") to.finReceived = true;
    else this.reset(to);
    to.changed.notify();
  }

  private reset(end: Endpoint): void {
    end.resetReceived = true;
    if (this.options.resetDiscards) end.received.drop(end.received.length);
    end.changed.notify();
  }
}
