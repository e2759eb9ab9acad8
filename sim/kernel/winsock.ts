import { BLOCKED, type Machine } from "../machine/machine.js";
import type { SimThread } from "../machine/thread.js";
import * as ws from "./constants.js";
import type { KernelEvents } from "./events.js";
import { fileCalls } from "./file-calls.js";
import type { Network } from "./network.js";
import { selectCall } from "./select.js";
import type { KernelSocket } from "./socket.js";
import type { Name } from "./tcp.js";

export type Result = number | typeof BLOCKED;
export type KernelCall = (thread: SimThread, ...args: number[]) => Result;

/** What a call that sleeps remembers until it is made again. */
export interface Sleep {
  socket: KernelSocket;
  done: number;
}

/** The simulated kernel's WinSock: addresses are those of the simulation's memory. */
export function winsockCalls(machine: Machine, network: Network, events: KernelEvents): Record<string, KernelCall> {
  const { u8, u16, i32 } = machine.memory;
  const sleeping = new Map<SimThread, Sleep>();

  function fail(thread: SimThread, error: number): number {
    sleeping.delete(thread);
    thread.lastError = error;
    return ws.SOCKET_ERROR;
  }

  /** Does `call` with the socket: the one that the thread slept on, even if its handle means another one now. */
  function withSocket(thread: SimThread, handle: number, call: (socket: KernelSocket, sleep: Sleep) => Result): Result {
    const known = thread.retrying ? sleeping.get(thread) : undefined;
    const socket = known?.socket ?? network.find(thread.process, handle >>> 0);
    if (socket === undefined) return fail(thread, ws.WSAENOTSOCK);
    if (socket.closed) return fail(thread, ws.WSAEINTR);
    const result = call(socket, known ?? { socket, done: 0 });
    if (result !== BLOCKED) sleeping.delete(thread);
    return result;
  }

  function sleep(thread: SimThread, state: Sleep, ready: () => boolean, limitMs: number): Result {
    if (thread.retrying && machine.now >= thread.deadline) return fail(thread, ws.WSAETIMEDOUT);
    const first = !thread.retrying;
    const deadline = !first ? thread.deadline : limitMs > 0 ? machine.now + limitMs * 1000 : Number.POSITIVE_INFINITY;
    sleeping.set(thread, state);
    const { socket } = state;
    return machine.block(() => socket.closed || ready(), deadline, socket.queues);
  }

  function readName(address: number): Name {
    return { port: u16[(address + 2) >>> 1]!, address: i32[(address + 4) >>> 2]! };
  }

  function writeName(thread: SimThread, name: Name, address: number, length: number): number {
    if (address === 0 || length === 0 || i32[length >>> 2]! < 16) return fail(thread, ws.WSAEFAULT);
    u8.fill(0, address, address + 16);
    u16[address >>> 1] = ws.AF_INET;
    u16[(address + 2) >>> 1] = name.port;
    i32[(address + 4) >>> 2] = name.address;
    i32[length >>> 2] = 16;
    return 0;
  }

  function isName(address: number, length: number): boolean {
    return address !== 0 && length >= 16 && u16[address >>> 1] === ws.AF_INET;
  }

  const calls: Record<string, KernelCall> = {
    socket(thread, family, type) {
      if (family !== ws.AF_INET) return fail(thread, ws.WSAEINVAL);
      return network.create(thread.process, type === ws.SOCK_STREAM).handle;
    },

    closesocket(thread, handle) {
      const socket = network.find(thread.process, handle! >>> 0);
      if (socket === undefined) return fail(thread, ws.WSAENOTSOCK);
      network.close(socket, socket.abortive);
      return 0;
    },

    bind(thread, handle, name, length) {
      return withSocket(thread, handle!, (socket) => {
        if (socket.state !== "fresh") return fail(thread, ws.WSAEINVAL);
        if (!isName(name!, length!)) return fail(thread, ws.WSAEFAULT);
        if (!network.isOwnAddress(readName(name!).address)) return fail(thread, ws.WSAEADDRNOTAVAIL);
        return network.bind(socket, readName(name!)) ? 0 : fail(thread, ws.WSAEADDRINUSE);
      });
    },

    listen(thread, handle, backlog) {
      return withSocket(thread, handle!, (socket) => {
        if (!socket.stream) return fail(thread, ws.WSAEOPNOTSUPP);
        if (socket.state === "connected") return fail(thread, ws.WSAEISCONN);
        if (socket.state !== "bound" && socket.state !== "listening") return fail(thread, ws.WSAEINVAL);
        socket.state = "listening";
        socket.backlog = Math.max(1, backlog! | 0);
        return 0;
      });
    },

    accept(thread, handle, name, length) {
      return withSocket(thread, handle!, (socket, state) => {
        if (socket.state !== "listening") return fail(thread, ws.WSAEINVAL);
        const connection = socket.waiting.shift();
        if (connection === undefined) {
          if (socket.nonBlocking) return fail(thread, ws.WSAEWOULDBLOCK);
          return sleep(thread, state, () => socket.waiting.length > 0, 0);
        }
        const accepted = network.create(thread.process, true);
        accepted.state = "connected";
        accepted.local = { ...connection.server };
        accepted.end = connection.ends[1];
        connection.accepted = true;
        connection.owners[1] = thread.process;
        // As Windows has it: the new socket is like the listener.
        accepted.nonBlocking = socket.nonBlocking;
        accepted.inherited = connection.inherited!;
        accepted.receiveTimeoutMs = socket.receiveTimeoutMs;
        accepted.sendTimeoutMs = socket.sendTimeoutMs;
        if (name !== 0 && length !== 0) writeName(thread, connection.client, name!, length!);
        events.inherit(accepted, socket);
        return accepted.handle;
      });
    },

    connect(thread, handle, name, length) {
      return withSocket(thread, handle!, (socket, state) => {
        if (socket.state === "connected") {
          return state.done === 1 ? 0 : fail(thread, ws.WSAEISCONN);
        }
        if (socket.state === "listening" || !socket.stream) return fail(thread, ws.WSAEINVAL);
        if (socket.state === "failed" && state.done === 1) {
          // The same socket may try again.
          socket.state = "bound";
          return fail(thread, socket.error);
        }
        if (socket.state === "connecting") {
          if (state.done === 0) return fail(thread, ws.WSAEALREADY);
        } else {
          if (!isName(name!, length!)) return fail(thread, ws.WSAEFAULT);
          network.beginConnect(socket, readName(name!));
          if (socket.nonBlocking) return fail(thread, ws.WSAEWOULDBLOCK);
          state.done = 1;
        }
        return sleep(thread, state, () => socket.state !== "connecting", 0);
      });
    },

    /** @param waits true (1): whatever FIONBIO says */
    send(thread, handle, buffer, bytes, flags, waits) {
      return withSocket(thread, handle!, (socket, state) => {
        const end = socket.end;
        if (end === undefined || socket.state !== "connected") return fail(thread, ws.WSAENOTCONN);
        // Urgent bytes are always in line here, and marks are none.
        if ((flags! & ~(ws.MSG_OOB | 4)) !== 0) return fail(thread, ws.WSAEOPNOTSUPP);
        if (end.finSent) return fail(thread, ws.WSAESHUTDOWN);
        if (end.resetReceived) return fail(thread, ws.WSAECONNRESET);
        const from = (buffer! >>> 0) + state.done;
        state.done += network.tcp.send(end, u8.subarray(from, (buffer! >>> 0) + (bytes! | 0)));
        if (state.done >= bytes!) return bytes!;
        // What was sent may have been answered by a reset already.
        if (end.resetReceived) return fail(thread, ws.WSAECONNRESET);
        if (socket.nonBlocking && waits !== 1) return state.done > 0 ? state.done : fail(thread, ws.WSAEWOULDBLOCK);
        return sleep(thread, state, () => end.writable, socket.sendTimeoutMs);
      });
    },

    /** @param waits as for `send` */
    recv(thread, handle, buffer, bytes, flags, waits) {
      return withSocket(thread, handle!, (socket, state) => {
        const end = socket.end;
        if (end === undefined || socket.state !== "connected") return fail(thread, ws.WSAENOTCONN);
        if ((flags! & ~ws.MSG_PEEK) !== 0) return fail(thread, ws.WSAEOPNOTSUPP);
        if (end.stoppedReading) return fail(thread, ws.WSAESHUTDOWN);
        if (end.received.length > 0) {
          const found = end.received.peek(bytes!);
          u8.set(found, buffer! >>> 0);
          const count = found.length;
          if ((flags! & ws.MSG_PEEK) === 0) network.tcp.read(end, count);
          return count;
        }
        if (end.resetReceived) return fail(thread, ws.WSAECONNRESET);
        if (end.finReceived) return 0;
        if (socket.nonBlocking && waits !== 1) return fail(thread, ws.WSAEWOULDBLOCK);
        return sleep(thread, state, () => end.readable, socket.receiveTimeoutMs);
      });
    },

    shutdown(thread, handle, how) {
      return withSocket(thread, handle!, (socket) => {
        if (socket.end === undefined) return fail(thread, ws.WSAENOTCONN);
        if (how! < ws.SD_RECEIVE || how! > ws.SD_BOTH) return fail(thread, ws.WSAEINVAL);
        if (how !== ws.SD_SEND) network.tcp.stopReading(socket.end);
        if (how !== ws.SD_RECEIVE) network.tcp.finish(socket.end);
        return 0;
      });
    },

    ioctlsocket(thread, handle, command, argument) {
      return withSocket(thread, handle!, (socket) => {
        if (argument === 0) return fail(thread, ws.WSAEFAULT);
        if (command === ws.FIONBIO) {
          const on = i32[argument! >>> 2] !== 0;
          if (!on && socket.selection !== undefined) return fail(thread, ws.WSAEINVAL);
          socket.nonBlocking = on;
        }
        if (command === ws.FIONREAD) i32[argument! >>> 2] = socket.end?.received.length ?? 0;
        else if (command !== ws.FIONBIO) return fail(thread, ws.WSAEINVAL);
        return 0;
      });
    },

    getsockname(thread, handle, name, length) {
      return withSocket(thread, handle!, (socket) =>
        socket.local === undefined ? fail(thread, ws.WSAEINVAL) : writeName(thread, socket.local, name!, length!),
      );
    },

    getpeername(thread, handle, name, length) {
      return withSocket(thread, handle!, (socket) => {
        const end = socket.end;
        // After a reset the kernel does not know the peer any more.
        if (end === undefined || end.resetReceived) return fail(thread, ws.WSAENOTCONN);
        const { client, server } = end.connection;
        return writeName(thread, end.side === 0 ? server : client, name!, length!);
      });
    },

    setsockopt(thread, handle, level, option, value, length) {
      return withSocket(thread, handle!, (socket) => {
        if (value === 0 || length! < 1) return fail(thread, ws.WSAEFAULT);
        const number = length! >= 4 ? i32[value! >>> 2]! : u8[value! >>> 0]!;
        if (level === ws.IPPROTO_TCP && option === ws.TCP_NODELAY) socket.noDelay = u8[value! >>> 0]!;
        else if (option === ws.SO_LINGER) {
          socket.inherited.lingerOn = number & 0xffff;
          socket.inherited.lingerSeconds = number >>> 16;
        } else if (option === ws.SO_DONTLINGER && number !== 0) socket.inherited.lingerOn = 0;
        else if (option === ws.SO_OOBINLINE) socket.inherited.urgentInLine = number !== 0 ? 1 : 0;
        else if (option === ws.SO_RCVTIMEO) socket.receiveTimeoutMs = number;
        else if (option === ws.SO_SNDTIMEO) socket.sendTimeoutMs = number;
        return 0;
      });
    },

    getsockopt(thread, handle, level, option, value, length) {
      return withSocket(thread, handle!, (socket) => {
        if (value === 0 || length === 0 || i32[length! >>> 2]! < 1) return fail(thread, ws.WSAEFAULT);
        let number = 0;
        if (level === ws.IPPROTO_TCP && option === ws.TCP_NODELAY) {
          u8[value! >>> 0] = socket.noDelay;
          i32[length! >>> 2] = 1;
          return 0;
        }
        if (option === ws.SO_ERROR) {
          number = socket.error;
          socket.error = 0;
        } else if (option === ws.SO_LINGER) number = socket.inherited.lingerOn | (socket.inherited.lingerSeconds << 16);
        else if (option === ws.SO_OOBINLINE) number = socket.inherited.urgentInLine;
        else if (option === ws.SO_RCVTIMEO) number = socket.receiveTimeoutMs;
        else if (option === ws.SO_SNDTIMEO) number = socket.sendTimeoutMs;
        i32[value! >>> 2] = number;
        return 0;
      });
    },

    WSAAsyncSelect(thread, handle, window, message, selected) {
      return withSocket(thread, handle!, (socket) => {
        if (selected !== 0 && !events.isWindow(window!)) return fail(thread, ws.WSAEINVAL);
        socket.nonBlocking = true;
        events.select(socket, window!, message!, selected!);
        return 0;
      });
    },

    sleep(thread, ms) {
      return thread.retrying ? 0 : machine.block(() => false, machine.now + ms! * 1000, []);
    },

    /** The network's own thread: lets what is on its way arrive. */
    deliver() {
      if (!network.hasWork)
        return machine.block(() => network.hasWork, Number.POSITIVE_INFINITY, [network.tcp.traffic]);
      network.work((count) => machine.random.below(count));
      return 0;
    },
  };
  calls.select = selectCall(machine, network);
  for (const [name, event] of [
    ["recv", ws.FD_READ],
    ["send", ws.FD_WRITE],
    ["accept", ws.FD_ACCEPT],
  ] as const) {
    const call = calls[name]!;
    calls[name] = (thread, handle, ...rest) => {
      const socket = network.find(thread.process, handle! >>> 0);
      const result = call(thread, handle!, ...rest);
      // A send enables its event only if it would have blocked.
      const wouldBlock = result === ws.SOCKET_ERROR && thread.lastError === ws.WSAEWOULDBLOCK;
      if (socket !== undefined && result !== BLOCKED && (name !== "send" || wouldBlock)) events.enable(socket, event);
      return result;
    };
  }
  calls.sendto = (thread, handle, buffer, bytes, flags) => calls.send!(thread, handle!, buffer!, bytes!, flags!);
  calls.recvfrom = (thread, handle, buffer, bytes, flags) => calls.recv!(thread, handle!, buffer!, bytes!, flags!);
  calls.WSARecvEx = (thread, handle, buffer, bytes, flags) => {
    return calls.recv!(thread, handle!, buffer!, bytes!, flags === 0 ? 0 : i32[flags! >>> 2]! & ws.MSG_PEEK);
  };
  return Object.assign(calls, fileCalls(machine, network, calls));
}
