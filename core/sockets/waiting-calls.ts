/** `recv` and `send` that wait whatever FIONBIO says: what operations are made of that go on after their calls. */
import * as ws from "../generated/winsock";
import * as layout from "../layout";
import * as os from "../os";
import { Descriptor, KIND_ENDED, generationOf, kindOf } from "./descriptor";
import { fail } from "./errors";
import { receive } from "./receive";
import { anyUserLevel, selectMixed } from "./select";
import { transmit } from "./transmit";

/** Memory that these calls need: an fd_set and a timeval. */
export const WAIT_BYTES: u32 = 128;
/** No more than this is given to one call, whose lengths have a sign. */
const ONE_CALL_BYTES: u32 = 1 << 30;

/** `recv` that waits. `memory`: WAIT_BYTES. */
export function receiveSome(d: Descriptor, socket: usize, generation: u32, buffer: usize, length: u32, memory: usize): i32 {
  const most = <i32>min(length, ONE_CALL_BYTES);
  while (generationOf(d) == generation) {
    const result = kindOf(d) >= KIND_ENDED ? receive<u8>(d, socket, buffer, most, 0) : ws.recv(socket, buffer, most, 0);
    if (result >= 0 || ws.WSAGetLastError() != ws.WSAEWOULDBLOCK) return result;
    waitReady(socket, true, memory);
  }
  return fail(ws.WSAENOTSOCK);
}

/** `send` of everything. Returns `length`, or SOCKET_ERROR. `memory`: WAIT_BYTES. */
export function sendAll(d: Descriptor, socket: usize, generation: u32, buffer: usize, length: u32, memory: usize): i32 {
  let done: u32 = 0;
  while (generationOf(d) == generation) {
    const most = <i32>min(length - done, ONE_CALL_BYTES);
    const at = buffer + done;
    const result = kindOf(d) >= KIND_ENDED ? transmit<u8>(d, socket, at, most, 0) : ws.send(socket, at, most, 0);
    if (result >= 0) {
      done += result;
      if (done == length) return length;
    } else if (ws.WSAGetLastError() != ws.WSAEWOULDBLOCK) return result;
    else waitReady(socket, false, memory);
  }
  return fail(ws.WSAENOTSOCK);
}

/** Waits until that direction of a non-blocking socket may go on; a bounded time, since it may be closed. */
function waitReady(socket: usize, reading: bool, memory: usize): void {
  store<u32>(memory, 1);
  store<usize>(memory + ws.fd_set_fd_array_offset, socket);
  const time = memory + 64;
  store<i32>(time + ws.timeval_tv_sec_offset, layout.RECHECK_MS / 1000);
  store<i32>(time + ws.timeval_tv_usec_offset, (layout.RECHECK_MS % 1000) * 1000);
  const reads: usize = reading ? memory : 0;
  const writes: usize = reading ? 0 : memory;
  const found = anyUserLevel(memory) ? selectMixed(reads, writes, 0, time) : ws.select(0, reads, writes, 0, time);
  if (found < 0) os.sleepMs(1);
}
