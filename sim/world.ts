import type { CoreBuild } from "./core-build.js";
import { NOTE } from "./doors/operations.js";
import { Faults } from "./faults.js";
import { Heap } from "./heap.js";
import { type Bell, Bells } from "./kernel/bells.js";
import { FD_CLOSE, FD_WRITE, SOCKET_ERROR } from "./kernel/constants.js";
import { KernelEvents } from "./kernel/events.js";
import { type FileHandle, Files } from "./kernel/files.js";
import { Network, type NetworkOptions } from "./kernel/network.js";
import type { KernelSocket } from "./kernel/socket.js";
import type { Name } from "./kernel/tcp.js";
import { type Posted, Windows } from "./kernel/windows.js";
import { type KernelCall, type Result, winsockCalls } from "./kernel/winsock.js";
import type { Machine, MachineEvents } from "./machine/machine.js";
import type { Region } from "./machine/memory.js";
import { SimProcess } from "./machine/process.js";
import type { Call, Program, SimThread, WaitQueue } from "./machine/thread.js";

/** What a connection's side has decided about it, as it says in the log. */
export interface Decision {
  process: SimProcess;
  role: number;
  client: Name;
  server: Name;
  mode: number;
  reason: number;
}

/** An operation of a program that may go on after its call. */
export interface Operation {
  socket: KernelSocket;
  reading: boolean;
  /** Where its OVERLAPPED is; and the handle of the event that is to be set, or 0. */
  overlapped: number;
  event: number;
}

export interface WorldOptions {
  network: NetworkOptions;
  spinUs: number;
  ringBytes: number;
  statistics?: boolean;
}

/** What checkers may listen to. */
export interface WorldListener {
  decided?(decision: Decision): void;
  logged?(process: SimProcess, event: number, value: number, reason: number): void;
  /** It is about to: its sockets are still open. */
  processEnds?(process: SimProcess): void;
  /** A program makes a call. */
  calls?(thread: SimThread, name: string, args: readonly number[]): void;
  /** A call of a program has come back. */
  returned?(thread: SimThread, name: string, result: number, args: readonly number[]): void;
  /** A message is posted, by the core in that thread or by the kernel. */
  posted?(posted: Posted, thread: SimThread): void;
  /** The core, in that thread, says that an operation is through. */
  tells?(operation: Operation, thread: SimThread): void;
  threadEnded?(thread: SimThread): void;
  /** Nobody can go on. True: now somebody can. */
  idle?(): boolean;
  jump?(to: number, thread: SimThread): void;
}

/** The simulated machine of one run: kernel, processes, and the core in those that are wrapped. */
export class World implements MachineEvents {
  readonly network: Network;
  readonly files: Files;
  readonly bells: Bells;
  readonly heap: Heap;
  readonly faults: Faults;
  readonly windows: Windows;
  readonly processes: SimProcess[] = [];
  /** What processes tell tools of their connections. */
  readonly statistics: Region[] = [];
  readonly listeners: WorldListener[] = [];
  /** How often each state worth knowing of was reached: what is never reached is not tested. */
  readonly reached = new Map<string, number>();
  /** Sockets with which programs send and receive through the kernel alone, as another process would that has got them. */
  readonly givenAway = new Set<KernelSocket>();
  /** Operations that programs have begun, and not seen the end of. */
  readonly operations = new Set<Operation>();
  /** How many a process had at once, at most. */
  readonly mostOperations = new Map<SimProcess, number>();
  /** Notified when a thread or a process ends. */
  readonly changed: WaitQueue;
  private readonly awaited: (() => boolean)[] = [];
  private readonly calls: Record<string, KernelCall>;
  /** What is to happen at which step, soonest first. */
  private readonly planned: { step: number; action: () => void }[] = [];
  private lastTag = 0;
  private lastStart = 1000n;

