/**
 * `select` over any mixture of kernel and user-level sockets: user-level readiness first; else spin a little, arm all,
 * and sleep in the kernel's `select` over the kernel sockets and the kernel connections of the user-level ones, where
 * doorbells arrive; then translate back.
 */
import * as ws from "../generated/winsock";
import * as layout from "../layout";
import * as os from "../os";
import { runtime } from "../runtime";
import * as sync from "../sync";
import { currentThread } from "../vmmc/bells";
import { kernelEnded, takeDoorbells } from "../vmmc/kernel-connection";
import {
  Descriptor,
  KIND_ENDED,
  KIND_KERNEL,
  KIND_LEFT,
  KIND_PENDING,
  KIND_UNUSED,
  KIND_USER,
  doorbellsTakenOf,
  generationOf,
  kindOf,
  lockBoth,
  receiveLockOf,
  sendLockOf,
} from "./descriptor";
import { fail } from "./errors";
import { hasLeftUnread, mustWaitToSend } from "./left";
import { lock, unlock } from "./lock";
import { dropRepeated, holds, setAdd, setCopy, setCount, setEntry } from "./fd-set";
import { decided, settleIfDecided, settlePending } from "./pending";
import { finishConnecting } from "./rendezvous";
import { armSet, disarmSet } from "./select-arm";
import { answerAllLeaving, anyLeaving } from "./select-leaving";
import { Call, EXCEPTS, READS, WRITES, prepareCall, setOf, wasArmed } from "./select-call";
import { lookup, userLevel } from "./table";
import { hasUrgent } from "./urgent";
import { markGone, nextSpin, pollPeer, readReady, writeReady } from "./waiting";

/** Looks between two questions for the time. */
const SPIN_ROUNDS_BETWEEN = 16;

/** True when a set holds a socket that is not simply the kernel's. */
export function anyUserLevel(set: usize): bool {
  const count = setCount(set);
  for (let index: u32 = 0; index < count; index++) {
    const d = lookup(setEntry(set, index));
    if (changetype<usize>(d) != 0 && kindOf(d) >= KIND_ENDED) return true;
  }
  return false;
}

/** `select` with at least one user-level socket. `time` is the application's timeval, 0 to wait for ever. */
export function selectMixed(reads: usize, writes: usize, excepts: usize, time: usize): i32 {
  const thread = currentThread();
  if (changetype<usize>(thread) == 0) return fail(ws.WSAENOBUFS);
  if (thread.waiting != 0) return fail(ws.WSAEINPROGRESS); // called from a blocking hook
  const call = prepareCall(thread, reads, writes, excepts);
  if (changetype<usize>(call) == 0) return fail(ws.WSAENOBUFS);
  const began = os.nowUs();
  let limitUs: i64 = -1;
  if (time != 0) {
    const seconds = load<i32>(time + ws.timeval_tv_sec_offset);
    const micros = load<i32>(time + ws.timeval_tv_usec_offset);
    if (seconds < 0 || micros < 0) return fail(ws.WSAEINVAL);
    limitUs = <i64>seconds * 1000000 + micros;
  }
  let spun = false;
  while (true) {
    let ready = collect(call);
    const now = os.nowUs();
    const restUs: i64 = limitUs < 0 ? -1 : limitUs - <i64>(now - began);
    const done = ready != 0 || (limitUs >= 0 && restUs <= 0);
    // Spinning before the kernel is asked: an answer that is on its way arrives sooner than the kernel says no.
    if (!done && !spun && spin(call, restUs)) continue;
    // The kernel's sockets are asked when nothing else is ready, and else often enough.
    if (call.kernelSockets != 0 && (ready == 0 || call.unknown != 0 || now - thread.kernelAskedUs > <u64>layout.SELECT_KERNEL_PERIOD_US)) {
      const asked = askKernel(call, 0);
      // What it has found ready stays so until somebody does something about it: until then it is asked every time.
      thread.kernelAskedUs = asked > 0 ? 0 : now;
      if (asked < 0) return asked;
      ready += asked;
    }
    if (done || ready != 0) {
      if (call.slept == 0 && pollPeers(call)) ready = collect(call);
      return finish(call);
    }
    if (spun) {
      const slept = sleep(call, restUs);
      call.slept = 1;
      if (slept < 0) return slept;
      if (slept == 0) pollPeers(call);
      thread.selectSpinUs = nextSpin(thread.selectSpinUs, os.nowUs() - now);
    }
    spun = true;
  }
}

