/** Sending a file, with what stands before and behind it: `TransmitFile`. */
import * as ws from "../generated/winsock";
import * as layout from "../layout";
import * as os from "../os";
import { Thread, currentThread } from "../vmmc/bells";
import { shutdownStream } from "./closing";
import { Descriptor, KIND_ENDED, generationOf, kindOf } from "./descriptor";
import { Overlapped, isPending } from "./overlapped";
import { sendAll } from "./waiting-calls";

/** Bytes of the file that are read at a time. */
const CHUNK_BYTES: u32 = 65536;
const FILE_CURRENT: u32 = 1;
const INVALID_SET_FILE_POINTER: u32 = 0xffffffff;
const ERROR_READ_FAULT: i32 = 30;
const ERROR_HANDLE_EOF: i32 = 38;
const STATUS_END_OF_FILE: u32 = 0xc0000011;

/** What is to be sent. */
@unmanaged
export class Transmission {
  head: usize;
  tail: usize;
  /** 0: no file. */
  file: usize;
  /** Where in the file to begin. */
  position: u64;
  headBytes: u32;
  tailBytes: u32;
  /** How much of the file; 0: all that comes. */
  fileBytes: u32;
  /** TF_ flags. */
  flags: u32;
  /** Bytes that were sent. */
  sent: u32;
}

// The memory that one transmission works with: an OVERLAPPED, where `ReadFile` says how many bytes it has read, and bytes of
// the file.
const COUNT_OFFSET: usize = 48;
const CHUNK_OFFSET: usize = 64;

/** Begins where the file is read next; one that has no such place at its beginning. */
export function fromFilePointer(transmission: Transmission): void {
  const position = changetype<usize>(transmission) + offsetof<Transmission>("position");
  transmission.position = 0;
  // The call returns one half, and writes the other one.
  const low = transmission.file == 0 ? 0 : ws.SetFilePointer(transmission.file, 0, position + 4, FILE_CURRENT);
  if (low == INVALID_SET_FILE_POINTER) transmission.position = 0;
  else store<u32>(position, low);
}

/** Sends it all, waiting as long as that takes. Returns 0 or the error. */
export function transmitFile(d: Descriptor, socket: usize, generation: u32, transmission: Transmission): i32 {
  transmission.sent = 0;
  const thread = currentThread();
  const memory = os.alloc(CHUNK_OFFSET + CHUNK_BYTES);
  if (memory == 0 || changetype<usize>(thread) == 0) {
    if (memory != 0) os.free(memory);
    return ws.WSAENOBUFS;
  }
  changetype<Overlapped>(memory).event = thread.bell | 1;
  let error = sendPart(d, socket, generation, transmission, transmission.head, transmission.headBytes);
  if (error == 0 && transmission.file != 0) error = sendFile(d, socket, generation, transmission, thread, memory);
  if (error == 0) error = sendPart(d, socket, generation, transmission, transmission.tail, transmission.tailBytes);
  if (error == 0 && (transmission.flags & (ws.TF_DISCONNECT | ws.TF_REUSE_SOCKET)) != 0) disconnect(d, socket, generation);
  os.free(memory);
  return error;
}

function sendPart(
  d: Descriptor,
  socket: usize,
  generation: u32,
  transmission: Transmission,
  buffer: usize,
  bytes: u32,
): i32 {
  if (bytes == 0) return 0;
  if (sendAll(d, socket, generation, buffer, bytes) < 0) return ws.WSAGetLastError();
  transmission.sent += bytes;
  return 0;
}

function sendFile(
  d: Descriptor,
  socket: usize,
  generation: u32,
  transmission: Transmission,
  thread: Thread,
  memory: usize,
): i32 {
  const count = memory + COUNT_OFFSET;
  const chunk = memory + CHUNK_OFFSET;
  let rest = transmission.fileBytes;
  do {
    const wanted = rest == 0 ? CHUNK_BYTES : min(rest, CHUNK_BYTES);
    let error = readFile(transmission, wanted, thread, memory);
    if (error != 0) return error;
    const bytes = load<u32>(count);
    if (bytes == 0) return 0;
    transmission.position += bytes;
    error = sendPart(d, socket, generation, transmission, chunk, bytes);
    if (error != 0) return error;
    if (rest == 0) continue;
    rest -= bytes;
    if (rest == 0) return 0;
  } while (true);
}

/** Reads from the transmission's position: how many bytes is at COUNT_OFFSET, 0 at the file's end. Returns 0 or the error. */
function readFile(transmission: Transmission, wanted: u32, thread: Thread, memory: usize): i32 {
  const overlapped = changetype<Overlapped>(memory);
  const count = memory + COUNT_OFFSET;
  overlapped.offset = <u32>transmission.position;
  overlapped.offsetHigh = <u32>(transmission.position >> 32);
  store<u32>(count, 0);
  if (ws.ReadFile(transmission.file, memory + CHUNK_OFFSET, wanted, count, memory) != 0) return 0;
  const error = ws.WSAGetLastError();
  if (error == ERROR_HANDLE_EOF) return 0;
  if (error != ws.WSA_IO_PENDING) return error;
  // A file whose handle is for such reading only. Another who rings this bell finds nobody waiting.
  while (isPending(memory)) os.bellWait(thread.bell, 0, layout.RECHECK_MS);
  if (<u32>overlapped.internal == STATUS_END_OF_FILE) return 0;
  if (overlapped.internal != 0) return ERROR_READ_FAULT;
  store<u32>(count, <u32>overlapped.internalHigh);
  return 0;
}

/** No more bytes will come. */
function disconnect(d: Descriptor, socket: usize, generation: u32): void {
  if (generationOf(d) != generation) return;
  if (kindOf(d) >= KIND_ENDED) shutdownStream(d, socket, ws.SD_SEND);
  else ws.shutdown(socket, ws.SD_SEND);
}
