/** Bytes of a user-level connection: writing into the peer's ring, reading from our own. */
import * as ws from "../generated/winsock";
import * as layout from "../layout";
import * as os from "../os";
import * as sync from "../sync";
import { currentThread, scratch } from "../vmmc/bells";
import { selectOne, takeAllDoorbells } from "../vmmc/kernel-connection";
import { wakeCaretaker } from "./caretaker";
import { answerReader, answerWriter, damage, endConnection, peerFlags, ringFirst } from "./connection";
import {
  Descriptor,
  ENDED_NOT,
  ENDED_ORDERLY,
  ENDED_OTHERWISE,
  KIND_CONNECTING,
  KIND_ENDED,
  KIND_PENDING,
  KIND_UNUSED,
  endOf,
  hasDoorbells,
  isNonBlocking,
  isPeerGone,
  isReset,
  kindOf,
  lockBoth,
  receiveLockOf,
  sendLockOf,
  setEnd,
  unlockBoth,
} from "./descriptor";
import { fail, refuse } from "./errors";
import { lock, unlock } from "./lock";
import { decided, settlePending } from "./pending";
import { finishConnecting } from "./rendezvous";
import { WAKE_CHANGED, WAKE_READY, WAKE_TIMEOUT, pollPeer, waitFor } from "./waiting";
import { copyIn, copyOut, growWindow, knownRoom, levelEnds, readable, writable } from "./window";

const SCRATCH_BYTES: u32 = 256;

/** Reads what is there, up to `length`, giving credit piece by piece so that the writer can go on meanwhile. */
function take(d: Descriptor, buffer: usize, length: u32): u32 {
  let done: u32 = 0;
  while (done < length) {
    let there = d.seenHead - d.tail;
    if (there < length - done) there = readable(d);
    if (there == 0) break;
    const bytes = min(min(there, length - done), <u32>layout.COPY_CHUNK);
    copyOut(d, buffer + done, bytes);
    done += bytes;
    d.tail += bytes;
    sync.storeRelease(d.remote + layout.BLOCK_CREDIT, d.tail);
    d.unannounced += bytes;
    // A writer sleeps only when the ring is full, and then we pass here at every quarter of it before it is empty: one
    // look each time is enough, and the fence that must precede the look is not paid for every small message.
    // Where a level ends, it gets the other half of its window at once.
    const ends = d.tail == d.seenHead && d.receiveWindow < d.ringBytes && levelEnds(d);
    if (ends || d.unannounced >= d.receiveWindow >> 2) {
      d.unannounced = 0;
      sync.fence();
      answerWriter(d);
    }
  }
  return done;
}

