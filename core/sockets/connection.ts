/** A user-level connection's life apart from its bytes: attached to a segment, ended, closed. */
import * as ws from "../generated/winsock";
import * as layout from "../layout";
import * as os from "../os";
import * as sync from "../sync";
import { Thread } from "../vmmc/bells";
import { Peer, releasePeer, ringBell } from "../vmmc/peers";
import { Segment, giveBackSegment, releaseImport } from "../vmmc/segments";
import { wakeCaretaker } from "./caretaker";
import {
  Descriptor,
  ENDED_NOT,
  KIND_ENDED,
  KIND_USER,
  eventsOf,
  hasBellsNoDelay,
  isPeerGone,
  isReset,
  kindOf,
  setBellsNoDelay,
  setKind,
  setReset,
} from "./descriptor";

import { ringMessenger, watchWriting } from "./events";
import { countDoorbell } from "./statistics";

/** Lets `d` use that segment as side 0 (connector) or 1 (acceptor). Called before anybody else can see it as user-level. */
export function attach(d: Descriptor, segment: Segment, side: u32): void {
  const blocks = segment.address + layout.BLOCKS_OFFSET;
  const rings = segment.address + layout.RINGS_OFFSET;
  const other = 1 - side;
  d.segment = segment;
  d.side = side;
  d.ringBytes = segment.ringBytes;
  d.receiveWindow = layout.WINDOW_BYTES_MIN;
  d.sendWindow = layout.WINDOW_BYTES_MIN;
  d.receiveLevel = 0;
  d.receiveShift = 0;
  d.sendLevel = 0;
  d.sendShift = 0;
  d.sendSwitching = 0;
  d.growable = segment.ringBytes > <u32>layout.WINDOW_BYTES_MIN ? 1 : 0;
  d.own = blocks + (<usize>side) * layout.BLOCK_BYTES;
  d.remote = blocks + (<usize>other) * layout.BLOCK_BYTES;
  d.ownRing = rings + (<usize>side) * segment.ringBytes;
  d.remoteRing = rings + (<usize>other) * segment.ringBytes;
  d.tail = 0;
  d.seenHead = 0;
  d.receiveMemoryEnd = 0;
  d.sendMemoryEnd = 0;
  d.unannounced = 0;
  d.urgent = 0;
  d.urgentWord = 0;
  d.answeredWrite = 0;
  d.head = 0;
  d.seenCredit = 0;
  d.answeredRead = 0;
  d.flags = 0;
  d.peerGone = 0;
  d.reset = 0;
  d.shutdownReceive = 0;
  d.shutdownSend = 0;
  d.sendOwner = 0;
  d.doorbells = 0;
  d.doorbellsTaken = 0;
  d.doorbellsSent = 0;
  d.ended = ENDED_NOT;
  d.selectReaders = 0;
  d.selectWriters = 0;
  d.receiveWaiters = 0;
  d.sendWaiters = 0;
  d.kernelAskedUs = 0;
  d.heard = 0;
  d.receiveSpinUs = layout.SPIN_START_US;
  d.sendSpinUs = layout.SPIN_START_US;
  d.peer = changetype<Peer>(<usize>0);
}

/** Ends the use of the segment. Called with both locks held, or before anybody can see it. */
export function detach(d: Descriptor): void {
  const segment = d.segment;
  if (changetype<usize>(segment) == 0) return;
  d.segment = changetype<Segment>(<usize>0);
  // Kept only if somebody will let go of it later; and woken after it is kept, so that it is seen.
  const keep = wakeCaretaker();
  // One that no acceptor has taken is of no use for another connection: its peer has no mapping of it.
  const taken = (kindOf(d) == KIND_USER || kindOf(d) == KIND_ENDED) && changetype<usize>(d.peer) != 0;
  if (d.side == 0) giveBackSegment(segment, keep && taken);
  else releaseImport(segment, keep);
  if (keep) wakeCaretaker();
  releasePeer(d.peer);
  d.peer = changetype<Peer>(<usize>0);
}

/**
 * Wakes the peer if it asked for it: `armed` is what it wrote into our block, `answered` what we answered last.
 * Returns what is answered now. The caller has made visible what the peer waits for, sequentially consistent.
 */
