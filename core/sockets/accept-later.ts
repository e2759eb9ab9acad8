/**
 * `AcceptEx` on a published listener. The kernel accepts, with an OVERLAPPED of ours; the acceptor, a thread of ours whose
 * bell the kernel rings, decides the connection as `accept` does. If bytes were asked for, a worker waits for the first.
 */
import * as ws from "../generated/winsock";
import * as layout from "../layout";
import * as os from "../os";
import { Runtime, runtime, runtimeField } from "../runtime";
import { Thread } from "../vmmc/bells";
import { takeOffer } from "./accepting";
import {
  Descriptor,
  KIND_ACCEPTING,
  KIND_KERNEL,
  KIND_LISTENER,
  eventsOf,
  kindOf,
  lockBoth,
  setKind,
  unlockBoth,
} from "./descriptor";
import { beginEvents, tellKernel } from "./events";
import { lock, unlock } from "./lock";
import { OPERATION_READ, Operation, beginOn, completeOperation, dropOperation, makeOperation, moreOf, submit } from "./operations";
import { ERROR_OPERATION_ABORTED, Overlapped, STATUS_PENDING, STATUS_SUCCESS, begin, completeAs, isPending, neverBegan } from "./overlapped";
import { nameAddress, namePort } from "./rendezvous";
import { DUTY_ACCEPTOR, startOnce } from "./threads";

/** Memory of the acceptor's own, for the calls that it makes. */
const SCRATCH_BYTES: u32 = 256;
/** How long it sleeps (ms) while the kernel accepts nothing. */
const NOTHING_MS: u32 = layout.RECHECK_MS * 60;

/** What an operation of `AcceptEx` has besides the rest: it lies where `moreOf` says. The operation's buffer is for bytes. */
@unmanaged
export class Acceptance {
  // An `Overlapped` of ours, for the kernel.
  internal: usize;
  internalHigh: usize;
  offset: u32;
  offsetHigh: u32;
  event: usize;
  /** Bytes that the application has for the names behind those for data. */
  localBytes: u32;
  remoteBytes: u32;
  /** The listener, as it was when the operation began. */
  serverPort: u32;
  listenerSlot: u32;
  listenerSequence: u32;
  /** Where the kernel says that it has received nothing. */
  received: u32;
  // The names that the kernel has given, in the application's buffer, and their lengths.
  localName: usize;
  remoteName: usize;
  localLength: u32;
  remoteLength: u32;
}

/** True when the kernel's connection may become a user-level one. Without the acceptor it may not. */
export function canAcceptLater(listener: Descriptor, d: Descriptor): bool {
  if (changetype<usize>(listener) == 0 || kindOf(listener) != KIND_LISTENER) return false;
  if (changetype<usize>(d) == 0 || kindOf(d) != KIND_KERNEL || d.stream == 0) return false;
  const state = runtimeField(offsetof<Runtime>("acceptorState"));
  return startOnce(state, runtimeField(offsetof<Runtime>("acceptor")), DUTY_ACCEPTOR, SCRATCH_BYTES);
}

/**
 * `AcceptEx`, for which there is an acceptor and an OVERLAPPED that can be told of. Returns 0 or the error.
 * @param listenerSocket the handle of `listener`
 * @param bytes to be received, at the beginning of `buffer`
 */
export function acceptLater(
  listener: Descriptor,
  listenerSocket: usize,
  d: Descriptor,
  socket: usize,
  buffer: usize,
  bytes: u32,
  localBytes: u32,
  remoteBytes: u32,
  overlapped: usize,
): i32 {
  const operation = makeOperation(d, socket, overlapped, OPERATION_READ);
  if (changetype<usize>(operation) == 0) return ws.WSAENOBUFS;
  beginOn(operation, listener);
  operation.buffer = buffer;
  operation.length = bytes;
  const acceptance = changetype<Acceptance>(moreOf(operation));
  acceptance.internal = STATUS_PENDING;
  acceptance.localBytes = localBytes;
  acceptance.remoteBytes = remoteBytes;
  acceptance.serverPort = listener.serverPort;
  acceptance.listenerSlot = listener.slot;
  acceptance.listenerSequence = listener.slotSequence;
  acceptance.event = changetype<Thread>(runtime().acceptor).bell | 1;
  lockBoth(d);
  const free = d.handle == socket && kindOf(d) == KIND_KERNEL;
  if (free) setKind(d, KIND_ACCEPTING);
  unlockBoth(d);
  if (!free) {
    dropOperation(operation);
    return ws.WSAEINVAL;
  }
  begin(overlapped);
  // The names go where they are to be in the end, in whatever shape the system gives them.
  const own = changetype<usize>(acceptance);
  const received = own + offsetof<Acceptance>("received");
  const accepted = ws.AcceptEx(listenerSocket, socket, buffer + bytes, 0, localBytes, remoteBytes, received, own);
  const error = accepted != 0 ? 0 : ws.WSAGetLastError();
  if (error != 0 && error != ws.WSA_IO_PENDING) {
    endAccepting(operation);
    dropOperation(operation);
    neverBegan(overlapped, error);
    return error;
  }
  const operationsLock = runtimeField(offsetof<Runtime>("operationsLock"));
  lock(operationsLock);
  operation.next = runtime().accepts;
  runtime().accepts = changetype<usize>(operation);
  unlock(operationsLock);
  // The kernel may have rung before it stood in the list; or has silenced the bell, which another one's end had rung.
  os.bellRing(changetype<Thread>(runtime().acceptor).bell);
  return 0;
}

