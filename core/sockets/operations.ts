/**
 * Operations that go on after their calls have returned, and are told of by an OVERLAPPED. Each direction of a socket has a
 * queue of them; a worker, a thread of ours, carries out what stands in it, in order, with the calls that wait. One without
 * work sleeps on its bell until it is given another queue.
 */
import * as ws from "../generated/winsock";
import * as layout from "../layout";
import * as os from "../os";
import { Runtime, runtime, runtimeField } from "../runtime";
import * as sync from "../sync";
import { Thread } from "../vmmc/bells";
import { Acceptance } from "./accept-later";
import { Descriptor, KIND_UNUSED, generationOf } from "./descriptor";
import { fail } from "./errors";
import { lock, unlock } from "./lock";
import { ERROR_OPERATION_ABORTED, begin, complete, neverBegan, portOf } from "./overlapped";
import { makeOnce } from "./table";
import { DUTY_WORKER, reserveOurs, startOurs } from "./threads";
import { Transmission, transmitFile } from "./transmit-file";
import { kindOfSocket, receiveSome, sendAll } from "./waiting-calls";

/** Fills a buffer with what comes: at least one byte, or none at the end. */
export const OPERATION_READ: u32 = 0;
/** Sends a buffer. */
export const OPERATION_WRITE: u32 = 1;
/** Sends what a `Transmission` names. */
export const OPERATION_FILE: u32 = 2;

/** Memory that a worker has from the beginning: as much as calls ask `smallScratch` for. */
const SCRATCH_BYTES: u32 = 256;
/** How long a worker sleeps (ms) while it has nothing to do. */
const NOTHING_MS: u32 = layout.RECHECK_MS * 60;

/** One operation. Behind it lies what only some need: see `moreOf`. */
@unmanaged
export class Operation {
  /** The next one in its queue, or in the list of free ones. */
  next: usize;
  /** OPERATION_ */
  kind: u32;
  /** Which socket of the handle it is for. */
  generation: u32;
  /** Whose bytes are moved. */
  descriptor: Descriptor;
  socket: usize;
  buffer: usize;
  /** Bytes at `buffer`. */
  length: u32;
  overlapped: usize;
  /** The completion port that is told of its end, and as what; 0: none. */
  port: usize;
  portKey: usize;
}

/** The operations of one direction of a socket. */
@unmanaged
class Queue {
  first: usize;
  last: usize;
  /** True (1) while a worker has it, or will. */
  taken: u32;
}

/** A `Transmission`, or an `Acceptance`. */
// @ts-ignore: decorator
@inline
export function moreOf(operation: Operation): usize {
  return changetype<usize>(operation) + ((offsetof<Operation>() + 15) & ~15);
}

/** True when a worker will read up to `length` bytes. False: nobody can, and nothing was begun: WSAENOBUFS. */
export function startRead(d: Descriptor, socket: usize, buffer: usize, length: u32, overlapped: usize): bool {
  return start(d, socket, buffer, length, overlapped, OPERATION_READ);
}

/** True when a worker will send all `length` bytes. False: as `startRead`. */
export function startWrite(d: Descriptor, socket: usize, buffer: usize, length: u32, overlapped: usize): bool {
  return start(d, socket, buffer, length, overlapped, OPERATION_WRITE);
}

/** True when no operation of that direction stands before a new one. */
export function nothingBegun(d: Descriptor, reading: bool): bool {
  const queues = sync.loadPointer(changetype<usize>(d) + offsetof<Descriptor>("queues"));
  if (queues == 0) return true;
  const operationsLock = runtimeField(offsetof<Runtime>("operationsLock"));
  lock(operationsLock);
  const none = changetype<Queue>(reading ? queues : queues + offsetof<Queue>()).first == 0;
  unlock(operationsLock);
  return none;
}

function start(d: Descriptor, socket: usize, buffer: usize, length: u32, overlapped: usize, kind: u32): bool {
  const operation = makeOperation(d, socket, overlapped, kind);
  if (changetype<usize>(operation) == 0) {
    fail(ws.WSAENOBUFS);
    return false;
  }
  operation.buffer = buffer;
  operation.length = length;
  begin(overlapped);
  if (submit(operation)) return true;
  dropOperation(operation);
  neverBegan(overlapped, ws.WSAENOBUFS);
  fail(ws.WSAENOBUFS);
  return false;
}

/** An operation on the socket that the handle stands for now; 0: there is no memory. */
export function makeOperation(d: Descriptor, socket: usize, overlapped: usize, kind: u32): Operation {
  const operationsLock = runtimeField(offsetof<Runtime>("operationsLock"));
  lock(operationsLock);
  let operation = changetype<Operation>(runtime().freeOperations);
  if (changetype<usize>(operation) != 0) runtime().freeOperations = operation.next;
  unlock(operationsLock);
  if (changetype<usize>(operation) == 0) {
    const more = max(offsetof<Transmission>(), offsetof<Acceptance>());
    operation = changetype<Operation>(os.alloc(((offsetof<Operation>() + 15) & ~15) + more));
    if (changetype<usize>(operation) == 0) return operation;
  }
  operation.kind = kind;
  operation.generation = generationOf(d);
  operation.descriptor = d;
  operation.socket = socket;
  operation.overlapped = overlapped;
  beginOn(operation, d);
  return operation;
}

