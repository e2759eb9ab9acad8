/**
 * The decision PENDING -> USER or KERNEL, on the connector's side. Until the acceptor has taken the segment, the connector
 * writes into the ring as if connected; one compare-and-swap decides, and neither outcome loses a byte.
 */
import * as ws from "../generated/winsock";
import * as layout from "../layout";
import * as os from "../os";
import { Runtime, runtimeField } from "../runtime";
import * as sync from "../sync";
import { hasFailed, kernelReadable, resetOnClose, selectOne } from "../vmmc/kernel-connection";
import { acquirePeer } from "../vmmc/peers";
import { startCaretaker } from "./caretaker";
import { logDecision } from "./decision";
import { answerReader, answerWriter, damage, detach, wakeAll } from "./connection";
import {
  Descriptor,
  KIND_ENDED,
  KIND_KERNEL,
  KIND_PENDING,
  KIND_USER,
  eventsOf,
  isNonBlocking,
  kindOf,
  lockBoth,
  setKind,
  setReset,
  unlockBoth,
} from "./descriptor";
import { beginEvents, returnEvents } from "./events";
import { freeSlot, listenerSlot, ownerRuns, pendingSlot, slotTag, slotWord } from "./directory";
import { givenWay, markSent } from "./urgent";

/** True when the acceptor has decided, so that `settlePending` will change the descriptor. */
// @ts-ignore: decorator
@inline
export function decided(d: Descriptor): bool {
  return sync.loadAcquire(d.segment.address + layout.SEGMENT_STATE) != layout.STATE_PENDING;
}

/** Looks whether a PENDING connection is decided, and carries the decision out. `memory`: 256 bytes. Call without locks. */
export function settlePending(d: Descriptor, socket: usize, memory: usize): void {
  lockBoth(d);
  if (d.handle == socket) settle(d, memory);
  unlockBoth(d);
}

/** As `settlePending`, for whatever socket the entry stands for. */
export function settleEntry(d: Descriptor, memory: usize): void {
  lockBoth(d);
  settle(d, memory);
  unlockBoth(d);
}

/** With both locks held. */
function settle(d: Descriptor, memory: usize): void {
  if (kindOf(d) != KIND_PENDING) return;
  if (decided(d)) adopt(d);
  else if (kernelReadable(d.handle, memory)) {
    // A wrapped acceptor decides before it rings. So this is somebody who is not, or the end of the connection.
    if (decided(d)) adopt(d);
    else toKernel(d, listenerGone(d) ? layout.REASON_LISTENER_GONE : layout.REASON_PEER_NOT_WRAPPED, memory);
  } else if (refused(d)) toKernel(d, layout.REASON_SEGMENT_IMPORT, memory);
  // The kernel's connection stands, and so there is another listener, which may be anybody's.
  else if (listenerGone(d)) toKernel(d, layout.REASON_LISTENER_GONE, memory);
  // Bytes, or an end, have waited for long: an acceptor that cannot take the segment may not be able to say so.
  else if ((d.head != 0 || d.shutdownSend != 0) && os.nowUs() - d.pendingSinceUs > <u64>layout.PENDING_LIMIT_MS * 1000) {
    toKernel(d, layout.REASON_NOT_ACCEPTED, memory);
  }
}

/** As `settlePending`, without asking the kernel: only what the acceptor has decided counts. Call without locks. */
export function settleIfDecided(d: Descriptor, socket: usize): void {
  lockBoth(d);
  if (d.handle == socket && kindOf(d) == KIND_PENDING && decided(d)) adopt(d);
  unlockBoth(d);
}

/** Gives up waiting for a wrapped acceptor. With both locks held. */
export function toKernel(d: Descriptor, reason: u32, memory: usize): void {
  const state = d.segment.address + layout.SEGMENT_STATE;
  if (sync.compareSwap(state, layout.STATE_PENDING, layout.STATE_KERNEL) != layout.STATE_PENDING) {
    adopt(d);
    return;
  }
  const whole = handOver(d, memory);
  if (whole) repeatShutdown(d);
  else {
    // Nothing goes to the kernel any more: the peer would not see that something is missing.
    resetOnClose(d.handle, memory);
    damage(d);
  }
  // From here on what comes over the kernel connection may go on behind the ring's bytes: an acceptor must not take those.
  sync.storeRelease(state, layout.STATE_HANDED);
  // Not before: calls on a kernel socket take no lock, and their bytes come after those of the ring.
  setKind(d, whole ? KIND_KERNEL : KIND_ENDED);
  if (whole) returnEvents(d, memory);
  else beginEvents(d);
  wakeAll(d);
  detach(d);
  // Last: as long as the segment's file is there, the slot must tell of it.
  leavePending(d);
  logDecision(d, layout.ROLE_CONNECT, layout.MODE_KERNEL, reason);
}

