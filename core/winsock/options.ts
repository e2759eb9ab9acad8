/** Entry points of the calls that ask about a socket or change how it behaves. */
import * as ws from "../generated/winsock";
import * as layout from "../layout";
import * as os from "../os";
import {
  Descriptor,
  KIND_CONNECTING,
  KIND_ENDED,
  KIND_LEFT,
  KIND_LISTENER,
  KIND_PENDING,
  KIND_UNUSED,
  hasBellsNoDelay,
  kindOf,
  lockBoth,
  receiveLockOf,
  setBellsNoDelay,
  setNonBlocking,
  unlockBoth,
} from "../sockets/descriptor";
import { currentThread, scratch } from "../vmmc/bells";
import { isMemory } from "../sockets/buffers";
import { fail, well } from "../sockets/errors";
import { kernelEvents, selectEvents } from "../sockets/events";
import { lock, unlock } from "../sockets/lock";
import { startMessenger } from "../sockets/messenger";
import { decided, toKernel } from "../sockets/pending";
import { processReason, withdrawListener } from "../sockets/rendezvous";
import { nowConnected, smallScratch } from "../sockets/stream";
import { lookup } from "../sockets/table";
import { atMark, hasBytes, hasRest, unreadBeforeMark } from "../sockets/urgent";

export function ioctlsocket(socket: usize, command: i32, argument: usize): i32 {
  const d = lookup(socket);
  if (changetype<usize>(d) == 0) return ws.ioctlsocket(socket, command, argument);
  if (<u32>command == <u32>ws.FIONREAD) {
    if (kindOf(d) == KIND_CONNECTING) nowConnected(d, socket);
    if (askStream(d, socket, command, argument)) return well(0);
    if (kindOf(d) == KIND_ENDED && isMemory(argument, sizeof<u32>(), true)) {
      store<u32>(argument, 0);
      return well(0);
    }
  }
  if (<u32>command == <u32>ws.SIOCATMARK && askStream(d, socket, command, argument)) return well(0);
  if (<u32>command != <u32>ws.FIONBIO) return ws.ioctlsocket(socket, command, argument);
  // Not while a connection is handed over to the kernel, which goes without blocking.
  lockBoth(d);
  const result = ws.ioctlsocket(socket, command, argument);
  if (result == 0) setNonBlocking(d, load<u32>(argument) != 0);
  unlockBoth(d);
  return result;
}

/**
 * What FIONREAD and SIOCATMARK say of a user-level connection; the second also after its end, which a look alone may have found.
 * False: it is none, or the kernel says what is wrong with the argument.
 */
function askStream(d: Descriptor, socket: usize, command: i32, argument: usize): bool {
  if (kindOf(d) < KIND_ENDED || !isMemory(argument, sizeof<u32>(), true)) return false;
  const unread = <u32>command == <u32>ws.FIONREAD;
  lock(receiveLockOf(d));
  const ended = !unread && kindOf(d) == KIND_ENDED && changetype<usize>(d.segment) != 0;
  const user = d.handle == socket && (ended || kindOf(d) >= KIND_PENDING || (kindOf(d) == KIND_LEFT && hasRest(d)));
  if (user) store<u32>(argument, unread ? unreadBeforeMark(d) : atMark(d));
  unlock(receiveLockOf(d));
  return user;
}

export function getsockopt(socket: usize, level: i32, option: i32, value: usize, length: usize): i32 {
  const result = ws.getsockopt(socket, level, option, value, length);
  const d = lookup(socket);
  // The kernel connection may have it for our doorbells: the application hears what it set itself.
  const ours = level == ws.IPPROTO_TCP && option == ws.TCP_NODELAY && changetype<usize>(d) != 0 && hasBellsNoDelay(d);
  if (result == 0 && ours && value != 0 && length != 0 && load<i32>(length) != 0) store<u8>(value, <u8>d.noDelay);
  return result;
}

/** An accepted socket has the options that its listener had when the kernel connected, and only the kernel knows these if they have changed. */
export function inheritOptions(d: Descriptor, listener: Descriptor, socket: usize): void {
  d.receiveTimeoutMs = listener.receiveTimeoutMs;
  d.sendTimeoutMs = listener.sendTimeoutMs;
  d.urgentInLine = listener.urgentInLine;
  d.lingerOn = listener.lingerOn;
  d.lingerSeconds = listener.lingerSeconds;
  const memory = listener.optionsChanged != 0 ? smallScratch() : 0;
  if (memory == 0) return;
  askKernel(d, socket, ws.SO_LINGER, memory);
  askKernel(d, socket, ws.SO_OOBINLINE, memory);
}

