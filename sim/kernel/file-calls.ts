import { SimFailure } from "../failure.js";
import { BLOCKED, type Machine } from "../machine/machine.js";
import type { SimThread, WaitQueue } from "../machine/thread.js";
import type { Bell } from "./bells.js";
import * as ws from "./constants.js";
import type { Network } from "./network.js";
import type { KernelCall, Result } from "./winsock.js";

/** Where an OVERLAPPED has its fields, with pointers of 4 bytes. */
export const INTERNAL = 0;
export const INTERNAL_HIGH = 4;
export const EVENT = 16;

export const STATUS_PENDING = 0x103;
export const ERROR_IO_PENDING = 997;
export const ERROR_OPERATION_ABORTED = 995;

/** An error of WinSock; what the system's calls say instead of it; and an OVERLAPPED. As documented for NTSTATUS values. */
const names: readonly (readonly [winsock: number, system: number, status: number])[] = [
  [ws.WSAECONNRESET, 64, 0xc000020d],
  [ws.WSAECONNABORTED, 1236, 0xc0000241],
  [ws.WSAESHUTDOWN, 233, 0xc00000b0],
  [ws.WSAENOTCONN, 1229, 0xc0000140],
  [ws.WSAEFAULT, 998, 0xc0000005],
  [ws.WSAETIMEDOUT, 121, 0xc00000b5],
  [ws.WSAENOBUFS, 1450, 0xc000009a],
  [ERROR_OPERATION_ABORTED, ERROR_OPERATION_ABORTED, 0xc0000120],
];

/** WinSock's name for an error of the system's calls. */
export function errorOfSystem(error: number): number {
  return names.find(([, system]) => system === error)?.[0] ?? error;
}

/** WinSock's name for what an OVERLAPPED says; 0: it went well. */
export function errorOfStatus(status: number): number {
  return names.find(([, , other]) => other === status >>> 0)?.[0] ?? status & 0xffff;
}

/** A completion port. */
export class Port {
  readonly packets: { overlapped: number; bytes: number; key: number }[] = [];

  constructor(readonly changed: WaitQueue) {}
}

/** The simulated kernel's calls on files, for sockets, and what tells of operations. Here no operation goes on after its call. */
export function fileCalls(
  machine: Machine,
  network: Network,
  calls: Readonly<Record<string, KernelCall>>,
): Record<string, KernelCall> {
  const { i32 } = machine.memory;

  function object<T>(thread: SimThread, handle: number): T {
    return thread.process.handles.get(handle)?.object as T;
  }

  function post(port: Port, overlapped: number, bytes: number, key: number): void {
    port.packets.push({ overlapped: overlapped >>> 0, bytes, key });
    port.changed.notify();
  }

  /** `recv` or `send` that waits, whatever FIONBIO says. */
  function transfer(call: string): KernelCall {
    return (thread, handle, buffer, bytes, done, given): Result => {
      const overlapped = given! >>> 0;
      const told = network.find(thread.process, handle! >>> 0)?.port;
      const result = calls[call]!(thread, handle!, buffer!, bytes!, 0, 1);
      if (result === BLOCKED) return result;
      if (result < 0) {
        thread.lastError = names.find(([winsock]) => winsock === thread.lastError)?.[1] ?? thread.lastError;
        return 0;
      }
      if (done !== 0) i32[done! >>> 2] = result;
      if (overlapped === 0) return 1;
      i32[(overlapped + INTERNAL) >>> 2] = 0;
      i32[(overlapped + INTERNAL_HIGH) >>> 2] = result;
      const event = i32[(overlapped + EVENT) >>> 2]!;
      if ((event & ~1) !== 0) object<Bell>(thread, event & ~1).ring();
      if (told !== undefined && (event & 1) === 0) post(told.port, overlapped, result, told.key);
      return 1;
    };
  }

  return {
    ReadFile: transfer("recv"),
    WriteFile: transfer("send"),
    CreateIoCompletionPort(thread, file, port, key) {
      const socket = network.find(thread.process, file! >>> 0);
      if (socket === undefined) return 0;
      socket.port = { port: object<Port>(thread, port!), key: key! };
      return port!;
    },
    PostQueuedCompletionStatus(thread, port, bytes, key, overlapped) {
      post(object<Port>(thread, port!), overlapped!, bytes!, key!);
      return 1;
    },
    ResetEvent(thread, event) {
      const bell = object<Bell | undefined>(thread, event!);
      if (bell === undefined)
        throw new SimFailure("operations", `an operation begins with ${event}, which is no event`);
      bell.rung = false;
      return 1;
    },
    /** A program's call: sleeps until the event is set, which it stays. */
    awaitEvent(thread, event) {
      const bell = object<Bell>(thread, event!);
      return bell.rung ? 0 : machine.block(() => bell.rung, Number.POSITIVE_INFINITY, [bell.changed]);
    },
    /** A program's call: sleeps until the port has something to tell of that OVERLAPPED, and takes it; gives the key. */
    awaitPacket(thread, handle, overlapped) {
      const { packets, changed } = object<Port>(thread, handle!);
      const at = () => packets.findIndex((packet) => packet.overlapped === overlapped);
      if (at() < 0) return machine.block(() => at() >= 0, Number.POSITIVE_INFINITY, [changed]);
      return packets.splice(at(), 1)[0]!.key;
    },
  };
}
