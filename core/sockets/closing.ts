/** Ends of a connection that come from this side: shutdown and close. */
import * as ws from "../generated/winsock";
import * as layout from "../layout";
import * as os from "../os";
import { Runtime, runtimeField } from "../runtime";
import * as sync from "../sync";
import { currentThread, scratch } from "../vmmc/bells";
import { resetOnClose, takeAllDoorbells } from "../vmmc/kernel-connection";
import { wakeCaretaker } from "./caretaker";
import { detach, ringFirst, tellPeer, wakeAll } from "./connection";
import {
  Descriptor,
  KIND_CONNECTING,
  KIND_ENDED,
  KIND_LEFT,
  KIND_LISTENER,
  KIND_PENDING,
  KIND_UNUSED,
  KIND_USER,
  doorbellsTakenOf,
  hasDoorbells,
  isReset,
  kindOf,
  lockBoth,
  nextGeneration,
  setEvents,
  setKind,
  unlockBoth,
  wasLost,
} from "./descriptor";
import { fail } from "./errors";
import { watchReading } from "./events";
import { closeForLeaving } from "./leaving";
import { closeLeft, shutdownLeft } from "./left";
import { adopt, decided, toKernel } from "./pending";
import { abandonConnect, withdrawListener } from "./rendezvous";
import { smallScratch } from "./stream";
import { forgetConnection } from "./statistics";
import { readable } from "./window";

/** `shutdown` on a connection that has a segment. The kernel connection stays open both ways: bells go over it. */
export function shutdownStream(d: Descriptor, socket: usize, how: i32): i32 {
  if (how != ws.SD_RECEIVE && how != ws.SD_SEND && how != ws.SD_BOTH) return fail(ws.WSAEINVAL);
  lockBoth(d);
  if (d.handle != socket || kindOf(d) < KIND_PENDING) {
    const lost = d.handle == socket && wasLost(d);
    const left = d.handle == socket && kindOf(d) == KIND_LEFT;
    if (left) shutdownLeft(d, how, smallScratch());
    if (d.handle == socket && kindOf(d) == KIND_ENDED) {
      if (how != ws.SD_RECEIVE) d.shutdownSend = 1;
      if (how != ws.SD_SEND) d.shutdownReceive = 1;
    }
    unlockBoth(d);
    // The kernel would make an orderly end of it; and there is nothing left to be shut.
    return lost || left ? 0 : ws.shutdown(socket, how);
  }
  if (how != ws.SD_SEND) d.shutdownReceive = 1;
  if (how != ws.SD_RECEIVE) {
    d.shutdownSend = 1;
    tellPeer(d, layout.FLAG_FIN);
    if (kindOf(d) == KIND_PENDING) wakeCaretaker(); // an acceptor that is not wrapped must hear of it too
  }
  // Waiters stay in their lists: the first of each looks, and wakes the next when it leaves.
  ringFirst(d.receiveWaiters);
  ringFirst(d.sendWaiters);
  // Bytes that will not be read any more stand before no end.
  watchReading(d);
  unlockBoth(d);
  return 0;
}

/** Before the kernel closes `socket`: ends what the segment, the directory and waiting threads know of it. */
export function endDescriptor(d: Descriptor, socket: usize): void {
  const thread = currentThread();
  const memory: usize = changetype<usize>(thread) != 0 ? scratch(thread, 256) : 0;
  lockBoth(d);
  // The acceptor is about to find out what the connection is that it has got for this socket. That takes a bounded time.
  while (d.deciding != 0) {
    unlockBoth(d);
    os.sleepMs(1);
    lockBoth(d);
  }
  if (d.handle != socket) {
    unlockBoth(d);
    return;
  }
  // Nothing is posted for a socket that is closed.
  setEvents(d, 0);
  const kind = kindOf(d);
  if (kind == KIND_LISTENER) withdrawListener(d);
  if (kind == KIND_CONNECTING) closeConnecting(d);
  if (kindOf(d) == KIND_PENDING) {
    if (decided(d) || memory == 0) adopt(d);
    else toKernel(d, layout.REASON_CLOSED_BEFORE_ACCEPT, memory);
  }
  if (kindOf(d) == KIND_USER) closeForLeaving(d, memory);
  if (kindOf(d) == KIND_USER) closeUser(d, socket, memory);
  if (kindOf(d) == KIND_LEFT) closeLeft(d, memory);
  if (kindOf(d) == KIND_ENDED) {
    // The kernel may have refused that when the bytes were lost.
    if (memory != 0 && wasLost(d)) resetOnClose(socket, memory);
    if (memory != 0 && hasDoorbells(d)) takeAllDoorbells(socket, memory, doorbellsTakenOf(d));
    detach(d);
  }
  forgetConnection(d);
  setKind(d, KIND_UNUSED);
  nextGeneration(d);
  wakeAll(d);
  unlockBoth(d);
}

/** Closed while the kernel still connects. An acceptor may have been quicker: then it is told that this side is gone. */
function closeConnecting(d: Descriptor): void {
  const state = d.segment.address + layout.SEGMENT_STATE;
  if (sync.compareSwap(state, layout.STATE_PENDING, layout.STATE_HANDED) == layout.STATE_PENDING) {
    sync.fetchAdd(runtimeField(offsetof<Runtime>("pendingCount")), -1);
    abandonConnect(d, layout.REASON_CLOSED_BEFORE_ACCEPT);
  } else adopt(d);
}

/** Says goodbye to the peer, and lets the kernel's close say the same: an orderly end, or a reset. */
function closeUser(d: Descriptor, socket: usize, memory: usize): void {
  const unread = readable(d) != 0;
  const abortive = unread || isReset(d) || (d.lingerOn != 0 && d.lingerSeconds == 0);
  sync.storeRelease(d.remote + layout.BLOCK_READ_ARMED, 0);
  sync.storeRelease(d.remote + layout.BLOCK_WRITE_ARMED, 0);
  tellPeer(d, layout.FLAG_FIN | layout.FLAG_CLOSED | (abortive ? layout.FLAG_RESET : 0));
  if (memory != 0) {
    // The kernel has no unread bytes of its own to reset for.
    if (abortive) resetOnClose(socket, memory);
    else if (hasDoorbells(d)) takeAllDoorbells(socket, memory, doorbellsTakenOf(d)); // unread bells would make it a reset
  }
  detach(d);
}
