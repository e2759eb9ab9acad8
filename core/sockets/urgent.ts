/**
 * Out-of-band data on a user-level connection. The urgent byte lies in the ring at its place in the stream; beside the head,
 * the writer notes where the latest one is, and which byte. The reader takes that byte apart from the others, and passes over
 * its place; or, in line, reads it as one of them. Marks, stops and what is dropped are as on a TCP connection of the kernel.
 */
import * as ws from "../generated/winsock";
import * as layout from "../layout";
import * as os from "../os";
import * as sync from "../sync";
import { BAD_BUFFER } from "./buffers";
import { peerFlags } from "./connection";
import {
  Descriptor,
  KIND_PENDING,
  eventsOf,
  generationOf,
  isNonBlocking,
  isReset,
  kindOf,
  receiveLockOf,
} from "./descriptor";
import { fail } from "./errors";
import { setAdd } from "./fd-set";
import { urgentEnabled } from "./events";
import { lock, unlock } from "./lock";
import { decided } from "./pending";
import { byteAt, canReceive, totalOf } from "./pieces";
import { receiveKernel } from "./receive";
import { selectMixed } from "./select";
import { settleHere } from "./stream";
import { consumed, readable, unread } from "./window";

/** There is no mark, or its place is passed. */
const URGENT_NONE: u32 = 0;
/** The byte waits for `recv` with MSG_OOB. */
const URGENT_UNREAD: u32 = 1;
/** The byte was taken; its place in the stream is still to come. */
const URGENT_READ: u32 = 2;

/** An honest peer does not mark more bytes than this while one look is taken. */
const MARKS_AT_ONCE = 16;

/** The bytes written last are urgent: the last of them. Before the head is published. With `sendLock` held. */
export function markUrgent(d: Descriptor, byte: u32): void {
  const block = d.remote;
  const word = sync.loadRelaxed(block + layout.BLOCK_URGENT);
  const passes = olderToPass(d, word);
  sync.storeRelease(block + layout.BLOCK_URGENT_AT, d.head - 1);
  const count = (word >> layout.URGENT_COUNT_SHIFT) + 1;
  sync.storeRelease(
    block + layout.BLOCK_URGENT,
    (count << layout.URGENT_COUNT_SHIFT) | (passes << layout.URGENT_PASS_SHIFT) | layout.URGENT_SENT | byte,
  );
}

/**
 * An urgent byte is passed over when a newer one comes and it would be read next: the writer sees whether that is so, the reader
 * may look too late. `word` is the mark before. @returns how many bytes are passed over from BLOCK_URGENT_PASS on
 */
function olderToPass(d: Descriptor, word: u32): u32 {
  if (word == 0) return 0;
  const block = d.remote;
  const read = sync.loadAcquire(d.own + layout.BLOCK_CREDIT);
  const before = (word >> layout.URGENT_PASS_SHIFT) & layout.URGENT_PASS_MASK;
  const same = before != 0 && before != layout.URGENT_PASS_MASK && sync.loadRelaxed(block + layout.BLOCK_URGENT_PASS) == read;
  const passed: u32 = same ? before : 0;
  if (sync.loadRelaxed(block + layout.BLOCK_URGENT_AT) != read + passed) return passed;
  sync.storeRelease(block + layout.BLOCK_URGENT_PASS, read);
  return passed + 1;
}

/** Where this side has sent an urgent byte last; the head if it has not. With `sendLock` held. */
export function markSent(d: Descriptor): u32 {
  if (sync.loadRelaxed(d.remote + layout.BLOCK_URGENT) == 0) return d.head;
  return sync.loadRelaxed(d.remote + layout.BLOCK_URGENT_AT);
}

/** How many bytes from that position on, where the peer's reading has stopped, are urgent ones that gave way to newer. With `sendLock` held. */
export function givenWay(d: Descriptor, position: u32): u32 {
  const passes = (sync.loadRelaxed(d.remote + layout.BLOCK_URGENT) >> layout.URGENT_PASS_SHIFT) & layout.URGENT_PASS_MASK;
  return passes != 0 && sync.loadRelaxed(d.remote + layout.BLOCK_URGENT_PASS) == position ? passes : 0;
}

/** True when the peer has marked a byte that was not noticed yet. With `receiveLock` held. */
// @ts-ignore: decorator
@inline
export function hasNewMark(d: Descriptor): bool {
  return sync.loadRelaxed(d.own + layout.BLOCK_URGENT) != d.urgentWord;
}

/**
 * As many bytes as can be read and lie together (as `readable`), with every mark noticed that is among them. With
 * `receiveLock` held.
 */
export function readableWithMarks(d: Descriptor): u32 {
  // In this order: a mark that is not noticed after the look at the bytes marks one behind them.
  let there = readable(d);
  for (let round = 0; round < MARKS_AT_ONCE && hasNewMark(d) && noticeMark(d); round++) there = readable(d);
  return there;
}

