/** The kernel connection under a user-level one: its doorbells, and what it knows about the peer's end. */
import * as ws from "../generated/winsock";

/** More doorbells than this are not taken at once: an honest peer sends one for each time we arm. */
const DOORBELLS_AT_ONCE = 64;
/** Room for a name. */
const NAME_BYTES = 128;

/** True when a read would not block: doorbells, or the end of the connection. `memory` holds a small fd_set and more. */
export function kernelReadable(socket: usize, memory: usize): bool {
  return selectOne(socket, memory, true, 0) > 0;
}

/** Waits up to `ms` for the kernel socket to become readable or writable; as `select` returns. */
export function selectOne(socket: usize, memory: usize, forReading: bool, ms: i32): i32 {
  store<u32>(memory, 1);
  store<usize>(memory + ws.fd_set_fd_array_offset, socket);
  const time = memory + 64;
  store<i32>(time, <u32>ms / 1000);
  store<i32>(time + sizeof<i32>(), (<u32>ms % 1000) * 1000);
  return forReading
    ? ws.select(0, memory, 0, 0, ms < 0 ? 0 : time)
    : ws.select(0, 0, memory, 0, ms < 0 ? 0 : time);
}

/** How many bytes lie in the kernel connection; -1 when it says no. */
export function kernelBytes(socket: usize, memory: usize): i32 {
  store<u32>(memory, 0);
  if (ws.ioctlsocket(socket, ws.FIONREAD, memory) != 0) return -1;
  return load<i32>(memory);
}

/**
 * Takes the doorbells that lie in the kernel connection, as many as are taken at once. Never blocks. Returns how many that are;
 * 0 where there is nothing, or the end, and SOCKET_ERROR.
 * @param taken address of the number of those that were taken from that connection
 */
export function takeDoorbells(socket: usize, memory: usize, taken: usize): i32 {
  const bytes = kernelBytes(socket, memory);
  if (bytes <= 0) return 0;
  const got = ws.recv(socket, memory, min(bytes, DOORBELLS_AT_ONCE), 0);
  if (got > 0) store<u32>(taken, load<u32>(taken) + got);
  return got;
}

/** All of them were taken; the connection's end came before; or neither, and what is read next may be a doorbell. */
export const TAKEN_ALL = 0;
export const TAKEN_TO_END = 1;
export const TAKEN_SOME = 2;

/** Takes just so many doorbells: the bytes behind them are not for us. Waits up to `ms` for each. Returns TAKEN_. */
export function takeJust(socket: usize, memory: usize, doorbells: u32, ms: i32): i32 {
  let left = doorbells;
  let refused = 0;
  while (left != 0) {
    const ready = selectOne(socket, memory, true, ms);
    // A call that was refused is made again: there is no other way on.
    if (ready < 0 && ++refused < DOORBELLS_AT_ONCE) continue;
    if (ready <= 0) return TAKEN_SOME;
    const got = ws.recv(socket, memory, min(left, DOORBELLS_AT_ONCE), 0);
    if (got == 0) return TAKEN_TO_END;
    if (got > 0) left -= got;
    else if (hasFailed(ws.WSAGetLastError())) return TAKEN_TO_END;
    else if (++refused >= DOORBELLS_AT_ONCE) return TAKEN_SOME;
  }
  return TAKEN_ALL;
}

/** Takes all doorbells that lie before the end of the kernel connection. Never blocks; a flood is not taken to its end. */
export function takeAllDoorbells(socket: usize, memory: usize, taken: usize): void {
  for (let round = 0; round < DOORBELLS_AT_ONCE && takeDoorbells(socket, memory, taken) > 0; round++) {}
}

/** True when the kernel says that the peer's end is gone: readable, but nothing to read. Takes doorbells on the way. */
export function kernelEnded(socket: usize, memory: usize, taken: usize): bool {
  for (let round = 0; round < DOORBELLS_AT_ONCE; round++) {
    if (!kernelReadable(socket, memory)) return false;
    const got = takeDoorbells(socket, memory, taken);
    // After a reset a kernel may count bytes that it does not give any more: they stay there, and it stays readable, for ever.
    if (got == 0 || (got < 0 && hasFailed(ws.WSAGetLastError()))) return true;
  }
  return false;
}

/** True for the errors with which the kernel says that a connection is over, and not only a call in vain. */
export function hasFailed(error: i32): bool {
  return error == ws.WSAECONNRESET || error == ws.WSAECONNABORTED || error == ws.WSAENOTCONN;
}

/** True when the kernel knows no peer of the connection any more: after a reset, or once both sides have ended it. */
export function hasNoPeer(socket: usize, memory: usize): bool {
  store<i32>(memory, NAME_BYTES);
  return ws.getpeername(socket, memory + NAME_BYTES, memory) != 0 && ws.WSAGetLastError() == ws.WSAENOTCONN;
}

/** From now on closing the socket resets the connection, whatever was sent: the peer must not take it for an orderly end. */
export function resetOnClose(socket: usize, memory: usize): void {
  store<u16>(memory + ws.linger_l_onoff_offset, 1);
  store<u16>(memory + ws.linger_l_linger_offset, 0);
  ws.setsockopt(socket, ws.SOL_SOCKET, ws.SO_LINGER, memory, <i32>ws.linger_size);
}
