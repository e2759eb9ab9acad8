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

/** What is known of the application's memory: two fields of a descriptor, one behind the other. */
@unmanaged
class Stretch {
  begin: usize;
  end: usize;
}

/** True when so many bytes can be read there, to be sent. With `sendLock` held. */
// @ts-ignore: decorator
@inline
export function canReadFrom(d: Descriptor, buffer: usize, bytes: u32): bool {
  return isThere(changetype<usize>(d) + offsetof<Descriptor>("sendMemory"), buffer, bytes, false);
}

/** True when so many bytes can be written there, as received. With `receiveLock` held. */
// @ts-ignore: decorator
@inline
export function canWriteTo(d: Descriptor, buffer: usize, bytes: u32): bool {
  return isThere(changetype<usize>(d) + offsetof<Descriptor>("receiveMemory"), buffer, bytes, true);
}

// @ts-ignore: decorator
@inline
function isThere(stretch: usize, buffer: usize, bytes: u32, writes: bool): bool {
  const known = changetype<Stretch>(stretch);
  const end = buffer + bytes;
  return (buffer >= known.begin && end <= known.end && end >= buffer) || ask(known, buffer, end, writes);
}

function ask(known: Stretch, buffer: usize, end: usize, writes: bool): bool {
  const found = endOfMemory(buffer, end, writes);
  if (found == 0) return false;
  // The same stretch of memory, further to the front: all of it is known.
  if (found != known.end || buffer < known.begin) known.begin = buffer & ~PAGE_MASK;
  known.end = found;
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