function askKernel(d: Descriptor, socket: usize, option: i32, memory: usize): void {
  const length = memory + 64;
  store<i32>(length, 64);
  if (ws.getsockopt(socket, ws.SOL_SOCKET, option, memory, length) == 0) noteOption(d, option, memory, load<i32>(length));
}

/** The kernel keeps every option; those that a user-level connection acts on are noted as well. */
export function setsockopt(socket: usize, level: i32, option: i32, value: usize, length: i32): i32 {
  const result = ws.setsockopt(socket, level, option, value, length);
  const d = lookup(socket);
  if (result != 0 || changetype<usize>(d) == 0 || value == 0) return result;
  lockBoth(d);
  if (d.handle == socket && level == ws.SOL_SOCKET) noteOption(d, option, value, length);
  if (d.handle == socket && level == ws.IPPROTO_TCP && option == ws.TCP_NODELAY) {
    d.noDelay = load<u8>(value) != 0 ? 1 : 0;
    setBellsNoDelay(d, false);
  }
  unlockBoth(d);
  return result;
}

function noteOption(d: Descriptor, option: i32, value: usize, length: i32): void {
  // The kernel's connections have what the listener had when they were made, which may be before and after this.
  if (kindOf(d) == KIND_LISTENER) d.optionsChanged = 1;
  if (option == ws.SO_LINGER && length >= <i32>ws.linger_size) {
    d.lingerOn = load<u16>(value + ws.linger_l_onoff_offset);
    d.lingerSeconds = load<u16>(value + ws.linger_l_linger_offset);
    return;
  }
  if (length < 4) return;
  const number = load<u32>(value);
  if (option == ws.SO_RCVTIMEO) d.receiveTimeoutMs = number;
  else if (option == ws.SO_SNDTIMEO) d.sendTimeoutMs = number;
  else if (option == ws.SO_OOBINLINE) {
    // Marks that came before are noticed as they were meant then.
    if (kindOf(d) >= KIND_PENDING) hasBytes(d);
    d.urgentInLine = number != 0 ? 1 : 0;
  }
  else if (option == ws.SO_SNDBUF) d.sendBuffer = number + 1;
  else if (option == ws.SO_DONTLINGER && number != 0) d.lingerOn = 0;
}

/** Makes sure that the kernel carries what this socket does from now on; false when that is too late. */
export function keepInKernel(socket: usize): bool {
  const d = lookup(socket);
  if (changetype<usize>(d) == 0 || kindOf(d) == KIND_UNUSED) return true;
  const thread = currentThread();
  const memory: usize = changetype<usize>(thread) != 0 ? scratch(thread, 256) : 0;
  lockBoth(d);
  if (kindOf(d) == KIND_LISTENER) {
    withdrawListener(d);
    if (os.logging()) os.logEvent(layout.EVENT_LISTENER_NOT_PUBLISHED, socket, layout.REASON_UNSUPPORTED_CALLS);
  }
  if (kindOf(d) == KIND_PENDING && memory != 0 && !decided(d)) toKernel(d, layout.REASON_UNSUPPORTED_CALLS, memory);
  if (kindOf(d) < KIND_CONNECTING) d.stream = 0;
  unlockBoth(d);
  return kindOf(d) < KIND_CONNECTING;
}

/** The kernel judges window and events, and makes the socket non-blocking; user-level events are ours to post. */
export function WSAAsyncSelect(socket: usize, window: usize, message: u32, events: i32): i32 {
  const d = lookup(socket);
  if (changetype<usize>(d) == 0 || d.stream == 0) return ws.WSAAsyncSelect(socket, window, message, events);
  const may = kindOf(d) >= KIND_CONNECTING || processReason() == layout.REASON_NONE;
  if (events != 0 && may && !startMessenger() && !keepInKernel(socket)) return fail(ws.WSAENOBUFS);
  lockBoth(d);
  const result = ws.WSAAsyncSelect(socket, window, message, kernelEvents(d, events));
  if (result == 0 && d.handle == socket && kindOf(d) != KIND_UNUSED) {
    setNonBlocking(d, true);
    selectEvents(d, window, message, events);
  }
  unlockBoth(d);
  return well(result);
}
