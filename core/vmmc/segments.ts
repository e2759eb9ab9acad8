/**
 * Segments: creating and importing them, and keeping them for the next connection between the same two processes, so
 * that connection set-up does not pay for files and mappings every time.
 */
import * as layout from "../layout";
import * as os from "../os";
import { Runtime, runtime, runtimeField } from "../runtime";
import { storeField } from "../shared-fields";
import { isOffered } from "../sockets/directory";
import { lock, unlock } from "../sockets/lock";
import * as sync from "../sync";

/** A segment that this process has mapped. */
@unmanaged
export class Segment {
  /** Filled in together by the operating system: see `os.segmentCreate`. */
  address: usize;
  handle: usize;
  next: usize;
  ringBytes: u32;
  /** The connection it carries now, or carried last. */
  generation: u32;
  key: u64;
  /** The process that created it. */
  start: u64;
  tag: u32;
  /** True (1) while a connection uses it. */
  inUse: u32;
  /** Rounds of the caretaker since a connection used it. */
  idleRounds: u32;
  /** True (1) while an import stays mapped, unused, because its connector has offered it again. */
  offered: u32;
  /** The acceptor that has it mapped; tag 0 when nobody imported it yet. */
  peerTag: u32;
  peerStart: u64;
}

// @ts-ignore: decorator
@inline
function none(): Segment {
  return changetype<Segment>(<usize>0);
}

// @ts-ignore: decorator
@inline
function segmentsLock(): usize {
  return runtimeField(offsetof<Runtime>("segmentsLock"));
}

/**
 * A segment for a new connection to that process, reset and PENDING; 0 when none can be made. Its key is stored at
 * `keyField` of the directory, before there is a file that bears it: so somebody knows of the file wherever we die.
 * @param asked bytes that the application wants to be taken before anybody reads
 */
export function takeSegment(peerTag: u32, peerStart: u64, keyField: usize, asked: u32): Segment {
  const ringBytes = newRingBytes(asked);
  lock(segmentsLock());
  let segment = fromPool(peerTag, peerStart, keyField, ringBytes);
  unlock(segmentsLock());
  if (changetype<usize>(segment) == 0) segment = createSegment(keyField, ringBytes);
  if (changetype<usize>(segment) == 0) return segment;
  segment.inUse = 1;
  segment.generation++;
  resetSegment(segment);
  return segment;
}

function fromPool(peerTag: u32, peerStart: u64, keyField: usize, wanted: u32): Segment {
  let link = runtimeField(offsetof<Runtime>("pool"));
  while (load<usize>(link) != 0) {
    const segment = changetype<Segment>(load<usize>(link));
    const free =
      segment.peerTag == peerTag &&
      segment.peerStart == peerStart &&
      segment.ringBytes >= wanted && // smaller ones were made while there were many connections
      sync.loadAcquire(segment.address + layout.SEGMENT_RELEASED) == segment.generation &&
      isMapped(segment, keyField);
    if (free) {
      store<usize>(link, segment.next);
      runtime().poolCount--;
      return segment;
    }
    link = changetype<usize>(segment) + offsetof<Segment>("next");
  }
  return none();
}

/** Whether its acceptor has it mapped, and will not unmap it as long as `keyField` names it. */
function isMapped(segment: Segment, keyField: usize): bool {
  const unmapped = segment.address + layout.SEGMENT_UNMAPPED;
  if (sync.loadAcquire(unmapped) != 0) return false;
  storeField(keyField, segment.key);
  // The acceptor says that it unmaps the segment, and then looks whether it is named: one of the two sees the other.
  sync.fence();
  return sync.loadAcquire(unmapped) == 0;
}

function createSegment(keyField: usize, ringBytes: u32): Segment {
  const record = os.alloc(offsetof<Segment>());
  if (record == 0) return none();
  const segment = changetype<Segment>(record);
  segment.key = os.random();
  storeField(keyField, segment.key);
  segment.ringBytes = ringBytes;
  segment.tag = runtime().tag;
  segment.start = runtime().start;
  const bytes = layout.RINGS_OFFSET + 2 * segment.ringBytes;
  if (os.segmentCreate(segment.tag, segment.start, segment.key, bytes, record)) {
    sync.fetchAdd(runtimeField(offsetof<Runtime>("segmentCount")), 1);
    const secondRing = layout.RINGS_OFFSET + segment.ringBytes;
    if (
      os.segmentAllocate(segment.handle, 0, layout.RINGS_OFFSET + layout.WINDOW_BYTES_MIN) &&
      os.segmentAllocate(segment.handle, secondRing, layout.WINDOW_BYTES_MIN)
    ) {
      return segment;
    }
    destroySegment(segment);
    return none();
  }
  os.free(record);
  return none();
}

/** Few connections may have large rings, many have small ones, unless the application asks for more: very many have them all the same. */
function newRingBytes(asked: u32): u32 {
  const count = sync.loadRelaxed(runtimeField(offsetof<Runtime>("segmentCount")));
  const most = runtime().ringBytes;
  let part = count >= <u32>layout.SEGMENTS_VERY_MANY ? most / 16 : count >= <u32>layout.SEGMENTS_MANY ? most / 4 : most;
  while (count < <u32>layout.SEGMENTS_VERY_MANY && part < asked && part < most) part <<= 1;
  return max(part, <u32>layout.WINDOW_BYTES_MIN);
}

