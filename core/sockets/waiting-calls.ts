/** `recv` and `send` that wait whatever FIONBIO says: what operations are made of that go on after their calls. */
import * as ws from "../generated/winsock";
import * as layout from "../layout";
import * as os from "../os";
import { Descriptor, KIND_ENDED, KIND_UNUSED, generationOf, kindOf } from "./descriptor";
import { fail } from "./errors";
import { receive, wasResetMeanwhile } from "./receive";
import { anyUserLevel, selectMixed } from "./select";
import { transmit } from "./transmit";

/** An fd_set, and a timeval behind it. */
const SET_BYTES: u32 = 128;
const TIME_OFFSET: usize = 64;
/** No more than this is given to one call, whose lengths have a sign. */
const ONE_CALL_BYTES: u32 = 1 << 30;

/** `recv` that waits. @param begun for an operation whose call has returned: see `receive` */
export function receiveSome(d: Descriptor, socket: usize, generation: u32, buffer: usize, length: u32, begun: bool): i32 {
  const most = <i32>min(length, ONE_CALL_BYTES);
  while (true) {
    const kind = kindOfSocket(d, generation);
    if (kind == KIND_UNUSED) return fail(ws.WSAENOTSOCK);
    if (kind < KIND_ENDED && !mayGoOn(d, socket, generation, true)) continue;
    const result = kind >= KIND_ENDED ? receive<u8>(d, socket, generation, buffer, most, 0, begun) : ws.recv(socket, buffer, most, 0);
    // It began before the connection ended, or before the kernel carried it.
    if (result == 0 && begun && most != 0 && wasResetMeanwhile(d, socket, generation)) return fail(ws.WSAECONNRESET);
    if (result >= 0 || ws.WSAGetLastError() != ws.WSAEWOULDBLOCK) return result;
    waitReady(socket, true);
  }
}

/** `send` of everything. Returns `length`, or SOCKET_ERROR. */
export function sendAll(d: Descriptor, socket: usize, generation: u32, buffer: usize, length: u32): i32 {
  let done: u32 = 0;
  while (true) {
    const kind = kindOfSocket(d, generation);
    if (kind == KIND_UNUSED) return fail(ws.WSAENOTSOCK);
    if (kind < KIND_ENDED && !mayGoOn(d, socket, generation, false)) continue;
    const most = <i32>min(length - done, ONE_CALL_BYTES);
    const at = buffer + done;
    const result = kind >= KIND_ENDED ? transmit<u8>(d, socket, generation, at, most, 0) : ws.send(socket, at, most, 0);
    if (result >= 0) {
      done += result;
      if (done == length) return length;
    } else if (ws.WSAGetLastError() == ws.WSAEWOULDBLOCK) waitReady(socket, false);
    // A part of it is on its way, and nobody can be told how much: who cannot sleep on a bell looks again and again.
    else if (ws.WSAGetLastError() == ws.WSAENOBUFS && done != 0) os.sleepMs(1);
    else return result;
  }
}

/** The kind of that socket of the handle; KIND_UNUSED once it is closed, or is just being closed. */
export function kindOfSocket(d: Descriptor, generation: u32): u32 {
  // Looked at first: who finds the next socket's kind finds its generation as well.
  const kind = kindOf(d);
  return generationOf(d) == generation ? kind : KIND_UNUSED;
}

/**
 * Waits here for what the kernel carries, and not in the kernel's own call: once the socket is closed, and its handle another one's,
 * that would wait for the other one's bytes. False: it is to be looked at anew.
 */
function mayGoOn(d: Descriptor, socket: usize, generation: u32, reading: bool): bool {
  // A time that the application has set only the kernel's call keeps to.
  if ((reading ? d.receiveTimeoutMs : d.sendTimeoutMs) != 0) return true;
  return waitReady(socket, reading) && kindOfSocket(d, generation) != KIND_UNUSED;
}

/** Waits until that direction of a socket may go on; a bounded time, since it may be closed. False: it may not, as yet. */
function waitReady(socket: usize, reading: bool): bool {
  // Not the thread's scratch memory: `select` works with that.
  const memory = os.alloc(SET_BYTES);
  if (memory == 0) {
    os.sleepMs(1);
    return true;
  }
  store<u32>(memory, 1);
  store<usize>(memory + ws.fd_set_fd_array_offset, socket);
  const time = memory + TIME_OFFSET;
  store<i32>(time + ws.timeval_tv_sec_offset, layout.RECHECK_MS / 1000);
  store<i32>(time + ws.timeval_tv_usec_offset, (layout.RECHECK_MS % 1000) * 1000);
  const reads: usize = reading ? memory : 0;
  const writes: usize = reading ? 0 : memory;
  const found = anyUserLevel(memory) ? selectMixed(reads, writes, 0, time) : ws.select(0, reads, writes, 0, time);
  os.free(memory);
  if (found < 0) os.sleepMs(1);
  // What is wrong the call itself says.
  return found != 0;
}