/** The acceptor has decided: user-level, unless the word is damaged. With both locks held. */
export function adopt(d: Descriptor): void {
  const address = d.segment.address;
  const state = sync.loadAcquire(address + layout.SEGMENT_STATE);
  // It may be about to leave already, or have closed.
  if (state != layout.STATE_USER && state != layout.STATE_LEAVING + 1 && state != layout.STATE_CLOSED) setReset(d);
  const tag = sync.loadRelaxed(address + layout.SEGMENT_ACCEPTOR_TAG);
  const start = load<u64>(address + layout.SEGMENT_ACCEPTOR_START);
  d.segment.peerTag = tag;
  d.segment.peerStart = start;
  d.peer = acquirePeer(tag, start);
  leavePending(d);
  setKind(d, KIND_USER);
  startCaretaker();
  // The acceptor may sleep already, for bytes that were written while this side did not know of it.
  answerReader(d);
  answerWriter(d);
  logDecision(d, layout.ROLE_CONNECT, layout.MODE_USER, layout.REASON_NONE);
  // What was armed before the decision was answered with it.
  if (eventsOf(d) != 0) beginEvents(d);
}

/** The kernel is told of what the application has shut down at user level. */
export function repeatShutdown(d: Descriptor): void {
  if (d.shutdownSend != 0) ws.shutdown(d.handle, ws.SD_SEND);
  if (d.shutdownReceive != 0) ws.shutdown(d.handle, ws.SD_RECEIVE);
}

function leavePending(d: Descriptor): void {
  freeSlot(pendingSlot(d.slot), d.slotSequence);
  sync.fetchAdd(runtimeField(offsetof<Runtime>("pendingCount")), -1);
}

/** The acceptor has seen the offer and could not take it. */
function refused(d: Descriptor): bool {
  const word = slotWord(pendingSlot(d.slot));
  return (
    (word & layout.SLOT_STATE_MASK) == layout.SLOT_CLAIMED &&
    sync.loadRelaxed(pendingSlot(d.slot) + layout.SLOT_SEQUENCE) == d.slotSequence
  );
}

/** True when the listener that was to accept is withdrawn, or its process has ended. */
export function listenerGone(d: Descriptor): bool {
  const slot = listenerSlot(d.listenerSlot);
  const word = slotWord(slot);
  if ((word & layout.SLOT_STATE_MASK) != layout.SLOT_LIVE) return true;
  if (sync.loadRelaxed(slot + layout.SLOT_SEQUENCE) != d.listenerSequence) return true;
  return slotTag(word) == 0 || !ownerRuns(slot, word);
}

/**
 * Sends through the kernel what was written into the ring; nobody has taken anything of it, so it lies in one piece. No more
 * was written than a fresh kernel connection takes at once (see `pendingLimit`), and so nobody waits here, or only if the
 * system is short of memory; then not without limit. Returns whether the connection can go on, with no byte missing.
 */
function handOver(d: Descriptor, memory: usize): bool {
  const blocking = !isNonBlocking(d);
  if (blocking) setKernelBlocking(d, memory, false);
  let sent: u32 = 0;
  let whole = true;
  while (sent < d.head) {
    // Up to a byte that was sent as urgent, and that byte by itself. Whether those that gave way to newer ones are passed over
    // is the receiver's affair.
    const mark = markSent(d);
    const urgent = sent == mark || sent < givenWay(d, 0);
    const most = urgent ? 1 : sent < mark ? mark - sent : d.head - sent;
    const done = ws.send(d.handle, d.remoteRing + sent, most, urgent ? ws.MSG_OOB : 0);
    if (done > 0) {
      sent += done;
      continue;
    }
    const error = ws.WSAGetLastError();
    if (hasFailed(error)) break; // the next call will say so
    if (error == ws.WSAEWOULDBLOCK && selectOne(d.handle, memory, false, layout.HAND_OVER_LIMIT_MS) > 0) continue;
    whole = false;
    break;
  }
  if (blocking) setKernelBlocking(d, memory, true);
  return whole;
}

/** Of the kernel's socket, and of that alone. `memory`: 4 bytes. */
export function setKernelBlocking(d: Descriptor, memory: usize, blocking: bool): void {
  store<u32>(memory, blocking ? 0 : 1);
  ws.ioctlsocket(d.handle, ws.FIONBIO, memory);
}
