/**
 * The rendezvous directory: a table of slots in shared memory where listeners are published and connectors leave their
 * segments for acceptors. Nothing in it is trusted; a slot whose owner has died is removed by whoever meets it.
 */
import * as layout from "../layout";
import * as os from "../os";
import { Runtime, runtime, runtimeField } from "../runtime";
import { loadField, storeField } from "../shared-fields";
import * as sync from "../sync";
import { acquirePeer, hasEnded, releasePeer } from "../vmmc/peers";
import { lock, unlock } from "./lock";

/** Maps the directory and checks that it is one of ours. Sets the process's reason when it cannot be used. */
export function openDirectory(): void {
  const address = os.directoryMap(layout.DIRECTORY_BYTES);
  if (address == 0) {
    runtime().reason = layout.REASON_DIRECTORY_UNAVAILABLE;
    return;
  }
  // Everybody writes the same values into a new directory, so it does not matter who was first.
  if (sync.loadAcquire(address + layout.DIRECTORY_MAGIC) == 0) {
    sync.storeRelease(address + layout.DIRECTORY_VERSION, layout.PROTOCOL_VERSION);
    sync.storeRelease(address + layout.DIRECTORY_BYTES_FIELD, layout.DIRECTORY_BYTES);
    sync.compareSwap(address + layout.DIRECTORY_MAGIC, 0, layout.MAGIC);
  }
  if (sync.loadAcquire(address + layout.DIRECTORY_MAGIC) != layout.MAGIC) {
    runtime().reason = layout.REASON_DIRECTORY_FOREIGN;
  } else if (
    sync.loadAcquire(address + layout.DIRECTORY_VERSION) != layout.PROTOCOL_VERSION ||
    sync.loadAcquire(address + layout.DIRECTORY_BYTES_FIELD) != layout.DIRECTORY_BYTES
  ) {
    runtime().reason = layout.REASON_DIRECTORY_VERSION;
  } else {
    runtime().directory = address;
    sweep();
  }
}

// @ts-ignore: decorator
@inline
export function listenerSlot(index: u32): usize {
  return runtime().directory + layout.LISTENERS_OFFSET + (<usize>index) * layout.SLOT_BYTES;
}

// @ts-ignore: decorator
@inline
export function pendingSlot(index: u32): usize {
  return runtime().directory + layout.PENDING_OFFSET + (<usize>index) * layout.SLOT_BYTES;
}

/** How many of the slots can be in use: the directory's word, but never more than there are. */
export function listenersUsed(): u32 {
  return min(sync.loadAcquire(runtime().directory + layout.DIRECTORY_LISTENERS_USED), <u32>layout.LISTENER_SLOTS);
}

export function pendingUsed(): u32 {
  return min(sync.loadAcquire(runtime().directory + layout.DIRECTORY_PENDING_USED), <u32>layout.PENDING_SLOTS);
}

// @ts-ignore: decorator
@inline
export function slotWord(slot: usize): u32 {
  return sync.loadAcquire(slot + layout.SLOT_WORD);
}

// @ts-ignore: decorator
@inline
export function slotTag(word: u32): u32 {
  return word & ~layout.SLOT_STATE_MASK;
}

/** Which use of the slot this is. To be read before what it is to vouch for. */
// @ts-ignore: decorator
@inline
export function slotSequence(slot: usize): u32 {
  return sync.loadAcquire(slot + layout.SLOT_SEQUENCE);
}

/**
 * Changes the slot's word from `word` to `to`; false when the slot is not as it was. The sequence is compared with the
 * word: the same process may have freed the slot and filled it again, and then its word alone looks as before.
 */
export function swapSlot(slot: usize, word: u32, sequence: u32, to: u32): bool {
  const high = (<u64>sequence) << 32;
  return sync.compareSwapWide(slot, high | word, high | to) == (high | word);
}

/** Claims a free slot of a table for this process; returns its index, or -1 when all are in use. */
function claim(first: usize, count: u32, usedField: usize): i32 {
  const directoryLock = runtimeField(offsetof<Runtime>("directoryLock"));
  let claimed = -1;
  lock(directoryLock);
  for (let index: u32 = 0; index < count; index++) {
    const slot = first + (<usize>index) * layout.SLOT_BYTES;
    if (slotWord(slot) != layout.SLOT_FREE) continue;
    // First: if this process dies right after its claim, the slot must be among those that are looked at.
    raiseUsed(usedField, index + 1);
    const sequence = slotSequence(slot);
    const free = ((<u64>sequence) << 32) | layout.SLOT_FREE;
    const taken = ((<u64>(sequence + 1)) << 32) | (runtime().tag | layout.SLOT_CLAIMED);
    if (sync.compareSwapWide(slot, free, taken) != free) continue;
    storeField(slot + layout.SLOT_START, runtime().start);
    // A process that starts up may have read the start of the slot's last owner meanwhile, and free the slot, or be about to:
    // with one more step of the sequence it is ours, or was taken from us and may be somebody else's.
    const confirmed = ((<u64>(sequence + 2)) << 32) | (runtime().tag | layout.SLOT_CLAIMED);
    if (sync.compareSwapWide(slot, taken, confirmed) != taken) continue;
    claimed = index;
    break;
  }
  unlock(directoryLock);
  return claimed;
}

