import { SimFailure } from "../failure.js";
import type { Machine } from "../machine/machine.js";
import { GRANULE_SHIFT } from "../machine/memory.js";
import * as op from "./operations.js";

const ALL = Number.POSITIVE_INFINITY;
/** In place of an address: the step touches only what is the thread's own. */
const OWN = -1;
/** Longest copy for which a processor's store buffer has room beside the stores before it. */
const OVERTAKING_BYTES_MAX = 64;

/**
 * core/sync.ts, and the copies and fills of memory: each is a step. Loads see the thread's own stores at once; release
 * stores may stay in the thread's buffer for a while, everything stronger empties it first.
 */
export function syncDoor(m: Machine) {
  const { i32, access } = m.memory;
  const view = new DataView(m.memory.wasm.buffer);

  function check(address: number): void {
    if ((address & 3) !== 0 || (access[address >>> GRANULE_SHIFT]! & m.mask) === 0) forbid(m, address, 4);
  }

  function load(address: number): number {
    let at = address;
    if (--m.budget < 0) {
      if (m.rewinding) at = m.finishRewind().a0;
      else if (m.decide(false, at)) return suspend(at, 0, 0);
    }
    check(at);
    const value = m.buffer.count === 0 ? i32[at >>> 2]! : m.buffer.load(at);
    m.trace.add(m.steps, m.current.id, op.LOAD, at, 0, value);
    return value;
  }

  function suspend(a0: number, a1: number, a2: number): number {
    const thread = m.current;
    thread.a0 = a0;
    thread.a1 = a1;
    thread.a2 = a2;
    m.unwind();
    return 0;
  }

  function storeRelease(address: number, value: number): void {
    let at = address;
    let stored = value;
    if (--m.budget < 0) {
      if (m.rewinding) {
        const thread = m.finishRewind();
        at = thread.a0;
        stored = thread.a1;
      } else if (m.decide(false, at)) {
        suspend(at, stored, 0);
        return;
      }
    }
    check(at);
    if (m.drainChance < 1) {
      m.buffer.push(at, stored);
      m.stored();
    } else i32[at >>> 2] = stored;
    m.trace.add(m.steps, m.current.id, op.STORE_RELEASE, at, stored, 0);
  }

  function storeSeq(address: number, value: number): void {
    let at = address;
    let stored = value;
    if (--m.budget < 0) {
      if (m.rewinding) {
        const thread = m.finishRewind();
        at = thread.a0;
        stored = thread.a1;
      } else if (m.decide(false, at)) {
        suspend(at, stored, 0);
        return;
      }
    }
    check(at);
    m.buffer.drain(ALL);
    i32[at >>> 2] = stored;
    m.trace.add(m.steps, m.current.id, op.STORE_SEQ, at, stored, 0);
  }

  function compareSwap(address: number, expected: number, desired: number): number {
    let at = address;
    let wanted = expected;
    let stored = desired;
    if (--m.budget < 0) {
      if (m.rewinding) {
        const thread = m.finishRewind();
        at = thread.a0;
        wanted = thread.a1;
        stored = thread.a2;
      } else if (m.decide(false, at)) return suspend(at, wanted, stored);
    }
    check(at);
    m.buffer.drain(ALL);
    const found = i32[at >>> 2]!;
    if (found === wanted) i32[at >>> 2] = stored;
    m.trace.add(m.steps, m.current.id, op.COMPARE_SWAP, at, stored, found);
    return found;
  }

  function add(address: number, value: number): number {
    let at = address;
    let added = value;
    if (--m.budget < 0) {
      if (m.rewinding) {
        const thread = m.finishRewind();
        at = thread.a0;
        added = thread.a1;
      } else if (m.decide(false, at)) return suspend(at, added, 0);
    }
    check(at);
    m.buffer.drain(ALL);
    const found = i32[at >>> 2]!;
    i32[at >>> 2] = found + added;
    m.trace.add(m.steps, m.current.id, op.ADD, at, added, found);
    return found;
  }

  function compareSwapWide(address: number, expected: bigint, desired: bigint): bigint {
    let at = address;
    let wanted = expected;
    let stored = desired;
    if (--m.budget < 0) {
      if (m.rewinding) {
        const thread = m.finishRewind();
        at = thread.a0;
        [wanted, stored] = thread.saved as [bigint, bigint];
      } else if (m.decide(false, at)) {
        m.current.saved = [wanted, stored];
        suspend(at, 0, 0);
        return 0n;
      }
    }
    check(at);
    if ((at & 7) !== 0) forbid(m, at, 8);
    m.buffer.drain(ALL);
    const found = view.getBigUint64(at, true);
    if (found === BigInt.asUintN(64, wanted)) view.setBigUint64(at, BigInt.asUintN(64, stored), true);
    m.trace.add(m.steps, m.current.id, op.COMPARE_SWAP_WIDE, at, Number(BigInt.asIntN(32, stored)), i32[at >>> 2]!);
    return found;
  }

  function fence(): void {
    if (--m.budget < 0) {
      if (m.rewinding) m.finishRewind();
      else if (m.decide(false, OWN)) {
        suspend(0, 0, 0);
        return;
      }
    }
    m.buffer.drain(ALL);
    m.trace.add(m.steps, m.current.id, op.FENCE, 0, 0, 0);
  }

  function pause(): void {
    if (m.rewinding) {
      m.finishRewind();
      return;
    }
    m.trace.add(m.steps, m.current.id, op.PAUSE, 0, 0, 0);
    m.budget--;
    if (m.decide(true)) suspend(0, 0, 0);
  }

  return {
    sync: {
      load_relaxed: load,
      load_acquire: load,
      load_pointer: load,
      store_release: storeRelease,
      store_pointer: storeRelease,
      store_seq: storeSeq,
      compare_swap: compareSwap,
      swap_pointer: compareSwap,
      compare_swap_wide: compareSwapWide,
      add,
      fence,
      pause,
    },
    sim: memoryDoor(m, suspend),
  };
}

