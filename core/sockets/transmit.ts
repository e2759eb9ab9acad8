/** Writing into the peer's ring: `send`, `sendto`. */
import * as ws from "../generated/winsock";
import * as layout from "../layout";
import * as os from "../os";
import * as sync from "../sync";
import { currentThread } from "../vmmc/bells";
import { isKnownToHaveEnded } from "../vmmc/peers";
import { BAD_BUFFER } from "./buffers";
import { wakeCaretaker } from "./caretaker";
import { answerReader, peerFlags, ringFirst } from "./connection";
import {
  Descriptor,
  ENDED_OTHERWISE,
  KIND_CONNECTING,
  KIND_ENDED,
  KIND_LEFT,
  KIND_PENDING,
  KIND_UNUSED,
  KIND_USER,
  eventsOf,
  isNonBlocking,
  isPeerGone,
  isReset,
  kindOf,
  receiveLockOf,
  sendLockOf,
  setEnd,
  setHeard,
  setReset,
  wasHeard,
} from "./descriptor";
import { fail, refuse } from "./errors";
import { writingEnabled } from "./events";
import { transmitLeft } from "./left";
import { lock, unlock } from "./lock";
import { decided, listenerGone } from "./pending";
import { byteAt, canSend, gather, sendThere, totalOf } from "./pieces";
import { countSend, countWritten } from "./statistics";
import { nowConnected, settleHere, smallScratch } from "./stream";
import { markUrgent } from "./urgent";
import { WAKE_CHANGED, WAKE_READY, pollPeer, waitError, waitFor } from "./waiting";
import { growWindow, knownRoom, writable } from "./window";

/**
 * `send` on a user-level connection, of the bytes of `count` elements: see pieces.ts.
 * @param generation which socket of the handle is meant. It may be closed meanwhile, or before, and be another connection's
 * then: these bytes are not for that one.
 */
