/** What is known of an open socket, kernel or user-level. Which one stands for a SOCKET: table.ts. */
import * as sync from "../sync";
import { Peer } from "../vmmc/peers";
import { Segment } from "../vmmc/segments";
import { lock, unlock } from "./lock";

// Kinds of a descriptor. From KIND_CONNECTING on, it has a segment; from KIND_PENDING on, bytes go through it.
/** Not open. */
export const KIND_UNUSED: u32 = 0;
/** Every call goes to the kernel. */
export const KIND_KERNEL: u32 = 1;
/** Listens, and is published in the directory. */
export const KIND_LISTENER: u32 = 2;
/** `AcceptEx` waits for a connection for it. */
export const KIND_ACCEPTING: u32 = 3;
/** The peer of a user-level connection has gone and all bytes are read: the kernel answers, but old doorbells may lie before its answer. */
export const KIND_ENDED: u32 = 4;
/** The peer has left user level: what lies in our ring is still to be read, and what lay in the peer's to be sent; then the kernel's. */
export const KIND_LEFT: u32 = 5;
/** The kernel's connect is under way; a segment is ready for when it succeeds. */
export const KIND_CONNECTING: u32 = 6;
/** Connected in the kernel, not yet taken by the acceptor: writes go to the ring. */
export const KIND_PENDING: u32 = 7;
/** A user-level connection. */
export const KIND_USER: u32 = 8;

/** Nothing yet. */
export const ENDED_NOT: u32 = 0;
/** The peer took all bytes and said, or left, all of its own. */
export const ENDED_ORDERLY: u32 = 1;
/** A reset, or bytes were sent after the end, which may make it one. */
export const ENDED_OTHERWISE: u32 = 2;

/**
 * One open socket. Never freed, only used again: a thread that comes back from a wait may still look at it, and
 * `generation` tells it that the socket is another one now. Fields of the reading side are guarded by `receiveLock`,
 * those of the writing side by `sendLock`; whoever needs both takes `receiveLock` first. Fields that either side reads and
 * writes with its own lock only (`kind`, `nonBlocking`, `doorbells`, `bellsNoDelay`, `ended`, `peerGone`,
 * `reset`) have functions of their own below.
 */
@unmanaged
export class Descriptor {
  handle: usize;
  /** KIND_. Changed only with both locks held. */
  kind: u32;
  /** Counts the sockets that this entry has stood for. */
  generation: u32;
  /** Set by FIONBIO. */
  nonBlocking: u32;
  /** True (1) for TCP over IPv4: the only sockets that can be user-level. */
  stream: u32;
  /** 0: connector, 1: acceptor. */
  side: u32;
  /** Size of each ring (bytes), a power of two. Private copy: the one in the segment is not trusted. */
  ringBytes: u32;
  /** The block that this side exports: the peer writes it. */
  own: usize;
  /** The block that the peer exports: this side writes it. */
  remote: usize;

  receiveLock: u32;
  /** Bytes read so far. */
  tail: u32;
  /** How much of our ring is in use, at the bytes that are read next. */
  receiveWindow: u32;
  /** How often it has grown until there. */
  receiveLevel: u32;
  /** To be added to a position, for where in the window it lies. */
  receiveShift: u32;
  /** The peer's head, as last seen. */
  seenHead: u32;
  /** Bytes read since the last look at the peer's wish for credit. */
  unannounced: u32;
  /** The peer's BLOCK_WRITE_ARMED that was answered last. */
  answeredWrite: u32;
  /** URGENT_: what is known of a byte that the peer has marked as urgent, and where in the stream it is. */
  urgent: u32;
  urgentAt: u32;
  /** The peer's BLOCK_URGENT that was noticed last. */
  urgentWord: u32;
  /** Set by SO_OOBINLINE. */
  urgentInLine: u32;
  /** Bytes to read lie here. */
  ownRing: usize;
  /** Memory of the application that is known to be there: see buffers.ts. */
  receiveMemory: usize;
  receiveMemoryEnd: usize;
  receiveTimeoutMs: u32;
  /** The application called shutdown for receiving. */
  shutdownReceive: u32;
  /** First of the threads that wait for bytes. */
  receiveWaiters: usize;
  /** Threads in `select` that armed the doorbell for bytes. */
  selectReaders: u32;
  /** Current spin limit (us) of waits for bytes. */
  receiveSpinUs: u32;
  receiveSequence: u32;
  /** True (1) once a doorbell may have been sent to this side on the kernel connection. */
  doorbells: u32;
  /** How many were taken. With both locks held. */
  doorbellsTaken: u32;

