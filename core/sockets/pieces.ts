/**
 * Memory that the application gives to a call which sends or receives: bytes that lie together, or *pieces*, one after the
 * other, as scatter/gather has them. Such calls are written once, for `count` elements of a type T: u8 are the bytes
 * themselves, `Piece` are pieces. The compiler makes two functions of each, and that for bytes knows nothing of pieces.
 */
import * as ws from "../generated/winsock";
import { canReadFrom, canWriteTo, isMemory } from "./buffers";
import { Descriptor } from "./descriptor";
import { copyIn, copyOut } from "./window";

/** A WSABUF: so many bytes, and where they are. */
@unmanaged
export class Piece {}

/** What is done with some of the bytes of pieces. */
const CHECK_READABLE = 0;
const CHECK_WRITABLE = 1;
const COPY_IN = 2;
const COPY_OUT = 3;

// @ts-ignore: decorator
@inline
function areBytes<T>(): bool {
  return sizeof<T>() == 1;
}

/** The n-th of those pieces. */
// @ts-ignore: decorator
@inline
function pieceAt(pieces: usize, n: i32): usize {
  return pieces + <usize>n * ws._WSABUF_size;
}

// @ts-ignore: decorator
@inline
function lengthOf(piece: usize): u32 {
  return load<u32>(piece + ws._WSABUF_len_offset);
}

// @ts-ignore: decorator
@inline
function addressOf(piece: usize): usize {
  return load<usize>(piece + ws._WSABUF_buf_offset);
}

/** How many bytes there are in all; or, negative, the error of a call that is given them. */
// @ts-ignore: decorator
@inline
export function totalOf<T>(elements: usize, count: i32): i32 {
  if (areBytes<T>()) return count < 0 || (elements == 0 && count != 0) ? -ws.WSAEFAULT : count;
  return totalOfPieces(elements, count);
}

function totalOfPieces(pieces: usize, count: i32): i32 {
  if (count == 0) return 0;
  const most: u64 = <u64>u32.MAX_VALUE / <u64>ws._WSABUF_size;
  if (count < 0 || <u64>count > most || !isMemory(pieces, <u32>count * <u32>ws._WSABUF_size, false)) return -ws.WSAEFAULT;
  let total: u64 = 0;
  for (let n = 0; n < count; n++) {
    const piece = pieceAt(pieces, n);
    if (addressOf(piece) == 0 && lengthOf(piece) != 0) return -ws.WSAEFAULT;
    total += lengthOf(piece);
  }
  // More than a result can tell of, as POSIX has it of `writev`. The pieces may be good: nothing says that they do not overlap.
  return total > <u64>i32.MAX_VALUE ? -ws.WSAEINVAL : <i32>total;
}

/** Where the byte `at` lies; 0 if there is none. */
// @ts-ignore: decorator
@inline
export function byteAt<T>(elements: usize, count: i32, at: u32): usize {
  if (areBytes<T>()) return elements + at;
  return byteOfPieces(elements, count, at);
}

function byteOfPieces(pieces: usize, count: i32, at: u32): usize {
  for (let n = 0; n < count; n++) {
    const piece = pieceAt(pieces, n);
    if (at < lengthOf(piece)) return addressOf(piece) + at;
    at -= lengthOf(piece);
  }
  return 0;
}

/** True when `bytes` bytes can be read there, from the byte `from` on, to be sent. With `sendLock` held. */
// @ts-ignore: decorator
@inline
export function canSend<T>(d: Descriptor, elements: usize, count: i32, from: u32, bytes: u32): bool {
  if (areBytes<T>()) return canReadFrom(d, elements + from, bytes);
  return eachPiece(d, elements, count, from, bytes, CHECK_READABLE);
}

/** True when `bytes` bytes can be written there, from the byte `from` on, as received. With `receiveLock` held. */
// @ts-ignore: decorator
@inline
export function canReceive<T>(d: Descriptor, elements: usize, count: i32, from: u32, bytes: u32): bool {
  if (areBytes<T>()) return canWriteTo(d, elements + from, bytes);
  return eachPiece(d, elements, count, from, bytes, CHECK_WRITABLE);
}

