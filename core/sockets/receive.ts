/** Reading from our own ring: `recv`, `recvfrom`. */
import * as ws from "../generated/winsock";
import * as layout from "../layout";
import * as os from "../os";
import { hasFailed, hasNoPeer, selectOne } from "../vmmc/kernel-connection";
import { BAD_BUFFER } from "./buffers";
import { wakeCaretaker } from "./caretaker";
import { damage, endConnection, peerFlags } from "./connection";
import {
  Descriptor,
  ENDED_NOT,
  ENDED_ORDERLY,
  ENDED_OTHERWISE,
  KIND_CONNECTING,
  KIND_ENDED,
  KIND_KERNEL,
  KIND_LEFT,
  KIND_PENDING,
  KIND_UNUSED,
  endOf,
  eventsOf,
  generationOf,
  isNonBlocking,
  isPeerGone,
  isReset,
  kindOf,
  lockBoth,
  receiveLockOf,
  setEnd,
  unlockBoth,
  wasLost,
} from "./descriptor";
import { fail, refuse } from "./errors";
import { readingEnabled } from "./events";
import { receiveLeft } from "./left";
import { lock, unlock } from "./lock";
import { adopt, decided } from "./pending";
import { canReceive, receiveThere, scatter, totalOf } from "./pieces";
import { countReceived } from "./statistics";
import { nowConnected, settleHere, smallScratch } from "./stream";
import { WAKE_CHANGED, WAKE_READY, pollPeer, waitError, waitFor } from "./waiting";
import {
  forgetMarkAtEnd,
  forgetPassed,
  hasBytes,
  hasUrgent,
  moreReadable,
  noUrgent,
  peekToMark,
  readableWithMarks,
  receiveUrgent,
  skipped,
  upToMark,
} from "./urgent";
import { consumed, readable } from "./window";

/** As much as `smallScratch` gives. */
const SCRATCH_BYTES: i32 = 256;
/** An honest peer leaves a few doorbells behind: more reads than this are not worth a look. */
const ROUNDS_PAST_DOORBELLS = 64;

/**
 * Reads what is there, up to `length`, giving credit chunk by chunk so that the writer can go on meanwhile. All of the memory that
 * the application has given, `room` bytes, must be there, as the kernel wants it.
 */
function take<T>(d: Descriptor, elements: usize, count: i32, length: u32, room: u32): u32 {
  let done: u32 = 0;
  while (done < length) {
    let there = d.seenHead - d.tail;
    if (there < length - done) there = moreReadable(d, there);
    if (there == 0) break;
    const bytes = min(min(there, length - done), <u32>layout.COPY_CHUNK);
    if (!canReceive<T>(d, elements, count, done, room - done)) {
      if (done == 0) return BAD_BUFFER;
      break;
    }
    scatter<T>(d, elements, count, done, bytes);
    done += bytes;
    consumed(d, bytes);
  }
  countReceived(d, done);
  return done;
}

/** As `take`, but everything stays to be read. Begins behind `skip` bytes. */
function peek<T>(d: Descriptor, elements: usize, count: i32, length: u32, room: u32, skip: u32): u32 {
  const tail = d.tail;
  const window = d.receiveWindow;
  const shift = d.receiveShift;
  const level = d.receiveLevel;
  let done: u32 = 0;
  if (skip != 0 && readable(d) != 0) d.tail += skip; // looked first: the byte may be the first of a new level
  while (done < length) {
    const bytes = min(readable(d), length - done);
    if (bytes == 0) break;
    if (!canReceive<T>(d, elements, count, done, room - done)) {
      if (done == 0) done = BAD_BUFFER;
      break;
    }
    scatter<T>(d, elements, count, done, bytes);
    done += bytes;
    d.tail += bytes;
  }
  d.tail = tail;
  d.seenHead = tail;
  d.receiveWindow = window;
  d.receiveShift = shift;
  d.receiveLevel = level;
  return done;
}

/** Reads, or looks at, what lies in the ring, where something does and nothing is waited for. With `receiveLock` held. */
export function readUnread<T>(d: Descriptor, elements: usize, count: i32, length: u32, peeking: bool): u32 {
  let most = readableWithMarks(d);
  if (d.urgent != 0 && most != 0 && length != 0) most = peeking ? peekToMark(d, most) : upToMark(d, most, false);
  most = min(most, length);
  const done = peeking ? peek<T>(d, elements, count, most, length, skipped(d)) : take<T>(d, elements, count, most, length);
  if (d.urgent != 0) forgetPassed(d);
  return done;
}

/**
 * `recv` on a user-level connection, into the bytes of `count` elements: see pieces.ts.
 * @param generation which socket of the handle is meant. It may be closed meanwhile, or before, and be another connection's
 * then: its bytes are not for this call.
 * @param begun it is made for an operation that has waited already: a reset is an error to it, as to a thread that is blocked
 */