  sendLock: u32;
  /** Bytes written so far. */
  head: u32;
  /** How much of the peer's ring is in use. */
  sendWindow: u32;
  /** True (1) while the window may become larger. */
  growable: u32;
  /** How often it has grown. */
  sendLevel: u32;
  /** To be added to a position, for where in the window it lies. */
  sendShift: u32;
  /** Where the window has grown last. */
  sendSwitch: u32;
  /** True (1) until the peer has read what was written before that. */
  sendSwitching: u32;
  /** While it is: the level that was all there was before the window began to grow. */
  sendBase: u32;
  /** How many doorbells were sent to the peer. Counted atomically: each direction sends some. */
  doorbellsSent: u32;
  /** LEFT: bytes from here to the head were not read by the peer, and go through the kernel; and (1) while there are any. */
  leftAt: u32;
  /** LEFT: bytes up to here were sent as urgent, and gave way to newer ones. */
  leftUrgent: u32;
  leftOver: u32;
  /** LEFT: true (1) until the application has read what lies in our ring. */
  leftUnread: u32;
  /** The peer's tail, as last seen. */
  seenCredit: u32;
  /** The peer's BLOCK_READ_ARMED that was answered last. */
  answeredRead: u32;
  /** Bytes to write go here. */
  remoteRing: usize;
  sendMemory: usize;
  sendMemoryEnd: usize;
  sendTimeoutMs: u32;
  /** What the application set with SO_SNDBUF (bytes) + 1; 0: nothing. Counts before accept, and for the size of the rings. */
  sendBuffer: u32;
  shutdownSend: u32;
  sendWaiters: usize;
  /** The thread whose blocking send is half done: others wait until it is through. 0: none. */
  sendOwner: usize;
  selectWriters: u32;
  sendSpinUs: u32;
  /** True (1) when bytes were read since the last send: then the peer was there a moment ago. */
  heard: u32;
  sendSequence: u32;
  /** What this side has told the peer with FLAG_ bits. */
  flags: u32;

  /** True (1) once the kernel says that the peer's end is gone without having said so itself. */
  peerGone: u32;
  /** The peer died with bytes unread, or the shared words were damaged: the connection counts as reset. */
  reset: u32;
  /** ENDED_: what is known of the connection's end, besides what the kernel says. */
  ended: u32;
  /** What the application set with TCP_NODELAY. */
  noDelay: u32;
  /** 1 once TCP_NODELAY was set for doorbells, whatever the application set. */
  bellsNoDelay: u32;
  /** Set by SO_LINGER. */
  lingerOn: u32;
  lingerSeconds: u32;
  /** True (1): options of a listener were changed while it listened. */
  optionsChanged: u32;
  segment: Segment;
  peer: Peer;
  /** PENDING and CONNECTING: our slot of the directory. LISTENER: the listener's. */
  slot: u32;
  slotSequence: u32;
  /** PENDING: when it began (us), and the listener's slot and owner. */
  pendingSinceUs: u64;
  listenerSlot: u32;
  listenerSequence: u32;
  /** When a call that found nothing to do last asked the kernel about the peer's end (us). */
  kernelAskedUs: u64;
  /** The kernel's view, in network byte order: 0 until known. Of a listener: the port only if it was published. */
  serverAddress: u32;
  serverPort: u32;
  clientAddress: u32;
  clientPort: u32;
  /** REASON_ why this socket is to stay in the kernel. */
  reason: u32;

  /** What tools are told of the connection: see statistics.ts. 0: nothing. Written with both locks held. */
  record: usize;
  counters: usize;

  /** FD_ bits that the application has selected with WSAAsyncSelect; 0: none. Written with both locks held. */
  events: u32;
  /** Where the messages go, and which one it is. Valid while there are events; written with both locks held. */
  window: usize;
  message: u32;
  /** True (1): FD_READ was posted, and no call has enabled it since. With `receiveLock`. */
  readPosted: u32;
  /** True (1): FD_OOB was posted, and no call has enabled it since. With `receiveLock`. */
  urgentPosted: u32;
  /** True (1): FD_CLOSE was posted. With `receiveLock`. */
  closePosted: u32;
  /** True (1): FD_WRITE was posted, and no call has enabled it since. With `sendLock`. */
  writePosted: u32;
  /** The completion port that is told of operations, and what it is told as; 0: none. */
  port: usize;
  portKey: usize;
  /** Of a duplicate: the socket that it is one of, while that is of this generation. 0: it is none. */
  original: usize;
  originalGeneration: u32;
  /** How many duplicates this process has. With both locks held. */
  duplicates: u32;
  /** True (1) when this handle was closed, and the connection goes on for its duplicates. */
  kept: u32;
  /** The operations that go on after their calls have returned: see operations.ts. 0: there were none. */
  queues: usize;
  /** True (1) while it is decided who carries the connection that `AcceptEx` has got. Written with both locks held. */
  deciding: u32;

  /** True (1) while it stands in the messenger's list. */
  watched: u32;
  nextWatched: usize;
}

// @ts-ignore: decorator
@inline
export function receiveLockOf(d: Descriptor): usize {
  return changetype<usize>(d) + offsetof<Descriptor>("receiveLock");
}

