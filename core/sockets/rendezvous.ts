/** How two wrapped programs find each other: publishing listeners, offering segments. Taking them: accepting.ts. */
import * as ws from "../generated/winsock";
import * as layout from "../layout";
import * as os from "../os";
import { processPolicy } from "../process/modules";
import { Runtime, runtime, runtimeField } from "../runtime";
import { loadField } from "../shared-fields";
import * as sync from "../sync";
import { currentThread, scratch } from "../vmmc/bells";
import { selectOne } from "../vmmc/kernel-connection";
import { reconsiderOffers, takeSegment } from "../vmmc/segments";
import { wakeCaretaker } from "./caretaker";
import { attach, detach } from "./connection";
import { logDecision } from "./decision";
import {
  Descriptor,
  KIND_CONNECTING,
  KIND_KERNEL,
  KIND_LISTENER,
  KIND_PENDING,
  eventsOf,
  kindOf,
  lockBoth,
  setKind,
  unlockBoth,
} from "./descriptor";
import {
  claimListener,
  claimPending,
  findListener,
  freeSlot,
  listenerSlot,
  listenersUsed,
  ownerRuns,
  pendingSlot,
  pendingUsed,
  removeStale,
  slotSequence,
  slotTag,
  slotWord,
  swapSlot,
} from "./directory";

import { connectedEvents, tellKernel } from "./events";
import { mayBeUserLevel } from "./rules";
import { noteConnection } from "./statistics";

const SCRATCH_BYTES = 256;
/** 127.0.0.1 as it stands in memory: what connecting to "any" address means. */
const LOOPBACK: u32 = 0x0100007f;

/** Why this process may not have user-level connections now, or REASON_NONE. Modules loaded later count too. */
export function processReason(): u32 {
  if (runtime().reason != layout.REASON_NONE) return runtime().reason;
  return (processPolicy() & layout.POLICY_MIXED) != 0 ? layout.REASON_MIXED_PROCESS : layout.REASON_NONE;
}

/** The kernel is about to listen on `d`: publishes it. True when it now is and was not before. */
export function publishListener(d: Descriptor, socket: usize): bool {
  if (kindOf(d) != KIND_KERNEL || d.stream == 0) return false;
  let reason = processReason();
  const thread = currentThread();
  if (changetype<usize>(thread) == 0 || scratch(thread, SCRATCH_BYTES) == 0) reason = layout.REASON_TABLE_FULL;
  if (reason == layout.REASON_NONE) {
    const named = localName(socket, thread.scratch);
    const ruled = named && !mayBeUserLevel(nameAddress(thread.scratch), namePort(thread.scratch));
    const index = named && !ruled ? claimListener() : -1;
    if (index >= 0) {
      const slot = listenerSlot(index);
      d.serverAddress = nameAddress(thread.scratch);
      d.serverPort = namePort(thread.scratch);
      sync.storeRelease(slot + layout.SLOT_SERVER_ADDRESS, d.serverAddress);
      sync.storeRelease(slot + layout.SLOT_SERVER_PORT, d.serverPort);
      d.slot = index;
      d.slotSequence = slotSequence(slot);
      lockBoth(d);
      setKind(d, KIND_LISTENER);
      tellKernel(d);
      unlockBoth(d);
      swapSlot(slot, runtime().tag | layout.SLOT_CLAIMED, d.slotSequence, runtime().tag | layout.SLOT_LIVE);
      return true;
    }
    reason = ruled ? layout.REASON_RULE : layout.REASON_DIRECTORY_FULL;
  }
  d.reason = reason;
  if (os.logging()) os.logEvent(layout.EVENT_LISTENER_NOT_PUBLISHED, socket, reason);
  return false;
}

/** Before the kernel closes a listener. */
export function withdrawListener(d: Descriptor): void {
  freeSlot(listenerSlot(d.slot), d.slotSequence);
  setKind(d, KIND_KERNEL);
  tellKernel(d);
  if (reconsiderOffers()) wakeCaretaker();
}

/** At the process's end: takes its listeners out of the directory. No lock may be waited for any more. */
export function withdrawAll(): void {
  if (runtime().directory == 0) return;
  const used = listenersUsed();
  for (let index: u32 = 0; index < used; index++) {
    const slot = listenerSlot(index);
    if (loadField(slot + layout.SLOT_START) == runtime().start) freeSlot(slot, slotSequence(slot));
  }
}

