/**
 * A user-level connection goes on in the kernel, because another process gets one of its sockets: that process knows the kernel's
 * socket only. Who leaves stops reading and writing, says so, and waits for the peer, which stops as well: now all positions are
 * final. Whatever the leaving side has not read is sent once more, through the kernel, by the peer, which still has it in the
 * leaving side's ring; what the peer has not read it goes on reading from its own ring (left.ts). Doorbells that are under way
 * are counted by both, and taken before the first byte of the application.
 */
import * as ws from "../generated/winsock";
import * as layout from "../layout";
import * as os from "../os";
import * as sync from "../sync";
import { Thread, currentThread } from "../vmmc/bells";
import { TAKEN_SOME, TAKEN_TO_END, hasNoPeer, kernelBytes, resetOnClose, selectOne, takeJust } from "../vmmc/kernel-connection";
import { Peer, hasDied, noteEnd, ringBell, wasSeenToEnd } from "../vmmc/peers";
import { Runtime, runtimeField } from "../runtime";
import { damage, detach, doorbell, peerFlags, ringFirst, wakeAll } from "./connection";
import { logDecision } from "./decision";
import {
  Descriptor,
  KIND_CONNECTING,
  KIND_ENDED,
  KIND_KERNEL,
  KIND_LEFT,
  KIND_PENDING,
  KIND_USER,
  isReset,
  kindOf,
  lockBoth,
  setKind,
  unlockBoth,
} from "./descriptor";
import { beginEvents, returnEvents } from "./events";
import { beginLeft, settleLeft } from "./left";
import { adopt, decided, repeatShutdown, toKernel } from "./pending";
import { abandonConnect } from "./rendezvous";
import { hasRest } from "./urgent";
import { publishArm } from "./waiting";

/** The peer's caretaker is rung again after so long (ms), should it have missed a ring. */
const RING_AGAIN_MS: u32 = 20;

// @ts-ignore: decorator
@inline
function stateOf(d: Descriptor): usize {
  return d.segment.address + layout.SEGMENT_STATE;
}

/** True when the peer of that user-level connection leaves, and waits for us. With one of the locks held. */
// @ts-ignore: decorator
@inline
export function isAskedToLeave(d: Descriptor): bool {
  return kindOf(d) == KIND_USER && sync.loadAcquire(stateOf(d)) == layout.STATE_LEAVING + 1 - d.side;
}

/** How many doorbells of the peer, which leaves or has left, are still under way, or were not taken. */
function doorbellsLeft(d: Descriptor): u32 {
  return sync.loadAcquire(d.own + layout.BLOCK_DOORBELLS) - d.doorbellsTaken;
}

/**
 * As `isAskedToLeave`, and the last doorbell has come: so nobody waits for a peer that asks, and does no more than that.
 * `memory`: 4 bytes.
 */
export function canAnswer(d: Descriptor, memory: usize): bool {
  if (!isAskedToLeave(d)) return false;
  const left = doorbellsLeft(d);
  return left > <u32>layout.DOORBELLS_MOST || <u32>max(kernelBytes(d.handle, memory), 0) >= left;
}

/**
 * Lets the kernel carry what that socket does from now on, without losing a byte. False: that is not possible, and nothing has
 * changed: the peer has closed with bytes unread, or does not answer until `deadline` (us). Call without locks. `memory`: 256 bytes.
 */
export function leaveUserLevel(d: Descriptor, memory: usize, deadline: u64): bool {
  lockBoth(d);
  if (kindOf(d) == KIND_CONNECTING) leaveConnecting(d);
  if (kindOf(d) == KIND_PENDING) {
    if (decided(d)) adopt(d);
    else toKernel(d, layout.REASON_INHERITED, memory);
  }
  let through = kindOf(d) < KIND_ENDED;
  if (kindOf(d) == KIND_LEFT) through = settleLeft(d, memory);
  else if (kindOf(d) == KIND_ENDED) through = endIsNext(d, memory);
  else if (kindOf(d) == KIND_USER) through = leave(d, memory, deadline);
  unlockBoth(d);
  return through;
}

