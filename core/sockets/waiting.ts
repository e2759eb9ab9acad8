/**
 * Waiting on one connection: look, spin for a bounded, adaptive time, arm, look again, sleep. The peer looks at what we
 * armed after it published, both sequentially consistent, so that one of the two sees the other.
 */
import * as ws from "../generated/winsock";
import * as layout from "../layout";
import * as os from "../os";
import { runtime } from "../runtime";
import * as sync from "../sync";
import { Thread, currentThread, scratch } from "../vmmc/bells";
import { kernelBytes, kernelEnded, kernelReadable } from "../vmmc/kernel-connection";
import { Peer, hasDied, holdPeer, isKnownToHaveEnded, noteEnd, releasePeer, wasSeenToEnd } from "../vmmc/peers";
import { wakeCaretaker } from "./caretaker";
import { peerFlags } from "./connection";
import {
  Descriptor,
  KIND_PENDING,
  KIND_USER,
  doorbellsTakenOf,
  eventsOf,
  isPeerGone,
  isReset,
  kindOf,
  receiveLockOf,
  sendLockOf,
  setDoorbells,
  setPeerGone,
  setReset,
} from "./descriptor";
import { eventsArm, ringMessenger } from "./events";
import { HOOK_PERIOD_MS, callHook, takeCancelled } from "./hooks";
import { answerLeavingHere, canAnswer } from "./leaving";
import { lock, unlock } from "./lock";
import { decided, settlePending } from "./pending";
import { countWait } from "./statistics";
import { hasBytes } from "./urgent";
import { hasRoom } from "./window";

/** There is something to look at. */
export const WAKE_READY: u32 = 0;
/** The time is over. */
export const WAKE_TIMEOUT: u32 = 1;
/** The socket is not what it was: closed, or carried by the kernel now. */
export const WAKE_CHANGED: u32 = 2;
/** This thread cannot sleep: no memory or no bell. */
export const WAKE_UNABLE: u32 = 3;
/** The application's blocking hook has ended the wait. */
export const WAKE_CANCELLED: u32 = 4;
/** This is a call from the blocking hook of a thread that waits already. */
export const WAKE_NESTED: u32 = 5;

/** The error of a wait that ended so, without having found anything. */
export function waitError(woken: u32): i32 {
  if (woken == WAKE_TIMEOUT) return ws.WSAETIMEDOUT;
  if (woken == WAKE_CANCELLED) return ws.WSAEINTR;
  return woken == WAKE_NESTED ? ws.WSAEINPROGRESS : ws.WSAENOBUFS;
}

const SCRATCH_BYTES = 256;
/** Looks before the first question for the time: about a microsecond. */
const SPIN_ROUNDS: u32 = 64;
/** Looks between two questions for the time. */
const SPIN_ROUNDS_BETWEEN = 32;

/** Something to read, or an end to report. With `receiveLock` held. */
export function readReady(d: Descriptor): bool {
  return (
    hasBytes(d) ||
    peerFlags(d) != 0 ||
    isReset(d)
  );
}

/**
 * Room to write, or an end to report. With `sendLock` held. Whether another thread's send is half done is not asked: who
 * only looks for room, as `select` does, is woken by the peer that makes some, and by nobody when that send is through.
 */
export function writeReady(d: Descriptor): bool {
  return (
    hasRoom(d) ||
    (peerFlags(d) & layout.FLAG_CLOSED) != 0 ||
    isReset(d) ||
    d.shutdownSend != 0
  );
}

// @ts-ignore: decorator
@inline
function ready(d: Descriptor, reading: bool): bool {
  return (reading ? readReady(d) : sendReady(d)) || (kindOf(d) == KIND_PENDING && decided(d));
}

/** `writeReady` for a thread that sends: its bytes wait until another thread's send is through. */
// @ts-ignore: decorator
@inline
function sendReady(d: Descriptor): bool {
  return (d.sendOwner == 0 || d.sendOwner == os.thread()) && writeReady(d);
}

