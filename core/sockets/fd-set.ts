/** `fd_set` as WinSock has it: a count, then the sockets, however large the application has declared it. */
import * as ws from "../generated/winsock";
import * as os from "../os";

/** Bytes of `marks`: so that sockets of a usual set have a bit each. */
export const MARK_BYTES: u32 = 128;

/** How many sockets the set holds; one that was not given (0) holds none. */
// @ts-ignore: decorator
@inline
export function setCount(set: usize): u32 {
  return set == 0 ? 0 : load<u32>(set);
}

// @ts-ignore: decorator
@inline
export function setEntry(set: usize, index: u32): usize {
  return load<usize>(set + ws.fd_set_fd_array_offset + (<usize>index) * sizeof<usize>());
}

/** Adds a socket. The set must have room for it. */
export function setAdd(set: usize, socket: usize): void {
  const count = load<u32>(set);
  store<usize>(set + ws.fd_set_fd_array_offset + (<usize>count) * sizeof<usize>(), socket);
  store<u32>(set, count + 1);
}

export function setCopy(from: usize, to: usize): void {
  if (to == 0) return;
  memory.copy(to, from, ws.fd_set_fd_array_offset + (<usize>load<u32>(from)) * sizeof<usize>());
}

/**
 * Takes out what stands in the set more than once: a socket counts once, as with the kernel. `marks` is memory of MARK_BYTES;
 * only sockets whose bit there is another's too are looked for one by one.
 */
export function dropRepeated(set: usize, marks: usize): void {
  const count = load<u32>(set);
  if (count < 2) return;
  memory.fill(marks, 0, MARK_BYTES);
  store<u32>(set, 0);
  for (let index: u32 = 0; index < count; index++) {
    const socket = setEntry(set, index);
    const bit = <u32>os.socketIndex(socket) % (8 * MARK_BYTES);
    const mark = marks + (bit >> 3);
    const value = <u8>((<u32>1) << (bit & 7));
    if ((load<u8>(mark) & value) != 0 && holds(set, socket)) continue;
    store<u8>(mark, load<u8>(mark) | value);
    setAdd(set, socket);
  }
}

/** True when that socket is in the set. */
export function holds(set: usize, socket: usize): bool {
  const count = setCount(set);
  for (let index: u32 = 0; index < count; index++) if (setEntry(set, index) == socket) return true;
  return false;
}