function raiseUsed(field: usize, value: u32): void {
  let seen = sync.loadAcquire(field);
  while (seen < value) {
    const found = sync.compareSwap(field, seen, value);
    if (found == seen) return;
    seen = found;
  }
}

export function claimListener(): i32 {
  return claim(listenerSlot(0), layout.LISTENER_SLOTS, runtime().directory + layout.DIRECTORY_LISTENERS_USED);
}

export function claimPending(): i32 {
  return claim(pendingSlot(0), layout.PENDING_SLOTS, runtime().directory + layout.DIRECTORY_PENDING_USED);
}

/** Frees a slot of this process, unless somebody has done so before and it is in use for something else. */
export function freeSlot(slot: usize, sequence: u32): void {
  while (slotSequence(slot) == sequence) {
    const word = slotWord(slot);
    if (slotTag(word) != runtime().tag || swapSlot(slot, word, sequence, layout.SLOT_FREE)) return;
  }
}

/** True when the process that owns the slot runs. */
export function ownerRuns(slot: usize, word: u32): bool {
  const start = loadField(slot + layout.SLOT_START);
  if (slotTag(word) == runtime().tag && start == runtime().start) return true;
  const owner = acquirePeer(slotTag(word), start);
  if (changetype<usize>(owner) == 0) return true;
  const runs = !hasEnded(owner);
  releasePeer(owner);
  return runs;
}

/** Removes a slot that belongs to a process which has ended, with the segment that it may still name. */
export function removeStale(slot: usize, word: u32, sequence: u32): void {
  // Its owner has changed it before it ended: what it is now, an offer maybe, is another question.
  if (slotWord(slot) != word || slotSequence(slot) != sequence) return;
  const start = loadField(slot + layout.SLOT_START);
  const key = loadField(slot + layout.SLOT_SEGMENT_KEY);
  // A connector notes the key before it creates the segment's file, and frees the slot after the file is gone; so do we.
  // Should the slot have changed hands meanwhile, this is the name of a file that nobody has.
  os.segmentRemove(slotTag(word), start, key);
  if (!swapSlot(slot, word, sequence, layout.SLOT_FREE)) return;
  if (os.logging()) os.logEvent(layout.EVENT_STALE_SLOT, slotTag(word), layout.REASON_NONE);
}

/**
 * True when a pending slot of that process names that segment, and an acceptor may still take it: there is a listener for it, or it
 * is not known yet for which one it is.
 */
export function isOffered(tag: u32, key: u64): bool {
  const used = pendingUsed();
  for (let index: u32 = 0; index < used; index++) {
    const slot = pendingSlot(index);
    const sequence = slotSequence(slot);
    const word = slotWord(slot);
    if (word == layout.SLOT_FREE || slotTag(word) != tag || loadField(slot + layout.SLOT_SEGMENT_KEY) != key) continue;
    const state = word & layout.SLOT_STATE_MASK;
    const runs = ownerRuns(slot, word);
    if (state == layout.SLOT_CLAIMED ? runs : (runs || state == layout.SLOT_PENDING) && !withoutListener(slot)) return true;
    if (!runs) removeStale(slot, word, sequence);
  }
  return false;
}

/** True when nobody listens at the slot's server address any more, so that nobody can take what is pending there. */
function withoutListener(slot: usize): bool {
  return findListener(sync.loadRelaxed(slot + layout.SLOT_SERVER_ADDRESS), sync.loadRelaxed(slot + layout.SLOT_SERVER_PORT)) < 0;
}

/** At start-up: removes what dead processes left, except offers that a running listener can still take. */
function sweep(): void {
  const listeners = listenersUsed();
  for (let index: u32 = 0; index < listeners; index++) sweepSlot(listenerSlot(index), false);
  const pending = pendingUsed();
  for (let index: u32 = 0; index < pending; index++) sweepSlot(pendingSlot(index), true);
}

function sweepSlot(slot: usize, pending: bool): void {
  const sequence = slotSequence(slot);
  const word = slotWord(slot);
  if (word == layout.SLOT_FREE || ownerRuns(slot, word)) return;
  const state = word & layout.SLOT_STATE_MASK;
  if (state == layout.SLOT_CLAIMED) {
    // Claimed, but its owner's start time may not be written yet.
    os.sleepMs(1);
    if (ownerRuns(slot, word)) return;
  }
  if (!pending || state != layout.SLOT_PENDING || withoutListener(slot)) removeStale(slot, word, sequence);
}

/**
 * The slot of a running listener for that address (network byte order): bound to it, or to every address. -1: none.
 * Slots of listeners whose process has ended are removed on the way.
 */
export function findListener(address: u32, port: u32): i32 {
  const used = listenersUsed();
  let wildcard = -1;
  for (let index: u32 = 0; index < used; index++) {
    const slot = listenerSlot(index);
    const sequence = slotSequence(slot);
    const word = slotWord(slot);
    if ((word & layout.SLOT_STATE_MASK) != layout.SLOT_LIVE) continue;
    if (sync.loadRelaxed(slot + layout.SLOT_SERVER_PORT) != port) continue;
    const bound = sync.loadRelaxed(slot + layout.SLOT_SERVER_ADDRESS);
    if (bound != address && bound != 0) continue;
    if (!ownerRuns(slot, word)) {
      removeStale(slot, word, sequence);
      continue;
    }
    if (bound == address) return index;
    wildcard = index;
  }
  return wildcard;
}