/** It is begun on that socket: for `AcceptEx` that is the listener. */
export function beginOn(operation: Operation, d: Descriptor): void {
  operation.port = operation.overlapped != 0 ? portOf(d, operation.overlapped) : 0;
  operation.portKey = d.portKey;
}

/** Tells of its end. */
export function completeOperation(operation: Operation, bytes: u32, error: i32): void {
  complete(operation.port, operation.portKey, operation.overlapped, bytes, error);
}

/** Its memory is used again. */
export function dropOperation(operation: Operation): void {
  const operationsLock = runtimeField(offsetof<Runtime>("operationsLock"));
  lock(operationsLock);
  operation.next = runtime().freeOperations;
  runtime().freeOperations = changetype<usize>(operation);
  unlock(operationsLock);
}

/** Puts it behind the others of its direction, and finds a worker for them. False: there is none, and it was not put there. */
export function submit(operation: Operation): bool {
  const d = operation.descriptor;
  const queues = makeOnce(changetype<usize>(d) + offsetof<Descriptor>("queues"), 2 * offsetof<Queue>());
  if (queues == 0) return false;
  const queue = changetype<Queue>(operation.kind == OPERATION_READ ? queues : queues + offsetof<Queue>());
  const operationsLock = runtimeField(offsetof<Runtime>("operationsLock"));
  lock(operationsLock);
  operation.next = 0;
  if (queue.first == 0) queue.first = changetype<usize>(operation);
  else changetype<Operation>(queue.last).next = changetype<usize>(operation);
  queue.last = changetype<usize>(operation);
  const taken = queue.taken != 0;
  queue.taken = 1;
  const worker = changetype<Thread>(taken ? <usize>0 : runtime().idleWorkers);
  if (changetype<usize>(worker) != 0) {
    runtime().idleWorkers = worker.nextOurs;
    sync.storePointer(changetype<usize>(worker) + offsetof<Thread>("queue"), changetype<usize>(queue));
  }
  unlock(operationsLock);
  if (taken) return true;
  if (changetype<usize>(worker) != 0) {
    os.bellRing(worker.bell);
    return true;
  }
  const record = reserveOurs(DUTY_WORKER, SCRATCH_BYTES);
  if (changetype<usize>(record) != 0) {
    record.queue = changetype<usize>(queue);
    if (startOurs(record)) return true;
  }
  giveUp(queue, operation);
  return false;
}

/** There is no worker for that queue. What other threads have put there meanwhile has begun, and so must end. */
function giveUp(queue: Queue, mine: Operation): void {
  const operationsLock = runtimeField(offsetof<Runtime>("operationsLock"));
  lock(operationsLock);
  let at = queue.first;
  queue.first = 0;
  queue.taken = 0;
  unlock(operationsLock);
  while (at != 0) {
    const operation = changetype<Operation>(at);
    at = operation.next;
    if (operation == mine) continue;
    completeOperation(operation, 0, ws.WSAENOBUFS);
    dropOperation(operation);
  }
}

/** A worker's thread. Never returns. */
export function runWorker(thread: Thread): void {
  const operationsLock = runtimeField(offsetof<Runtime>("operationsLock"));
  const given = changetype<usize>(thread) + offsetof<Thread>("queue");
  for (;;) {
    const queue = sync.loadPointer(given);
    if (queue == 0) {
      os.bellWait(thread.bell, 0, NOTHING_MS);
      continue;
    }
    carryOutAll(changetype<Queue>(queue));
    lock(operationsLock);
    thread.queue = 0;
    thread.nextOurs = runtime().idleWorkers;
    runtime().idleWorkers = changetype<usize>(thread);
    unlock(operationsLock);
  }
}

function carryOutAll(queue: Queue): void {
  const operationsLock = runtimeField(offsetof<Runtime>("operationsLock"));
  for (;;) {
    lock(operationsLock);
    const operation = changetype<Operation>(queue.first);
    if (changetype<usize>(operation) == 0) queue.taken = 0;
    unlock(operationsLock);
    if (changetype<usize>(operation) == 0) return;
    carryOut(operation);
    // It stood there until now, so that none of the same direction that comes after it is carried out at the same time.
    lock(operationsLock);
    queue.first = operation.next;
    unlock(operationsLock);
    dropOperation(operation);
  }
}

function carryOut(operation: Operation): void {
  const d = operation.descriptor;
  const socket = operation.socket;
  const generation = operation.generation;
  let bytes: u32 = 0;
  let error = 0;
  if (operation.kind == OPERATION_FILE) {
    const transmission = changetype<Transmission>(moreOf(operation));
    error = transmitFile(d, socket, generation, transmission);
    bytes = transmission.sent;
  } else {
    const result =
      operation.kind == OPERATION_READ
        ? receiveSome(d, socket, generation, operation.buffer, operation.length, true)
        : sendAll(d, socket, generation, operation.buffer, operation.length);
    if (result < 0) error = ws.WSAGetLastError();
    else bytes = result;
  }
  // What a call says of a socket that is closed while it waits is not what an operation says.
  if (error != 0 && kindOfSocket(d, generation) == KIND_UNUSED) error = ERROR_OPERATION_ABORTED;
  completeOperation(operation, bytes, error);
}
