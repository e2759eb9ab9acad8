/** Entry points of Microsoft's extensions: operations that may go on after the call. */
import * as ws from "../generated/winsock";
import { acceptLater, canAcceptLater } from "../sockets/accept-later";
import { isMemory } from "../sockets/buffers";
import { KIND_ACCEPTING, KIND_LISTENER, kindOf } from "../sockets/descriptor";
import { Overlapped, begin, canTell, isOverlapped } from "../sockets/overlapped";
import { OPERATION_FILE, completeOperation, dropOperation, makeOperation, moreOf, submit } from "../sockets/operations";
import { lookup, userLevel } from "../sockets/table";
import { Transmission, fromFilePointer, transmitFile } from "../sockets/transmit-file";
import { keepInKernel } from "./options";

/** TRANSMIT_FILE_BUFFERS. */
@unmanaged
class Buffers {
  head: usize;
  headBytes: u32;
  tail: usize;
  tailBytes: u32;
}

/** Sets the thread's last error and returns FALSE. */
function failed(error: i32): i32 {
  ws.WSASetLastError(error);
  return 0;
}

export function AcceptEx(
  listener: usize,
  socket: usize,
  buffer: usize,
  bytes: u32,
  localBytes: u32,
  remoteBytes: u32,
  received: usize,
  overlapped: usize,
): i32 {
  const from = lookup(listener);
  const d = lookup(socket);
  const room = <u64>bytes + localBytes + remoteBytes;
  const ours =
    isOverlapped(overlapped) &&
    canTell(from, overlapped) &&
    room < 0x80000000 &&
    isMemory(buffer, <u32>room, true) &&
    canAcceptLater(from, d);
  if (ours) {
    const error = acceptLater(from, listener, d, socket, buffer, bytes, localBytes, remoteBytes, overlapped);
    return failed(error == 0 ? ws.WSA_IO_PENDING : error);
  }
  // What we are not told of, or cannot tell of, stays the kernel's.
  if (changetype<usize>(from) != 0 && kindOf(from) == KIND_LISTENER) keepInKernel(listener);
  if (changetype<usize>(d) != 0 && kindOf(d) != KIND_ACCEPTING) keepInKernel(socket);
  return ws.AcceptEx(listener, socket, buffer, bytes, localBytes, remoteBytes, received, overlapped);
}

export function TransmitFile(
  socket: usize,
  file: usize,
  bytes: u32,
  bytesPerSend: u32,
  overlapped: usize,
  buffers: usize,
  flags: u32,
): i32 {
  const d = userLevel(socket);
  if (changetype<usize>(d) == 0) {
    return ws.TransmitFile(socket, file, bytes, bytesPerSend, overlapped, buffers, flags);
  }
  if (<i32>bytes < 0) return failed(ws.WSAEINVAL);
  if (buffers != 0 && !isMemory(buffers, <u32>offsetof<Buffers>(), false)) return failed(ws.WSAEFAULT);
  if (overlapped != 0 && !isOverlapped(overlapped)) return failed(ws.WSAEFAULT);
  const operation = makeOperation(d, socket, overlapped, OPERATION_FILE);
  if (changetype<usize>(operation) == 0) return failed(ws.WSAENOBUFS);
  const transmission = changetype<Transmission>(moreOf(operation));
  describe(transmission, file, bytes, overlapped, buffers, flags);
  if (overlapped != 0) {
    begin(overlapped);
    if (canTell(d, overlapped) && submit(operation)) return failed(ws.WSA_IO_PENDING);
  }
  // Here and now, if it is not to be told of, cannot be, or if no thread can be had.
  const generation = operation.generation;
  const error = transmitFile(d, socket, generation, transmission);
  const sent = transmission.sent;
  if (overlapped != 0) completeOperation(operation, sent, error);
  dropOperation(operation);
  if (error == 0) return 1;
  return failed(error);
}

/** Notes the call's arguments: they need not be there any more while it goes on. */
function describe(
  transmission: Transmission,
  file: usize,
  bytes: u32,
  overlapped: usize,
  buffers: usize,
  flags: u32,
): void {
  const parts = changetype<Buffers>(buffers);
  transmission.head = buffers == 0 ? 0 : parts.head;
  transmission.headBytes = buffers == 0 ? 0 : parts.headBytes;
  transmission.tail = buffers == 0 ? 0 : parts.tail;
  transmission.tailBytes = buffers == 0 ? 0 : parts.tailBytes;
  transmission.file = file;
  transmission.fileBytes = bytes;
  transmission.flags = flags;
  if (overlapped == 0) fromFilePointer(transmission);
  else {
    const at = changetype<Overlapped>(overlapped);
    transmission.position = (<u64>at.offsetHigh << 32) | at.offset;
  }
}
