import type { Flows, StreamChecker } from "../checkers/stream.js";
import { callOperation, PROGRAM_CALLS, PROGRAM_RETURNS } from "../doors/operations.js";
import { SimFailure } from "../failure.js";
import { Inspector } from "../inspector.js";
import * as ws from "../kernel/constants.js";
import type { KernelSocket } from "../kernel/socket.js";
import type { Name } from "../kernel/tcp.js";
import { MESSAGE } from "../kernel/windows.js";
import type { Region } from "../machine/memory.js";
import type { SimProcess } from "../machine/process.js";
import type { Call, SimThread } from "../machine/thread.js";
import type { Random } from "../random.js";
import type { World } from "../world.js";

/** What a simulated program does between two of its own statements. */
export type Steps<T> = Generator<Call, T, number>;

const NAME = 0;
const LENGTH = 32;
const VALUE = 64;
const TIME = 80;
const SETS = 128;
const SET_BYTES = 128;
const PIECES = 512;
/** Pieces of one call, at most; and bytes of a WSABUF. */
const MOST_PIECES = 4;
const PIECE_BYTES = 8;
const BUFFER = PIECES + MOST_PIECES * PIECE_BYTES;
/** What nobody has written. */
const UNTOUCHED = 0xee;
/** The largest piece that a program sends or receives at once. */
export const BUFFER_BYTES = 32768;

/** How many bytes a call is given: together, or in pieces so long. */
export type Bytes = number | readonly number[];

function total(what: Bytes): number {
  return typeof what === "number" ? what : what.reduce((sum, length) => sum + length, 0);
}

/** `bytes` bytes in pieces, some of which may be empty. */
export function inPieces(random: Random, bytes: number): number[] {
  const cuts = Array.from({ length: random.below(MOST_PIECES) }, () => random.between(0, bytes));
  const ends = [...cuts.sort((one, other) => one - other), bytes];
  return ends.map((end, n) => end - (ends[n - 1] ?? 0));
}

/** Calls that send: who sleeps in one waits for room. */
export const sendingCalls: readonly string[] = ["send", "sendPieces", "WriteFile"];

/** Calls that wait for an operation's end. */
export const awaitingCalls: readonly string[] = ["awaitEvent", "awaitPacket"];

/**
 * The sockets as one thread of a program calls them: through the core if its process is wrapped, else the kernel's. All
 * it sends and receives is checked.
 */
export class Api {
  private readonly memory: Region;
  /** Where the bytes of pieces lie. */
  private readonly scattered: number;
  error = 0;

  constructor(
    readonly world: World,
    readonly process: SimProcess,
    readonly streams: StreamChecker,
    /** Set once the thread runs. */
    readonly threadOf: () => SimThread,
    bufferBytes: number,
  ) {
    // Twice: bytes that lie together, and in pieces with a byte between two of them.
    const bytes = BUFFER + 2 * bufferBytes + MOST_PIECES;
    this.memory = world.machine.memory.allocate("application", bytes, process.index);
    this.scattered = this.memory.address + BUFFER + bufferBytes;
  }

  get thread(): SimThread {
    return this.threadOf();
  }

  /** Makes that call, of the core or of the kernel. */
  call(name: string, ...args: number[]): Steps<number> {
    const inKernel = !this.process.usesCore || this.isGivenAway(name, args[0] ?? 0);
    return this.makeCall(inKernel ? "kernel" : "core", name, args);
  }

  /** Another process would make that call: one that knows nothing of the core's rings. */
  private isGivenAway(name: string, socket: number): boolean {
    if (name !== "send" && name !== "recv") return false;
    const kernel = this.kernel(socket);
    return kernel !== undefined && this.world.givenAway.has(kernel);
  }

  /**
   * The socket is to be another process's. False: it cannot be.
   * @param used that process, and not this one, sends and receives from now on
   */
  *giveAway(socket: number, used: boolean): Steps<boolean> {
    const kernel = this.kernel(socket);
    if (!this.process.usesCore || kernel === undefined) return true;
    const through = yield* this.call("giveAwaySocket", socket);
    this.world.reach(through === 1 ? "given away" : "not given away");
    if (through === 1 && used) this.world.givenAway.add(kernel);
    return through === 1;
  }

  /** Makes that call of the kernel. */
  kernelCall(name: string, ...args: number[]): Steps<number> {
    return this.makeCall("kernel", name, args);
  }