/** Writes what this side waits for where the peer looks. With that direction's lock held. */
export function publishArm(d: Descriptor, reading: bool): void {
  const waiters = changetype<Thread>(reading ? d.receiveWaiters : d.sendWaiters);
  let word: u32 = 0;
  if (changetype<usize>(waiters) != 0) word = waiters.armValue;
  else if (eventsOf(d) != 0) word = eventsArm(d, reading);
  if ((reading ? d.selectReaders : d.selectWriters) != 0) {
    word |= layout.ARM_DOORBELL;
    setDoorbells(d);
  }
  if (reading) {
    if (word != 0) word |= ++d.receiveSequence << layout.ARM_SEQUENCE_SHIFT;
    sync.storeSeq(d.remote + layout.BLOCK_READ_ARMED, word);
  } else {
    if (word != 0) word |= ++d.sendSequence << layout.ARM_SEQUENCE_SHIFT;
    sync.storeSeq(d.remote + layout.BLOCK_WRITE_ARMED, word);
  }
}

/** Counts this thread as one that sleeps in `select` for that direction, and arms. With that direction's lock held. */
export function armSelect(d: Descriptor, reading: bool): void {
  if (reading) d.selectReaders++;
  else d.selectWriters++;
  publishArm(d, reading);
}

/** Takes `armSelect` back. With that direction's lock held. */
export function disarmSelect(d: Descriptor, reading: bool): void {
  if (reading) {
    if (d.selectReaders != 0) d.selectReaders--;
  } else if (d.selectWriters != 0) d.selectWriters--;
  publishArm(d, reading);
}

/**
 * Spins while the lock is held: the only one that waits for it meanwhile is a thread of this process that uses the same
 * direction of the same connection. Returns whether there is something to look at.
 */
function spin(d: Descriptor, reading: bool): bool {
  const limit = reading ? d.receiveSpinUs : d.sendSpinUs;
  if (ready(d, reading)) return true;
  if (runtime().spinMaxUs == 0) return false;
  // Asking for the time costs more than a message takes: the first looks go without.
  for (let round: u32 = limit >= <u32>layout.SPIN_START_US ? SPIN_ROUNDS : SPIN_ROUNDS / 8; round != 0; round--) {
    sync.pause();
    if (ready(d, reading)) return true;
  }
  const began = os.nowUs();
  for (let spent: u64 = 0; spent < limit; spent = os.nowUs() - began) {
    if (spent >= <u64>layout.SPIN_PAUSE_US) os.yieldProcessor();
    for (let round = 0; round < SPIN_ROUNDS_BETWEEN; round++) {
      if (ready(d, reading)) return true;
      sync.pause();
    }
  }
  return false;
}

/** The spin limit (us) after a wait that slept for that long: longer when spinning was nearly enough, shorter when in vain. */
export function nextSpin(limit: u32, sleptUs: u64): u32 {
  const most = runtime().spinMaxUs;
  if (sleptUs < <u64>(4 * most)) return min(most, 2 * limit + 1);
  return max(min(most, <u32>layout.SPIN_MIN_US), limit / 2);
}

/**
 * Waits until the connection has something for that direction. Called, and returns, with that direction's lock held.
 * `deadline` is in microseconds of `os.nowUs`, 0 for none.
 */