/** Fills the ready sets with the user-level sockets that are, and the kernel sets with those to ask the kernel about. */
function collect(call: Call): u32 {
  store<u32>(call.readyReads, 0);
  store<u32>(call.readyWrites, 0);
  store<u32>(call.readyExcepts, 0);
  store<u32>(call.kernelReads, 0);
  store<u32>(call.kernelWrites, 0);
  store<u32>(call.kernelExcepts, 0);
  call.kernelSockets = 0;
  call.unknown = 0;
  collectSet(call, call.reads, call.readyReads, call.kernelReads, true);
  collectSet(call, call.writes, call.readyWrites, call.kernelWrites, false);
  collectExcepts(call);
  return load<u32>(call.readyReads) + load<u32>(call.readyWrites) + load<u32>(call.readyExcepts);
}

/** All that is exceptional on a user-level connection is an urgent byte. */
function collectExcepts(call: Call): void {
  const excepts = setCount(call.excepts);
  for (let index: u32 = 0; index < excepts; index++) {
    const socket = setEntry(call.excepts, index);
    const d = userLevel(socket);
    if (changetype<usize>(d) != 0 && kindOf(d) >= KIND_PENDING) {
      if (isUrgent(d, socket)) setAdd(call.readyExcepts, socket);
      continue;
    }
    if (wasClosed(call, socket)) continue;
    if (changetype<usize>(d) != 0 && kindOf(d) == KIND_LEFT && isUrgent(d, socket)) {
      setAdd(call.readyExcepts, socket);
      continue;
    }
    if (isUnknown(socket)) call.unknown = 1;
    setAdd(call.kernelExcepts, socket);
    call.kernelSockets++;
  }
}

function isUrgent(d: Descriptor, socket: usize): bool {
  lock(receiveLockOf(d));
  const urgent = d.handle == socket && (kindOf(d) >= KIND_PENDING || kindOf(d) == KIND_LEFT) && hasUrgent(d);
  unlock(receiveLockOf(d));
  return urgent;
}

function collectSet(call: Call, set: usize, ready: usize, kernel: usize, reading: bool): void {
  const count = setCount(set);
  for (let index: u32 = 0; index < count; index++) {
    const socket = setEntry(set, index);
    const d = userLevel(socket);
    if (changetype<usize>(d) != 0 && kindOf(d) == KIND_PENDING) {
      // Before the decision is known here there is no credit. And nobody else may be there to see that there will be none.
      if (call.slept != 0) settlePending(d, socket, call.small);
      else settleIfDecided(d, socket);
    }
    if (changetype<usize>(d) != 0 && kindOf(d) >= KIND_PENDING) {
      if (isReady(d, socket, reading, false)) {
        setAdd(ready, socket);
        continue;
      }
      if (!reading || kindOf(d) != KIND_PENDING) continue;
    }
    if (changetype<usize>(d) != 0 && kindOf(d) == KIND_LEFT && reading && hasLeftUnread(d, call.small)) {
      setAdd(ready, socket);
      continue;
    }
    // After its end no call on the connection waits, whatever the kernel still believes.
    const ended = changetype<usize>(d) != 0 && kindOf(d) == KIND_ENDED;
    if (ended || wasClosed(call, socket)) {
      if (ended || reading) setAdd(ready, socket);
      continue;
    }
    if (isUnknown(socket)) call.unknown = 1;
    setAdd(kernel, socket);
    call.kernelSockets++;
  }
}

/**
 * True when the call has waited for bytes of a socket that was closed meanwhile: that makes it readable. One that is in the other
 * sets alone makes the call fail, as with the kernel, which is asked about it.
 */
function wasClosed(call: Call, socket: usize): bool {
  return call.slept != 0 && closedMeanwhile(socket) && holds(call.reads, socket);
}

function closedMeanwhile(socket: usize): bool {
  const d = lookup(socket);
  return changetype<usize>(d) != 0 && kindOf(d) == KIND_UNUSED;
}

/** Closed, or made where we did not see it, or never a socket at all. */
function isUnknown(socket: usize): bool {
  return changetype<usize>(lookup(socket)) == 0 || closedMeanwhile(socket);
}

/** @param looking a decision that is to be carried out first is a reason to look again as well */
function isReady(d: Descriptor, socket: usize, reading: bool, looking: bool): bool {
  const lockWord = reading ? receiveLockOf(d) : sendLockOf(d);
  lock(lockWord);
  // A socket that was closed meanwhile is "ready": the call that follows says so.
  const changed = d.handle != socket || kindOf(d) < KIND_PENDING;
  const settle = looking && !changed && kindOf(d) == KIND_PENDING && decided(d);
  const ready = changed || settle || (reading ? readReady(d) : writeReady(d));
  unlock(lockWord);
  return ready;
}