/** Copies `bytes` bytes, from the byte `from` on, into the peer's ring. They are published later, all at once. With `sendLock` held. */
// @ts-ignore: decorator
@inline
export function gather<T>(d: Descriptor, elements: usize, count: i32, from: u32, bytes: u32): void {
  if (areBytes<T>()) copyIn(d, d.head, elements + from, bytes);
  else eachPiece(d, elements, count, from, bytes, COPY_IN);
}

/** Copies `bytes` bytes (no more than are readable) from our ring, to the byte `from` and those behind it. With `receiveLock` held. */
// @ts-ignore: decorator
@inline
export function scatter<T>(d: Descriptor, elements: usize, count: i32, from: u32, bytes: u32): void {
  if (areBytes<T>()) copyOut(d, d.tail, elements + from, bytes);
  else eachPiece(d, elements, count, from, bytes, COPY_OUT);
}

/** Does that with `bytes` bytes of the pieces, from the byte `from` on. False: some of them are no memory. */
function eachPiece(d: Descriptor, pieces: usize, count: i32, from: u32, bytes: u32, what: i32): bool {
  let done: u32 = 0;
  for (let n = 0; n < count && done < bytes; n++) {
    const piece = pieceAt(pieces, n);
    const length = lengthOf(piece);
    if (from >= length) {
      from -= length;
      continue;
    }
    const address = addressOf(piece) + from;
    const part = min(length - from, bytes - done);
    if (what == CHECK_READABLE && !canReadFrom(d, address, part)) return false;
    if (what == CHECK_WRITABLE && !canWriteTo(d, address, part)) return false;
    if (what == COPY_IN) copyIn(d, d.head + done, address, part);
    else if (what == COPY_OUT) copyOut(d, d.tail + done, address, part);
    done += part;
    from = 0;
  }
  return true;
}

/** `send` of the kernel, on a stream: all but the first `from` of `length` bytes. */
// @ts-ignore: decorator
@inline
export function sendThere<T>(socket: usize, elements: usize, count: i32, from: u32, length: i32, flags: i32): i32 {
  if (areBytes<T>()) return ws.send(socket, elements + from, length - from, flags);
  return sendPiecesThere(socket, elements, count, from, <u32>length - from, flags);
}

function sendPiecesThere(socket: usize, pieces: usize, count: i32, from: u32, rest: u32, flags: i32): i32 {
  // Whatever the socket has to say about nothing at all.
  if (rest == 0) return ws.send(socket, pieces, 0, flags);
  let done: u32 = 0;
  for (let n = 0; n < count && done < rest; n++) {
    const piece = pieceAt(pieces, n);
    const length = lengthOf(piece);
    if (from >= length) {
      from -= length;
      continue;
    }
    const part = min(length - from, rest - done);
    // It is the last byte of all that is urgent.
    const sent = ws.send(socket, addressOf(piece) + from, part, done + part == rest ? flags : flags & ~ws.MSG_OOB);
    if (sent < 0) return done != 0 ? done : sent;
    done += sent;
    if (<u32>sent < part) break;
    from = 0;
  }
  return done;
}

/** `recv` of the kernel, on a stream. Of pieces the first one is filled, which may be less than there is. */
// @ts-ignore: decorator
@inline
export function receiveThere<T>(socket: usize, elements: usize, count: i32, flags: i32): i32 {
  if (areBytes<T>()) return ws.recv(socket, elements, count, flags);
  return receivePieceThere(socket, elements, count, flags);
}

function receivePieceThere(socket: usize, pieces: usize, count: i32, flags: i32): i32 {
  for (let n = 0; n < count; n++) {
    const piece = pieceAt(pieces, n);
    if (lengthOf(piece) != 0) return ws.recv(socket, addressOf(piece), lengthOf(piece), flags);
  }
  return ws.recv(socket, pieces, 0, flags);
}
