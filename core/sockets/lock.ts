/** Short critical sections between the threads of one process. Nobody sleeps or waits for a peer while holding one. */
import * as os from "../os";
import * as sync from "../sync";

/** Takes the lock word at `address` (0: free). */
// @ts-ignore: decorator
@inline
export function lock(address: usize): void {
  if (sync.compareSwap(address, 0, 1) != 0) lockContended(address);
}

/** Gives it back. */
// @ts-ignore: decorator
@inline
export function unlock(address: usize): void {
  sync.storeRelease(address, 0);
}

function lockContended(address: usize): void {
  for (let round: u32 = 0; ; round++) {
    // The holder copies at most a ring's worth of bytes, or spins for its bounded time: give it the processor soon.
    if (round < 200) sync.pause();
    else if (round < 400) os.yieldProcessor();
    else os.sleepMs(1);
    if (sync.loadRelaxed(address) == 0 && sync.compareSwap(address, 0, 1) == 0) return;
  }
}