/** The acceptor's thread. Never returns. */
export function runAcceptor(thread: Thread): void {
  for (;;) {
    os.bellWait(thread.bell, 0, NOTHING_MS);
    for (;;) {
      const operation = takeAccepted();
      if (changetype<usize>(operation) == 0) break;
      finish(operation);
    }
  }
}

/** One with which the kernel is through, taken out of the list; 0: there is none. */
function takeAccepted(): Operation {
  const operationsLock = runtimeField(offsetof<Runtime>("operationsLock"));
  lock(operationsLock);
  let link = runtimeField(offsetof<Runtime>("accepts"));
  let operation = changetype<Operation>(load<usize>(link));
  while (changetype<usize>(operation) != 0 && isPending(moreOf(operation))) {
    link = changetype<usize>(operation) + offsetof<Operation>("next");
    operation = changetype<Operation>(operation.next);
  }
  if (changetype<usize>(operation) != 0) store<usize>(link, operation.next);
  unlock(operationsLock);
  return operation;
}

/** The kernel has a connection, or none any more. */
function finish(operation: Operation): void {
  const status = <u32>changetype<Overlapped>(moreOf(operation)).internal;
  if (status != STATUS_SUCCESS) {
    endAccepting(operation);
    completeAs(operation.port, operation.portKey, operation.overlapped, 0, status);
    dropOperation(operation);
    return;
  }
  const open = decide(operation);
  if (open && operation.length != 0 && submit(operation)) return;
  const error = !open ? ERROR_OPERATION_ABORTED : operation.length != 0 ? ws.WSAENOBUFS : 0;
  completeOperation(operation, 0, error);
  dropOperation(operation);
}

/** Who carries the connection. False: the socket that was to have it is closed. */
function decide(operation: Operation): bool {
  const d = operation.descriptor;
  lockBoth(d);
  const open = d.generation == operation.generation && kindOf(d) == KIND_ACCEPTING;
  // It cannot be closed, and its descriptor be another socket's, until this is through.
  if (open) d.deciding = 1;
  unlockBoth(d);
  if (!open) return false;
  const peer = findNames(operation);
  const acceptance = changetype<Acceptance>(moreOf(operation));
  d.serverAddress = nameAddress(acceptance.localName);
  d.serverPort = acceptance.serverPort;
  d.listenerSlot = acceptance.listenerSlot;
  d.listenerSequence = acceptance.listenerSequence;
  takeOffer(d, operation.socket, peer);
  lockBoth(d);
  if (kindOf(d) == KIND_ACCEPTING) setKind(d, KIND_KERNEL);
  else if (eventsOf(d) != 0) {
    tellKernel(d);
    beginEvents(d);
  }
  d.deciding = 0;
  unlockBoth(d);
  return true;
}

/** The peer's name; 0 when the kernel has forgotten it. The local one stands in the operation. */
function findNames(operation: Operation): usize {
  const acceptance = changetype<Acceptance>(moreOf(operation));
  const at = changetype<usize>(acceptance);
  ws.GetAcceptExSockaddrs(
    operation.buffer + operation.length,
    0,
    acceptance.localBytes,
    acceptance.remoteBytes,
    at + offsetof<Acceptance>("localName"),
    at + offsetof<Acceptance>("localLength"),
    at + offsetof<Acceptance>("remoteName"),
    at + offsetof<Acceptance>("remoteLength"),
  );
  const peer = acceptance.remoteName;
  return load<u16>(peer) == <u16>ws.AF_INET && namePort(peer) != 0 ? peer : 0;
}

/** The socket may be used otherwise. */
function endAccepting(operation: Operation): void {
  const d = operation.descriptor;
  lockBoth(d);
  if (d.generation == operation.generation && kindOf(d) == KIND_ACCEPTING) setKind(d, KIND_KERNEL);
  unlockBoth(d);
}
