/**
 * WSAAsyncSelect on user-level connections: which event is posted when. An event is posted once, and again only after the
 * call that enables it; what is not there yet is armed with the messenger's bell, so that the peer wakes the messenger.
 *
 * The kernel serves its own sockets, listeners, and connects that are under way. What it would say of the kernel connection
 * under a user-level one (doorbells, its end) is not for the application: there it is left with events that never come
 * about, and so still refuses to make the socket block.
 */
import * as ws from "../generated/winsock";
import * as layout from "../layout";
import * as os from "../os";
import { runtime } from "../runtime";
import { Thread } from "../vmmc/bells";
import { hasNoPeer } from "../vmmc/kernel-connection";
import { peerFlags } from "./connection";
import {
  Descriptor,
  KIND_CONNECTING,
  KIND_ENDED,
  KIND_KERNEL,
  KIND_LEFT,
  KIND_LISTENER,
  KIND_PENDING,
  eventsOf,
  isReset,
  kindOf,
  lockBoth,
  setEvents,
  unlockBoth,
} from "./descriptor";
import { watch } from "./messenger";
import { decided } from "./pending";
import { hasBytes, hasUrgent } from "./urgent";
import { publishArm } from "./waiting";
import { hasRoom } from "./window";

/** What the kernel is asked for: the application's events as far as they are the kernel's to tell. */
export function kernelEvents(d: Descriptor, events: i32): i32 {
  if (events == 0) return 0;
  const kind = kindOf(d);
  // What it accepts has its events from the kernel, before we know what it will be: none that could come about.
  if (kind == KIND_LISTENER) return (events & ws.FD_ACCEPT) != 0 ? ws.FD_ACCEPT : ws.FD_CONNECT;
  const offered = changetype<usize>(d.segment) != 0;
  if (!offered && kind != KIND_ENDED) return events;
  // A connected socket never accepts. The first FD_WRITE comes with FD_CONNECT, and the kernel knows when.
  const connecting = kind == KIND_KERNEL || kind == KIND_CONNECTING;
  // Once the peer has left, each direction is the kernel's as soon as the rings have nothing more for it.
  const sends = connecting || (kind == KIND_LEFT && d.leftOver == 0);
  const receives = kind == KIND_LEFT && d.leftUnread == 0;
  // The end is told of once: not before nothing can follow that tells the kernel anew.
  let ours = ws.FD_CLOSE | (sends ? 0 : ws.FD_WRITE);
  if (!receives) ours |= ws.FD_READ | ws.FD_OOB;
  if (kind == KIND_LEFT) ours |= toldBefore(d);
  return (events & ~ours) | ws.FD_ACCEPT;
}

/** The socket has become of another kind: what the kernel tells of it changes. With both locks held, or before others see it. */
export function tellKernel(d: Descriptor): void {
  if (eventsOf(d) != 0) ws.WSAAsyncSelect(d.handle, d.window, d.message, kernelEvents(d, eventsOf(d)));
}

/** Events that come once, and have come. */
function toldBefore(d: Descriptor): i32 {
  return ws.FD_CONNECT | (d.closePosted != 0 ? ws.FD_CLOSE : 0);
}

/**
 * As `tellKernel`, when the kernel carries the connection from now on. That it is connected has been told already. Of a reset
 * that came before, Wine's server says nothing any more, or of room only once somebody asks: so we do. `memory`: 256 bytes.
 */
export function returnEvents(d: Descriptor, memory: usize): void {
  const events = eventsOf(d) & ~toldBefore(d);
  if (eventsOf(d) == 0) return;
  const over = (events & (ws.FD_CLOSE | ws.FD_WRITE)) != 0 && hasNoPeer(d.handle, memory);
  const kernels = over ? events & ~(ws.FD_CLOSE | ws.FD_WRITE) : events;
  ws.WSAAsyncSelect(d.handle, d.window, d.message, kernels | ws.FD_ACCEPT);
  if (!over) return;
  if (wants(d, false)) postOnce(d, ws.FD_WRITE, offsetof<Descriptor>("writePosted"), 0);
  // Where this side has ended as well, the end may have been an orderly one.
  const error = d.shutdownSend == 0 ? ws.WSAECONNRESET : 0;
  postOnce(d, ws.FD_CLOSE, offsetof<Descriptor>("closePosted"), error);
}

/** An accepted socket has what its listener had. `memory`: 256 bytes. */
export function inheritEvents(d: Descriptor, window: usize, message: u32, events: u32, memory: usize): void {
  lockBoth(d);
  selectEvents(d, window, message, events);
  if (kindOf(d) == KIND_KERNEL && memory != 0) returnEvents(d, memory);
  else tellKernel(d);
  unlockBoth(d);
}

/** From now on these events are posted, and nothing of what was selected before. With both locks held. */
export function selectEvents(d: Descriptor, window: usize, message: u32, events: u32): void {
  d.window = window;
  d.message = message;
  d.readPosted = 0;
  d.urgentPosted = 0;
  d.writePosted = 0;
  d.closePosted = 0;
  setEvents(d, events);
  if (events != 0) beginEvents(d);
}

/**
 * There are events, and the socket has a segment or has just lost it: posts what holds already, and watches for the rest.
 * With both locks held.
 */
