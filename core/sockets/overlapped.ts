/**
 * An OVERLAPPED of the application: how an operation that goes on after its call says that it is through. As documented
 * for GetOverlappedResult, and for the Internal fields in minwinbase.h.
 */
import * as ws from "../generated/winsock";
import * as os from "../os";
import * as sync from "../sync";
import { isMemory } from "./buffers";
import { Descriptor } from "./descriptor";

/**
 *     +----------+--------------+--------+------------+-------+
 *     | internal | internalHigh | offset | offsetHigh | event |
 *     +----------+--------------+--------+------------+-------+
 *       pointer    pointer        4        4            pointer
 */
@unmanaged
export class Overlapped {
  /** An NTSTATUS. Anything but STATUS_PENDING: the operation is through, and the memory may be gone. */
  internal: usize;
  /** Bytes that were moved. Valid once it is through. */
  internalHigh: usize;
  /** Where in a file it begins: the application's. */
  offset: u32;
  offsetHigh: u32;
  /** Set when it is through; 0: none. The lowest bit says that no completion port is to be told. */
  event: usize;
}

export const STATUS_SUCCESS: u32 = 0;
export const STATUS_PENDING: u32 = 0x103;
/** With a code of the system in its lower half: as which it is given back to who asks with GetLastError. */
const STATUS_FROM_CODE: u32 = 0xc0010000;

/** What `complete` is given for an operation whose socket was closed meanwhile. */
export const ERROR_OPERATION_ABORTED: i32 = 995;

/** True when there is an OVERLAPPED at that address. */
export function isOverlapped(overlapped: usize): bool {
  return isMemory(overlapped, <u32>offsetof<Overlapped>(), true);
}

/** The event that is set at the operation's end; 0: none. */
export function eventOf(overlapped: usize): usize {
  return changetype<Overlapped>(overlapped).event & ~(<usize>1);
}

/** True when who waits for the operation's end can be told of it. */
export function canTell(d: Descriptor, overlapped: usize): bool {
  return eventOf(overlapped) != 0 || portOf(d, overlapped) != 0;
}

/** The completion port that is to be told of an operation begun on that socket; 0: none. */
export function portOf(d: Descriptor, overlapped: usize): usize {
  return (changetype<Overlapped>(overlapped).event & 1) == 0 ? d.port : 0;
}

/** The operation has begun. Before anybody can complete it. */
export function begin(overlapped: usize): void {
  changetype<Overlapped>(overlapped).internalHigh = 0;
  sync.storePointer(overlapped, STATUS_PENDING);
  const event = eventOf(overlapped);
  if (event != 0) ws.ResetEvent(event);
}

/** True when the kernel is not through with an operation of ours. */
export function isPending(overlapped: usize): bool {
  return <u32>sync.loadPointer(overlapped) == STATUS_PENDING;
}

/**
 * The operation is through: afterwards nothing of it is touched any more.
 * @param port what `portOf` said when it began, and `key` as what it is told: the socket may be closed, and its handle another's
 * @param error a code of WinSock or of the system, 0 for none
 */
export function complete(port: usize, key: usize, overlapped: usize, bytes: u32, error: i32): void {
  completeAs(port, key, overlapped, bytes, error == 0 ? STATUS_SUCCESS : statusOf(error));
}

/** It could not be begun after all: the call says so, and nobody else is told. */
export function neverBegan(overlapped: usize, error: i32): void {
  sync.storePointer(overlapped, statusOf(error));
}

/** As `complete`, with an NTSTATUS. */
export function completeAs(port: usize, key: usize, overlapped: usize, bytes: u32, status: u32): void {
  const event = eventOf(overlapped);
  changetype<Overlapped>(overlapped).internalHigh = bytes;
  sync.storePointer(overlapped, status);
  if (event != 0) os.bellRing(event);
  if (port != 0) ws.PostQueuedCompletionStatus(port, bytes, key, overlapped);
}

/** What the system's calls, which know no sockets, say of an error of WinSock. */
export function systemError(error: i32): i32 {
  if (error == ws.WSAECONNRESET) return 64; // ERROR_NETNAME_DELETED
  if (error == ws.WSAESHUTDOWN) return 233; // ERROR_PIPE_NOT_CONNECTED
  if (error == ws.WSAENOTCONN) return 1229; // ERROR_CONNECTION_INVALID
  if (error == ws.WSAEFAULT) return 998; // ERROR_NOACCESS
  if (error == ws.WSAETIMEDOUT) return 121; // ERROR_SEM_TIMEOUT
  if (error == ws.WSAENOBUFS) return 1450; // ERROR_NO_SYSTEM_RESOURCES
  if (error == ws.WSAECONNABORTED) return 1236; // ERROR_CONNECTION_ABORTED
  return error;
}

/** The same as an NTSTATUS. */
function statusOf(error: i32): u32 {
  if (error == ws.WSAECONNRESET) return 0xc000020d; // STATUS_CONNECTION_RESET
  if (error == ws.WSAESHUTDOWN) return 0xc00000b0; // STATUS_PIPE_DISCONNECTED
  if (error == ws.WSAENOTCONN) return 0xc0000140; // STATUS_INVALID_CONNECTION
  if (error == ws.WSAEFAULT) return 0xc0000005; // STATUS_ACCESS_VIOLATION
  if (error == ws.WSAETIMEDOUT) return 0xc00000b5; // STATUS_IO_TIMEOUT
  if (error == ws.WSAENOBUFS) return 0xc000009a; // STATUS_INSUFFICIENT_RESOURCES
  if (error == ws.WSAECONNABORTED) return 0xc0000241; // STATUS_CONNECTION_ABORTED
  if (error == ERROR_OPERATION_ABORTED) return 0xc0000120; // STATUS_CANCELLED
  return STATUS_FROM_CODE | <u32>error;
}
