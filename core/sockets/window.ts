/** How much of a ring is in use: little at first, more while bytes keep coming. docs/protocol.md says why this is safe. */
import * as layout from "../layout";
import * as os from "../os";
import * as sync from "../sync";
import { damage } from "./connection";
import { Descriptor, KIND_PENDING, isNonBlocking, kindOf } from "./descriptor";

/** The peer has enlarged our ring's window. */
export function useWindow(d: Descriptor, window: u32): void {
  const valid = window > d.receiveWindow && window <= d.ringBytes && (window & (window - 1)) == 0;
  if (valid) d.receiveWindow = window;
  else damage(d);
}

/** How many bytes may be written before the decision: a kernel connection that carried none yet takes them at once. */
export function pendingLimit(d: Descriptor): u32 {
  if (d.sendBuffer == 0) return d.sendWindow;
  // What the application set may include the system's own overhead.
  return min(d.sendWindow, max<u32>(1, (d.sendBuffer - 1) / 4));
}

/**
 * Enlarges the window of the ring that this side writes, if it is wanted and the ring is empty: then no byte lies where
 * another rule would look for it. Blocking senders wait a little for that. While the connection is PENDING, only before the
 * first byte, and only so far that a fresh kernel connection takes it all if it comes to that. With `sendLock` held.
 */
export function growWindow(d: Descriptor, length: u32): void {
  if (d.windowTries == 0 || (d.windowWanted == 0 && length <= d.sendWindow)) return;
  const pending = kindOf(d) == KIND_PENDING;
  if (pending && d.head != 0) return;
  const most = pending ? min(d.ringBytes, <u32>layout.PENDING_WINDOW_MAX) : d.ringBytes;
  if (d.sendWindow >= most) return;
  const looks = isNonBlocking(d) ? 1 : layout.WINDOW_LOOKS;
  let empty = false;
  for (let look = 0; look < looks && !empty; look++) {
    empty = sync.loadAcquire(d.own + layout.BLOCK_CREDIT) == d.head;
    if (!empty) sync.pause();
  }
  d.windowTries--;
  if (!empty) return;
  let window = min(d.sendWindow * layout.WINDOW_GROWTH, most);
  while (window < length && window < most) window <<= 1;
  const ring = <u32>(d.remoteRing - d.segment.address);
  if (!os.segmentAllocate(d.segment.handle, ring + d.sendWindow, window - d.sendWindow)) {
    d.windowTries = 0;
    return;
  }
  d.sendWindow = window;
  d.seenCredit = d.head;
  d.windowWanted = 0;
  d.windowTries = window < d.ringBytes ? layout.WINDOW_TRIES : 0;
  sync.storeRelease(d.remote + layout.BLOCK_WINDOW, window);
}