/** Fills a sockaddr_in at `memory` with the socket's local name; false when it has none of that family. */
export function localName(socket: usize, memory: usize): bool {
  const length = memory + 128;
  store<i32>(length, <i32>ws.sockaddr_in_size);
  return (
    ws.getsockname(socket, memory, length) == 0 &&
    load<u16>(memory + ws.sockaddr_in_sin_family_offset) == <u16>ws.AF_INET
  );
}

// @ts-ignore: decorator
@inline
export function nameAddress(name: usize): u32 {
  return load<u32>(name + ws.sockaddr_in_sin_addr_offset);
}

// @ts-ignore: decorator
@inline
export function namePort(name: usize): u32 {
  return load<u16>(name + ws.sockaddr_in_sin_port_offset);
}

/** The connector's first step: true when the connection may become user-level, and everything for it is at hand. */
export function prepareConnect(d: Descriptor, name: usize, length: i32): bool {
  d.serverAddress = nameAddress(name);
  d.serverPort = namePort(name);
  d.clientAddress = 0;
  d.clientPort = 0;
  let reason = processReason();
  if (reason == layout.REASON_NONE && !mayBeUserLevel(d.serverAddress == 0 ? LOOPBACK : d.serverAddress, d.serverPort)) {
    reason = layout.REASON_RULE;
  }
  if (reason == layout.REASON_NONE) {
    const found = length >= <i32>ws.sockaddr_in_size ? findServer(d) : -1;
    if (found < 0) reason = found == -1 ? layout.REASON_NO_LISTENER : layout.REASON_OTHER_HOST;
    else reason = offer(d, found);
  }
  if (reason == layout.REASON_NONE) return true;
  d.reason = reason;
  return false;
}

/** The listener's slot; -1 when nobody wrapped listens there, -2 when the address is another machine's. */
function findServer(d: Descriptor): i32 {
  const address = d.serverAddress == 0 ? LOOPBACK : d.serverAddress;
  const index = findListener(address, d.serverPort);
  if (index < 0) return -1;
  const loopback = (address & 0xff) == 127;
  const bound = sync.loadRelaxed(listenerSlot(index) + layout.SLOT_SERVER_ADDRESS);
  return loopback || bound == address || addressIsOurs(address) ? index : -2;
}

/** True when the address belongs to this machine: then, and only then, a socket can be bound to it. */
function addressIsOurs(address: u32): bool {
  const thread = currentThread();
  if (changetype<usize>(thread) == 0 || scratch(thread, SCRATCH_BYTES) == 0) return false;
  const probe = ws.socket(ws.AF_INET, ws.SOCK_DGRAM, 0);
  if (probe == ws.INVALID_SOCKET) return false;
  const name = thread.scratch;
  memory.fill(name, 0, ws.sockaddr_in_size);
  store<u16>(name + ws.sockaddr_in_sin_family_offset, <u16>ws.AF_INET);
  store<u32>(name + ws.sockaddr_in_sin_addr_offset, address);
  const bound = ws.bind(probe, name, <i32>ws.sockaddr_in_size) == 0;
  ws.closesocket(probe);
  return bound;
}

/** Takes a segment and announces the intent to connect. Returns the reason why not, or REASON_NONE. */
function offer(d: Descriptor, index: u32): u32 {
  const listener = listenerSlot(index);
  const owner = slotTag(slotWord(listener));
  const claimed = claimPending();
  if (claimed < 0) return layout.REASON_DIRECTORY_FULL;
  const slot = pendingSlot(claimed);
  d.slot = claimed;
  d.slotSequence = slotSequence(slot);
  // The slot knows the segment's name before there is a file of that name: see `removeStale`.
  const asked = d.sendBuffer == 0 ? 0 : d.sendBuffer - 1;
  const segment = takeSegment(owner, loadField(listener + layout.SLOT_START), slot + layout.SLOT_SEGMENT_KEY, asked);
  if (changetype<usize>(segment) == 0) {
    freeSlot(slot, d.slotSequence);
    return layout.REASON_SEGMENT_CREATE;
  }
  attach(d, segment, 0);
  d.listenerSlot = index;
  d.listenerSequence = slotSequence(listener);
  sync.storeRelease(slot + layout.SLOT_SERVER_ADDRESS, d.serverAddress == 0 ? LOOPBACK : d.serverAddress);
  sync.storeRelease(slot + layout.SLOT_SERVER_PORT, d.serverPort);
  sync.storeRelease(slot + layout.SLOT_LISTENER, index);
  sync.storeRelease(slot + layout.SLOT_LISTENER_SEQUENCE, d.listenerSequence);
  // If this fails, so does the step to PENDING, and the connection stays in the kernel.
  swapSlot(slot, runtime().tag | layout.SLOT_CLAIMED, d.slotSequence, runtime().tag | layout.SLOT_LIVE);
  return layout.REASON_NONE;
}

