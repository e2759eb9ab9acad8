/**
 * The peer of a user-level connection has left (see leaving.ts), and this side goes on in the kernel as soon as two things are
 * through: the application has read what lies in our ring, and the kernel has taken what the peer had not read of its own. Mostly
 * both are so at once. Until then the kind is KIND_LEFT: bytes of the ring come before the kernel's, and nothing is sent before
 * what is left over.
 */
import * as ws from "../generated/winsock";
import * as layout from "../layout";
import * as os from "../os";
import { Runtime, runtimeField } from "../runtime";
import * as sync from "../sync";
import { hasFailed, resetOnClose, selectOne } from "../vmmc/kernel-connection";
import { BAD_BUFFER } from "./buffers";
import { wakeCaretaker } from "./caretaker";
import { damage, detach, wakeAll } from "./connection";
import {
  Descriptor,
  KIND_ENDED,
  KIND_LEFT,
  eventsOf,
  isNonBlocking,
  kindOf,
  lockBoth,
  receiveLockOf,
  setKind,
  unlockBoth,
} from "./descriptor";
import { fail } from "./errors";
import { readingEnabled, tellKernel, watchReading } from "./events";
import { goOnInKernel } from "./leaving";
import { lock, unlock } from "./lock";
import { repeatShutdown, setKernelBlocking } from "./pending";
import { receiveThere, totalOf } from "./pieces";
import { readUnread } from "./receive";
import { smallScratch } from "./stream";
import { sendRest } from "./transmit";
import { givenWay, hasBytes, hasRest, hasUrgent, markSent, takeUrgent } from "./urgent";
import { bytesTogether, placeSent } from "./window";

/** A socket that can be written to takes so many bytes at once without blocking. */
const LEFT_CHUNK: u32 = 4096;
/** Nothing of that kind lies in the ring. */
const NOTHING: i32 = -2;

/** From now on the kind is KIND_LEFT, or what comes after it. With both locks held. */
export function beginLeft(d: Descriptor, memory: usize): void {
  d.leftAt = sync.loadAcquire(d.own + layout.BLOCK_CREDIT);
  if (d.head - d.leftAt > d.sendWindow) {
    d.leftAt = d.head;
    damage(d);
  }
  d.leftUrgent = d.leftAt + min(givenWay(d, d.leftAt), d.head - d.leftAt);
  setKind(d, KIND_LEFT);
  wakeAll(d);
  // Nobody uses the kernel's socket yet.
  const blocking = d.leftAt != d.head && !isNonBlocking(d);
  if (blocking) setKernelBlocking(d, memory, false);
  while (d.leftAt != d.head && sendOneOfLeft(d, layout.COPY_CHUNK)) {}
  if (blocking) setKernelBlocking(d, memory, true);
  // Counted until it is sent, for the caretaker.
  sync.fetchAdd(runtimeField(offsetof<Runtime>("pendingCount")), 1);
  d.leftOver = 1;
  d.leftUnread = 1;
  if (settleLeft(d, memory)) return;
  if (d.leftOver != 0) wakeCaretaker();
  // Nobody looks at it any more for events.
  if (eventsOf(d) != 0 && hasUnread(d)) watchReading(d);
}

/** Sends what is left over, as far as the kernel takes it. True: the kernel carries the connection. With both locks held. */
export function settleLeft(d: Descriptor, memory: usize): bool {
  if (kindOf(d) != KIND_LEFT) return kindOf(d) < KIND_ENDED;
  const before = d.leftOver + d.leftUnread;
  if (d.leftOver != 0) {
    sendLeftOver(d, memory);
    if (d.leftAt == d.head) {
      forgetLeftOver(d);
      repeatShutdown(d);
    }
  }
  if (d.leftUnread != 0 && !hasUnread(d) && isDropped(d)) d.leftUnread = 0;
  const now = d.leftOver + d.leftUnread;
  if (now == 0) goOnInKernel(d, memory);
  else if (now != before) tellKernel(d);
  return now == 0;
}

/** For who holds no lock. `memory`: 256 bytes. */
export function settleLeftEntry(d: Descriptor, memory: usize): void {
  lockBoth(d);
  settleLeft(d, memory);
  unlockBoth(d);
}

function forgetLeftOver(d: Descriptor): void {
  if (d.leftOver != 0) sync.fetchAdd(runtimeField(offsetof<Runtime>("pendingCount")), -1);
  d.leftOver = 0;
}

/** Bytes, or an urgent one, for the application. With `receiveLock` held. */
function hasUnread(d: Descriptor): bool {
  return d.shutdownReceive == 0 && hasRest(d);
}

/** True when nobody can read what comes behind the ring's bytes while those are unread: the kernel knows that receiving is shut down. */
function isDropped(d: Descriptor): bool {
  if (!hasRest(d)) return true;
  return ws.shutdown(d.handle, ws.SD_RECEIVE) == 0 || hasFailed(ws.WSAGetLastError());
}

/** Without blocking, although the kernel's socket may: other threads use it. */
function sendLeftOver(d: Descriptor, memory: usize): void {
  while (d.leftAt != d.head && selectOne(d.handle, memory, false, 0) > 0 && sendOneOfLeft(d, LEFT_CHUNK)) {}
}