export function receive<T>(
  d: Descriptor,
  socket: usize,
  generation: u32,
  elements: usize,
  count: i32,
  flags: i32,
  begun: bool = false,
): i32 {
  if ((flags & ~(ws.MSG_PEEK | ws.MSG_OOB)) != 0) return refuse(ws.WSAEOPNOTSUPP);
  const length = totalOf<T>(elements, count);
  if (length < 0) return fail(-length);
  if ((flags & ws.MSG_OOB) != 0) return receiveUrgent<T>(d, socket, elements, count, flags);
  const peeking = (flags & ws.MSG_PEEK) != 0;
  let deadline: u64 = 0;
  let waited = begun;
  const lockWord = receiveLockOf(d);
  lock(lockWord);
  while (d.generation == generation && d.handle == socket && kindOf(d) >= KIND_PENDING) {
    // Before anything is read: who reads must answer a writer that waits for room, and a pending side does not answer.
    const pending = kindOf(d) == KIND_PENDING;
    if (pending && decided(d)) {
      unlock(lockWord);
      if (!settleHere(d, socket)) return fail(ws.WSAENOBUFS);
      lock(lockWord);
      continue;
    }
    if (d.shutdownReceive != 0 && !waited) {
      unlock(lockWord);
      return fail(ws.WSAESHUTDOWN);
    }
    let there = d.seenHead - d.tail;
    // Where a mark is known, a newer one may have made an ordinary byte of it.
    if (there == 0 || there < <u32>length || d.urgent != 0) there = readableWithMarks(d);
    let most = <u32>length;
    if (d.urgent != 0 && there != 0 && length != 0) {
      there = peeking ? peekToMark(d, there) : upToMark(d, there, waited);
      most = min(most, there);
    }
    if (pending && (there != 0 || peerFlags(d) != 0)) {
      if (decided(d)) continue;
      damage(d); // an acceptor decides before it writes
      there = 0;
    }
    if (there == 0 && isReset(d)) {
      if (eventsOf(d) != 0) readingEnabled(d);
      unlock(lockWord);
      return receiveAfterEnd<T>(d, socket, generation, elements, count, flags, waited);
    }
    if (there != 0) {
      const done = peeking
        ? peek<T>(d, elements, count, most, <u32>length, skipped(d))
        : take<T>(d, elements, count, most, <u32>length);
      if (d.urgent != 0) forgetPassed(d);
      if (done == 0 && most != 0) continue; // a mark came meanwhile
      if (eventsOf(d) != 0) readingEnabled(d);
      unlock(lockWord);
      return done == BAD_BUFFER ? fail(ws.WSAEFAULT) : done;
    }
    const told = peerFlags(d);
    if (told != 0) {
      // The flags were read first: bytes that came before the end are visible now.
      if (hasBytes(d)) continue;
      // A peer that says no more may still die: then it will not take ours either.
      const memory = smallScratch();
      const halfClosed = (told & layout.FLAG_CLOSED) == 0;
      if (halfClosed && memory != 0 && pollPeer(d, socket, memory)) continue;
      // Who has only looked may still want it; with the connection it would go.
      const keepsUrgent = (told & layout.FLAG_RESET) == 0 && hasUrgent(d);
      if (eventsOf(d) != 0) readingEnabled(d);
      unlock(lockWord);
      if (halfClosed || keepsUrgent) return 0;
      return receiveAfterEnd<T>(d, socket, generation, elements, count, flags, waited);
    }
    if (!waited && length != 0 && !canReceive<T>(d, elements, count, 0, <u32>length)) {
      unlock(lockWord);
      return fail(ws.WSAEFAULT);
    }
    if (isNonBlocking(d)) {
      const memory = smallScratch();
      if (memory != 0 && pollPeer(d, socket, memory)) continue;
      if (eventsOf(d) != 0) readingEnabled(d);
      unlock(lockWord);
      return receiveNothing<T>(d, socket, generation, elements, count, flags);
    }
    if (deadline == 0 && d.receiveTimeoutMs != 0) deadline = os.nowUs() + <u64>d.receiveTimeoutMs * 1000;
    waited = true;
    const woken = waitFor(d, socket, true, deadline);
    if (woken == WAKE_READY) continue;
    const closed = d.generation != generation;
    if (woken == WAKE_CHANGED && !closed) break;
    unlock(lockWord);
    return fail(closed && woken == WAKE_CHANGED ? ws.WSAEINTR : waitError(woken));
  }
  unlock(lockWord);
  const result = receiveKernel<T>(d, socket, generation, elements, count, flags);
  return result == 0 && length != 0 && waited && wasResetMeanwhile(d, socket, generation) ? fail(ws.WSAECONNRESET) : result;
}

/**
 * Who is blocked hears of a reset, also when another thread was quicker to find it, or the connection went on in the kernel
 * meanwhile; Wine keeps it back from who comes a moment later, as we do.
 */
export function wasResetMeanwhile(d: Descriptor, socket: usize, generation: u32): bool {
  const memory = smallScratch();
  // Where this side has ended as well, the kernel knows no peer after an orderly end either; a listener that goes makes none.
  const orderly = d.shutdownSend != 0 && d.reason != layout.REASON_LISTENER_GONE;
  if (memory != 0 && kindOf(d) == KIND_KERNEL) return !orderly && hasNoPeer(socket, memory);
  lock(receiveLockOf(d));
  const ended = d.generation == generation && kindOf(d) == KIND_ENDED && changetype<usize>(d.segment) != 0;
  const reset = ended && (isReset(d) || (peerFlags(d) & layout.FLAG_RESET) != 0);
  unlock(receiveLockOf(d));
  return reset;
}