  private *makeCall(to: Call["to"], name: string, args: readonly number[]): Steps<number> {
    const { thread } = this;
    thread.call = { to, name, args };
    const { trace, steps } = this.world.machine;
    trace.add(steps, thread.id, PROGRAM_CALLS, callOperation(name), args[0] ?? 0, args[2] ?? 0);
    this.world.programCalls(thread, name, args);
    const result = yield thread.call;
    trace.add(this.world.machine.steps, thread.id, PROGRAM_RETURNS, callOperation(name), args[0] ?? 0, result);
    if (result === ws.SOCKET_ERROR) this.error = thread.lastError;
    thread.call = undefined;
    this.world.returned(thread, name, result, args);
    return result;
  }

  *sleep(ms: number): Steps<void> {
    yield { to: "kernel", name: "sleep", args: [ms] };
  }

  /** The kernel's socket of that handle. */
  kernel(socket: number): KernelSocket | undefined {
    return this.world.network.find(this.process, socket);
  }

  private get u8(): Uint8Array {
    return this.world.machine.memory.u8;
  }

  private get i32(): Int32Array {
    return this.world.machine.memory.i32;
  }

  private putName(name: Name): number {
    const at = this.memory.address + NAME;
    this.u8.fill(0, at, at + 16);
    this.world.machine.memory.u16[at >> 1] = ws.AF_INET;
    this.world.machine.memory.u16[(at + 2) >> 1] = name.port;
    this.i32[(at + 4) >> 2] = name.address;
    return at;
  }

  *socket(): Steps<number> {
    return yield* this.call("socket", ws.AF_INET, ws.SOCK_STREAM, 0);
  }

  *bind(socket: number, name: Name): Steps<number> {
    return yield* this.call("bind", socket, this.putName(name), 16);
  }

  *listen(socket: number, backlog: number): Steps<number> {
    return yield* this.call("listen", socket, backlog);
  }

  *connect(socket: number, name: Name): Steps<number> {
    return yield* this.call("connect", socket, this.putName(name), 16);
  }

  /** @param named whether the program wants the peer's name */
  *accept(socket: number, named: boolean): Steps<number> {
    const name = named ? this.memory.address + NAME : 0;
    const length = named ? this.memory.address + LENGTH : 0;
    if (named) this.i32[length >> 2] = 16;
    const listener = this.kernel(socket);
    const result = yield* this.call("accept", socket, name, length);
    const accepted = this.kernel(result);
    if (accepted === undefined) return result;
    if (listener !== undefined) this.world.windows.ask(accepted, this.world.windows.asked(listener));
    if (this.kernel(socket) === undefined) this.streams.flowsOf(accepted).in.lateAccept = true;
    return result;
  }

  /**
   * Makes WSABUFs of pieces so long. The last one lies first in memory, so that who goes on behind a piece goes wrong.
   * @returns where the bytes of each lie
   */
  private layPieces(lengths: readonly number[]): { at: number; length: number }[] {
    let end = this.scattered + lengths.length + total(lengths);
    return lengths.map((length, n) => {
      end -= length + 1;
      const piece = (this.memory.address + PIECES + n * PIECE_BYTES) >> 2;
      this.i32[piece] = length;
      this.i32[piece + 1] = end;
      return { at: end, length };
    });
  }

  /** Sends the bytes that lie in the buffer: as they lie there, or in pieces so long. */
  private *sendBuffer(socket: number, what: Bytes, flags: number): Steps<number> {
    const at = this.memory.address + BUFFER;
    if (typeof what === "number" || !this.process.usesCore)
      return yield* this.call("send", socket, at, total(what), flags);
    let from = at;
    for (const piece of this.layPieces(what)) {
      this.u8.copyWithin(piece.at, from, from + piece.length);
      from += piece.length;
    }
    return yield* this.call("sendPieces", socket, this.memory.address + PIECES, what.length, flags);
  }

  /** Receives into the buffer: as its bytes lie there, or by way of pieces so long. */
  private *recvBuffer(socket: number, what: Bytes, flags: number): Steps<number> {
    const at = this.memory.address + BUFFER;
    const bytes = total(what);
    this.u8.fill(UNTOUCHED, at, at + bytes);
    if (typeof what === "number" || !this.process.usesCore) return yield* this.call("recv", socket, at, bytes, flags);
    const pieces = this.layPieces(what);
    this.u8.fill(UNTOUCHED, this.scattered, this.scattered + bytes + what.length);
    const result = yield* this.call("receivePieces", socket, this.memory.address + PIECES, what.length, flags);
    let to = at;
    for (const piece of pieces) {
      this.u8.copyWithin(to, piece.at, piece.at + piece.length);
      to += piece.length;
      if (this.u8[piece.at + piece.length] !== UNTOUCHED)
        throw new SimFailure("stream", `${this.thread.label}: a byte behind a piece is written`);
    }
    return result;
  }