export function transmit<T>(d: Descriptor, socket: usize, generation: u32, elements: usize, count: i32, flags: i32): i32 {
  if ((flags & ~(ws.MSG_DONTROUTE | ws.MSG_OOB)) != 0) return refuse(ws.WSAEOPNOTSUPP);
  const length = totalOf<T>(elements, count);
  if (length < 0) return fail(d.shutdownSend != 0 ? ws.WSAESHUTDOWN : -length);
  let deadline: u64 = 0;
  let done: u32 = 0;
  let waited = false;
  let asked = false;
  const lockWord = sendLockOf(d);
  lock(lockWord);
  while (d.generation == generation && d.handle == socket && kindOf(d) >= KIND_PENDING) {
    if (d.shutdownSend != 0) return finishSend(d, lockWord, ws.WSAESHUTDOWN, done);
    if (isReset(d)) return finishSend(d, lockWord, ws.WSAECONNRESET, done);
    if ((peerFlags(d) & layout.FLAG_CLOSED) != 0) return transmitAfterEnd<T>(d, socket, lockWord, elements, count, done);
    if (!asked && (kindOf(d) == KIND_USER ? peerHasDied(d) : !decided(d) && listenerGone(d))) {
      const user = kindOf(d) == KIND_USER;
      unlock(lockWord);
      if (user) pollFromSend(d, socket);
      else settleHere(d, socket);
      lock(lockWord);
      // Whatever the answer was: without the lock, another thread may have changed everything.
      asked = true;
      continue;
    }
    asked = false;
    if (d.sendOwner == 0 || d.sendOwner == os.thread()) {
      if (d.growable != 0 && knownRoom(d) < <u32>length - done) growWindow(d, <u32>length - done);
      const written = put<T>(d, elements, count, done, <u32>length, (flags & ws.MSG_OOB) != 0);
      if (written == BAD_BUFFER) return finishSend(d, lockWord, ws.WSAEFAULT, done);
      done += written;
      if (done == <u32>length) {
        const pending = kindOf(d) == KIND_PENDING;
        // Bytes first, then the look at the decision: an acceptor that sleeps for them has decided before it armed.
        const settle = pending && decided(d);
        countSend(d);
        releaseSend(d);
        unlock(lockWord);
        if (settle) settleHere(d, socket);
        else if (pending) wakeCaretaker();
        return length;
      }
    }
    if (isReset(d)) continue;
    // A blocking send is one piece: other threads' bytes wait until it is through.
    if (!isNonBlocking(d) && d.sendOwner == 0 && changetype<usize>(currentThread()) != 0) d.sendOwner = os.thread();
    if (kindOf(d) == KIND_PENDING && decided(d)) {
      if (smallScratch() == 0) return finishSend(d, lockWord, ws.WSAENOBUFS, done);
      // Without the lock others may send. Who does not wait leaves it at what is written, and is not mixed up with them.
      const enough = isNonBlocking(d) && done != 0;
      if (enough) countSend(d);
      unlock(lockWord);
      settleHere(d, socket);
      if (enough) return done;
      lock(lockWord);
      continue;
    }
    if (isNonBlocking(d)) {
      const pending = kindOf(d) == KIND_PENDING;
      finishSend(d, lockWord, ws.WSAEWOULDBLOCK, done);
      // Whoever only polls, and sends nothing whole, must not depend on a caretaker that could not be started before.
      if (pending) wakeCaretaker();
      if (done != 0) return done;
      const changed = pending ? settleHere(d, socket) && kindOf(d) != KIND_PENDING : pollFromSend(d, socket);
      if (!changed && (eventsOf(d) == 0 || enableWriting(d, generation))) return fail(ws.WSAEWOULDBLOCK);
      lock(lockWord);
      continue;
    }
    if (deadline == 0 && d.sendTimeoutMs != 0) deadline = os.nowUs() + <u64>d.sendTimeoutMs * 1000;
    waited = true;
    const woken = waitFor(d, socket, false, deadline);
    if (woken == WAKE_READY) continue;
    if (woken == WAKE_CHANGED) break;
    return finishSend(d, lockWord, waitError(woken), done);
  }
  const closed = d.generation != generation;
  // Looked at once: another thread may finish the connect at any moment, and then these bytes are not for the kernel.
  if (!closed) releaseSend(d);
  const kind = kindOf(d);
  const died = kind == KIND_ENDED && isReset(d);
  // Bytes come back as a reset, if they are sent.
  if (!closed && kind == KIND_ENDED && length != 0 && d.shutdownSend == 0) setEnd(d, ENDED_OTHERWISE);
  unlock(lockWord);
  if (closed) return fail(waited ? ws.WSAEINTR : ws.WSAENOTSOCK);
  if (kind == KIND_UNUSED) return fail(ws.WSAENOTSOCK); // another thread is closing it
  if (kind == KIND_ENDED && d.shutdownSend != 0) return fail(ws.WSAESHUTDOWN); // the kernel does not know of it
  if (died) return done != 0 ? done : fail(ws.WSAECONNRESET);
  if (kind == KIND_CONNECTING) {
    if (!nowConnected(d, socket)) return fail(ws.WSAENOTCONN);
    return transmit<T>(d, socket, generation, elements, count, flags);
  }
  if (kind == KIND_LEFT) return transmitLeft<T>(d, socket, generation, elements, count, flags, done);
  return sendRest<T>(d, socket, elements, count, flags, done, kind == KIND_ENDED ? generation : 0);
}

/**
 * True when the peer's process has ended. Who only sends must hear of it; who has just read something need not ask. With
 * `sendLock` held.
 */
// @ts-ignore: decorator
@inline
function peerHasDied(d: Descriptor): bool {
  if (wasHeard(d)) {
    setHeard(d, 0);
    return false;
  }
  if (changetype<usize>(d.peer) == 0 || isPeerGone(d)) return false;
  return isKnownToHaveEnded(d.peer, os.nowUs());
}

/**
 * Writes what there is room for of the bytes from `from` to `length`, a chunk at a time, waking a reader that sleeps. The last
 * byte of it is marked if it is `urgent`. With `sendLock` held. @returns how many bytes that are
 */