/** Makes the shared words as a new connection expects them. Nobody else looks at them before it is published. */
function resetSegment(segment: Segment): void {
  const address = segment.address;
  memory.fill(address, 0, layout.SEGMENT_RELEASED);
  memory.fill(address + layout.BLOCKS_OFFSET, 0, 2 * layout.BLOCK_BYTES);
  store<u32>(address + layout.SEGMENT_MAGIC, layout.MAGIC);
  store<u32>(address + layout.SEGMENT_VERSION, layout.PROTOCOL_VERSION);
  store<u32>(address + layout.SEGMENT_RING_BYTES, segment.ringBytes);
  store<u32>(address + layout.SEGMENT_GENERATION, segment.generation);
  store<u32>(address + layout.SEGMENT_CONNECTOR_TAG, segment.tag);
  store<u64>(address + layout.SEGMENT_CONNECTOR_START, segment.start);
  sync.storeRelease(address + layout.SEGMENT_STATE, layout.STATE_PENDING);
}

/**
 * The connector's connection has ended: keeps the segment for the next one if it `may` and while there is room, or lets it
 * go. One that was offered and not used must be let go of: an acceptor may be about to take it still, and must find the
 * decision that was made for it.
 */
export function giveBackSegment(segment: Segment, may: bool): void {
  lock(segmentsLock());
  segment.inUse = 0;
  segment.idleRounds = 0;
  const keep = may && runtime().poolCount < <u32>layout.POOL_LIMIT;
  if (keep) {
    segment.next = runtime().pool;
    runtime().pool = changetype<usize>(segment);
    runtime().poolCount++;
  }
  unlock(segmentsLock());
  if (!keep) destroySegment(segment);
}

function destroySegment(segment: Segment): void {
  sync.fetchAdd(runtimeField(offsetof<Runtime>("segmentCount")), -1);
  os.segmentClose(segment.address, segment.handle);
  // An importer's handle takes the name away; without one it is for us to do.
  if (segment.peerTag == 0) os.segmentRemove(segment.tag, segment.start, segment.key);
  os.free(changetype<usize>(segment));
}

/** Maps a connector's segment, or finds it mapped already; 0 when it is not there, damaged or of another version. */
export function importSegment(tag: u32, start: u64, key: u64): Segment {
  lock(segmentsLock());
  let segment = changetype<Segment>(runtime().imports);
  while (changetype<usize>(segment) != 0 && (segment.key != key || segment.tag != tag || segment.start != start)) {
    segment = changetype<Segment>(segment.next);
  }
  if (changetype<usize>(segment) != 0 && segment.inUse == 0) {
    segment.inUse = 1;
    setOffered(segment, 0);
    segment.generation = sync.loadRelaxed(segment.address + layout.SEGMENT_GENERATION);
    unlock(segmentsLock());
    return segment;
  }
  unlock(segmentsLock());
  if (changetype<usize>(segment) != 0) return none(); // still in use here: not an honest offer
  return openSegment(tag, start, key);
}

function openSegment(tag: u32, start: u64, key: u64): Segment {
  const record = os.alloc(offsetof<Segment>());
  if (record == 0) return none();
  const segment = changetype<Segment>(record);
  const bytes = os.segmentOpen(tag, start, key, record);
  if (bytes != 0) {
    const ringBytes = sync.loadRelaxed(segment.address + layout.SEGMENT_RING_BYTES);
    const valid =
      bytes >= <u32>layout.RINGS_OFFSET &&
      sync.loadRelaxed(segment.address + layout.SEGMENT_MAGIC) == layout.MAGIC &&
      sync.loadRelaxed(segment.address + layout.SEGMENT_VERSION) == layout.PROTOCOL_VERSION &&
      ringBytes >= <u32>layout.WINDOW_BYTES_MIN &&
      ringBytes <= <u32>layout.RING_BYTES_MAX &&
      (ringBytes & (ringBytes - 1)) == 0 &&
      bytes == layout.RINGS_OFFSET + 2 * ringBytes;
    if (valid) {
      segment.ringBytes = ringBytes;
      segment.generation = sync.loadRelaxed(segment.address + layout.SEGMENT_GENERATION);
      segment.key = key;
      segment.tag = tag;
      segment.start = start;
      segment.inUse = 1;
      lock(segmentsLock());
      segment.next = runtime().imports;
      runtime().imports = record;
      runtime().importCount++;
      unlock(segmentsLock());
      return segment;
    }
    os.segmentClose(segment.address, segment.handle);
  }
  os.free(record);
  return none();
}