/** Sends some of what is left over, up to `most` bytes. False: the kernel takes no more now. */
function sendOneOfLeft(d: Descriptor, most: u32): bool {
  // Up to a byte that was sent as urgent, and that byte by itself.
  const mark = markSent(d);
  const urgent = d.leftAt == mark || <i32>(d.leftUrgent - d.leftAt) > 0;
  const bytes = bytesTogether(d, d.leftAt, urgent ? 1 : min(min(mark - d.leftAt, d.head - d.leftAt), most));
  const sent = ws.send(d.handle, placeSent(d, d.leftAt), bytes, urgent ? ws.MSG_OOB : 0);
  if (sent > 0) {
    d.leftAt += sent;
    return true;
  }
  const error = ws.WSAGetLastError();
  // The connection has failed: the next call will say so. Of anything else another try may make nothing.
  if (hasFailed(error) || error == ws.WSAENOTSOCK) d.leftAt = d.head;
  return false;
}

/** True when the application's bytes have to wait for those that are left over. */
export function mustWaitToSend(d: Descriptor, memory: usize): bool {
  lockBoth(d);
  const waits = !settleLeft(d, memory) && d.leftOver != 0 && kindOf(d) == KIND_LEFT;
  unlockBoth(d);
  return waits;
}

/** True when the ring has something for the application. Without: the kernel is to be asked. */
export function hasLeftUnread(d: Descriptor, memory: usize): bool {
  lockBoth(d);
  const unread = !settleLeft(d, memory) && kindOf(d) == KIND_LEFT && hasUnread(d);
  unlockBoth(d);
  return unread;
}

/** `recv` after the peer has left. */
export function receiveLeft<T>(d: Descriptor, socket: usize, generation: u32, elements: usize, count: i32, flags: i32): i32 {
  const length = totalOf<T>(elements, count);
  const memory = smallScratch();
  if (memory == 0) return fail(ws.WSAENOBUFS);
  lockBoth(d);
  const same = d.generation == generation && kindOf(d) == KIND_LEFT;
  const shut = same && d.shutdownReceive != 0;
  let done = NOTHING;
  if (same && !shut && hasUnread(d)) {
    if ((flags & ws.MSG_OOB) == 0) done = readUnread<T>(d, elements, count, length, (flags & ws.MSG_PEEK) != 0);
    else if (hasUrgent(d)) done = takeUrgent<T>(d, elements, count, length, flags);
    if (eventsOf(d) != 0 && hasUnread(d)) readingEnabled(d);
  }
  if (same) settleLeft(d, memory);
  unlockBoth(d);
  if (shut) return fail(ws.WSAESHUTDOWN);
  if (<u32>done == BAD_BUFFER) return fail(ws.WSAEFAULT);
  return done != NOTHING ? done : receiveThere<T>(socket, elements, count, flags);
}

/** `send` after the peer has left, of all but the first `done` bytes. */
export function transmitLeft<T>(d: Descriptor, socket: usize, generation: u32, elements: usize, count: i32, flags: i32, done: i32): i32 {
  const memory = smallScratch();
  if (memory == 0) return done != 0 ? done : fail(ws.WSAENOBUFS);
  const began = os.nowUs();
  while (mustWaitToSend(d, memory)) {
    const timeout = <u64>d.sendTimeoutMs * 1000;
    const late = timeout != 0 && os.nowUs() - began >= timeout;
    if (d.shutdownSend == 0 && !isNonBlocking(d) && !late) {
      selectOne(socket, memory, false, layout.CARETAKER_PERIOD_MS);
      continue;
    }
    if (done != 0) return done;
    return fail(d.shutdownSend != 0 ? ws.WSAESHUTDOWN : late ? ws.WSAETIMEDOUT : ws.WSAEWOULDBLOCK);
  }
  lock(receiveLockOf(d));
  const closed = d.generation != generation || d.handle != socket;
  unlock(receiveLockOf(d));
  if (closed) return fail(ws.WSAENOTSOCK);
  return sendRest<T>(d, socket, elements, count, flags, done, 0);
}

/** `shutdown` after the peer has left. With both locks held. */
export function shutdownLeft(d: Descriptor, how: i32, memory: usize): void {
  if (how != ws.SD_SEND) d.shutdownReceive = 1;
  if (how != ws.SD_RECEIVE) d.shutdownSend = 1;
  if (d.leftOver == 0) repeatShutdown(d);
  settleLeft(d, memory);
}

/** `closesocket` after the peer has left: the kernel gets the rest first, or makes a reset of it. With both locks held. */
export function closeLeft(d: Descriptor, memory: usize): void {
  let whole = memory != 0 && !hasBytes(d);
  while (whole && !settleLeft(d, memory) && d.leftOver != 0) whole = selectOne(d.handle, memory, false, layout.LEFT_CLOSE_LIMIT_MS) > 0;
  if (!whole && memory != 0) resetOnClose(d.handle, memory);
  forgetLeftOver(d);
  if (kindOf(d) == KIND_LEFT) detach(d);
}