/** Nothing to read on a non-blocking socket: a connection that is not decided yet may have its answer in the kernel. */
function receiveNothing<T>(
  d: Descriptor,
  socket: usize,
  generation: u32,
  elements: usize,
  count: i32,
  flags: i32,
): i32 {
  if (kindOf(d) == KIND_PENDING) {
    settleHere(d, socket);
    if (kindOf(d) != KIND_PENDING) return receiveKernel<T>(d, socket, generation, elements, count, flags);
    wakeCaretaker(); // it may not have been possible to start it when bytes were written
  }
  return fail(ws.WSAEWOULDBLOCK);
}

/** Everything is read and the peer is gone: the kernel says how the connection ended. */
function receiveAfterEnd<T>(
  d: Descriptor,
  socket: usize,
  generation: u32,
  elements: usize,
  count: i32,
  flags: i32,
  waited: bool,
): i32 {
  lockBoth(d);
  let reset = false;
  let damaged = false;
  if (d.generation == generation && d.handle == socket && kindOf(d) >= KIND_PENDING) {
    // Who decides does so before it ends the stream.
    if (kindOf(d) == KIND_PENDING) {
      if (decided(d)) adopt(d);
      else damage(d);
    }
    reset = isReset(d) || (peerFlags(d) & layout.FLAG_RESET) != 0;
    damaged = isReset(d) && !isPeerGone(d);
    if (endOf(d) == ENDED_NOT) setEnd(d, reset ? ENDED_OTHERWISE : ENDED_ORDERLY);
    if (!damaged) endConnection(d);
  }
  unlockBoth(d);
  // A thread that was blocked learns of a reset by an error, as from the kernel.
  if (damaged || (reset && waited)) return fail(ws.WSAECONNRESET);
  return receiveKernel<T>(d, socket, generation, elements, count, flags);
}

/** `recv` on a socket whose bytes are not in a ring, or are not any more. */
export function receiveKernel<T>(
  d: Descriptor,
  socket: usize,
  generation: u32,
  elements: usize,
  count: i32,
  flags: i32,
): i32 {
  // Looked at once: another thread may finish the connect at any moment, and then nothing here is the kernel's.
  const kind = kindOf(d);
  if (kind == KIND_UNUSED) return fail(ws.WSAENOTSOCK); // another thread is closing it
  if (kind == KIND_CONNECTING && !nowConnected(d, socket)) return fail(ws.WSAENOTCONN);
  if (generationOf(d) != generation) return fail(ws.WSAENOTSOCK); // it was closed, and is another socket now
  if (kind >= KIND_CONNECTING) return receive<T>(d, socket, generation, elements, count, flags);
  if (kind == KIND_LEFT) return receiveLeft<T>(d, socket, generation, elements, count, flags);
  return kind == KIND_ENDED ? receiveEnded(d, socket, generation, flags) : receiveThere<T>(socket, elements, count, flags);
}

/** How the connection ended: the kernel knows. Whatever bytes it still holds are doorbells, and not the application's. */
function receiveEnded(d: Descriptor, socket: usize, generation: u32, flags: i32): i32 {
  if ((flags & ws.MSG_OOB) != 0 && d.urgentInLine != 0) return fail(ws.WSAEINVAL);
  if (d.shutdownReceive != 0) return fail(ws.WSAESHUTDOWN);
  if ((flags & ws.MSG_OOB) != 0 && endOf(d) == ENDED_ORDERLY) return noUrgent(d);
  if (wasLost(d)) return fail(ws.WSAECONNRESET);
  const memory = smallScratch();
  if (memory == 0) return fail(ws.WSAENOBUFS);
  for (let round = 0; round < ROUNDS_PAST_DOORBELLS; round++) {
    // The peer's word may be a moment ahead of the kernel's. And a dead process's socket may stay open for longer.
    if (selectOne(socket, memory, true, layout.RECHECK_MS) <= 0) break;
    // With the lock the handle stays this connection's, and nobody else takes what there is to be read.
    lock(receiveLockOf(d));
    const same = d.generation == generation && kindOf(d) == KIND_ENDED;
    if (same && (flags & ws.MSG_PEEK) == 0) forgetMarkAtEnd(d);
    const left = same && selectOne(socket, memory, true, 0) > 0;
    const result = left ? ws.recv(socket, memory, SCRATCH_BYTES, 0) : 1;
    // A doorbell of ours that crossed the peer's close makes a reset of it for the kernel. It was none.
    const crossed = result < 0 && endOf(d) == ENDED_ORDERLY && hasFailed(ws.WSAGetLastError());
    unlock(receiveLockOf(d));
    if (!same) return fail(ws.WSAENOTSOCK);
    if (result <= 0) return crossed ? 0 : result;
  }
  return endOf(d) == ENDED_ORDERLY ? 0 : fail(ws.WSAECONNRESET);
}