export function waitFor(d: Descriptor, socket: usize, reading: bool, deadline: u64): u32 {
  if (spin(d, reading)) {
    countWait(d, reading, false);
    return WAKE_READY;
  }
  const thread = currentThread();
  if (changetype<usize>(thread) == 0) return WAKE_UNABLE;
  if (thread.waiting != 0) return WAKE_NESTED;
  if (scratch(thread, SCRATCH_BYTES) == 0) return WAKE_UNABLE;
  const generation = d.generation;
  const began = os.nowUs();
  join(d, thread, reading);
  let result = WAKE_READY;
  for (;;) {
    // Only the first waiter arms; when it leaves it wakes the next one, which arms in its turn.
    const leads = (reading ? d.receiveWaiters : d.sendWaiters) == changetype<usize>(thread);
    if (leads) publishArm(d, reading);
    if (ready(d, reading)) break;
    const now = os.nowUs();
    if (deadline != 0 && now >= deadline) {
      result = WAKE_TIMEOUT;
      break;
    }
    const pending = kindOf(d) == KIND_PENDING;
    // The socket may be closed by another thread meanwhile: the peer's record must outlive that.
    const peer = d.peer;
    const leaving = canAnswer(d, thread.scratch);
    holdPeer(peer);
    unlock(lockOf(d, reading));
    let rest = restMs(now, deadline);
    if (thread.hook != 0) {
      callHook(thread);
      rest = min(rest, HOOK_PERIOD_MS);
    }
    if (thread.cancelled == 0) {
      if (leaving) answerLeavingHere(d, thread.scratch);
      else if (pending) sleepPending(d, socket, thread, min(rest, pendingRestMs(now - began)));
      else sleepUser(d, socket, generation, peer, thread, rest);
    }
    releasePeer(peer);
    const cancelled = takeCancelled(thread);
    lock(lockOf(d, reading));
    if (d.generation != generation || d.handle != socket || kindOf(d) < KIND_PENDING) {
      // The list went with the connection: whoever changed it has woken everybody in it.
      thread.waiting = 0;
      return WAKE_CHANGED;
    }
    if (cancelled) {
      result = WAKE_CANCELLED;
      break;
    }
  }
  leave(d, thread, reading);
  countWait(d, reading, true);
  const slept = os.nowUs() - began;
  if (reading) d.receiveSpinUs = nextSpin(d.receiveSpinUs, slept);
  else d.sendSpinUs = nextSpin(d.sendSpinUs, slept);
  return result;
}

// @ts-ignore: decorator
@inline
function lockOf(d: Descriptor, reading: bool): usize {
  return reading ? receiveLockOf(d) : sendLockOf(d);
}

/** Time to sleep (ms), rounded up, and never longer than the next look at the kernel connection. */
function restMs(now: u64, deadline: u64): u32 {
  if (deadline == 0) return layout.RECHECK_MS;
  return <u32>min<u64>(layout.RECHECK_MS, (deadline - now + 999) / 1000);
}

/** Sleeps on this thread's bell, which the peer rings, and on the peer's end. */
function sleepUser(d: Descriptor, socket: usize, generation: u32, peer: Peer, thread: Thread, ms: u32): void {
  const process: usize = changetype<usize>(peer) == 0 || wasSeenToEnd(peer) ? 0 : peer.process;
  const limit = process == 0 ? min<u32>(ms, layout.RECHECK_GONE_MS) : ms;
  const woken = os.bellWait(thread.bell, process, limit);
  if (woken == layout.WAIT_BELL) return;
  if (woken == layout.WAIT_PEER_DEAD) noteEnd(peer);
  // The peer has ended, or nothing was heard for long.
  lock(receiveLockOf(d));
  const same = d.handle == socket && d.generation == generation && kindOf(d) == KIND_USER;
  if (same && (hasDied(peer) || connectionEnded(d, socket, thread.scratch))) markGone(d);
  unlock(receiveLockOf(d));
}

/**
 * For calls that do not wait: a peer that has died rings no bell, so every now and then somebody must ask. With
 * `receiveLock` held. Returns whether there is something to look at after all.
 */
export function pollPeer(d: Descriptor, socket: usize, memory: usize): bool {
  if (kindOf(d) != KIND_USER || isPeerGone(d)) return false;
  const now = os.nowUs();
  // A process that runs may have lost its socket otherwise than by `closesocket`; that is rare, and asked for rarely. So is a
  // peer for whose record there was no memory.
  const ended = changetype<usize>(d.peer) != 0 && isKnownToHaveEnded(d.peer, now);
  const period: u64 = ended ? layout.POLL_PERIOD_US : <u64>layout.RECHECK_MS * 1000;
  if (now - d.kernelAskedUs < period) return false;
  d.kernelAskedUs = now;
  if (!hasDied(d.peer) && !connectionEnded(d, socket, memory)) return false;
  markGone(d);
  return true;
}