export function beginEvents(d: Descriptor): void {
  const kind = kindOf(d);
  if (kind < KIND_ENDED) return;
  if (kind == KIND_ENDED) {
    if (wants(d, false)) postOnce(d, ws.FD_WRITE, offsetof<Descriptor>("writePosted"), 0);
    postClose(d);
    return;
  }
  watch(d);
  // It may have slept for as long as nothing was to be looked after.
  ringMessenger();
  if (kind == KIND_CONNECTING) {
    // An acceptor that decides wakes who is armed: the bytes that it writes may be the next that is to be told.
    publishArm(d, true);
    return;
  }
  // In the order in which the kernel tells of them.
  const bytes = canRead(d);
  if (hasUrgent(d)) postOnce(d, ws.FD_OOB, offsetof<Descriptor>("urgentPosted"), 0);
  if (bytes) postOnce(d, ws.FD_READ, offsetof<Descriptor>("readPosted"), 0);
  watchWriting(d);
  watchReading(d);
}

/** Bytes that `recv` would give. With `receiveLock` held. */
function canRead(d: Descriptor): bool {
  return hasBytes(d) && d.shutdownReceive == 0;
}

/** The kernel's connect is through, and has told of it: FD_CONNECT, and the first FD_WRITE. With both locks held. */
export function connectedEvents(d: Descriptor): void {
  d.writePosted = 1;
  beginEvents(d);
}

/** A call that reads was made: it enables FD_READ. With `receiveLock` held. */
export function readingEnabled(d: Descriptor): void {
  d.readPosted = 0;
  watchReading(d);
}

/** `recv` was called with MSG_OOB: it enables FD_OOB. With `receiveLock` held. */
export function urgentEnabled(d: Descriptor): void {
  d.urgentPosted = 0;
  watchReading(d);
}

/** A send would have blocked: that enables FD_WRITE. With `sendLock` held. */
export function writingEnabled(d: Descriptor): void {
  d.writePosted = 0;
  watchWriting(d);
}

/**
 * Posts FD_READ for bytes that nobody was told of, and FD_CLOSE for an end behind the last of them, or for a reset; else
 * arms; and FD_OOB. As long as bytes are unread nothing else is armed: the call that reads them comes here again. With
 * `receiveLock` held.
 */
export function watchReading(d: Descriptor): void {
  if (eventsOf(d) == 0) return;
  for (let armed = false; ; armed = true) {
    // The end before the bytes: those that came before it are visible then.
    const told = peerFlags(d);
    const bytes = canRead(d);
    const reset = isReset(d) || (told & layout.FLAG_RESET) != 0;
    if (hasUrgent(d)) postOnce(d, ws.FD_OOB, offsetof<Descriptor>("urgentPosted"), 0);
    if (bytes) postOnce(d, ws.FD_READ, offsetof<Descriptor>("readPosted"), 0);
    if (reset || (told != 0 && !bytes)) postClose(d);
    // An urgent byte may come while others are unread.
    if ((bytes && !wantsUrgent(d)) || told != 0 || reset || !wants(d, true) || armed) break;
    publishArm(d, true);
  }
  lookAtDecision(d);
}

/** Posts FD_WRITE if it is enabled and a send would not block; else arms. With `sendLock` held. */
export function watchWriting(d: Descriptor): void {
  if (eventsOf(d) == 0 || !wants(d, false) || kindOf(d) == KIND_LEFT) return;
  if (!canWrite(d)) {
    publishArm(d, false);
    if (!canWrite(d)) {
      lookAtDecision(d);
      return;
    }
  }
  postOnce(d, ws.FD_WRITE, offsetof<Descriptor>("writePosted"), 0);
}

function canWrite(d: Descriptor): bool {
  return hasRoom(d) || (peerFlags(d) & layout.FLAG_CLOSED) != 0 || isReset(d);
}

/** Decided before we armed: nobody has rung for it, and it must be carried out, without the locks. */
function lookAtDecision(d: Descriptor): void {
  if (kindOf(d) == KIND_PENDING && decided(d)) ringMessenger();
}

/** What is armed for that direction on behalf of events, if nobody waits in a call: the messenger's slot, or 0. */
export function eventsArm(d: Descriptor, reading: bool): u32 {
  const messenger = runtime().messenger;
  return messenger != 0 && wants(d, reading) ? changetype<Thread>(messenger).armValue : 0;
}

function wants(d: Descriptor, reading: bool): bool {
  // Who sends no more is told of no room.
  if (!reading) return (eventsOf(d) & ws.FD_WRITE) != 0 && d.writePosted == 0 && d.shutdownSend == 0;
  if (((eventsOf(d) & ws.FD_READ) != 0 && d.readPosted == 0) || wantsUrgent(d)) return true;
  return (eventsOf(d) & ws.FD_CLOSE) != 0 && d.closePosted == 0;
}

function wantsUrgent(d: Descriptor): bool {
  return (eventsOf(d) & ws.FD_OOB) != 0 && d.urgentPosted == 0;
}

/** The messenger looks at all that it watches. */
export function ringMessenger(): void {
  const messenger = runtime().messenger;
  if (messenger != 0) os.bellRing(changetype<Thread>(messenger).bell);
}

function postClose(d: Descriptor): void {
  const reset = isReset(d) || (d.own != 0 && (peerFlags(d) & layout.FLAG_RESET) != 0);
  postOnce(d, ws.FD_CLOSE, offsetof<Descriptor>("closePosted"), reset ? ws.WSAECONNRESET : 0);
}

/** Posts an event that is selected and was not posted yet, as the word at `posted` says. */
function postOnce(d: Descriptor, event: i32, posted: usize, error: i32): void {
  const word = changetype<usize>(d) + posted;
  if ((eventsOf(d) & event) == 0 || load<u32>(word) != 0) return;
  store<u32>(word, 1);
  // Should the window be gone, nobody is there to be told.
  os.postMessage(d.window, d.message, d.handle, event | (error << 16));
}
