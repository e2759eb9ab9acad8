import * as ws from "./kernel/constants.js";
import type { SimThread } from "./machine/thread.js";

/** Errors that WinSock's documentation gives to calls, and that have nothing to do with what the program did. */
const documented: Readonly<Record<string, readonly number[]>> = {
  socket: [ws.WSAEMFILE, ws.WSAENOBUFS, ws.WSAENETDOWN],
  accept: [ws.WSAEMFILE, ws.WSAENOBUFS, ws.WSAENETDOWN],
  bind: [ws.WSAENOBUFS, ws.WSAENETDOWN],
  listen: [ws.WSAEMFILE, ws.WSAENOBUFS, ws.WSAENETDOWN],
  connect: [ws.WSAENOBUFS, ws.WSAENETDOWN, ws.WSAETIMEDOUT],
  send: [ws.WSAENOBUFS, ws.WSAENETDOWN, ws.WSAENETRESET],
  recv: [ws.WSAENETDOWN, ws.WSAENETRESET, ws.WSAETIMEDOUT],
  select: [ws.WSAENETDOWN, ws.WSAENOBUFS],
  ioctlsocket: [ws.WSAENETDOWN],
  shutdown: [ws.WSAENETDOWN],
  getsockname: [ws.WSAENETDOWN],
  getpeername: [ws.WSAENETDOWN],
  setsockopt: [ws.WSAENETDOWN],
  getsockopt: [ws.WSAENETDOWN],
};

/** What goes wrong in a run, besides threads and packets coming late. */
export class Faults {
  injected = 0;
  /** Calls, of the system or of the kernel's sockets, that may be refused, with how likely that is. */
  readonly chances = new Map<string, number>();

  /** The programs have come to their end: nothing goes wrong any more. */
  over = false;
  /** How likely a call of the kernel fails for which `chances` has nothing of its own. */
  kernelErrors = 0;

  constructor(private readonly chance: (probability: number) => boolean) {}

  /** True when the system is to refuse this call. */
  refuses(call: string, _thread: SimThread | undefined): boolean {
    const probability = this.chances.get(call);
    if (probability === undefined || !this.chance(probability)) return false;
    this.injected++;
    return true;
  }

  /** The error with which the kernel is to answer this call, made for the first time; 0: none. */
  kernelError(call: string, thread: SimThread): number {
    const errors = documented[call];
    const probability = this.chances.get(call) ?? this.kernelErrors;
    if (probability === 0 || errors === undefined || thread.retrying || !this.chance(probability)) return 0;
    this.injected++;
    return errors[this.injected % errors.length]!;
  }

  /** From now on nothing goes wrong any more. */
  end(): void {
    this.over = true;
    this.chances.clear();
    this.kernelErrors = 0;
  }
}
