import type { Machine } from "../machine/machine.js";
import type { SimThread } from "../machine/thread.js";
import * as ws from "./constants.js";
import type { Network } from "./network.js";
import type { KernelSocket } from "./socket.js";
import type { KernelCall, Result } from "./winsock.js";

/** The sockets of a call's three sets: those to be read, written, or watched for something exceptional. */
type Sets = readonly [KernelSocket[], KernelSocket[], KernelSocket[]];

const isReady = [
  (socket: KernelSocket) => socket.readable,
  (socket: KernelSocket) => socket.writable,
  (socket: KernelSocket) => socket.exceptional,
] as const;

/**
 * WinSock's `select`. A socket that another thread closes meanwhile counts as ready: the program's next call on it
 * says that it is none.
 */
export function selectCall(machine: Machine, network: Network): KernelCall {
  const { i32 } = machine.memory;
  const sleeping = new Map<SimThread, Sets>();

  function readSet(thread: SimThread, set: number): KernelSocket[] | undefined {
    if (set === 0) return [];
    const found: KernelSocket[] = [];
    for (let index = 0; index < i32[set >>> 2]!; index++) {
      const socket = network.find(thread.process, i32[(set >>> 2) + 1 + index]! >>> 0);
      if (socket === undefined) return undefined;
      found.push(socket);
    }
    return found;
  }

  function writeSets(sets: Sets, addresses: readonly number[]): number {
    let ready = 0;
    for (const [which, set] of addresses.entries()) {
      if (set === 0) continue;
      const found = sets[which]!.filter(isReady[which]!);
      i32[set >>> 2] = found.length;
      for (const [index, socket] of found.entries()) i32[(set >>> 2) + 1 + index] = socket.handle;
      ready += found.length;
    }
    return ready;
  }

  function fail(thread: SimThread, error: number): number {
    thread.lastError = error;
    return ws.SOCKET_ERROR;
  }

  return (thread, _ignored, reads, writes, excepts, time): Result => {
    const addresses = [reads! >>> 0, writes! >>> 0, excepts! >>> 0];
    let sets = thread.retrying ? sleeping.get(thread) : undefined;
    if (sets === undefined) {
      const read = addresses.map((set) => readSet(thread, set));
      if (read.some((set) => set === undefined)) return fail(thread, ws.WSAENOTSOCK);
      sets = read as unknown as Sets;
      if (sets.every((set) => set.length === 0)) return fail(thread, ws.WSAEINVAL);
    }
    const some = sets.some((set, which) => set.some(isReady[which]!));
    const microseconds = time === 0 ? Number.POSITIVE_INFINITY : i32[time! >>> 2]! * 1e6 + i32[(time! >>> 2) + 1]!;
    const deadline = thread.retrying ? thread.deadline : machine.now + microseconds;
    if (some || microseconds === 0 || (thread.retrying && machine.now >= deadline)) {
      sleeping.delete(thread);
      return writeSets(sets, addresses);
    }
    sleeping.set(thread, sets);
    const waitFor = sets;
    const queues = new Set(sets.flatMap((set) => set.flatMap((socket) => socket.queues)));
    return machine.block(
      () => waitFor.some((set, which) => set.some(isReady[which]!)),
      deadline,
      [...queues],
      microseconds / 1000,
    );
  };
}