/** As `take`, but everything stays to be read. */
function peek(d: Descriptor, buffer: usize, length: u32): u32 {
  const tail = d.tail;
  const window = d.receiveWindow;
  const shift = d.receiveShift;
  const level = d.receiveLevel;
  let done: u32 = 0;
  while (done < length) {
    const bytes = min(readable(d), length - done);
    if (bytes == 0) break;
    copyOut(d, buffer + done, bytes);
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

/** `recv` on a user-level connection. */
export function receive(d: Descriptor, socket: usize, buffer: usize, length: i32, flags: i32): i32 {
  if ((flags & ~ws.MSG_PEEK) != 0) return refuse(ws.WSAEOPNOTSUPP);
  if (length < 0) return fail(ws.WSAEFAULT);
  let deadline: u64 = 0;
  let waited = false;
  const lockWord = receiveLockOf(d);
  lock(lockWord);
  while (d.handle == socket && kindOf(d) >= KIND_PENDING) {
    // Before anything is read: who reads must answer a writer that waits for room, and a pending side does not answer.
    const pending = kindOf(d) == KIND_PENDING;
    if (pending && decided(d)) {
      unlock(lockWord);
      if (!settleHere(d, socket)) return fail(ws.WSAENOBUFS);
      lock(lockWord);
      continue;
    }
    if (d.shutdownReceive != 0) {
      unlock(lockWord);
      return fail(ws.WSAESHUTDOWN);
    }
    let there = d.seenHead - d.tail;
    if (there == 0 || there < <u32>length) there = readable(d);
    if (pending && (there != 0 || peerFlags(d) != 0)) {
      if (decided(d)) continue;
      damage(d); // an acceptor decides before it writes
      there = 0;
    }
    if (there == 0 && isReset(d)) {
      unlock(lockWord);
      return receiveAfterEnd(d, socket, buffer, length, flags, waited);
    }
    if (there != 0) {
      let done: u32;
      done = (flags & ws.MSG_PEEK) != 0 ? peek(d, buffer, length) : take(d, buffer, length);
      unlock(lockWord);
      return done;
    }
    const told = peerFlags(d);
    if (told != 0) {
      // The flags were read first: bytes that came before the end are visible now.
      if (readable(d) != 0) continue;
      unlock(lockWord);
      if ((told & layout.FLAG_CLOSED) == 0) return 0;
      return receiveAfterEnd(d, socket, buffer, length, flags, waited);
    }
    if (isNonBlocking(d)) {
      const memory = smallScratch();
      if (memory != 0 && pollPeer(d, socket, memory)) continue;
      unlock(lockWord);
      return receiveNothing(d, socket, buffer, length, flags);
    }
    if (deadline == 0 && d.receiveTimeoutMs != 0) deadline = os.nowUs() + <u64>d.receiveTimeoutMs * 1000;
    waited = true;
    const generation = d.generation;
    const woken = waitFor(d, socket, true, deadline);
    if (woken == WAKE_READY) continue;
    const closed = d.generation != generation;
    unlock(lockWord);
    if (woken == WAKE_TIMEOUT) return fail(ws.WSAETIMEDOUT);
    if (woken != WAKE_CHANGED) return fail(ws.WSAENOBUFS);
    if (closed) return fail(ws.WSAEINTR);
    return receiveKernel(d, socket, buffer, length, flags);
  }
  unlock(lockWord);
  return receiveKernel(d, socket, buffer, length, flags);
}

/** A little memory of this thread's own, 0 if there is none. */
function smallScratch(): usize {
  const thread = currentThread();
  return changetype<usize>(thread) == 0 ? 0 : scratch(thread, SCRATCH_BYTES);
}

/** The application did not wait for its connect: looks whether the kernel, or meanwhile another thread, has finished it. */
export function nowConnected(d: Descriptor, socket: usize): bool {
  const memory = smallScratch();
  if (memory != 0 && selectOne(socket, memory, false, 0) > 0) finishConnecting(d, true);
  return kindOf(d) != KIND_CONNECTING;
}

/** Nothing to read on a non-blocking socket: a connection that is not decided yet may have its answer in the kernel. */
function receiveNothing(d: Descriptor, socket: usize, buffer: usize, length: i32, flags: i32): i32 {
  if (kindOf(d) == KIND_PENDING) {
    settleHere(d, socket);
    if (kindOf(d) != KIND_PENDING) return receive(d, socket, buffer, length, flags);
  }
  return fail(ws.WSAEWOULDBLOCK);
}

/** False when there is no memory for it. */
function settleHere(d: Descriptor, socket: usize): bool {
  const memory = smallScratch();
  if (memory != 0) settlePending(d, socket, memory);
  return memory != 0;
}

/** Everything is read and the peer is gone: the kernel says how the connection ended. */
function receiveAfterEnd(d: Descriptor, socket: usize, buffer: usize, length: i32, flags: i32, waited: bool): i32 {
  lockBoth(d);
  let reset = false;
  let damaged = false;
  if (d.handle == socket && kindOf(d) >= KIND_PENDING) {
    reset = isReset(d) || (peerFlags(d) & layout.FLAG_RESET) != 0;
    damaged = isReset(d) && !isPeerGone(d);
    if (endOf(d) == ENDED_NOT) setEnd(d, reset ? ENDED_OTHERWISE : ENDED_ORDERLY);
    if (!damaged) endConnection(d);
  }
  unlockBoth(d);
  // A thread that was blocked learns of a reset by an error, as from the kernel.
  if (damaged || (reset && waited)) return fail(ws.WSAECONNRESET);
  // The peer closes its kernel socket right after it told us: its word may be a moment ahead of the kernel's.
  const memory = smallScratch();
  if (memory != 0) selectOne(socket, memory, true, layout.RECHECK_MS);
  return receiveKernel(d, socket, buffer, length, flags);
}

/** `recv` from the kernel, past doorbells that came before the end. */
function receiveKernel(d: Descriptor, socket: usize, buffer: usize, length: i32, flags: i32): i32 {
  // Looked at once: another thread may finish the connect at any moment, and then nothing here is the kernel's.
  const kind = kindOf(d);
  if (kind == KIND_UNUSED) return fail(ws.WSAENOTSOCK); // another thread is closing it
  if (kind == KIND_CONNECTING && !nowConnected(d, socket)) return fail(ws.WSAENOTCONN);
  if (kind >= KIND_CONNECTING) return receive(d, socket, buffer, length, flags);
  if (kind == KIND_ENDED && hasDoorbells(d)) {
    const memory = smallScratch();
    if (memory != 0) {
      lock(receiveLockOf(d));
      takeAllDoorbells(socket, memory);
      unlock(receiveLockOf(d));
    }
  }
  const result = ws.recv(socket, buffer, length, flags);
  if (result >= 0 || endOf(d) != ENDED_ORDERLY || kindOf(d) != KIND_ENDED) return result;
  // A doorbell of ours that crossed the peer's close makes a reset of it for the kernel. It was none.
  const error = ws.WSAGetLastError();
  return error == ws.WSAECONNRESET || error == ws.WSAECONNABORTED ? 0 : result;
}

/** `send` on a user-level connection. */
export function transmit(d: Descriptor, socket: usize, buffer: usize, length: i32, flags: i32): i32 {
  if ((flags & ~ws.MSG_DONTROUTE) != 0) return refuse(ws.WSAEOPNOTSUPP);
  if (length < 0) return fail(ws.WSAEFAULT);
  let deadline: u64 = 0;
  let done: u32 = 0;
  let waited = false;
  let generation: u32 = 0;
  const lockWord = sendLockOf(d);
  lock(lockWord);
  while (d.handle == socket && kindOf(d) >= KIND_PENDING) {
    if (d.shutdownSend != 0) return finishSend(d, lockWord, ws.WSAESHUTDOWN, done);
    if (isReset(d)) return finishSend(d, lockWord, ws.WSAECONNRESET, done);
    if ((peerFlags(d) & layout.FLAG_CLOSED) != 0) return transmitAfterEnd(d, socket, lockWord, buffer, length, done);
    if (d.sendOwner == 0 || d.sendOwner == os.thread()) {
      if (d.growable != 0 && knownRoom(d) < <u32>length - done) growWindow(d, <u32>length - done);
      done += put(d, buffer + done, <u32>length - done);
      if (done == <u32>length) {
        const pending = kindOf(d) == KIND_PENDING;
        // Bytes first, then the look at the decision: an acceptor that sleeps for them has decided before it armed.
        const settle = pending && decided(d);
        releaseSend(d);
        unlock(lockWord);
        if (settle) settleHere(d, socket);
        else if (pending) wakeCaretaker();
        return length;
      }
    }
    if (isReset(d)) continue;
    if (kindOf(d) == KIND_PENDING && decided(d)) {
      if (smallScratch() == 0) return finishSend(d, lockWord, ws.WSAENOBUFS, done);
      unlock(lockWord);
      settleHere(d, socket);
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
      if (!changed) return fail(ws.WSAEWOULDBLOCK);
      lock(lockWord);
      continue;
    }
    if (deadline == 0 && d.sendTimeoutMs != 0) deadline = os.nowUs() + <u64>d.sendTimeoutMs * 1000;
    // A blocking send is one piece: other threads' bytes wait until it is through.
    if (d.sendOwner == 0 && changetype<usize>(currentThread()) != 0) d.sendOwner = os.thread();
    waited = true;
    generation = d.generation;
    const woken = waitFor(d, socket, false, deadline);
    if (woken == WAKE_READY) continue;
    if (woken == WAKE_TIMEOUT) return finishSend(d, lockWord, ws.WSAETIMEDOUT, done);
    if (woken == WAKE_CHANGED) break;
    return finishSend(d, lockWord, ws.WSAENOBUFS, done);
  }
  const closed = waited && d.generation != generation;
  // Looked at once: another thread may finish the connect at any moment, and then these bytes are not for the kernel.
  const kind = kindOf(d);
  const died = kind == KIND_ENDED && isReset(d);
  if (kind == KIND_ENDED) setEnd(d, ENDED_OTHERWISE);
  unlock(lockWord);
  if (closed) return fail(ws.WSAEINTR);
  if (kind == KIND_UNUSED) return fail(ws.WSAENOTSOCK); // another thread is closing it
  if (died) return done != 0 ? done : fail(ws.WSAECONNRESET);
  if (kind == KIND_CONNECTING) {
    return nowConnected(d, socket) ? transmit(d, socket, buffer, length, flags) : fail(ws.WSAENOTCONN);
  }
  const more = ws.send(socket, buffer + done, length - done, flags);
  return more < 0 && done != 0 ? done : done + more;
}

/** Writes what there is room for, piece by piece, waking a reader that sleeps. With `sendLock` held. */
function put(d: Descriptor, buffer: usize, length: u32): u32 {
  let done: u32 = 0;
  while (done < length) {
    let room = knownRoom(d);
    if (room < length - done || kindOf(d) == KIND_PENDING) room = writable(d);
    if (room == 0) break;
    const bytes = min(min(room, length - done), <u32>layout.COPY_CHUNK);
    copyIn(d, buffer + done, bytes);
    done += bytes;
    d.head += bytes;
    sync.storeSeq(d.remote + layout.BLOCK_HEAD, d.head);
    answerReader(d);
  }
  return done;
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
  releaseSend(d);
  unlock(lockWord);
  return done != 0 ? done : fail(error);
}

/** The peer has closed its socket: what the kernel does with bytes for it, and says about them, is what we say. */
function transmitAfterEnd(d: Descriptor, socket: usize, lockWord: usize, buffer: usize, length: i32, done: u32): i32 {
  const blocked = d.sendOwner != 0 && d.sendOwner == os.thread();
  releaseSend(d);
  unlock(lockWord);
  // A blocked sender has bytes on the way that nobody will read: the kernel calls that a reset.
  if (blocked) return fail(ws.WSAECONNRESET);
  setEnd(d, ENDED_OTHERWISE);
  const more = ws.send(socket, buffer + done, length - done, 0);
  return more < 0 && done != 0 ? done : done + more;
}