/** The acceptor's connection has ended: tells the connector, and keeps the mapping if it `may` and while there is room. */
export function releaseImport(segment: Segment, may: bool): void {
  const address = segment.address;
  const generation = segment.generation;
  lock(segmentsLock());
  segment.inUse = 0;
  segment.idleRounds = 0;
  const keep = may && runtime().importCount <= <u32>layout.POOL_LIMIT;
  if (!keep) unlinkImport(segment);
  unlock(segmentsLock());
  // One that is kept may be in use for the next connection already.
  if (!keep) sync.storeRelease(address + layout.SEGMENT_UNMAPPED, 1);
  sync.storeRelease(address + layout.SEGMENT_RELEASED, generation);
  if (keep) return;
  os.segmentClose(segment.address, segment.handle);
  os.free(changetype<usize>(segment));
}

/** The segment was not taken: the mapping stays, since its connector may have offered it for another connection. */
export function keepImport(segment: Segment): void {
  lock(segmentsLock());
  segment.inUse = 0;
  segment.idleRounds = 0;
  unlock(segmentsLock());
}

/** Called with the lock held. */
function unlinkImport(segment: Segment): void {
  let link = runtimeField(offsetof<Runtime>("imports"));
  while (load<usize>(link) != 0) {
    if (load<usize>(link) == changetype<usize>(segment)) {
      store<usize>(link, segment.next);
      runtime().importCount--;
      return;
    }
    link = load<usize>(link) + offsetof<Segment>("next");
  }
}

/**
 * A round of the caretaker: lets go of what no connection has used for two rounds. Returns whether anything is left to
 * look after.
 */
export function dropIdleSegments(): bool {
  let dropped = takeIdle(runtimeField(offsetof<Runtime>("pool")));
  while (changetype<usize>(dropped) != 0) {
    destroySegment(dropped);
    dropped = takeIdle(runtimeField(offsetof<Runtime>("pool")));
  }
  dropped = takeIdle(runtimeField(offsetof<Runtime>("imports")));
  while (changetype<usize>(dropped) != 0) {
    os.segmentClose(dropped.address, dropped.handle);
    os.free(changetype<usize>(dropped));
    dropped = takeIdle(runtimeField(offsetof<Runtime>("imports")));
  }
  return countRound();
}

/** Takes the first segment that has been idle for two rounds out of a list; 0 when there is none. */
function takeIdle(first: usize): Segment {
  const ours = first == runtimeField(offsetof<Runtime>("pool"));
  let link = first;
  lock(segmentsLock());
  while (load<usize>(link) != 0) {
    const segment = changetype<Segment>(load<usize>(link));
    if (segment.inUse == 0 && segment.idleRounds >= 2 && (ours || mayUnmap(segment))) {
      store<usize>(link, segment.next);
      if (ours) runtime().poolCount--;
      else runtime().importCount--;
      unlock(segmentsLock());
      return segment;
    }
    link = changetype<usize>(segment) + offsetof<Segment>("next");
  }
  unlock(segmentsLock());
  return none();
}

/**
 * Tells the connector that its segment will be unmapped. False: it has just offered it for a connection that waits to be
 * accepted here. What it writes there must be found even if it dies, and the file has no name any more to import it by.
 */
function mayUnmap(segment: Segment): bool {
  const unmapped = segment.address + layout.SEGMENT_UNMAPPED;
  sync.storeSeq(unmapped, 1);
  const offered = isOffered(segment.tag, segment.key);
  setOffered(segment, offered ? 1 : 0);
  if (offered) sync.storeRelease(unmapped, 0);
  return !offered;
}

/** Called with the lock held. */
function setOffered(segment: Segment, offered: u32): void {
  runtime().offeredCount += offered - segment.offered;
  segment.offered = offered;
}

/** What was offered may have been withdrawn. Returns whether the caretaker is to look after imports that no connection uses. */
export function reconsiderOffers(): bool {
  if (runtime().offeredCount == 0) return false;
  lock(segmentsLock());
  for (let at = runtime().imports; at != 0; at = changetype<Segment>(at).next) setOffered(changetype<Segment>(at), 0);
  unlock(segmentsLock());
  return true;
}

/** True when a segment is kept that no connection uses, and that is not offered for one. */
export function anyIdleSegment(): bool {
  lock(segmentsLock());
  const any = hasIdle(runtime().pool) || hasIdle(runtime().imports);
  unlock(segmentsLock());
  return any;
}

// @ts-ignore: decorator
@inline
function isIdle(segment: Segment): bool {
  return segment.inUse == 0 && segment.offered == 0;
}

function hasIdle(list: usize): bool {
  let segment = changetype<Segment>(list);
  while (changetype<usize>(segment) != 0 && !isIdle(segment)) segment = changetype<Segment>(segment.next);
  return changetype<usize>(segment) != 0;
}

/** One round more for every idle segment. Returns whether there are any. */
function countRound(): bool {
  lock(segmentsLock());
  let any = countIn(runtime().pool);
  any = countIn(runtime().imports) || any;
  unlock(segmentsLock());
  return any;
}

function countIn(list: usize): bool {
  let any = false;
  let segment = changetype<Segment>(list);
  while (changetype<usize>(segment) != 0) {
    if (isIdle(segment)) {
      segment.idleRounds++;
      any = true;
    }
    segment = changetype<Segment>(segment.next);
  }
  return any;
}
