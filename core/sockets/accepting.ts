/** The acceptor's part of the rendezvous: which segment belongs to an accepted connection, and taking it. */
import * as layout from "../layout";
import * as os from "../os";
import { runtime } from "../runtime";
import { loadField } from "../shared-fields";
import * as sync from "../sync";
import { currentThread, scratch } from "../vmmc/bells";
import { kernelBytes, selectOne } from "../vmmc/kernel-connection";
import { Peer, acquirePeer, releasePeer, wasSeenToEnd } from "../vmmc/peers";
import { Segment, importSegment, keepImport, reconsiderOffers, releaseImport } from "../vmmc/segments";
import { startCaretaker, wakeCaretaker } from "./caretaker";
import { answerReader, answerWriter, attach } from "./connection";
import { isCutOff, mayCarry } from "./cut-off";
import { logDecision } from "./decision";
import { Descriptor, KIND_USER, kindOf, lockBoth, receiveLockOf, setKind, unlockBoth } from "./descriptor";
import { ownerRuns, pendingSlot, pendingUsed, removeStale, slotSequence, slotTag, slotWord, swapSlot } from "./directory";
import { lock, unlock } from "./lock";
import { isOfferFrom, localName, nameAddress, namePort, processReason } from "./rendezvous";
import { markGone } from "./waiting";

const SCRATCH_BYTES = 256;
/** Offers that are looked at for one connection: bounds what a directory can make an acceptor do that is not what it should be. */
const LOOKS = 4;

/**
 * The acceptor's step: the kernel has accepted `socket` at the server's name, and from the listener, in `d`, from the peer
 * named at `peerName`. Takes the segment that it offers, if any. A peer without a name (0) has reset the connection, and
 * whatever it offered goes with it.
 */
export function takeOffer(d: Descriptor, socket: usize, peerName: usize): void {
  d.clientAddress = peerName == 0 ? 0 : nameAddress(peerName);
  d.clientPort = peerName == 0 ? 0 : namePort(peerName);
  let reason = processReason();
  if (reason == layout.REASON_NONE) {
    reason = layout.REASON_PEER_NOT_WRAPPED;
    let waited = false;
    // What is found may be an older connection's, or be withdrawn just then, and this one's offer is another.
    for (let look = 0; look < LOOKS && peerName != 0; look++) {
      let slot = findOffer(d, socket);
      if (slot == 0 && !waited) {
        // Looks again in any case: the offer may have been made between the first look and the one for intents.
        waitForIntents(d);
        waited = true;
        slot = findOffer(d, socket);
      }
      if (slot == 0) break;
      const word = slotWord(slot);
      const lives = ownerRuns(slot, word);
      const fits = lives || (isForListener(slot, d) && (hasEnded(socket) || isHandedOver(d, slot, socket)));
      if (fits) reason = importOffer(d, slot, socket);
      else removeStale(slot, word, d.slotSequence);
      if (reason == layout.REASON_NONE && (!lives || (changetype<usize>(d.peer) != 0 && wasSeenToEnd(d.peer)))) endAtOnce(d);
      if (reason != layout.REASON_PEER_NOT_WRAPPED) break;
    }
  }
  if (reason != layout.REASON_NONE && reconsiderOffers()) wakeCaretaker();
  if (reason != layout.REASON_NONE) logDecision(d, layout.ROLE_ACCEPT, layout.MODE_KERNEL, reason);
}

/** The pending slot of the connection from d.client, or 0. Notes which use of the slot it is in `d.slotSequence`. */
function findOffer(d: Descriptor, socket: usize): usize {
  const used = pendingUsed();
  for (let index: u32 = 0; index < used; index++) {
    const slot = pendingSlot(index);
    d.slotSequence = slotSequence(slot);
    if ((slotWord(slot) & layout.SLOT_STATE_MASK) != layout.SLOT_PENDING) continue;
    if (!isOfferFrom(slot, d)) continue;
    if (d.serverAddress == 0) {
      // The listener is bound to every address: ask which one this connection came to.
      const thread = currentThread();
      if (changetype<usize>(thread) == 0 || scratch(thread, SCRATCH_BYTES) == 0) return 0;
      if (!localName(socket, thread.scratch)) return 0;
      d.serverAddress = nameAddress(thread.scratch);
    }
    if (sync.loadRelaxed(slot + layout.SLOT_SERVER_ADDRESS) == d.serverAddress) return slot;
  }
  return 0;
}

/** True when the offer was made for the listener that has accepted `d`, and not for an older one of the same name. */
function isForListener(slot: usize, d: Descriptor): bool {
  return (
    sync.loadRelaxed(slot + layout.SLOT_LISTENER) == d.listenerSlot &&
    sync.loadRelaxed(slot + layout.SLOT_LISTENER_SEQUENCE) == d.listenerSequence
  );
}

/**
 * True when the kernel connection has ended, as it must have if its connector's process has. If it has not, a dead process
 * has left the offer, and this is another connection of the same names. Or we may not open that process: then nobody would
 * notice its end. Nothing is read: if it lives, its bytes are the application's.
 */
