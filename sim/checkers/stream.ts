import { SimFailure } from "../failure.js";
import { Inspector } from "../inspector.js";
import * as ws from "../kernel/constants.js";
import type { KernelSocket } from "../kernel/socket.js";
import type { SimProcess } from "../machine/process.js";
import type { World } from "../world.js";
import { Flow } from "./flow.js";

/** Both directions of the connection of a socket, as seen from it. */
export interface Flows {
  out: Flow;
  in: Flow;
}

/**
 * Every byte once, in order, unaltered; the end of the stream exactly when the writer has ended it and all is read; a
 * reset only where there is a reason for one.
 */
export class StreamChecker {
  private readonly flows = new Map<number, Flow>();
  bytes = 0;
  /** Only the bytes are looked at: calls of the kernel fail, and with them connections, at any time. */
  onlyBytes = false;
  /**
   * Segments cannot always be imported: then the connector hands over to the kernel what it has written, and what it has not
   * handed over yet is lost if it dies. This, and what flows are excused for, are the losses that docs/protocol.md knows.
   */
  importsFail = false;
  /** Nothing can be expected: the directory, which says who belongs to whom, is not what it should be. */
  off = false;
  /** Whether that connection is user-level: a kernel may mix up what several threads send at once. */
  isUserLevel: (connection: number) => boolean = () => false;
  private world: World | undefined;

  /** Hears from the world which programs die, and which connections nobody has accepted. */
  watch(world: World): void {
    this.world = world;
    world.network.onAbandoned = (connection) => {
      this.flow(connection.id * 2 + 1).end = "aborted";
    };
    world.listeners.push({ processEnds: (process) => this.died(world, process) });
  }

  private died(world: World, process: SimProcess): void {
    const inspector = new Inspector(world);
    for (const socket of world.network.sockets) {
      if (socket.process !== process) continue;
      for (const connection of socket.waiting) this.flow(connection.id * 2 + 1).end = "died";
      const flows = this.flowsOf(socket);
      flows.out.cut = inspector.isHandedOver(process, socket.handle);
      flows.out.leftOver = inspector.hasLeftOver(process, socket.handle);
      // Whatever its program has begun to say with a close: the kernel says the rest.
      flows.out.end = "died";
      flows.in.readerClosed = true;
      flows.in.readerDied = true;
    }
  }

  private flow(stream: number): Flow {
    let flow = this.flows.get(stream);
    if (flow === undefined) {
      flow = new Flow(stream);
      this.flows.set(stream, flow);
    }
    return flow;
  }

  /** The connection that this socket has, or would have. */
  flowsOf(socket: KernelSocket): Flows {
    const side = socket.end?.side ?? 0;
    const connection = socket.end?.connection.id ?? socket.id;
    return { out: this.flow(connection * 2 + side), in: this.flow(connection * 2 + 1 - side) };
  }

  /** Writes what is to be sent next, by that one of the threads that send, into `buffer`. @param ahead as for `Flow.prepare` */
  prepare(flow: Flow, buffer: Uint8Array, sender: number, ahead = 0): void {
    flow.prepare(buffer, sender, ahead);
  }

  /**
   * @param result of a `send` of `bytes` bytes; negative for an error
   * @param over the stream was at its end when the call began
   */
  sent(flow: Flow, bytes: number, result: number, who: string, sender: number, over: boolean): void {
    if (result > 0 && over) this.fail(flow, who, `sent ${result} bytes after a shutdown`);
    if (result > bytes) this.fail(flow, who, `sent ${result} of ${bytes} bytes`);
    if (result > 0) flow.accept(result, sender);
  }

  received(flows: Flows, buffer: Uint8Array, result: number, peek: boolean, who: string): void {
    const flow = flows.in;
    if (result > buffer.length) this.fail(flow, who, `received ${result} bytes into a buffer of ${buffer.length}`);
    const wrong = flow.receive(buffer.subarray(0, result), peek, this.isUserLevel(flow.stream >> 1));
    if (wrong !== undefined) this.fail(flow, who, wrong);
    if (!peek) this.bytes += result;
  }

  /** `recv` has said that the stream is at its end. */
  ended(flows: Flows, who: string): void {
    if (this.onlyBytes) return;
    const flow = flows.in;
    if (flow.end === "open") this.fail(flow, who, "the end of a stream that its writer has not ended");
    const excused = this.importsFail || flow.cut || (flow.lateAccept && !this.isUserLevel(flow.stream >> 1));
    const lost = flow.end === "died" && (flow.leftOver || (excused && flow.received === 0));
    // Another thread may have taken the rest, and not have come back with it yet.
    if (flow.received < flow.sent && flow.receivers === 1 && !lost)
      this.fail(flow, who, `the end after ${flow.received} of ${flow.sent} bytes`);
    if (flow.end === "aborted" && !flow.shut) this.fail(flow, who, "an orderly end of a connection that was reset");
  }

  /** A call has failed because the connection has. */
  broken(flows: Flows, error: number, who: string): void {
    if (this.onlyBytes) return;
    const { in: incoming, out } = flows;
    const reset = error === ws.WSAECONNRESET || error === ws.WSAECONNABORTED;
    if (!reset) return;
    const reason =
      incoming.end === "aborted" ||
      incoming.end === "died" ||
      incoming.leftOver ||
      // The peer closes while bytes for it lie unread, or are on their way.
      (incoming.end === "closed" && out.attempted > out.received);
    if (!reason)
      this.fail(incoming, who, `a reset (error ${error}) for which there is no reason: its writer is ${incoming.end}`);
  }

  /** The run has come to its end, and all calls have come back. */
  finish(): void {
    for (const flow of this.flows.values()) {
      if (flow.receivers === 1 || flow.readerDied || !flow.readerClosed) continue;
      const wrong = flow.incomplete();
      if (wrong !== undefined) this.fail(flow, "after all", wrong);
    }
  }

  private fail(flow: Flow, who: string, what: string): void {
    if (this.off || this.hasHostileEnd(flow.stream >> 1)) return;
    const side = flow.stream % 2 === 0 ? "from the connector" : "from the acceptor";
    throw new SimFailure("stream", `${who}: connection ${flow.stream >> 1}, ${side}: ${what}`);
  }

  /** A hostile process may do what it wants to its own connections. */
  private hasHostileEnd(id: number): boolean {
    const connection = this.world?.network.tcp.connections.find((other) => other.id === id);
    return connection?.owners.some((process) => process?.hostile === true) === true;
  }
}