/** As `kernelEnded`, but a doorbell that wakes a thread in `select` is left to that thread. With `receiveLock` held. */
function connectionEnded(d: Descriptor, socket: usize, memory: usize): bool {
  lock(sendLockOf(d));
  const selected = d.selectReaders != 0 || d.selectWriters != 0;
  const ended = selected
    ? kernelReadable(socket, memory) && kernelBytes(socket, memory) <= 0
    : kernelEnded(socket, memory, doorbellsTakenOf(d));
  unlock(sendLockOf(d));
  return ended;
}

/** The peer's end of the kernel connection is gone without a word from the peer: it has died. With `receiveLock` held. */
export function markGone(d: Descriptor): void {
  lock(sendLockOf(d));
  if ((sync.loadAcquire(d.own + layout.BLOCK_FLAGS) & layout.FLAG_CLOSED) == 0) {
    // As the kernel does it: a process that ends with bytes unread resets its connections.
    if (d.head != sync.loadAcquire(d.own + layout.BLOCK_CREDIT)) setReset(d);
  }
  setPeerGone(d);
  if (eventsOf(d) != 0) ringMessenger();
  unlock(sendLockOf(d));
}

/**
 * Sleeps until the acceptor has decided and rings. Bytes of an unwrapped one ring no bell: looks at the kernel connection
 * soon at first, then ever less often.
 */
function sleepPending(d: Descriptor, socket: usize, thread: Thread, ms: u32): void {
  wakeCaretaker(); // it may not have been possible to start it when bytes were written
  os.bellWait(thread.bell, 0, ms);
  settlePending(d, socket, thread.scratch);
}

/** How long to sleep (ms) after having waited for that long for a decision. */
// @ts-ignore: decorator
@inline
export function pendingRestMs(waitedUs: u64): u32 {
  return <u32>min<u64>(waitedUs / 4000 + 2, layout.CARETAKER_PERIOD_MS);
}

function join(d: Descriptor, thread: Thread, reading: bool): void {
  thread.nextWaiter = 0;
  thread.waiting = 1;
  const first = reading ? d.receiveWaiters : d.sendWaiters;
  // Whose send is half done goes first: the others wait for it, and only the first is woken.
  if (first == 0 || (!reading && d.sendOwner == os.thread())) {
    thread.nextWaiter = first;
    if (reading) d.receiveWaiters = changetype<usize>(thread);
    else d.sendWaiters = changetype<usize>(thread);
    return;
  }
  let last = changetype<Thread>(first);
  while (last.nextWaiter != 0) last = changetype<Thread>(last.nextWaiter);
  last.nextWaiter = changetype<usize>(thread);
}

/** Takes this thread out of the list; the new first one is woken to arm for itself, or the connection is disarmed. */
function leave(d: Descriptor, thread: Thread, reading: bool): void {
  thread.waiting = 0;
  let first = reading ? d.receiveWaiters : d.sendWaiters;
  const led = first == changetype<usize>(thread);
  if (led) {
    first = thread.nextWaiter;
    if (reading) d.receiveWaiters = first;
    else d.sendWaiters = first;
    publishArm(d, reading);
    if (first != 0) os.bellRing(changetype<Thread>(first).bell);
    else if (eventsOf(d) != 0) ringMessenger(); // nobody has told it of what this thread was woken for
    return;
  }
  let before = changetype<Thread>(first);
  while (before.nextWaiter != changetype<usize>(thread)) before = changetype<Thread>(before.nextWaiter);
  before.nextWaiter = thread.nextWaiter;
}