function hasEnded(socket: usize): bool {
  const thread = currentThread();
  if (changetype<usize>(thread) == 0 || scratch(thread, SCRATCH_BYTES) == 0) return false;
  if (selectOne(socket, thread.scratch, true, layout.INTENT_LIMIT_MS) <= 0) return false;
  return kernelBytes(socket, thread.scratch) <= 0;
}

/** True when its connector, which has died, was handing this connection over to the kernel: which may not have heard of the end. */
function isHandedOver(d: Descriptor, slot: usize, socket: usize): bool {
  const word = slotWord(slot);
  const segment = importNamed(d, slot, word);
  if (changetype<usize>(segment) == 0) return false;
  const fits = mayCarry(segment, socket);
  keepImport(segment);
  wakeCaretaker();
  return fits;
}

/** What a dead connector wrote is read, and nobody waits for more. */
function endAtOnce(d: Descriptor): void {
  lock(receiveLockOf(d));
  if (kindOf(d) == KIND_USER) markGone(d);
  unlock(receiveLockOf(d));
}

/**
 * Connectors raise an intent before the kernel's connect: if one for this port is about to publish, it may be our peer.
 * Waits for those that are there now; one that takes too long is told to stay in the kernel.
 */
function waitForIntents(d: Descriptor): void {
  const used = pendingUsed();
  const began = os.nowUs();
  for (let index: u32 = 0; index < used; index++) {
    const slot = pendingSlot(index);
    const sequence = slotSequence(slot);
    const word = slotWord(slot);
    if ((word & layout.SLOT_STATE_MASK) != layout.SLOT_LIVE) continue;
    if (sync.loadRelaxed(slot + layout.SLOT_SERVER_PORT) != d.serverPort) continue;
    for (let round: u32 = 0; ; round++) {
      if (slotWord(slot) != word || slotSequence(slot) != sequence) break;
      const late = os.nowUs() - began > <u64>layout.INTENT_LIMIT_MS * 1000;
      if (late || (round & 63) == 63) {
        if (!ownerRuns(slot, word)) removeStale(slot, word, sequence);
        else if (late) swapSlot(slot, word, sequence, slotTag(word) | layout.SLOT_CLAIMED);
      }
      if (round < 100) os.yieldProcessor();
      else os.sleepMs(1);
    }
  }
}

/** Maps what the slot offers; 0 when it offers something else by now, or that cannot be. */
function importNamed(d: Descriptor, slot: usize, word: u32): Segment {
  const start = loadField(slot + layout.SLOT_START);
  // Its next use may offer another connection's segment, which is not for us to open.
  if (slotSequence(slot) != d.slotSequence) return changetype<Segment>(<usize>0);
  return importSegment(slotTag(word), start, loadField(slot + layout.SLOT_SEGMENT_KEY));
}

/** Imports the segment that the slot names and decides for USER. Returns the reason why not, or REASON_NONE. */
function importOffer(d: Descriptor, slot: usize, socket: usize): u32 {
  const word = slotWord(slot);
  if ((word & layout.SLOT_STATE_MASK) != layout.SLOT_PENDING) return layout.REASON_PEER_NOT_WRAPPED;
  const segment = importNamed(d, slot, word);
  if (changetype<usize>(segment) == 0) {
    if (slotSequence(slot) != d.slotSequence) return layout.REASON_PEER_NOT_WRAPPED;
    // Tells the connector, which then goes on through the kernel.
    swapSlot(slot, word, d.slotSequence, slotTag(word) | layout.SLOT_CLAIMED);
    return layout.REASON_SEGMENT_IMPORT;
  }
  // Succeeds only if the offer stood all the while, so that this is its segment.
  if (!swapSlot(slot, word, d.slotSequence, layout.SLOT_FREE)) {
    keepImport(segment);
    wakeCaretaker();
    return layout.REASON_PEER_NOT_WRAPPED;
  }
  const peer = acquirePeer(segment.tag, segment.start);
  if (!decide(segment, peer, socket)) {
    releasePeer(peer);
    releaseImport(segment, wakeCaretaker());
    wakeCaretaker();
    return layout.REASON_PEER_NOT_WRAPPED;
  }
  lockBoth(d);
  attach(d, segment, 1);
  d.peer = peer;
  // Before anybody else can see it as one that may leave.
  logDecision(d, layout.ROLE_ACCEPT, layout.MODE_USER, layout.REASON_NONE);
  setKind(d, KIND_USER);
  startCaretaker();
  // The connector may sleep already, for the decision or for what comes after it.
  answerReader(d);
  answerWriter(d);
  unlockBoth(d);
  return layout.REASON_NONE;
}

/** Decides for USER. False: the connector has decided for the kernel, and has done what follows from that. */
function decide(segment: Segment, peer: Peer, socket: usize): bool {
  const address = segment.address;
  store<u32>(address + layout.SEGMENT_ACCEPTOR_TAG, runtime().tag);
  store<u64>(address + layout.SEGMENT_ACCEPTOR_START, runtime().start);
  const state = address + layout.SEGMENT_STATE;
  if (sync.compareSwap(state, layout.STATE_PENDING, layout.STATE_USER) == layout.STATE_PENDING) return true;
  // A connector that has died on the way has left everything in the ring.
  if (!isCutOff(segment, peer, socket)) return false;
  return sync.compareSwap(state, layout.STATE_KERNEL, layout.STATE_USER) == layout.STATE_KERNEL;
}
