import type { Machine } from "../machine/machine.js";
import type { SimProcess } from "../machine/process.js";
import { LOOPBACK, OWN_ADDRESS, swapPort, WSAECONNREFUSED } from "./constants.js";
import { KernelSocket } from "./socket.js";
import { type Connection, type Name, Tcp, type TcpOptions } from "./tcp.js";

export interface NetworkOptions extends TcpOptions {
  /** Ports that the kernel gives to connectors: few, so that they come again soon, or many. */
  ephemeralPorts: number;
  /** A new socket gets the lowest free handle; else one that its process never had. */
  handleReuse: boolean;
}

const FIRST_EPHEMERAL_PORT = 49152;

/** All sockets of the simulated machine: who listens where, who connects to whom. */
export class Network {
  readonly tcp: Tcp;
  readonly sockets = new Set<KernelSocket>();
  /** Open sockets of each process, by handle. */
  private readonly open = new Map<SimProcess, Map<number, KernelSocket>>();
  /** Connects that are under way. */
  private readonly connecting: KernelSocket[] = [];
  /** A listener is closed with a connection in its queue. */
  onAbandoned: (connection: Connection) => void = () => {};
  private lastPort = 0;
  private made = 0;

  constructor(
    private readonly machine: Machine,
    private readonly options: NetworkOptions,
  ) {
    this.tcp = new Tcp(options, () => machine.queue(), machine.queue());
  }

  /** A new socket of the process. */
  create(process: SimProcess, stream: boolean): KernelSocket {
    const handles = this.handlesOf(process);
    let handle = 4 * (this.options.handleReuse ? 1 : ++process.nextSocket);
    while (handles.has(handle)) handle += 4;
    const socket = new KernelSocket(++this.made, handle, process, stream, this.machine.queue());
    handles.set(handle, socket);
    this.sockets.add(socket);
    return socket;
  }

  find(process: SimProcess, handle: number): KernelSocket | undefined {
    return this.open.get(process)?.get(handle);
  }

  private handlesOf(process: SimProcess): Map<number, KernelSocket> {
    let handles = this.open.get(process);
    if (handles === undefined) {
      handles = new Map();
      this.open.set(process, handles);
    }
    return handles;
  }

  isOwnAddress(address: number): boolean {
    return address === 0 || (address & 0xff) === 127 || address === OWN_ADDRESS;
  }

  /** False when somebody has that port of that address. */
  bind(socket: KernelSocket, name: Name): boolean {
    const port = name.port === 0 ? this.freePort() : name.port;
    for (const other of this.sockets) {
      if (other === socket || other.local?.port !== port || other.stream !== socket.stream) continue;
      // Connections that a listener has given away share its port.
      if (other.state === "connected") continue;
      const address = other.local.address;
      if (address === name.address || address === 0 || name.address === 0) return false;
    }
    socket.local = { address: name.address, port };
    socket.state = "bound";
    return true;
  }

  private freePort(): number {
    for (;;) {
      this.lastPort = (this.lastPort + 1) % this.options.ephemeralPorts;
      const port = swapPort(FIRST_EPHEMERAL_PORT + this.lastPort);
      if (this.isUnused(port)) return port;
      // All in use: as if there were more.
      if (this.lastPort === 0) this.options.ephemeralPorts++;
    }
  }

  private isUnused(port: number): boolean {
    for (const socket of this.sockets) if (socket.local?.port === port) return false;
    return this.tcp.connections.every((connection) => connection.over || connection.client.port !== port);
  }

  /** The connect begins; `arriveConnects` ends it. The local name is known at once. */
  beginConnect(socket: KernelSocket, server: Name): void {
    const address = server.address === 0 ? LOOPBACK : server.address;
    if (socket.local === undefined) socket.local = { address, port: this.freePort() };
    if (socket.local.address === 0) socket.local = { address, port: socket.local.port };
    socket.target = { address, port: server.port };
    socket.state = "connecting";
    this.connecting.push(socket);
    this.tcp.traffic.notify();
  }

  get hasWork(): boolean {
    return this.connecting.length > 0 || this.tcp.hasTraffic;
  }

  /** Lets one thing happen that is on its way: a packet arrives, or a connect. */
  work(choose: (count: number) => number): void {
    const connects = this.connecting.length;
    if (connects > 0 && (!this.tcp.hasTraffic || choose(2) === 0))
      this.finishConnect(this.connecting[choose(connects)]!);
    else this.tcp.deliver(choose);
  }

  /** The connect arrives at a listener, or at nobody. */
  finishConnect(socket: KernelSocket): void {
    this.connecting.splice(this.connecting.indexOf(socket), 1);
    if (socket.closed) return;
    const target = socket.target!;
    const listener = this.findListener(target);
    if (listener === undefined || listener.waiting.length >= listener.backlog) {
      socket.state = "failed";
      socket.error = WSAECONNREFUSED;
    } else {
      const connection = this.tcp.connect(socket.id, socket.local!, target);
      socket.end = connection.ends[0];
      connection.owners[0] = socket.process;
      connection.owners[1] = listener.process;
      connection.inherited = { ...listener.inherited };
      socket.state = "connected";
      listener.waiting.push(connection);
      listener.changed.notify();
    }
    socket.changed.notify();
  }

  private findListener(target: Name): KernelSocket | undefined {
    let wildcard: KernelSocket | undefined;
    for (const socket of this.sockets) {
      if (socket.state !== "listening" || socket.local!.port !== target.port) continue;
      if (socket.local!.address === target.address) return socket;
      if (socket.local!.address === 0) wildcard = socket;
    }
    return wildcard;
  }

  /** @param abortively as after SO_LINGER with 0 */
  close(socket: KernelSocket, abortively: boolean): void {
    socket.closed = true;
    this.sockets.delete(socket);
    this.handlesOf(socket.process).delete(socket.handle);
    for (const connection of socket.waiting) {
      if (!socket.process.ended) this.onAbandoned(connection);
      this.tcp.close(connection.ends[1], true);
    }
    socket.waiting.length = 0;
    if (socket.end !== undefined) this.tcp.close(socket.end, abortively);
    socket.changed.notify();
  }

  closeAll(process: SimProcess): void {
    for (const socket of [...this.handlesOf(process).values()]) {
      this.close(socket, socket.abortive);
    }
  }
}
