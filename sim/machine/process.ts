import type { Region } from "./memory.js";
import type { SimThread, WaitQueue } from "./thread.js";

/** The core as one simulated process has it loaded. */
export type CoreExports = Record<string, (...args: number[]) => number | undefined> &
  Record<`asyncify_${"start" | "stop"}_${"unwind" | "rewind"}`, (...args: number[]) => undefined>;

/** A handle that a process holds on another process, a bell (or an event), a segment's file, or a completion port. */
export interface Handle {
  kind: "process" | "bell" | "file" | "port";
  /** What it is for. */
  object: unknown;
}

export class SimProcess {
  ended = false;
  /** False while its core has not started, and when that could not: then the kernel has all its calls. */
  usesCore = false;
  /** Its main thread has come past that. */
  started = false;
  /** How it ended. */
  killed = false;
  readonly threads: SimThread[] = [];
  /** Blocks of its heap, by address. */
  readonly blocks = new Map<number, Region>();
  readonly handles = new Map<number, Handle>();
  nextHandle = 0x1000;
  nextSocket = 0;
  /** Segments mapped, by address: how often. */
  readonly mappings = new Map<number, number>();
  /** What its threads do beside the core's work: set by whoever starts it. */
  hostile = false;

  constructor(
    readonly index: number,
    readonly name: string,
    /** The identity that others see. */
    readonly tag: number,
    readonly start: bigint,
    /** undefined: not wrapped, its programs call the kernel. */
    readonly core: CoreExports | undefined,
    /** Its end can be waited for. */
    readonly ending: WaitQueue,
  ) {}

  /** A new handle on that object. */
  newHandle(kind: Handle["kind"], object: unknown): number {
    const value = this.nextHandle;
    this.nextHandle += 4;
    this.handles.set(value, { kind, object });
    return value;
  }
}
