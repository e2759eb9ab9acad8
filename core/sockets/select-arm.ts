/** What one call of `select` arms before it sleeps, and takes back. */
import { peerFlags } from "./connection";
import { Descriptor, KIND_PENDING, isReset, kindOf, receiveLockOf, sendLockOf } from "./descriptor";
import { setAdd, setCount, setEntry } from "./fd-set";
import { lock, unlock } from "./lock";
import { Call, EXCEPTS, WRITES, noteArmed, setOf, wasArmed } from "./select-call";
import { userLevel } from "./table";
import { armSelect, disarmSelect } from "./waiting";

/** Arms what is user-level: doorbells arrive where the kernel finds it readable. The rest goes into the set `kernel`. */
export function armSet(call: Call, set: u32, kernel: usize): void {
  const entries = setOf(call, set);
  const count = setCount(entries);
  for (let index: u32 = 0; index < count; index++) {
    const socket = setEntry(entries, index);
    const d = userLevel(socket);
    // The kernel would find it readable again and again, and no urgent byte comes any more.
    if (set == EXCEPTS && isOver(d, socket)) {
      noteArmed(call, set, index, false, 0);
      continue;
    }
    const armed = armOne(call, index, d, socket, set);
    setAdd(armed ? call.kernelReads : kernel, socket);
  }
}

/** The peer has ended its stream, or the connection. */
function isOver(d: Descriptor, socket: usize): bool {
  if (changetype<usize>(d) == 0) return false;
  lock(receiveLockOf(d));
  const over = d.handle == socket && kindOf(d) >= KIND_PENDING && (peerFlags(d) != 0 || isReset(d));
  unlock(receiveLockOf(d));
  return over;
}

/** Arms the entry of that index if it is user-level. Returns whether it is. */
function armOne(call: Call, index: u32, d: Descriptor, socket: usize, set: u32): bool {
  const reading = set != WRITES;
  noteArmed(call, set, index, false, 0);
  if (changetype<usize>(d) == 0) return false;
  const lockWord = reading ? receiveLockOf(d) : sendLockOf(d);
  lock(lockWord);
  const armed = d.handle == socket && kindOf(d) >= KIND_PENDING;
  if (armed) {
    armSelect(d, reading);
    noteArmed(call, set, index, true, d.generation);
  }
  unlock(lockWord);
  return armed;
}

/**
 * Disarms what was armed, and nothing else: a connect may have been finished meanwhile, or the socket may have been closed
 * and be another one now, and whoever is armed there is another thread.
 */
export function disarmSet(call: Call, set: u32): void {
  const entries = setOf(call, set);
  const reading = set != WRITES;
  const count = setCount(entries);
  for (let index: u32 = 0; index < count; index++) {
    const socket = setEntry(entries, index);
    const d = userLevel(socket);
    if (changetype<usize>(d) == 0) continue;
    const lockWord = reading ? receiveLockOf(d) : sendLockOf(d);
    lock(lockWord);
    const same = d.handle == socket && wasArmed(call, set, index, d.generation);
    if (same && kindOf(d) >= KIND_PENDING) disarmSelect(d, reading);
    unlock(lockWord);
  }
}
