/**
 * Memory of the application that is to be copied from or to. The kernel's calls say WSAEFAULT where there is none; so do we, and
 * do not crash in its place. Asking the system takes longer than a message: what was found is kept with each direction of a
 * connection. Memory that is given back afterwards, and used all the same, is not noticed.
 */
import * as os from "../os";
import { Descriptor } from "./descriptor";

/** What `put`, `take` and `peek` return where there is no memory at the very beginning. */
export const BAD_BUFFER: u32 = 0xffffffff;

const PAGE_MASK: usize = 4095;

/** True when so many bytes can be read there, to be sent. With `sendLock` held. */
// @ts-ignore: decorator
@inline
export function canReadFrom(d: Descriptor, buffer: usize, bytes: u32): bool {
  const end = buffer + bytes;
  return (buffer >= d.sendMemory && end <= d.sendMemoryEnd && end >= buffer) || askToRead(d, buffer, end);
}

/** True when so many bytes can be written there, as received. With `receiveLock` held. */
// @ts-ignore: decorator
@inline
export function canWriteTo(d: Descriptor, buffer: usize, bytes: u32): bool {
  const end = buffer + bytes;
  return (buffer >= d.receiveMemory && end <= d.receiveMemoryEnd && end >= buffer) || askToWrite(d, buffer, end);
}

function askToRead(d: Descriptor, buffer: usize, end: usize): bool {
  const known = endOfMemory(buffer, end, false);
  if (known == 0) return false;
  // The same stretch of memory, further to the front: all of it is known.
  if (known != d.sendMemoryEnd || buffer < d.sendMemory) d.sendMemory = buffer & ~PAGE_MASK;
  d.sendMemoryEnd = known;
  return true;
}

function askToWrite(d: Descriptor, buffer: usize, end: usize): bool {
  const known = endOfMemory(buffer, end, true);
  if (known == 0) return false;
  if (known != d.receiveMemoryEnd || buffer < d.receiveMemory) d.receiveMemory = buffer & ~PAGE_MASK;
  d.receiveMemoryEnd = known;
  return true;
}

/** Where the memory ends in which all of that lies; 0: some of it is none. */
function endOfMemory(buffer: usize, end: usize, writes: bool): usize {
  if (end < buffer) return 0;
  let at = buffer;
  do {
    const next = os.memoryEnd(at, writes);
    if (next <= at) return 0;
    at = next;
  } while (at < end);
  return at;
}

/** True when `bytes` of an argument can be read (or written). For calls that take their time: nothing is kept. */
export function isMemory(address: usize, bytes: u32, writes: bool): bool {
  return endOfMemory(address, address + bytes, writes) != 0;
}