  constructor(
    readonly machine: Machine,
    readonly core: CoreBuild,
    readonly options: WorldOptions,
  ) {
    this.network = new Network(machine, options.network);
    this.files = new Files(machine.memory);
    this.bells = new Bells(() => machine.queue());
    const names = Object.entries(core.records).map(([name, record]) => [record.bytes, name] as const);
    this.heap = new Heap(machine.memory, new Map(names));
    this.faults = new Faults((probability) => machine.random.chance(probability));
    this.heap.refuses = (record) =>
      this.faults.refuses("alloc", undefined) || this.faults.refuses(`alloc ${record}`, undefined);
    this.windows = new Windows(() => machine.queue());
    this.calls = winsockCalls(machine, this.network, new KernelEvents(this.windows));
    this.windows.onPosted = (posted) => {
      for (const listener of this.listeners) listener.posted?.(posted, machine.current);
    };
    this.calls.message = (_thread, id, events) => this.takeMessage(id!, events!);
    this.changed = machine.queue();
    this.calls.await = (_thread, index) => {
      const ready = this.awaited[index!]!;
      return ready() ? 0 : machine.block(ready, Number.POSITIVE_INFINITY, [this.changed]);
    };
    const kernel = this.makeProcess("kernel", false);
    this.machine.spawn(kernel, "network", this.deliverForEver()).daemon = true;
  }

  private *deliverForEver(): Program {
    for (;;) yield { to: "kernel", name: "deliver", args: [] };
  }

  /** @param tag that of an ended process, to use it again; 0: a new one */
  makeProcess(name: string, wrapped: boolean, tag = 0): SimProcess {
    this.lastStart += 7n;
    if (tag === 0) this.lastTag += 4;
    const core = wrapped ? this.core.instance() : undefined;
    const queue = this.machine.queue();
    const identity = tag === 0 ? this.lastTag : tag;
    const process = new SimProcess(this.processes.length, name, identity, this.lastStart, core, queue);
    this.processes.push(process);
    return process;
  }

  startCaretaker(process: SimProcess): void {
    const thread = this.machine.spawn(process, "caretaker", runCaretaker());
    thread.daemon = true;
  }

  config(_process: SimProcess, setting: number): number {
    if (setting === this.core.constant("CONFIG_SPIN_US")) return this.options.spinUs;
    if (setting === this.core.constant("CONFIG_STATISTICS")) return this.options.statistics === true ? 1 : 0;
    return setting === this.core.constant("CONFIG_RING_BYTES") ? this.options.ringBytes : 0;
  }

  /** The process is about to end: whatever its sockets still say, its programs say nothing more. */
  endOf(process: SimProcess): void {
    for (const listener of this.listeners) listener.processEnds?.(process);
  }

  /**
   * The process ends at once. The kernel closes what it had open; nobody is told anything else.
   * @param socketsStay the kernel forgets to close its sockets, as Wine's server does now and then
   */
  kill(process: SimProcess, socketsStay = false): void {
    if (process.ended) return;
    this.endOf(process);
    for (const thread of process.threads) this.machine.abandon(thread);
    process.ended = true;
    this.reach("process ended");
    if (!socketsStay) this.network.closeAll(process);
    for (const value of [...process.handles.keys()]) this.closeHandle(process, value);
    for (const segment of this.files.segments.values()) while (this.files.unmap(process, segment));
    for (const region of process.blocks.values()) this.machine.memory.exclude(region, process.index);
    process.ending.notify();
    this.machine.trace.add(this.machine.steps, 0, NOTE, process.index, 0, 0);
    this.changed.notify();
  }

  closeHandle(process: SimProcess, value: number): void {
    const handle = process.handles.get(value)!;
    process.handles.delete(value);
    if (handle.kind === "bell") this.bells.close(handle.object as Bell);
    if (handle.kind === "file") this.files.close(handle.object as FileHandle);
  }

  reach(state: string): void {
    this.reached.set(state, (this.reached.get(state) ?? 0) + 1);
  }

  /** At that step, whoever is running. */
  plan(step: number, action: () => void): void {
    this.planned.push({ step, action });
    this.planned.sort((one, other) => one.step - other.step);
    this.machine.eventStep = this.planned[0]!.step;
  }

  decided(process: SimProcess, role: number, client: Name, server: Name, mode: number, reason: number): void {
    for (const listener of this.listeners) listener.decided?.({ process, role, client, server, mode, reason });
  }

