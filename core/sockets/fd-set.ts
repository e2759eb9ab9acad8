/** `fd_set` as WinSock has it: a count, then the sockets, however large the application has declared it. */
import * as ws from "../generated/winsock";

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