/** Asks the kernel about the kernel sockets, waiting up to `waitUs` (-1: for ever), and adds what is ready. */
function askKernel(call: Call, waitUs: i64): i32 {
  const result = kernelSelect(call, waitUs);
  if (result <= 0) return result;
  return takeKernelAnswer(call);
}

function kernelSelect(call: Call, waitUs: i64): i32 {
  if (waitUs >= 0) {
    store<i32>(call.time + ws.timeval_tv_sec_offset, <i32>(<u64>waitUs / 1000000));
    store<i32>(call.time + ws.timeval_tv_usec_offset, <i32>(<u64>waitUs % 1000000));
  }
  const reads: usize = load<u32>(call.kernelReads) != 0 ? call.kernelReads : 0;
  const writes: usize = load<u32>(call.kernelWrites) != 0 ? call.kernelWrites : 0;
  const excepts: usize = load<u32>(call.kernelExcepts) != 0 ? call.kernelExcepts : 0;
  if ((reads | writes | excepts) == 0) {
    // Nothing that could happen to the given sockets is waited for.
    if (waitUs > 0) os.sleepMs(<u32>((<u64>waitUs + 999) / 1000));
    return 0;
  }
  return ws.select(0, reads, writes, excepts, waitUs >= 0 ? call.time : 0);
}

/** Translates what the kernel found into the ready sets. Returns how many sockets that adds. */
function takeKernelAnswer(call: Call): i32 {
  let added = 0;
  for (let index: u32 = 0; index < setCount(call.kernelExcepts); index++) {
    const socket = setEntry(call.kernelExcepts, index);
    const d = userLevel(socket);
    if (changetype<usize>(d) != 0) finishConnecting(d, false);
    setAdd(call.readyExcepts, socket);
    added++;
  }
  for (let index: u32 = 0; index < setCount(call.kernelWrites); index++) {
    const socket = setEntry(call.kernelWrites, index);
    const d = userLevel(socket);
    if (changetype<usize>(d) != 0) finishConnecting(d, true);
    // There is room in the kernel, for what is left over first.
    if (changetype<usize>(d) != 0 && kindOf(d) == KIND_LEFT && mustWaitToSend(d, call.small)) continue;
    setAdd(call.readyWrites, socket);
    added++;
  }
  for (let index: u32 = 0; index < setCount(call.kernelReads); index++) {
    const socket = setEntry(call.kernelReads, index);
    const d = userLevel(socket);
    if (changetype<usize>(d) != 0 && kindOf(d) >= KIND_PENDING) {
      settlePending(d, socket, call.small);
      if (kindOf(d) >= KIND_PENDING && !isReady(d, socket, true, false)) continue;
    }
    setAdd(call.readyReads, socket);
    added++;
  }
  return added;
}

/** The call ends without having slept, so without having asked the kernel: has a peer died without a word? */
function pollPeers(call: Call): bool {
  const found = pollSet(call, call.reads);
  return pollSet(call, call.writes) || found;
}

function pollSet(call: Call, set: usize): bool {
  let found = false;
  const count = setCount(set);
  for (let index: u32 = 0; index < count; index++) {
    const socket = setEntry(set, index);
    const d = userLevel(socket);
    if (changetype<usize>(d) == 0 || kindOf(d) != KIND_USER) continue;
    lock(receiveLockOf(d));
    if (d.handle == socket && pollPeer(d, socket, call.small)) found = true;
    unlock(receiveLockOf(d));
  }
  return found;
}

/** Looks at the user-level sockets again and again, for as long as spinning may take. True: something is ready. */
function spin(call: Call, restUs: i64): bool {
  const most = min(runtime().spinMaxUs, call.thread.selectSpinUs);
  const limit: u64 = restUs < 0 ? most : min<u64>(most, restUs);
  const began = os.nowUs();
  for (let spent: u64 = 0; spent < limit; spent = os.nowUs() - began) {
    if (spent >= <u64>layout.SPIN_PAUSE_US) os.yieldProcessor();
    for (let round = 0; round < SPIN_ROUNDS_BETWEEN; round++) {
      if (anythingReady(call)) return true;
      sync.pause();
    }
  }
  return false;
}