export function answer(d: Descriptor, armed: u32, answered: u32, forBytes: bool): u32 {
  // Not before the decision is known here too: whoever carries it out answers then (see `adopt`).
  if (armed == answered || kindOf(d) != KIND_USER) return answered;
  const slot = armed & layout.ARM_SLOT_MASK;
  if (slot != 0) ringBell(d.peer, slot - 1);
  if ((armed & layout.ARM_DOORBELL) != 0) {
    sendDoorbell(d);
    countDoorbell(d, forBytes);
  }
  return armed;
}

/**
 * One byte on the kernel connection. Without TCP_NODELAY the kernel keeps a second one back until the first is acknowledged,
 * which the peer's kernel delays because it hopes to send something along: 40 to 200 ms. Not counted: see `sendDoorbell`.
 */
export function doorbell(d: Descriptor): bool {
  if (!hasBellsNoDelay(d)) {
    setBellsNoDelay(d, true);
    ws.setsockopt(d.handle, ws.IPPROTO_TCP, ws.TCP_NODELAY, changetype<usize>(d) + offsetof<Descriptor>("bellsNoDelay"), 4);
  }
  // What byte it is does not matter: one that nobody is writing.
  return ws.send(d.handle, changetype<usize>(d) + offsetof<Descriptor>("handle"), 1, 0) == 1;
}

/** If the connection goes on in the kernel one day, the peer must tell doorbells from the application's bytes: see leaving.ts. */
function sendDoorbell(d: Descriptor): void {
  // Each direction sends some, with its own lock.
  if (doorbell(d)) sync.fetchAdd(changetype<usize>(d) + offsetof<Descriptor>("doorbellsSent"), 1);
}

/** Answers a peer that waits for bytes. With `sendLock` held. */
// @ts-ignore: decorator
@inline
export function answerReader(d: Descriptor): void {
  const armed = sync.loadRelaxed(d.own + layout.BLOCK_READ_ARMED);
  if (armed != d.answeredRead) d.answeredRead = answer(d, armed, d.answeredRead, true);
}

/** Answers a peer that waits for credit. With `receiveLock` held. */
// @ts-ignore: decorator
@inline
export function answerWriter(d: Descriptor): void {
  const armed = sync.loadRelaxed(d.own + layout.BLOCK_WRITE_ARMED);
  if (armed != d.answeredWrite) d.answeredWrite = answer(d, armed, d.answeredWrite, false);
}

/** Tells the peer something with FLAG_ bits, and wakes whatever of it waits. With both locks held. */
export function tellPeer(d: Descriptor, flags: u32): void {
  d.flags |= flags;
  sync.storeSeq(d.remote + layout.BLOCK_FLAGS, d.flags);
  answerReader(d);
  answerWriter(d);
}

/** What the peer has told, together with what we know otherwise: FLAG_ bits. */
// @ts-ignore: decorator
@inline
export function peerFlags(d: Descriptor): u32 {
  const told = sync.loadAcquire(d.own + layout.BLOCK_FLAGS);
  return isPeerGone(d) ? told | layout.FLAG_FIN | layout.FLAG_CLOSED : told;
}

/** The shared words make no sense: the connection is given up as reset, in both directions. */
export function damage(d: Descriptor): void {
  if (!isReset(d) && os.logging()) os.logEvent(layout.EVENT_DAMAGED, d.handle, layout.REASON_NONE);
  setReset(d);
  if (eventsOf(d) != 0) ringMessenger();
}

/** Empties the lists of waiters: every thread in them wakes up and sees what has become of the socket. With both locks held. */
export function wakeAll(d: Descriptor): void {
  const readers = d.receiveWaiters;
  const writers = d.sendWaiters;
  d.receiveWaiters = 0;
  d.sendWaiters = 0;
  wakeList(readers);
  wakeList(writers);
}

function wakeList(first: usize): void {
  let thread = changetype<Thread>(first);
  while (changetype<usize>(thread) != 0) {
    const next = thread.nextWaiter;
    os.bellRing(thread.bell);
    thread = changetype<Thread>(next);
  }
}

/** All bytes are read and the peer has gone: from here on the kernel answers. With both locks held. */
export function endConnection(d: Descriptor): void {
  // Who waits for room is told that a send would not block any more: afterwards nobody looks.
  watchWriting(d);
  setKind(d, KIND_ENDED);
  wakeAll(d);
}

/** Wakes the first thread of a list of waiters, to look again. */
export function ringFirst(first: usize): void {
  if (first != 0) os.bellRing(changetype<Thread>(first).bell);
}