/** As `readable` while no mark is known; of what came with a new one, nothing but the bytes that were `known` before. */
// @ts-ignore: decorator
@inline
export function moreReadable(d: Descriptor, known: u32): u32 {
  const there = readable(d);
  if (!hasNewMark(d)) return there;
  d.seenHead = d.tail + min(known, there);
  return min(known, there);
}

/** Takes note of a new mark, once the byte that it marks is there; false if it is not. With `receiveLock` held. */
function noticeMark(d: Descriptor): bool {
  // In this order: a mark whose byte lies before the head is one whose word is seen here, or an even newer one follows.
  const bytes = sync.loadAcquire(d.own + layout.BLOCK_HEAD) - d.tail;
  const word = sync.loadAcquire(d.own + layout.BLOCK_URGENT);
  const at = sync.loadAcquire(d.own + layout.BLOCK_URGENT_AT);
  const from = sync.loadAcquire(d.own + layout.BLOCK_URGENT_PASS);
  if (at - d.tail >= bytes || bytes > d.ringBytes || sync.loadRelaxed(d.own + layout.BLOCK_URGENT) != word) return false;
  const passes = (word >> layout.URGENT_PASS_SHIFT) & layout.URGENT_PASS_MASK;
  if (passes != 0 && from == d.tail && passes <= at - from && d.urgentInLine == 0) {
    for (let n: u32 = 0; n < passes; n++) passOver(d);
  } else if (isNext(d) && at != d.tail) passOver(d);
  d.urgentWord = word;
  d.urgentAt = at;
  d.urgent = URGENT_UNREAD;
  return true;
}

/** The marked byte is the next one, and is not to be read as one of the stream. */
// @ts-ignore: decorator
@inline
function isNext(d: Descriptor): bool {
  return d.urgent != URGENT_NONE && d.urgentAt == d.tail && d.urgentInLine == 0;
}

/** The end behind the marked byte was read, from the kernel. With `receiveLock` held. */
export function forgetMarkAtEnd(d: Descriptor): void {
  if (isNext(d)) d.urgent = URGENT_NONE;
}

/** The stream goes on behind the marked byte. With `receiveLock` held. */
function passOver(d: Descriptor): void {
  d.urgent = URGENT_NONE;
  // The byte may be the first of a new level.
  if (readable(d) != 0) consumed(d, 1);
}

/**
 * How many of `there` bytes `recv` may take at once: up to a mark. One that comes next is passed over, except by who has
 * waited until now: to that one it alone is nothing to read. With `receiveLock` held.
 */
export function upToMark(d: Descriptor, there: u32, waited: bool): u32 {
  const rest = d.urgentAt - d.tail;
  if (rest != 0) return min(there, rest);
  if (d.urgentInLine != 0) return there;
  if (waited && unread(d) == 1 && peerFlags(d) == 0) return 0;
  passOver(d);
  return readable(d);
}

/** As `upToMark`, when nothing is to be taken: how many bytes there are behind a mark that comes next, or before a later one. */
export function peekToMark(d: Descriptor, there: u32): u32 {
  const rest = d.urgentAt - d.tail;
  if (rest != 0) return min(there, rest);
  return isNext(d) ? unread(d) - 1 : there;
}

/** Bytes before those that `peekToMark` counts. */
export function skipped(d: Descriptor): u32 {
  return isNext(d) ? 1 : 0;
}

/** Bytes were read: forgets a mark whose place is passed. With `receiveLock` held. */
// @ts-ignore: decorator
@inline
export function forgetPassed(d: Descriptor): void {
  if (d.urgent != URGENT_NONE && <i32>(d.urgentAt - d.tail) < 0) d.urgent = URGENT_NONE;
}

/** All bytes that are there, of those only what comes before a mark which is not in line. With `receiveLock` held. */
export function unreadBeforeMark(d: Descriptor): u32 {
  readableWithMarks(d);
  const bytes = unread(d);
  if (d.urgent == URGENT_NONE || d.urgentInLine != 0) return bytes;
  return min(bytes, d.urgentAt - d.tail);
}

/** True when there are bytes for `recv`, apart from a marked one. With `receiveLock` held. */
export function hasBytes(d: Descriptor): bool {
  for (let round = 0; round < MARKS_AT_ONCE; round++) {
    const head = sync.loadAcquire(d.own + layout.BLOCK_HEAD);
    if (head == d.tail) return false;
    if (!hasNewMark(d) || !noticeMark(d)) return head - d.tail > skipped(d);
  }
  return true;
}

/** True when a byte waits for `recv` with MSG_OOB. With `receiveLock` held. */
export function hasUrgent(d: Descriptor): bool {
  if (hasNewMark(d)) noticeMark(d);
  return d.urgent == URGENT_UNREAD && d.urgentInLine == 0;
}

