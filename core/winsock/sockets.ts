/** Entry points of the calls that make, name and end sockets. */
import * as ws from "../generated/winsock";
import * as layout from "../layout";
import { runtime } from "../runtime";
import { askKernelNext, currentThread, scratch } from "../vmmc/bells";
import {
  KIND_CONNECTING,
  KIND_KERNEL,
  KIND_UNUSED,
  eventsOf,
  isNonBlocking,
  kindOf,
  lockBoth,
  unlockBoth,
} from "../sockets/descriptor";
import { takeOffer } from "../sockets/accepting";
import { endDescriptor, shutdownStream } from "../sockets/closing";
import { logDecision } from "../sockets/decision";
import { abandonConnect, finishConnecting, prepareConnect, publishListener, publishPending, withdrawListener } from "../sockets/rendezvous";
import { isMemory } from "../sockets/buffers";
import { fail, well } from "../sockets/errors";
import { inheritEvents, tellKernel } from "../sockets/events";
import { nowConnected, smallScratch } from "../sockets/stream";
import { closeDuplicate, keepForDuplicates } from "./handles";
import { inheritOptions } from "./options";
import { lookup, openDescriptor, userLevel } from "../sockets/table";

const NAME_BYTES: u32 = 256;

export function socket(family: i32, type: i32, protocol: i32): usize {
  const made = ws.socket(family, type, protocol);
  if (made == ws.INVALID_SOCKET || runtime().reason == layout.REASON_DISABLED) return made;
  const stream =
    family == ws.AF_INET && type == ws.SOCK_STREAM && (protocol == 0 || protocol == ws.IPPROTO_TCP);
  openDescriptor(made, stream, false);
  return made;
}

export function closesocket(socket: usize): i32 {
  askKernelNext();
  const before = ws.WSAGetLastError();
  const d = lookup(socket);
  const open = changetype<usize>(d) != 0 && kindOf(d) != KIND_UNUSED;
  if (open && keepForDuplicates(d, socket)) return 0;
  const duplicate = open && d.original != 0;
  if (open && !duplicate) endDescriptor(d, socket);
  const result = duplicate ? closeDuplicate(d, socket) : ws.closesocket(socket);
  // Unlike most of the kernel's calls this one, and accept, leaves the last error as it was.
  if (result == 0) ws.WSASetLastError(before);
  return result;
}

export function bind(socket: usize, name: usize, length: i32): i32 {
  return ws.bind(socket, name, length);
}

export function listen(socket: usize, backlog: i32): i32 {
  const d = lookup(socket);
  // Published first: whoever can connect finds it. A connect to a listener that is not ready is refused by the kernel.
  const published = changetype<usize>(d) != 0 && publishListener(d, socket);
  const result = ws.listen(socket, backlog);
  if (result != 0 && published) {
    const error = ws.WSAGetLastError();
    withdrawListener(d);
    ws.WSASetLastError(error);
  }
  return result;
}

export function connect(socket: usize, name: usize, length: i32): i32 {
  askKernelNext();
  const d = lookup(socket);
  if (changetype<usize>(d) == 0 || kindOf(d) == KIND_UNUSED || d.stream == 0) return ws.connect(socket, name, length);
  if (kindOf(d) == KIND_CONNECTING) return connectAgain(socket, name, length);
  const inet = isMemory(name, sizeof<u32>(), false) && length >= <i32>ws.sockaddr_in_size && load<u16>(name) == <u16>ws.AF_INET;
  if (kindOf(d) != KIND_KERNEL || !inet) return ws.connect(socket, name, length);
  const offered = prepareConnect(d, name, length);
  if (offered) tellKernel(d);
  const result = ws.connect(socket, name, length);
  const error = result == 0 ? 0 : ws.WSAGetLastError();
  const begun = result == 0 || error == ws.WSAEWOULDBLOCK;
  if (offered) {
    if (begun) publishPending(d, socket, result == 0);
    else abandonConnect(d, layout.REASON_CONNECT_FAILED);
  } else if (begun) logDecision(d, layout.ROLE_CONNECT, layout.MODE_KERNEL, d.reason);
  ws.WSASetLastError(error);
  return result;
}

/** An application that asks `connect` whether its connect is through. */
function connectAgain(socket: usize, name: usize, length: i32): i32 {
  const result = ws.connect(socket, name, length);
  const error = result == 0 ? 0 : ws.WSAGetLastError();
  if (result == 0 || error == ws.WSAEISCONN) finishConnecting(lookup(socket), true);
  else if (error != ws.WSAEWOULDBLOCK && error != ws.WSAEALREADY && error != ws.WSAEINVAL) {
    finishConnecting(lookup(socket), false);
  }
  ws.WSASetLastError(error);
  return result;
}

export function accept(socket: usize, name: usize, nameLength: usize): usize {
  const before = ws.WSAGetLastError();
  const listener = lookup(socket);
  // One that is being closed still counts: what it accepts may have been offered when it was published.
  if (changetype<usize>(listener) == 0 || listener.stream == 0 || listener.serverPort == 0) {
    const made = ws.accept(socket, name, nameLength);
    if (made != ws.INVALID_SOCKET && changetype<usize>(listener) != 0) {
      openDescriptor(made, false, isNonBlocking(listener));
    }
    return made;
  }
  // Noted before: another thread may close the listener while this one gets a connection.
  const address = listener.serverAddress;
  const port = listener.serverPort;
  const slot = listener.slot;
  const sequence = listener.slotSequence;
  const generation = listener.generation;
  let events = eventsOf(listener);
  let window = listener.window;
  let message = listener.message;
  const made = ws.accept(socket, name, nameLength);
  if (made == ws.INVALID_SOCKET) return made;
  lockBoth(listener);
  if (listener.handle == socket && listener.generation == generation) {
    // They may have been chosen anew while this call waited.
    events = eventsOf(listener);
    window = listener.window;
    message = listener.message;
  }
  unlockBoth(listener);
  const d = openDescriptor(made, true, isNonBlocking(listener));
  if (changetype<usize>(d) == 0) {
    // It stays the kernel's, which has been told of the listener's FD_ACCEPT only.
    if (events != 0) ws.WSAAsyncSelect(made, window, message, events);
    ws.WSASetLastError(before);
    return made;
  }
  d.serverAddress = address;
  d.serverPort = port;
  d.listenerSlot = slot;
  d.listenerSequence = sequence;
  inheritOptions(d, listener, made);
  const peer = name != 0 && nameLength != 0 ? name : peerName(made);
  takeOffer(d, made, peer);
  if (events != 0) inheritEvents(d, window, message, events, smallScratch());
  ws.WSASetLastError(before);
  return made;
}

/** The name of the socket's peer, in this thread's memory; 0 when the kernel has forgotten it, after a reset. */
function peerName(socket: usize): usize {
  const thread = currentThread();
  const memory: usize = changetype<usize>(thread) != 0 ? scratch(thread, 2 * NAME_BYTES) : 0;
  if (memory == 0) return 0;
  const name = memory + NAME_BYTES;
  const length = name + 128;
  store<i32>(length, 128);
  return ws.getpeername(socket, name, length) == 0 ? name : 0;
}

export function shutdown(socket: usize, how: i32): i32 {
  const d = userLevel(socket);
  if (changetype<usize>(d) == 0) {
    askKernelNext();
    return ws.shutdown(socket, how);
  }
  // The kernel is not asked: it may be through with its connect just then, and would end the doorbells' way.
  if (kindOf(d) == KIND_CONNECTING && !nowConnected(d, socket)) return fail(ws.WSAENOTCONN);
  return well(shutdownStream(d, socket, how));
}