function anythingReady(call: Call): bool {
  return anyReady(call, READS) || anyReady(call, WRITES) || anyReady(call, EXCEPTS);
}

function anyReady(call: Call, set: u32): bool {
  const entries = setOf(call, set);
  const count = setCount(entries);
  for (let index: u32 = 0; index < count; index++) {
    const socket = setEntry(entries, index);
    const d = userLevel(socket);
    if (changetype<usize>(d) == 0 || kindOf(d) < KIND_PENDING) continue;
    if (set == EXCEPTS ? isUrgent(d, socket) : isReady(d, socket, set == READS, true)) return true;
  }
  return false;
}

/** Arms every user-level socket, and sleeps in the kernel until a doorbell, a kernel socket or the time. */
function sleep(call: Call, restUs: i64): i32 {
  store<u32>(call.kernelReads, 0);
  store<u32>(call.kernelWrites, 0);
  store<u32>(call.kernelExcepts, 0);
  armSet(call, READS, call.kernelReads);
  armSet(call, WRITES, call.kernelWrites);
  armSet(call, EXCEPTS, call.kernelExcepts);
  let result = 0;
  // What is ours may go on in the kernel, which then is not asked whether it can be written to.
  const period = <i64>(anyOfOurs(call.writes) ? layout.CARETAKER_PERIOD_MS : layout.RECHECK_MS) * 1000;
  if (!anyLeaving(call) && !anythingReady(call) && !anyHandedOver(call, call.writes)) {
    result = kernelSelect(call, restUs < 0 ? period : min<i64>(restUs, period));
  }
  disarmSet(call, READS);
  disarmSet(call, WRITES);
  disarmSet(call, EXCEPTS);
  if (result > 0) answerDoorbells(call);
  answerAllLeaving(call);
  return result;
}

function anyOfOurs(set: usize): bool {
  const count = setCount(set);
  for (let index: u32 = 0; index < count; index++) {
    const d = userLevel(setEntry(set, index));
    if (changetype<usize>(d) != 0 && kindOf(d) >= KIND_PENDING) return true;
  }
  return false;
}

/** Something was armed, and then went on in the kernel, before it could be seen to be PENDING. */
function anyHandedOver(call: Call, set: usize): bool {
  const count = setCount(set);
  for (let index: u32 = 0; index < count; index++) {
    const d = lookup(setEntry(set, index));
    if (changetype<usize>(d) == 0 || kindOf(d) != KIND_KERNEL) continue;
    if (wasArmed(call, WRITES, index, generationOf(d))) return true;
  }
  return false;
}

/** Takes the doorbells of the user-level sockets that the kernel found readable, or learns that their peer is gone. */
function answerDoorbells(call: Call): void {
  const count = setCount(call.kernelReads);
  let left = false;
  for (let index: u32 = 0; index < count; index++) {
    const socket = setEntry(call.kernelReads, index);
    const d = userLevel(socket);
    if (changetype<usize>(d) == 0) continue;
    if (kindOf(d) == KIND_PENDING) settlePending(d, socket, call.small);
    // Both locks: nobody arms between the look at who is armed and the taking of what may be for him.
    lockBoth(d);
    let gone = false;
    if (d.handle == socket && kindOf(d) == KIND_USER) {
      if (d.selectReaders == 0 && d.selectWriters == 0) {
        takeDoorbells(socket, call.small, doorbellsTakenOf(d));
        // Bytes may still be there to be read: who waits for room, or an urgent byte, must learn of the end all the same.
        const unmet = !readReady(d) || !writeReady(d) || setCount(call.excepts) != 0;
        gone = unmet && kernelEnded(socket, call.small, doorbellsTakenOf(d));
      } else left = true;
    }
    unlock(sendLockOf(d));
    if (gone) markGone(d);
    unlock(receiveLockOf(d));
  }
  // A doorbell that another thread sleeps for stays until that one has run: it must get a processor.
  if (left && !anythingReady(call)) os.sleepMs(1);
}

/** Gives the application its sets back, with what is ready, and says how much that is. */
function finish(call: Call): i32 {
  dropRepeated(call.readyReads, call.small);
  dropRepeated(call.readyWrites, call.small);
  dropRepeated(call.readyExcepts, call.small);
  setCopy(call.readyReads, call.reads);
  setCopy(call.readyWrites, call.writes);
  setCopy(call.readyExcepts, call.excepts);
  return load<u32>(call.readyReads) + load<u32>(call.readyWrites) + load<u32>(call.readyExcepts);
}