// @ts-ignore: decorator
@inline
export function sendLockOf(d: Descriptor): usize {
  return changetype<usize>(d) + offsetof<Descriptor>("sendLock");
}

/** Takes both locks, in their order. */
export function lockBoth(d: Descriptor): void {
  lock(receiveLockOf(d));
  lock(sendLockOf(d));
}

export function unlockBoth(d: Descriptor): void {
  unlock(sendLockOf(d));
  unlock(receiveLockOf(d));
}

/** The kind as another thread may just be changing it: to be checked again under a lock. */
// @ts-ignore: decorator
@inline
export function kindOf(d: Descriptor): u32 {
  return sync.loadAcquire(changetype<usize>(d) + offsetof<Descriptor>("kind"));
}

export function setKind(d: Descriptor, kind: u32): void {
  sync.storeRelease(changetype<usize>(d) + offsetof<Descriptor>("kind"), kind);
}

// @ts-ignore: decorator
@inline
function field(d: Descriptor, offset: usize): u32 {
  return sync.loadAcquire(changetype<usize>(d) + offset);
}

// @ts-ignore: decorator
@inline
function setField(d: Descriptor, offset: usize, value: u32): void {
  sync.storeRelease(changetype<usize>(d) + offset, value);
}

/** Which socket of this handle it is, as another thread may just be changing it: to be compared again under a lock. */
// @ts-ignore: decorator
@inline
export function generationOf(d: Descriptor): u32 {
  return field(d, offsetof<Descriptor>("generation"));
}

/** The handle is, or will be, another socket's. With both locks held. */
export function nextGeneration(d: Descriptor): void {
  setField(d, offsetof<Descriptor>("generation"), d.generation + 1);
}

// @ts-ignore: decorator
@inline
export function isNonBlocking(d: Descriptor): bool {
  return field(d, offsetof<Descriptor>("nonBlocking")) != 0;
}

export function setNonBlocking(d: Descriptor, on: bool): void {
  setField(d, offsetof<Descriptor>("nonBlocking"), on ? 1 : 0);
}

// @ts-ignore: decorator
@inline
export function hasDoorbells(d: Descriptor): bool {
  return field(d, offsetof<Descriptor>("doorbells")) != 0;
}

/** Address of the number of doorbells that were taken. With both locks held. */
// @ts-ignore: decorator
@inline
export function doorbellsTakenOf(d: Descriptor): usize {
  return changetype<usize>(d) + offsetof<Descriptor>("doorbellsTaken");
}

export function setDoorbells(d: Descriptor): void {
  setField(d, offsetof<Descriptor>("doorbells"), 1);
}

// @ts-ignore: decorator
@inline
export function hasBellsNoDelay(d: Descriptor): bool {
  return field(d, offsetof<Descriptor>("bellsNoDelay")) != 0;
}

export function setBellsNoDelay(d: Descriptor, on: bool): void {
  setField(d, offsetof<Descriptor>("bellsNoDelay"), on ? 1 : 0);
}

// @ts-ignore: decorator
@inline
export function isPeerGone(d: Descriptor): bool {
  return field(d, offsetof<Descriptor>("peerGone")) != 0;
}

export function setPeerGone(d: Descriptor): void {
  setField(d, offsetof<Descriptor>("peerGone"), 1);
}

// @ts-ignore: decorator
@inline
export function isReset(d: Descriptor): bool {
  return field(d, offsetof<Descriptor>("reset")) != 0;
}

// @ts-ignore: decorator
@inline
export function endOf(d: Descriptor): u32 {
  return field(d, offsetof<Descriptor>("ended"));
}

export function setEnd(d: Descriptor, ended: u32): void {
  setField(d, offsetof<Descriptor>("ended"), ended);
}

/** Set by who reads, taken by who sends. */
export function setHeard(d: Descriptor, heard: u32): void {
  setField(d, offsetof<Descriptor>("heard"), heard);
}

// @ts-ignore: decorator
@inline
export function wasHeard(d: Descriptor): bool {
  return field(d, offsetof<Descriptor>("heard")) != 0;
}

/** What the application has selected, as another thread may just be changing it. */
// @ts-ignore: decorator
@inline
export function eventsOf(d: Descriptor): u32 {
  return field(d, offsetof<Descriptor>("events"));
}

export function setEvents(d: Descriptor, events: u32): void {
  setField(d, offsetof<Descriptor>("events"), events);
}

export function setReset(d: Descriptor): void {
  setField(d, offsetof<Descriptor>("reset"), 1);
}

/** The connection could not be handed over to the kernel: bytes of it are lost, and it is over, whatever the kernel says. */
export function wasLost(d: Descriptor): bool {
  return kindOf(d) == KIND_ENDED && changetype<usize>(d.segment) == 0;
}
