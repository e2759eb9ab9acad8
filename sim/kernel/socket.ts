import type { SimProcess } from "../machine/process.js";
import type { WaitQueue } from "../machine/thread.js";
import type { Selection } from "./events.js";
import type { Port } from "./file-calls.js";
import type { Connection, Endpoint, Name } from "./tcp.js";

export type SocketState = "fresh" | "bound" | "listening" | "connecting" | "failed" | "connected";

/** Options that an accepted socket has from its listener: as that had them when the connect arrived. */
export interface Inherited {
  lingerOn: number;
  lingerSeconds: number;
  urgentInLine: number;
}

/** A kernel socket, as one process has it open. */
export class KernelSocket {
  state: SocketState = "fresh";
  closed = false;
  local: Name | undefined;
  nonBlocking = false;
  noDelay = 0;
  /** What connections take over from the listener at which they arrive. */
  inherited: Inherited = { lingerOn: 0, lingerSeconds: 0, urgentInLine: 0 };
  receiveTimeoutMs = 0;
  sendTimeoutMs = 0;
  /** SO_ERROR. */
  error = 0;
  /** Listening. */
  backlog = 0;
  readonly waiting: Connection[] = [];
  /** Connecting. */
  target: Name | undefined;
  end: Endpoint | undefined;
  /** Its events, if any are selected. */
  selection: Selection | undefined;
  /** The completion port that is told of its operations, and as what. */
  port: { port: Port; key: number } | undefined;

  constructor(
    /** Different for each socket of a run. */
    readonly id: number,
    readonly handle: number,
    readonly process: SimProcess,
    readonly stream: boolean,
    /** Notified when the socket itself changes; its connection's end has a queue of its own. */
    readonly changed: WaitQueue,
  ) {}

  /** Whether closing it is a reset. */
  get abortive(): boolean {
    return this.inherited.lingerOn !== 0 && this.inherited.lingerSeconds === 0;
  }

  get readable(): boolean {
    if (this.closed) return true;
    if (this.state === "listening") return this.waiting.length > 0;
    return this.end?.readable === true;
  }

  get writable(): boolean {
    return this.closed || this.end?.writable === true;
  }

  get exceptional(): boolean {
    return this.closed || this.state === "failed";
  }

  get queues(): WaitQueue[] {
    return this.end === undefined ? [this.changed] : [this.changed, this.end.changed];
  }
}