function put<T>(d: Descriptor, elements: usize, count: i32, from: u32, length: u32, urgent: bool): u32 {
  let done = from;
  while (done < length) {
    let room = knownRoom(d);
    if (room < length - done || kindOf(d) == KIND_PENDING) room = writable(d);
    if (room == 0) break;
    const bytes = min(min(room, length - done), <u32>layout.COPY_CHUNK);
    if (!canSend<T>(d, elements, count, done, bytes)) {
      if (done == from) return BAD_BUFFER;
      break;
    }
    gather<T>(d, elements, count, done, bytes);
    done += bytes;
    d.head += bytes;
    if (urgent && (done == length || bytes == room)) markUrgent(d, load<u8>(byteAt<T>(elements, count, done - 1)));
    sync.storeSeq(d.remote + layout.BLOCK_HEAD, d.head);
    answerReader(d);
  }
  countWritten(d, done - from);
  return done - from;
}

/** FD_WRITE is to be posted when there is room again. False: another thread has found the end meanwhile, and nobody looks for room. */
function enableWriting(d: Descriptor, generation: u32): bool {
  lock(sendLockOf(d));
  const same = d.generation == generation && kindOf(d) >= KIND_PENDING;
  if (same) writingEnabled(d);
  unlock(sendLockOf(d));
  return same;
}

/** `pollPeer` for a sender, which holds no lock. */
function pollFromSend(d: Descriptor, socket: usize): bool {
  const memory = smallScratch();
  if (memory == 0) return false;
  lock(receiveLockOf(d));
  const gone = d.handle == socket && pollPeer(d, socket, memory);
  unlock(receiveLockOf(d));
  return gone;
}

function releaseSend(d: Descriptor): void {
  if (d.sendOwner != 0 && d.sendOwner == os.thread()) {
    d.sendOwner = 0;
    ringFirst(d.sendWaiters);
  }
}

/** Ends a send that could not be completed: with the bytes that went, or with the error. Gives the lock back. */
function finishSend(d: Descriptor, lockWord: usize, error: i32, done: u32): i32 {
  if (done != 0) countSend(d);
  releaseSend(d);
  unlock(lockWord);
  return done != 0 ? done : fail(error);
}

/** The peer has closed its socket: what the kernel does with bytes for it, and says about them, is what we say. */
function transmitAfterEnd<T>(
  d: Descriptor,
  socket: usize,
  lockWord: usize,
  elements: usize,
  count: i32,
  done: i32,
): i32 {
  const blocked = d.sendOwner != 0 && d.sendOwner == os.thread();
  releaseSend(d);
  const generation = d.generation;
  // With the lock: the handle may be closed and be another connection's. A blocked sender has bytes on the way that nobody
  // will read: the kernel calls that a reset, and so it stays.
  if (blocked) setReset(d);
  else if (totalOf<T>(elements, count) != 0) setEnd(d, ENDED_OTHERWISE);
  const toldReset = (peerFlags(d) & layout.FLAG_RESET) != 0;
  unlock(lockWord);
  if (blocked) return fail(ws.WSAECONNRESET);
  const result = sendRest<T>(d, socket, elements, count, 0, done, generation);
  // A peer that has called `WSACleanup` could not make a reset of it for the kernel any more.
  return toldReset && result > 0 && done == 0 ? fail(ws.WSAECONNRESET) : result;
}

/** Sends through the kernel what the ring has not taken. @param ended the generation of a connection whose peer has ended, or 0 */
export function sendRest<T>(d: Descriptor, socket: usize, elements: usize, count: i32, flags: i32, done: i32, ended: u32): i32 {
  const more = sendThere<T>(socket, elements, count, done, totalOf<T>(elements, count), flags);
  if (more >= 0 || done != 0) return max(more, 0) + done;
  // One that has ended answers with a reset, soon. Should it have lied, who polls would find no room for ever, and `select` "ready".
  if (ended != 0 && ws.WSAGetLastError() == ws.WSAEWOULDBLOCK) {
    // From now on always: a shorter send might find room there, and its bytes no reader.
    lock(sendLockOf(d));
    if (d.generation == ended) setReset(d);
    unlock(sendLockOf(d));
    return fail(ws.WSAECONNRESET);
  }
  return more;
}