  /** Sends the next bytes of the socket's stream, or of that sender's part of it. */
  *send(socket: number, what: Bytes, sender = 0, urgent = false): Steps<number> {
    const kernel = this.kernel(socket);
    const at = this.memory.address + BUFFER;
    const bytes = total(what);
    const flows = kernel === undefined ? undefined : this.streams.flowsOf(kernel);
    if (flows !== undefined) this.streams.prepare(flows.out, this.u8.subarray(at, at + bytes), sender);
    const over = flows?.out.over === true;
    const result = yield* this.sendBuffer(socket, what, urgent ? ws.MSG_OOB : 0);
    if (flows === undefined) return result;
    this.streams.sent(flows.out, bytes, result, this.thread.label, sender, over);
    if (result < 0) this.streams.broken(flows, this.error, this.thread.label);
    return result;
  }

  /** Receives up to so many bytes. */
  *recv(socket: number, what: Bytes, peek = false): Steps<number> {
    const kernel = this.kernel(socket);
    const at = this.memory.address + BUFFER;
    const bytes = total(what);
    const result = yield* this.recvBuffer(socket, what, peek ? ws.MSG_PEEK : 0);
    if (kernel === undefined) return result;
    const flows: Flows = this.streams.flowsOf(kernel);
    const who = this.thread.label;
    if (result > 0) this.streams.received(flows, this.u8.subarray(at, at + Math.max(bytes, result)), result, peek, who);
    else if (result === 0 && bytes > 0) this.streams.ended(flows, who);
    else if (result < 0) this.streams.broken(flows, this.error, who);
    return result;
  }

  /** Sends an urgent byte that is none of the stream's: who reads that must not see it. Bytes of the stream may go before it. */
  *sendApart(socket: number, byte: number, what: Bytes = 1): Steps<number> {
    const flow = this.streams.flowsOf(this.kernel(socket)!).out;
    const at = this.memory.address + BUFFER;
    const before = total(what) - 1;
    this.streams.prepare(flow, this.u8.subarray(at, at + before), 0);
    this.u8[at + before] = byte;
    const result = yield* this.sendBuffer(socket, what, ws.MSG_OOB);
    this.streams.sent(flow, before, Math.min(result, before), this.thread.label, 0, flow.over);
    return result;
  }

  /** Receives an urgent byte; gives it, or what `recv` gave instead. */
  *recvApart(socket: number, what: Bytes = 1): Steps<number> {
    const result = yield* this.recvBuffer(socket, what, ws.MSG_OOB);
    return result === 1 ? this.u8[this.memory.address + BUFFER]! : result;
  }

  /** Sends, or receives into, WSABUFs just as they are given: for what is refused. */
  *pieces(
    receiving: boolean,
    socket: number,
    buffers: readonly (readonly [length: number, at: number])[],
  ): Steps<number> {
    const at = this.memory.address + PIECES;
    for (const [n, buffer] of buffers.entries()) this.i32.set(buffer, (at + n * PIECE_BYTES) >> 2);
    return yield* this.call(receiving ? "receivePieces" : "sendPieces", socket, at, buffers.length, 0);
  }

  /** Some memory of this thread's own. */
  get someMemory(): number {
    return this.memory.address + BUFFER;
  }

  *shutdown(socket: number, how: number): Steps<number> {
    const kernel = this.kernel(socket);
    const flow = kernel === undefined || how === ws.SD_RECEIVE ? undefined : this.streams.flowsOf(kernel).out;
    const first = flow?.end === "open";
    // What the peer may see of it, it may see before the call returns.
    if (flow !== undefined && first) {
      flow.end = "shut";
      flow.shut = true;
    }
    const result = yield* this.call("shutdown", socket, how);
    if (result === 0 && flow !== undefined) flow.over = true;
    if (result < 0 && flow?.end === "shut" && first) {
      flow.end = "open";
      flow.shut = false;
    }
    return result;
  }

