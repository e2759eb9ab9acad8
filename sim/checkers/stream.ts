import { byteAt } from "../app/bytes.js";
import { SimFailure } from "../failure.js";
import * as ws from "../kernel/constants.js";
import type { KernelSocket } from "../kernel/socket.js";
import type { SimProcess } from "../machine/process.js";
import type { World } from "../world.js";

/** How one side of a connection has ended its stream, as its program knows. */
export type StreamEnd = "open" | "shut" | "closed" | "aborted" | "died";

/** The bytes of one direction of a connection. */
export class Flow {
  /** What `send` has accepted; and that, with what a call that is under way or has failed may have written. */
  sent = 0;
  attempted = 0;
  received = 0;
  end: StreamEnd = "open";
  /** It was ended in good order before anything else happened to it. */
  shut = false;
  /** The reader has closed its socket. */
  readerClosed = false;

  constructor(readonly stream: number) {}
}

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
  /** Nothing can be expected: the directory, which says who belongs to whom, is not what it should be. */
  off = false;
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
    for (const socket of world.network.sockets) {
      if (socket.process !== process) continue;
      for (const connection of socket.waiting) this.flow(connection.id * 2 + 1).end = "died";
      const flows = this.flowsOf(socket);
      // Whatever its program has begun to say with a close: the kernel says the rest.
      flows.out.end = "died";
      flows.in.readerClosed = true;
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

  /** Writes what is to be sent next into `buffer`. */
  prepare(flow: Flow, buffer: Uint8Array): void {
    for (let index = 0; index < buffer.length; index++) buffer[index] = byteAt(flow.stream, flow.sent + index);
    flow.attempted = Math.max(flow.attempted, flow.sent + buffer.length);
  }

  /** @param result of a `send` of `bytes` bytes; negative for an error */
  sent(flow: Flow, bytes: number, result: number, who: string): void {
    if (result > bytes) this.fail(flow, who, `sent ${result} of ${bytes} bytes`);
    if (result > 0) flow.sent += result;
  }

  received(flows: Flows, buffer: Uint8Array, result: number, peek: boolean, who: string): void {
    const flow = flows.in;
    if (result > buffer.length) this.fail(flow, who, `received ${result} bytes into a buffer of ${buffer.length}`);
    for (let index = 0; index < result; index++) {
      const expected = byteAt(flow.stream, flow.received + index);
      if (buffer[index] === expected) continue;
      this.fail(flow, who, `byte ${flow.received + index} is ${buffer[index]} instead of ${expected}`);
    }
    if (flow.received + result > flow.attempted) {
      this.fail(flow, who, `${flow.received + result} bytes received, and only ${flow.attempted} were sent`);
    }
    if (peek) return;
    flow.received += result;
    this.bytes += result;
  }

  /** `recv` has said that the stream is at its end. */
  ended(flows: Flows, who: string): void {
    if (this.onlyBytes) return;
    const flow = flows.in;
    if (flow.end === "open") this.fail(flow, who, "the end of a stream that its writer has not ended");
    if (flow.received < flow.sent) this.fail(flow, who, `the end after ${flow.received} of ${flow.sent} bytes`);
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
      // The peer closes while bytes for it lie unread, or are on their way.
      (incoming.end === "closed" && out.attempted > out.received);
    if (!reason)
      this.fail(incoming, who, `a reset (error ${error}) for which there is no reason: its writer is ${incoming.end}`);
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