  logged(process: SimProcess, event: number, value: number, reason: number): void {
    const names = Object.entries(this.core.constants);
    const name = names.find(([key, number]) => key.startsWith("EVENT_") && number === event)?.[0];
    this.reach(`event ${name?.slice(6).toLowerCase().replaceAll("_", " ")}`);
    for (const listener of this.listeners) listener.logged?.(process, event, value, reason);
  }

  kernelCall(thread: SimThread, call: Call): Result;
  kernelCall(thread: SimThread, name: string, args: readonly number[]): Result;
  kernelCall(thread: SimThread, call: Call | string, args: readonly number[] = []): Result {
    const [name, given] = typeof call === "string" ? [call, args] : [call.name, call.args];
    const error = this.faults.kernelError(name, thread);
    if (error !== 0) {
      this.reach(`kernel error in ${name}`);
      thread.lastError = error;
      return SOCKET_ERROR;
    }
    return this.calls[name]!(thread, ...given);
  }

  /** A program begins an operation. */
  begins(operation: Operation): void {
    this.operations.add(operation);
    const { process } = operation.socket;
    const now = [...this.operations].filter(({ socket }) => socket.process === process).length;
    this.mostOperations.set(process, Math.max(now, this.mostOperations.get(process) ?? 0));
  }

  /** That thread tells of the operation for which `isMeant` is true, if there is one. */
  tells(thread: SimThread, isMeant: (operation: Operation) => boolean): void {
    for (const operation of this.operations) {
      if (operation.socket.process !== thread.process || !isMeant(operation)) continue;
      for (const listener of this.listeners) listener.tells?.(operation, thread);
    }
  }

  /** A program's call, on the socket of that id: sleeps until one of the events has come; 0: the socket was closed. */
  private takeMessage(id: number, events: number): Result {
    const socket = [...this.network.sockets].find((other) => other.id === id);
    if (socket === undefined || socket.closed) return 0;
    const { came, changed } = this.windows.box(socket);
    // An orderly end is nothing to who waits for room; unless it was none, and a hostile peer has made us tell of it as of one.
    const hostile = socket.end?.connection.owners.some((owner) => owner?.hostile) === true;
    const isAwaited = ([event, error]: [number, number]) =>
      (event & events) !== 0 && (event !== FD_CLOSE || error !== 0 || hostile || (events & FD_WRITE) === 0);
    const found = [...came].find(isAwaited);
    if (found === undefined) {
      const ready = () => socket.closed || [...came].some(isAwaited);
      return this.machine.block(ready, Number.POSITIVE_INFINITY, [changed, socket.changed]);
    }
    // Whoever comes later must hear of the end as well.
    if (found[0] !== FD_CLOSE) came.delete(found[0]);
    return found[0] | (found[1] << 16);
  }

  /** The sockets of an fd_set. */
  setAt(address: number): number[] {
    const { i32 } = this.machine.memory;
    return address === 0 ? [] : [...i32.subarray((address >> 2) + 1, (address >> 2) + 1 + i32[address >> 2]!)];
  }

  atStep(): void {
    while (this.planned.length > 0 && this.planned[0]!.step <= this.machine.steps) this.planned.shift()!.action();
    this.machine.eventStep = this.planned[0]?.step ?? Number.POSITIVE_INFINITY;
  }

  idle(): boolean {
    return this.listeners.some((listener) => listener.idle?.() === true);
  }

  jump(to: number, thread: SimThread): void {
    for (const listener of this.listeners) listener.jump?.(to, thread);
  }

  programCalls(thread: SimThread, name: string, args: readonly number[]): void {
    for (const listener of this.listeners) listener.calls?.(thread, name, args);
  }

  returned(thread: SimThread, name: string, result: number, args: readonly number[] = []): void {
    for (const listener of this.listeners) listener.returned?.(thread, name, result, args);
  }

  /** A step of a program that directs the run: sleeps until `ready`, asked whenever a thread or a process ends. */
  *until(ready: () => boolean): Generator<Call, void, number> {
    this.awaited.push(ready);
    yield { to: "kernel", name: "await", args: [this.awaited.length - 1] };
  }

  threadEnded(thread: SimThread): void {
    this.changed.notify();
    for (const listener of this.listeners) listener.threadEnded?.(thread);
  }
}

function* runCaretaker(): Program {
  yield { to: "core", name: "caretaker", args: [] };
}