/** The kernel still connects. An acceptor may have been quicker. With both locks held. */
function leaveConnecting(d: Descriptor): void {
  if (sync.compareSwap(stateOf(d), layout.STATE_PENDING, layout.STATE_HANDED) == layout.STATE_PENDING) {
    sync.fetchAdd(runtimeField(offsetof<Runtime>("pendingCount")), -1);
    setKind(d, KIND_KERNEL);
    abandonConnect(d, layout.REASON_INHERITED);
  } else adopt(d);
}

/**
 * Nothing but the end is left to be read, and is about to come: takes the doorbells before it, and the kernel says the rest. Not where
 * it would say something else: bytes were lost, and only this side knows that it was no orderly end; or it was one, and a doorbell
 * that crossed it has made a reset of it.
 */
function endIsNext(d: Descriptor, memory: usize): bool {
  if (takeJust(d.handle, memory, layout.DOORBELLS_MOST, layout.HAND_OVER_LIMIT_MS) != TAKEN_TO_END) return false;
  const gone = hasNoPeer(d.handle, memory);
  // After an orderly end of both sides the kernel knows no peer either.
  return isReset(d) ? gone : !gone || d.shutdownSend != 0;
}

/** With both locks held, all the while: nobody of this process reads or writes. */
function leave(d: Descriptor, memory: usize, deadline: u64): bool {
  // Marks that came before are noticed as they were meant: what is passed over is not sent again.
  const closed = isReset(d) || (peerFlags(d) & layout.FLAG_CLOSED) != 0;
  const unread = hasRest(d);
  if (closed) return !unread && endIsNext(d, memory);
  const asked = layout.STATE_LEAVING + d.side;
  const thread = currentThread();
  sync.storeSeq(d.remote + layout.BLOCK_READ_ARMED, thread.armValue | (++d.receiveSequence << layout.ARM_SEQUENCE_SHIFT));
  // One more than there were: the one that is sent when this is published.
  publish(d, 1);
  const found = sync.compareSwap(stateOf(d), layout.STATE_USER, asked);
  if (found == layout.STATE_CLOSED) return !hasRest(d) && endIsNext(d, memory);
  if (found != layout.STATE_USER) {
    // The peer was quicker: then it is for us to answer.
    awaitLastDoorbell(d, memory);
    answerLeaving(d, memory);
    return kindOf(d) == KIND_KERNEL;
  }
  if (!sendLast(d, memory)) return lose(d, memory);
  ringArmed(d, layout.BLOCK_READ_ARMED);
  ringArmed(d, layout.BLOCK_WRITE_ARMED);
  while (sync.loadAcquire(stateOf(d)) == asked) {
    // Whatever its threads do, the peer's caretaker hears.
    ringBell(d.peer, layout.CARETAKER_BELL_SLOT);
    const dead = sleepForAnswer(d.peer, thread);
    if ((dead || os.nowUs() >= deadline) && sync.compareSwap(stateOf(d), asked, layout.STATE_USER) == asked) {
      publishArm(d, true);
      ringFirst(d.receiveWaiters);
      return false;
    }
  }
  if (takeLast(d, memory) == TAKEN_SOME) return lose(d, memory);
  repeatShutdown(d);
  goOnInKernel(d, memory);
  return true;
}

/** The kernel's connection does not do what it must: nobody may take what it has for all there was. It is over. */
function lose(d: Descriptor, memory: usize): bool {
  resetOnClose(d.handle, memory);
  damage(d);
  setKind(d, KIND_ENDED);
  beginEvents(d);
  wakeAll(d);
  detach(d);
  return false;
}

/** Wakes a thread of the peer that waits in a call. Doorbells are counted, and no more of them may be sent. */
function ringArmed(d: Descriptor, word: usize): void {
  const slot = sync.loadRelaxed(d.own + word) & layout.ARM_SLOT_MASK;
  if (slot != 0) ringBell(d.peer, slot - 1);
}

