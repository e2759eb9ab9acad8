/**
 * What `ReadFile` and `WriteFile` do on a user-level socket: as `recv` and `send` that wait, or with an OVERLAPPED as an
 * operation. Errors are the system's, as for any file.
 */
import * as ws from "../generated/winsock";
import * as layout from "../layout";
import { peerFlags } from "./connection";
import { Descriptor, KIND_LEFT, KIND_PENDING, KIND_UNUSED, generationOf, isReset, kindOf, receiveLockOf, sendLockOf } from "./descriptor";
import { lock, unlock } from "./lock";
import { nothingBegun, startRead, startWrite } from "./operations";
import { ERROR_OPERATION_ABORTED, begin, canTell, complete, isOverlapped, neverBegan, portOf, systemError } from "./overlapped";
import { kindOfSocket, receiveSome, sendAll } from "./waiting-calls";
import { readReady, writeReady } from "./waiting";
import { knownRoom } from "./window";

/** `ReadFile`, or `WriteFile`. `done`: where the number of bytes is told; 0: nowhere. */
export function transferFile(d: Descriptor, socket: usize, reading: bool, buffer: usize, bytes: u32, done: usize, overlapped: usize): i32 {
  let port: usize = 0;
  let key: usize = 0;
  if (overlapped != 0) {
    if (!isOverlapped(overlapped)) return failedInSystem(ws.ERROR_NOACCESS);
    // What is shut down fails at once: nothing is moved, and so nothing is overtaken.
    const fails = (reading ? d.shutdownReceive : d.shutdownSend) != 0;
    const later = !fails && canTell(d, overlapped) && !(nothingBegun(d, reading) && wouldNotWait(d, reading, bytes));
    if (later) {
      const started = reading ? startRead(d, socket, buffer, bytes, overlapped) : startWrite(d, socket, buffer, bytes, overlapped);
      if (started) return failedInSystem(ws.WSA_IO_PENDING);
      // Carried out here and now, it would overtake those that have begun before.
      if (!nothingBegun(d, reading)) return failedInSystem(systemError(ws.WSAENOBUFS));
    }
    port = portOf(d, overlapped);
    key = d.portKey;
    begin(overlapped);
  }
  const generation = generationOf(d);
  const moved = reading ? receiveSome(d, socket, generation, buffer, bytes, false) : sendAll(d, socket, generation, buffer, bytes);
  if (moved >= 0) {
    if (done != 0) store<u32>(done, moved);
    if (overlapped != 0) complete(port, key, overlapped, moved, 0);
    return 1;
  }
  const error = kindOfSocket(d, generation) == KIND_UNUSED ? ERROR_OPERATION_ABORTED : ws.WSAGetLastError();
  if (done != 0) store<u32>(done, 0);
  if (overlapped != 0) neverBegan(overlapped, error);
  return failedInSystem(systemError(error));
}

/** So that no thread of ours is needed. Another thread may be quicker: then the call waits. */
function wouldNotWait(d: Descriptor, reading: bool, bytes: u32): bool {
  const lockWord = reading ? receiveLockOf(d) : sendLockOf(d);
  lock(lockWord);
  // Without a ring there is nothing to wait for in it.
  const ring = kindOf(d) >= KIND_PENDING;
  const may = !ring
    ? kindOf(d) != KIND_LEFT
    : reading
      ? readReady(d)
      : d.sendOwner == 0 && writeReady(d) && (knownRoom(d) >= bytes || hasEnded(d));
  unlock(lockWord);
  return may;
}

/** Whatever is written now nobody reads, and the call says so. With `sendLock` held. */
function hasEnded(d: Descriptor): bool {
  return isReset(d) || (peerFlags(d) & layout.FLAG_CLOSED) != 0;
}

/** Sets the thread's last error and returns FALSE. */
export function failedInSystem(error: i32): i32 {
  ws.WSASetLastError(error);
  return 0;
}