  *close(socket: number): Steps<number> {
    const kernel = this.kernel(socket);
    if (kernel !== undefined) {
      const flows = this.streams.flowsOf(kernel);
      flows.out.end = kernel.abortive ? "aborted" : "closed";
      flows.out.leftOver ||= this.process.usesCore && new Inspector(this.world).hasLeftOver(this.process, socket);
      flows.in.readerClosed = true;
    }
    return yield* this.call("closesocket", socket);
  }

  /** Tried again where the kernel refuses it: who sends with several threads relies on what it has chosen. */
  *nonBlocking(socket: number, on: boolean): Steps<number> {
    for (let left = 10; ; left--) {
      this.i32[(this.memory.address + VALUE) >> 2] = on ? 1 : 0;
      const result = yield* this.call("ioctlsocket", socket, ws.FIONBIO, this.memory.address + VALUE);
      if (result === 0 || this.error !== ws.WSAENETDOWN || left === 0) return result;
    }
  }

  /** `WSAAsyncSelect` with a window of its own. @param events 0: none any more */
  *messages(socket: number, events: number): Steps<number> {
    const kernel = this.kernel(socket);
    const { windows } = this.world;
    const result = yield* this.call("WSAAsyncSelect", socket, windows.open(this.process), MESSAGE, events);
    if (kernel !== undefined && result === 0) windows.ask(kernel, events);
    return result;
  }

  /** Waits for a message with one of the events; gives the event, with its error in the high half. 0: the socket was closed. */
  *message(socket: KernelSocket, events: number): Steps<number> {
    const { thread } = this;
    thread.call = { to: "kernel", name: "message", args: [socket.id, events] };
    const result = yield thread.call;
    thread.call = undefined;
    this.world.returned(thread, "message", result);
    return result;
  }

  *linger(socket: number, seconds: number): Steps<number> {
    this.i32[(this.memory.address + VALUE) >> 2] = 1 | (seconds << 16);
    return yield* this.call("setsockopt", socket, ws.SOL_SOCKET, ws.SO_LINGER, this.memory.address + VALUE, 4);
  }

  /** Urgent bytes are read as all others. Tried again where the kernel refuses it. */
  *inLine(socket: number): Steps<void> {
    const at = this.memory.address + VALUE;
    for (let left = 10; left > 0; left--) {
      this.i32[at >> 2] = 1;
      if ((yield* this.call("setsockopt", socket, ws.SOL_SOCKET, ws.SO_OOBINLINE, at, 4)) === 0) return;
    }
  }

  *timeouts(socket: number, option: number, ms: number): Steps<number> {
    this.i32[(this.memory.address + VALUE) >> 2] = ms;
    return yield* this.call("setsockopt", socket, ws.SOL_SOCKET, option, this.memory.address + VALUE, 4);
  }

  /** The error of a connect that was not waited for. */
  *socketError(socket: number): Steps<number> {
    this.i32[(this.memory.address + LENGTH) >> 2] = 4;
    const at = this.memory.address + VALUE;
    const result = yield* this.call("getsockopt", socket, ws.SOL_SOCKET, ws.SO_ERROR, at, this.memory.address + LENGTH);
    return result === 0 ? this.i32[at >> 2]! : this.error;
  }

  *available(socket: number): Steps<number> {
    const result = yield* this.call("ioctlsocket", socket, ws.FIONREAD, this.memory.address + VALUE);
    return result === 0 ? this.i32[(this.memory.address + VALUE) >> 2]! : -1;
  }

  /** `select`; gives the sockets of each set that are ready. @param limitMs negative: for ever */
  *select(sets: readonly (readonly number[])[], limitMs: number): Steps<number[][] | undefined> {
    const addresses = sets.map((set, which) => {
      const at = this.memory.address + SETS + which * SET_BYTES;
      this.i32[at >> 2] = set.length;
      for (const [index, socket] of set.entries()) this.i32[(at >> 2) + 1 + index] = socket;
      return set.length === 0 ? 0 : at;
    });
    const time = limitMs < 0 ? 0 : this.memory.address + TIME;
    this.i32[(this.memory.address + TIME) >> 2] = Math.floor(limitMs / 1000);
    this.i32[((this.memory.address + TIME) >> 2) + 1] = (limitMs % 1000) * 1000;
    const result = yield* this.call("select", 0, addresses[0] ?? 0, addresses[1] ?? 0, addresses[2] ?? 0, time);
    if (result < 0) return undefined;
    return addresses.map((at) =>
      at === 0 ? [] : [...this.i32.subarray((at >> 2) + 1, (at >> 2) + 1 + this.i32[at >> 2]!)],
    );
  }
}