/** True when bytes, or an urgent one apart from them, wait for the application. With `receiveLock` held. */
export function hasRest(d: Descriptor): bool {
  return hasBytes(d) || hasUrgent(d);
}

/** What SIOCATMARK says: FALSE where the marked byte comes next. With `receiveLock` held. */
export function atMark(d: Descriptor): u32 {
  if (hasNewMark(d)) noticeMark(d);
  return isNext(d) ? 0 : 1;
}

/** What `recv` with MSG_OOB says where no urgent byte is and none will come, or who does not wait for it. */
export function noUrgent(d: Descriptor): i32 {
  if (d.urgentInLine != 0) return fail(ws.WSAEINVAL);
  return isNonBlocking(d) ? fail(ws.WSAEWOULDBLOCK) : 0;
}

/**
 * Sleeps as `select` does, until the socket has an urgent byte; or anything to tell, if `nothingElse` lies unread, which
 * would end that sleep at once. For up to `us`, which is not more than a second. False: no memory.
 */
function sleepForUrgent(socket: usize, nothingElse: bool, us: u32): bool {
  const setBytes = <usize>ws.fd_set_fd_array_offset + sizeof<usize>();
  const memory = os.alloc(3 * setBytes);
  if (memory == 0) return false;
  const excepts = memory + setBytes;
  const time = excepts + setBytes;
  setAdd(memory, socket);
  setAdd(excepts, socket);
  store<i32>(time + ws.timeval_tv_sec_offset, us / 1000000);
  store<i32>(time + ws.timeval_tv_usec_offset, us % 1000000);
  const result = selectMixed(nothingElse ? memory : 0, 0, excepts, time);
  os.free(memory);
  return result >= 0 || ws.WSAGetLastError() != ws.WSAENOBUFS;
}

/** Gives the urgent byte that waits to be read: into the first of `length` bytes. With `receiveLock` held. */
export function takeUrgent<T>(d: Descriptor, elements: usize, count: i32, length: i32, flags: i32): u32 {
  if (length != 0 && !canReceive<T>(d, elements, count, 0, 1)) return BAD_BUFFER;
  if (length != 0) store<u8>(byteAt<T>(elements, count, 0), <u8>d.urgentWord);
  if ((flags & ws.MSG_PEEK) == 0) d.urgent = URGENT_READ;
  return min(length, 1);
}

/** `recv` with MSG_OOB on a user-level connection. */
export function receiveUrgent<T>(d: Descriptor, socket: usize, elements: usize, count: i32, flags: i32): i32 {
  const length = totalOf<T>(elements, count);
  let deadline: u64 = 0;
  let waited = false;
  const generation = generationOf(d);
  const lockWord = receiveLockOf(d);
  lock(lockWord);
  while (d.generation == generation && d.handle == socket && kindOf(d) >= KIND_PENDING) {
    if (kindOf(d) == KIND_PENDING && decided(d)) {
      unlock(lockWord);
      if (!settleHere(d, socket)) return fail(ws.WSAENOBUFS);
      lock(lockWord);
      continue;
    }
    if (d.shutdownReceive != 0 || d.urgentInLine != 0) {
      unlock(lockWord);
      return fail(d.urgentInLine != 0 ? ws.WSAEINVAL : ws.WSAESHUTDOWN);
    }
    if (hasUrgent(d)) {
      const done = takeUrgent<T>(d, elements, count, length, flags);
      if (done != BAD_BUFFER && eventsOf(d) != 0) urgentEnabled(d);
      unlock(lockWord);
      return done == BAD_BUFFER ? fail(ws.WSAEFAULT) : done;
    }
    // An end brings no urgent byte any more.
    const ended = peerFlags(d) != 0 || isReset(d);
    if (isNonBlocking(d) || ended) {
      if (eventsOf(d) != 0) urgentEnabled(d);
      unlock(lockWord);
      return noUrgent(d);
    }
    const now = os.nowUs();
    if (deadline == 0 && d.receiveTimeoutMs != 0) deadline = now + <u64>d.receiveTimeoutMs * 1000;
    const over = deadline != 0 && now >= deadline;
    const nothingElse = sync.loadAcquire(d.own + layout.BLOCK_HEAD) == d.tail;
    unlock(lockWord);
    if (over) return fail(ws.WSAETIMEDOUT);
    const restUs: u64 = deadline != 0 ? deadline - now : <u64>layout.RECHECK_MS * 1000;
    if (!sleepForUrgent(socket, nothingElse, <u32>min<u64>(restUs, <u64>layout.RECHECK_MS * 1000))) return fail(ws.WSAENOBUFS);
    waited = true;
    lock(lockWord);
  }
  const closed = d.generation != generation;
  unlock(lockWord);
  if (closed && waited) return fail(ws.WSAEINTR);
  return receiveKernel<T>(d, socket, generation, elements, count, flags);
}
