/** What one call of `select` works with: in the thread's scratch memory, since the application's sets must not change yet. */
import * as ws from "../generated/winsock";
import { Thread, scratch } from "../vmmc/bells";
import { setCount } from "./fd-set";

const SMALL_BYTES: u32 = 256;

/** The application's sets. */
export const READS: u32 = 0;
export const WRITES: u32 = 1;
export const EXCEPTS: u32 = 2;

/** Where the parts of the scratch memory of one call begin. Each set has the size of the largest one given. */
@unmanaged
export class Call {
  thread: Thread;
  reads: usize;
  writes: usize;
  excepts: usize;
  /** What the application gets back. */
  readyReads: usize;
  readyWrites: usize;
  readyExcepts: usize;
  /** What the kernel is asked, and answers. */
  kernelReads: usize;
  kernelWrites: usize;
  kernelExcepts: usize;
  /** For every entry of `reads`, then of `writes` and of `excepts`: what `noteArmed` wrote. */
  armed: usize;
  time: usize;
  small: usize;
  /** Sockets among the given ones that the kernel must be asked about. */
  kernelSockets: u32;
  /** True (1) once the call has slept: a socket that was closed meanwhile counts as ready, as with the kernel. */
  slept: u32;
  /** True (1) when a given socket may be none: the kernel must say so, whatever else is ready. */
  unknown: u32;
}

/** A call's memory, with room for every given socket in each set; 0 when there is none. */
export function prepareCall(thread: Thread, reads: usize, writes: usize, excepts: usize): Call {
  const most = setCount(reads) + setCount(writes) + setCount(excepts);
  // A user-level socket may be added to the kernel's read set for its doorbells: room for every socket in every set.
  const setBytes = (<u32>ws.fd_set_fd_array_offset + most * <u32>sizeof<usize>() + 15) & ~15;
  const callBytes = (<u32>offsetof<Call>() + 15) & ~15;
  const armedBytes = most * <u32>sizeof<u64>();
  const address = scratch(thread, callBytes + 6 * setBytes + armedBytes + SMALL_BYTES);
  if (address == 0) return changetype<Call>(<usize>0);
  const call = changetype<Call>(address);
  const sets = address + callBytes;
  call.thread = thread;
  call.reads = reads;
  call.writes = writes;
  call.excepts = excepts;
  call.readyReads = sets;
  call.readyWrites = sets + setBytes;
  call.readyExcepts = sets + 2 * setBytes;
  call.kernelReads = sets + 3 * setBytes;
  call.kernelWrites = sets + 4 * setBytes;
  call.kernelExcepts = sets + 5 * setBytes;
  call.armed = sets + 6 * setBytes;
  call.small = call.armed + armedBytes;
  call.slept = 0;
  call.time = call.small + SMALL_BYTES - 16;
  return call;
}

/** One of the application's sets. */
export function setOf(call: Call, set: u32): usize {
  return set == READS ? call.reads : set == WRITES ? call.writes : call.excepts;
}

/** Keeps whether a set's entry has been armed, and in which generation of its socket. */
export function noteArmed(call: Call, set: u32, index: u32, armed: bool, generation: u32): void {
  store<u64>(armedEntry(call, set, index), armed ? ((<u64>1) << 32) | generation : 0);
}

/** True when that entry has been armed in this generation of its socket. */
export function wasArmed(call: Call, set: u32, index: u32, generation: u32): bool {
  return load<u64>(armedEntry(call, set, index)) == (((<u64>1) << 32) | generation);
}

function armedEntry(call: Call, set: u32, index: u32): usize {
  let entry = index;
  if (set != READS) entry += setCount(call.reads);
  if (set == EXCEPTS) entry += setCount(call.writes);
  return call.armed + <usize>entry * sizeof<u64>();
}
