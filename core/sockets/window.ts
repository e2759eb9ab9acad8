/**
 * How much of a ring is in use: little at first, more when bytes do not fit. A window doubles at a position of the stream,
 * where the next *level* begins: bytes before it lie where the old window has put them, bytes from it on begin in the new
 * half. So a window grows whatever is unread, and nothing is moved. docs/protocol.md draws it.
 */
import * as layout from "../layout";
import * as os from "../os";
import * as sync from "../sync";
import { answerWriter, damage } from "./connection";
import { Descriptor, KIND_PENDING, kindOf, setHeard } from "./descriptor";

/** Where, in a block, the position is noted at which that level (from 1 on) begins. */
// @ts-ignore: decorator
@inline
function levelField(block: usize, level: u32): usize {
  return block + layout.BLOCK_LEVELS + (<usize>(level - 1)) * 4;
}

/**
 * Bytes that can be read now and lie together by the same rule. Positions from the segment are checked: a bad one damages
 * this connection only. With `receiveLock` held.
 */
// @ts-ignore: decorator
@inline
export function readable(d: Descriptor): u32 {
  const head = sync.loadAcquire(d.own + layout.BLOCK_HEAD);
  let bytes = head - d.tail;
  // Read after the head: every byte seen here lies by a level that is seen here too.
  const newest = sync.loadAcquire(d.own + layout.BLOCK_WINDOW);
  if (newest != d.receiveWindow && newest != 0) bytes = readableOfLevel(d, bytes, newest);
  if (bytes <= d.receiveWindow) {
    d.seenHead = d.tail + bytes;
    return bytes;
  }
  // A position that was found bad is not kept: nothing of this connection is read any more.
  d.seenHead = d.tail;
  damage(d);
  return 0;
}

const BAD: u32 = 0xffffffff;

/** The peer has enlarged our ring's window to `newest`: as much of `bytes` as is of the level that is read now, or BAD. */
function readableOfLevel(d: Descriptor, bytes: u32, newest: u32): u32 {
  const valid = newest > d.receiveWindow && newest <= d.ringBytes && (newest & (newest - 1)) == 0 && bytes <= newest;
  if (!valid) return BAD;
  while (d.receiveWindow != newest) {
    const begins = sync.loadRelaxed(levelField(d.own, d.receiveLevel + 1));
    const rest = begins - d.tail;
    if (rest > d.receiveWindow) return BAD;
    if (rest != 0) return min(bytes, rest);
    d.receiveLevel++;
    d.receiveShift = d.receiveWindow - begins;
    d.receiveWindow <<= 1;
  }
  return bytes;
}

/** True when a larger window begins at the very next byte: our credit up to here lets the writer use all of it. */
function levelEnds(d: Descriptor): bool {
  // The writer looks at our credit after it has enlarged the window: one of the two sees the other.
  sync.fence();
  const newest = sync.loadAcquire(d.own + layout.BLOCK_WINDOW);
  if (newest <= d.receiveWindow || newest > d.ringBytes) return false;
  return sync.loadRelaxed(levelField(d.own, d.receiveLevel + 1)) == d.tail;
}

/** All bytes that are there to be read, of whatever level. With `receiveLock` held. */
export function unread(d: Descriptor): u32 {
  if (readable(d) == 0) return 0;
  return min(sync.loadAcquire(d.own + layout.BLOCK_HEAD) - d.tail, d.ringBytes);
}

/** Copies `bytes` from that position of the stream on, wherever they lie in our ring: all of them readable. */
// @ts-ignore: decorator
@inline
export function copyOut(d: Descriptor, position: u32, buffer: usize, bytes: u32): void {
  const offset = (position + d.receiveShift) & (d.receiveWindow - 1);
  const first = min(bytes, d.receiveWindow - offset);
  memory.copy(buffer, d.ownRing + offset, first);
  if (bytes > first) memory.copy(buffer + first, d.ownRing, bytes - first);
}