/** `memory.copy` and `memory.fill`: done in two halves, between which others may run. */
function memoryDoor(m: Machine, suspend: (a0: number, a1: number, a2: number) => number) {
  const { u8 } = m.memory;

  /** Where the halves of a copy meet: 0 once the first is done. */
  function halves(bytes: number): number {
    return bytes < 2 ? 0 : bytes >>> 1;
  }

  function step(a0: number, a1: number, a2: number, other: number): boolean {
    if (--m.budget >= 0) return true;
    if (!m.decide(false, a0, other)) return true;
    suspend(a0, a1, a2);
    return false;
  }

  function copy(to: number, from: number, bytes: number): void {
    let [target, source, count] = [to >>> 0, from >>> 0, bytes >>> 0];
    let fresh = true;
    if (m.rewinding) {
      const thread = m.finishRewind();
      [target, source, count] = [thread.a0, thread.a1, thread.a2];
      // Suspended between the halves: the rest is one piece.
      fresh = thread.saved[0] !== "second half";
      thread.saved = [];
    } else if (!step(target, source, count, source)) return;
    if (!m.memory.mayTouch(source, count, m.current.process.index) && !readsHole(m, source, count)) {
      forbid(m, source, count);
    }
    if (!m.memory.mayTouch(target, count, m.current.process.index)) forbid(m, target, count);
    if (m.buffer.count > 0 && !overtakes(m, target, source, count)) m.buffer.drain(ALL);
    const half = fresh ? halves(count) : 0;
    if (half > 0) {
      u8.copyWithin(target, source, source + half);
      target += half;
      source += half;
      count -= half;
      if (--m.budget < 0 && m.decide(false, target, source)) {
        m.current.saved = ["second half"];
        suspend(target, source, count);
        return;
      }
    }
    u8.copyWithin(target, source, source + count);
    m.trace.add(m.steps, m.current.id, op.COPY, target, source, count);
  }

  function fill(to: number, value: number, bytes: number): void {
    let [target, stored, count] = [to >>> 0, value, bytes >>> 0];
    if (m.rewinding) {
      const thread = m.finishRewind();
      [target, stored, count] = [thread.a0, thread.a1, thread.a2];
    } else if (!step(target, stored, count, target)) return;
    if (!m.memory.mayTouch(target, count, m.current.process.index)) forbid(m, target, count);
    m.buffer.drain(ALL);
    u8.fill(stored, target, target + count);
    m.trace.add(m.steps, m.current.id, op.FILL, target, stored, count);
  }

  return { copy, fill };
}

/**
 * Whether a copy may be done while stores before it are unseen: nobody else sees its target, and neither end of it is among
 * those stores. A processor keeps some fifty stores waiting, so that this holds for short copies only.
 */
function overtakes(m: Machine, target: number, source: number, bytes: number): boolean {
  const region = m.memory.find(target);
  if (region === undefined || region.process < 0 || bytes > OVERTAKING_BYTES_MAX) return false;
  return !m.buffer.has(target, bytes) && !m.buffer.has(source, bytes);
}

/** A part of a mapped segment for which no storage was allocated reads as zeros: a peer may say that something lies there. */
function readsHole(m: Machine, address: number, bytes: number): boolean {
  const region = m.memory.find(address);
  if (region?.kind !== "segment" || address + bytes > region.address + region.bytes) return false;
  return m.memory.mayTouch(region.address, 4, m.current.process.index);
}

/** The process has no business at that address. */
function forbid(m: Machine, address: number, bytes: number): never {
  const region = m.memory.find(address >>> 0);
  const what =
    region === undefined
      ? "memory that is nobody's"
      : `byte ${(address >>> 0) - region.address} of ${region.freed ? "a freed " : "a "}${region.name || region.kind} of ${region.bytes} bytes`;
  const owner = region !== undefined && region.process >= 0 ? ` of process ${region.process}` : "";
  throw new SimFailure("memory", `${m.current.label} accesses ${bytes} bytes at ${address >>> 0}: ${what}${owner}`);
}

/** The passes' own imports: in strict builds each plain access of the core is checked. */
export function strictDoor(m: Machine) {
  const { access } = m.memory;

  function check(_id: number, bytes: number, offset: number, address: number): number {
    const at = (address + offset) >>> 0;
    if ((access[at >>> GRANULE_SHIFT]! & m.mask) === 0) forbid(m, at, bytes);
    return address;
  }

  const same = (_id: number, value: unknown) => value;
  const env: Record<string, unknown> = { load_ptr: check, store_ptr: check };
  for (const type of ["i32", "i64", "f32", "f64"]) {
    env[`load_val_${type}`] = same;
    env[`store_val_${type}`] = same;
  }
  return env;
}