/** The kernel's connect has begun (or succeeded): the local port is known, so the acceptor can be told. */
export function publishPending(d: Descriptor, socket: usize, connected: bool): void {
  const thread = currentThread();
  const slot = pendingSlot(d.slot);
  const named =
    changetype<usize>(thread) != 0 && scratch(thread, SCRATCH_BYTES) != 0 && localName(socket, thread.scratch);
  if (named) {
    d.clientAddress = nameAddress(thread.scratch);
    d.clientPort = namePort(thread.scratch);
    sync.storeRelease(slot + layout.SLOT_CLIENT_ADDRESS, d.clientAddress);
    sync.storeRelease(slot + layout.SLOT_CLIENT_PORT, d.clientPort);
    d.pendingSinceUs = os.nowUs();
    dropNamesakes(d);
    // An acceptor that would not wait any longer has swapped the intent away: then this stays a kernel connection.
    if (swapSlot(slot, runtime().tag | layout.SLOT_LIVE, d.slotSequence, runtime().tag | layout.SLOT_PENDING)) {
      sync.fetchAdd(runtimeField(offsetof<Runtime>("pendingCount")), 1);
      lockBoth(d);
      noteConnection(d, layout.ROLE_CONNECT, layout.MODE_UNDECIDED, layout.REASON_NONE);
      setKind(d, connected ? KIND_PENDING : KIND_CONNECTING);
      if (eventsOf(d) != 0) connectedEvents(d);
      unlockBoth(d);
      return;
    }
  }
  abandonConnect(d, layout.REASON_LATE);
}

/**
 * The kernel has given this connection its names, so an older one of the same names is gone: what is offered for that one must
 * not be taken for this one.
 */
function dropNamesakes(d: Descriptor): void {
  const used = pendingUsed();
  const server = d.serverAddress == 0 ? LOOPBACK : d.serverAddress;
  for (let index: u32 = 0; index < used; index++) {
    const slot = pendingSlot(index);
    const sequence = slotSequence(slot);
    const word = slotWord(slot);
    if (index == d.slot || (word & layout.SLOT_STATE_MASK) != layout.SLOT_PENDING) continue;
    if (!isOfferFrom(slot, d) || sync.loadRelaxed(slot + layout.SLOT_SERVER_ADDRESS) != server) continue;
    if (ownerRuns(slot, word)) swapSlot(slot, word, sequence, slotTag(word) | layout.SLOT_CLAIMED);
    else removeStale(slot, word, sequence);
  }
}

/** True when the slot bears the ports and the client's address of `d`. */
// @ts-ignore: decorator
@inline
export function isOfferFrom(slot: usize, d: Descriptor): bool {
  return (
    sync.loadRelaxed(slot + layout.SLOT_CLIENT_PORT) == d.clientPort &&
    sync.loadRelaxed(slot + layout.SLOT_CLIENT_ADDRESS) == d.clientAddress &&
    sync.loadRelaxed(slot + layout.SLOT_SERVER_PORT) == d.serverPort
  );
}

/** The connection will not be user-level after all, and nobody has been told of it. */
export function abandonConnect(d: Descriptor, reason: u32): void {
  // In this order: as long as the segment's file is there, the slot must tell of it.
  detach(d);
  freeSlot(pendingSlot(d.slot), d.slotSequence);
  tellKernel(d);
  logDecision(d, layout.ROLE_CONNECT, layout.MODE_KERNEL, reason);
}

/** A kernel connect that was under way has ended. */
export function finishConnecting(d: Descriptor, connected: bool): void {
  lockBoth(d);
  if (kindOf(d) == KIND_CONNECTING) {
    if (connected) connectIsThrough(d);
    else {
      setKind(d, KIND_KERNEL);
      sync.fetchAdd(runtimeField(offsetof<Runtime>("pendingCount")), -1);
      abandonConnect(d, layout.REASON_CONNECT_FAILED);
    }
  }
  unlockBoth(d);
}

/** For who looks without having been asked: with the locks, the handle stays this connection's. */
export function lookAtConnect(d: Descriptor, memory: usize): void {
  lockBoth(d);
  if (kindOf(d) == KIND_CONNECTING && selectOne(d.handle, memory, false, 0) > 0) connectIsThrough(d);
  unlockBoth(d);
}

function connectIsThrough(d: Descriptor): void {
  d.pendingSinceUs = os.nowUs();
  setKind(d, KIND_PENDING);
  if (eventsOf(d) != 0) connectedEvents(d);
}