/** True when the peer's process has ended. */
function sleepForAnswer(peer: Peer, thread: Thread): bool {
  const process: usize = changetype<usize>(peer) == 0 || wasSeenToEnd(peer) ? 0 : peer.process;
  if (os.bellWait(thread.bell, process, RING_AGAIN_MS) == layout.WAIT_PEER_DEAD) noteEnd(peer);
  return hasDied(peer);
}

/** Positions and doorbells as they stay. The head is published with every write. */
function publish(d: Descriptor, more: u32): void {
  sync.storeRelease(d.remote + layout.BLOCK_CREDIT, d.tail);
  sync.storeRelease(d.remote + layout.BLOCK_DOORBELLS, d.doorbellsSent + more);
}

/** The doorbell that wakes a `select`, and that was counted before. */
function sendLast(d: Descriptor, memory: usize): bool {
  while (!doorbell(d)) {
    if (ws.WSAGetLastError() != ws.WSAEWOULDBLOCK) return false;
    if (selectOne(d.handle, memory, false, layout.HAND_OVER_LIMIT_MS) <= 0) return false;
  }
  d.doorbellsSent++;
  return true;
}

/** Takes the doorbells that are still under way, and nothing behind them. Returns TAKEN_. */
function takeLast(d: Descriptor, memory: usize): i32 {
  const left = doorbellsLeft(d);
  return left <= <u32>layout.DOORBELLS_MOST ? takeJust(d.handle, memory, left, layout.HAND_OVER_LIMIT_MS) : TAKEN_SOME;
}

/** Where the answer cannot wait. */
function awaitLastDoorbell(d: Descriptor, memory: usize): void {
  const began = os.nowUs();
  while (isAskedToLeave(d) && !canAnswer(d, memory) && os.nowUs() - began < <u64>layout.HAND_OVER_LIMIT_MS * 1000) os.sleepMs(1);
}

/** The peer leaves: stops as well, and tells it so. Never waits. With both locks held. `memory`: 256 bytes. */
export function answerLeaving(d: Descriptor, memory: usize): void {
  if (!canAnswer(d, memory)) return;
  publish(d, 0);
  // It may have waited too long, and have changed its mind.
  const asked = layout.STATE_LEAVING + 1 - d.side;
  if (sync.compareSwap(stateOf(d), asked, layout.STATE_LEFT) != asked) return;
  ringArmed(d, layout.BLOCK_READ_ARMED);
  if (takeLast(d, memory) == TAKEN_SOME) lose(d, memory);
  else beginLeft(d, memory);
}

/**
 * This side closes: from now on the peer cannot leave any more, or has been answered, and the kind is another one. So nobody rings
 * on a connection that is closed, which would make a reset of its end. With both locks held.
 */
export function closeForLeaving(d: Descriptor, memory: usize): void {
  while (sync.compareSwap(stateOf(d), layout.STATE_USER, layout.STATE_CLOSED) != layout.STATE_USER) {
    if (memory == 0 || !isAskedToLeave(d)) return;
    awaitLastDoorbell(d, memory);
    // It has asked, and does not do its part.
    if (isAskedToLeave(d) && !canAnswer(d, memory)) return;
    answerLeaving(d, memory);
    if (kindOf(d) != KIND_USER) return;
  }
}

/** As `answerLeaving`, for who holds no lock. */
export function answerLeavingHere(d: Descriptor, memory: usize): void {
  lockBoth(d);
  answerLeaving(d, memory);
  unlockBoth(d);
}

/** The rings are of no use any more. With both locks held. */
export function goOnInKernel(d: Descriptor, memory: usize): void {
  // Not before: calls on a kernel socket take no lock, and their bytes come after those of the ring.
  setKind(d, KIND_KERNEL);
  wakeAll(d);
  detach(d);
  logDecision(d, d.side == 0 ? layout.ROLE_CONNECT : layout.ROLE_ACCEPT, layout.MODE_KERNEL, layout.REASON_INHERITED);
  returnEvents(d, memory);
}