/** `bytes` more are read: gives credit for them. With `receiveLock` held. */
// @ts-ignore: decorator
@inline
export function consumed(d: Descriptor, bytes: u32): void {
  d.tail += bytes;
  setHeard(d, 1);
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

/** As `copyOut`, in the other direction: into the peer's ring, where there is room for all of them. */
// @ts-ignore: decorator
@inline
export function copyIn(d: Descriptor, position: u32, buffer: usize, bytes: u32): void {
  const offset = (position + d.sendShift) & (d.sendWindow - 1);
  const first = min(bytes, d.sendWindow - offset);
  memory.copy(d.remoteRing + offset, buffer, first);
  if (bytes > first) memory.copy(d.remoteRing, buffer + first, bytes - first);
}

/** The level by which the byte at that position was laid into the peer's ring, not having been read since. With `sendLock` held. */
function levelSent(d: Descriptor, position: u32): u32 {
  if (d.sendSwitching == 0 || <i32>(position - d.sendSwitch) >= 0) return d.sendLevel;
  let level = d.sendBase;
  // All of these begin no more than a ring before the head.
  while (level < d.sendLevel && <i32>(position - sync.loadRelaxed(levelField(d.remote, level + 1))) >= 0) level++;
  return level;
}

/** How much of the ring that level uses. */
// @ts-ignore: decorator
@inline
function windowOf(level: u32): u32 {
  return <u32>layout.WINDOW_BYTES_MIN << level;
}

/** Where the byte at that position lies in the peer's ring. With `sendLock` held. */
export function placeSent(d: Descriptor, position: u32): usize {
  const level = levelSent(d, position);
  const shift = level == 0 ? 0 : windowOf(level - 1) - sync.loadRelaxed(levelField(d.remote, level));
  return d.remoteRing + ((position + shift) & (windowOf(level) - 1));
}

/** How many of `most` bytes lie together from there on. */
export function bytesTogether(d: Descriptor, position: u32, most: u32): u32 {
  const level = levelSent(d, position);
  const offset = <u32>(placeSent(d, position) - d.remoteRing);
  const bytes = min(most, windowOf(level) - offset);
  return level == d.sendLevel ? bytes : min(bytes, sync.loadRelaxed(levelField(d.remote, level + 1)) - position);
}

/** Bytes that can be written, by the credit that was seen last. With `sendLock` held. */
// @ts-ignore: decorator
@inline
export function knownRoom(d: Descriptor): u32 {
  return roomFor(d, d.seenCredit);
}

// @ts-ignore: decorator
@inline
function roomFor(d: Descriptor, credit: u32): u32 {
  if (d.sendSwitching != 0) {
    // Until all older bytes are read, only the new half may be written, and only once.
    if (<i32>(credit - d.sendSwitch) < 0) return (d.sendWindow >> 1) - (d.head - d.sendSwitch);
    d.sendSwitching = 0;
  }
  return d.sendWindow - (d.head - credit);
}

/** Bytes that can be written now. With `sendLock` held. */
// @ts-ignore: decorator
@inline
export function writable(d: Descriptor): u32 {
  // Nobody reads before the decision: credit would be a lie, and what is to be handed over must lie in one piece.
  if (kindOf(d) == KIND_PENDING) return max(pendingLimit(d), d.head) - d.head;
  const credit = sync.loadAcquire(d.own + layout.BLOCK_CREDIT);
  if (d.head - credit <= d.sendWindow) {
    d.seenCredit = credit;
    return roomFor(d, credit);
  }
  d.seenCredit = d.head - d.sendWindow;
  damage(d);
  return 0;
}

/** True when bytes can be written, perhaps after the window has grown. With `sendLock` held. */
export function hasRoom(d: Descriptor): bool {
  const pending = kindOf(d) == KIND_PENDING;
  if (d.growable != 0 && d.sendWindow < mostWindow(d, pending) && (!pending || d.sendBuffer == 0)) return true;
  if (pending) return d.head < pendingLimit(d);
  const credit = sync.loadAcquire(d.own + layout.BLOCK_CREDIT);
  return d.head - credit <= d.sendWindow && roomFor(d, credit) != 0;
}

/** How many bytes may be written before the decision: a kernel connection that carried none yet takes them at once. */
function pendingLimit(d: Descriptor): u32 {
  if (d.sendBuffer == 0) return d.sendWindow;
  // What the application set may include the system's own overhead. However little it is, systems take a piece of some bytes.
  return min(d.sendWindow, max<u32>(layout.WINDOW_BYTES_MIN, (d.sendBuffer - 1) / 4));
}

// @ts-ignore: decorator
@inline
function mostWindow(d: Descriptor, pending: bool): u32 {
  return pending ? min(d.ringBytes, <u32>layout.PENDING_WINDOW_MAX) : d.ringBytes;
}

/** Enlarges the window of the ring that this side writes until `length` bytes fit, as far as it can be. With `sendLock` held. */
export function growWindow(d: Descriptor, length: u32): void {
  const pending = kindOf(d) == KIND_PENDING;
  const most = mostWindow(d, pending);
  while (d.sendWindow < most && writable(d) < length) {
    if (!addLevel(d, pending)) {
      d.growable = 0;
      return;
    }
  }
  if (d.sendWindow == d.ringBytes) d.growable = 0;
}

function addLevel(d: Descriptor, pending: bool): bool {
  const window = d.sendWindow;
  const ring = <u32>(d.remoteRing - d.segment.address);
  if (!os.segmentAllocate(d.segment.handle, ring + window, window)) return false;
  // While nobody reads, the old window is filled to its end first: then all bytes lie in one piece, for the kernel.
  const begins = pending ? window : d.head;
  if (d.sendSwitching == 0) d.sendBase = d.sendLevel;
  d.sendLevel++;
  sync.storeRelease(levelField(d.remote, d.sendLevel), begins);
  d.sendWindow = window << 1;
  d.sendShift = window - begins;
  d.sendSwitch = begins;
  d.sendSwitching = 1;
  sync.storeRelease(d.remote + layout.BLOCK_WINDOW, d.sendWindow);
  return true;
}
