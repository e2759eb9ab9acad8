/** What calls on a connection have in common while it is made, and while it ends. */
import { currentThread, scratch } from "../vmmc/bells";
import { selectOne } from "../vmmc/kernel-connection";
import { Descriptor, KIND_CONNECTING, kindOf } from "./descriptor";
import { settlePending } from "./pending";
import { finishConnecting } from "./rendezvous";

const SCRATCH_BYTES: u32 = 256;

/** A little memory of this thread's own, 0 if there is none. */
export function smallScratch(): usize {
  const thread = currentThread();
  return changetype<usize>(thread) == 0 ? 0 : scratch(thread, SCRATCH_BYTES);
}

/** The application did not wait for its connect: looks whether the kernel, or meanwhile another thread, has finished it. */
export function nowConnected(d: Descriptor, socket: usize): bool {
  const memory = smallScratch();
  if (memory != 0 && selectOne(socket, memory, false, 0) > 0) finishConnecting(d, true);
  return kindOf(d) != KIND_CONNECTING;
}

/** False when there is no memory for it. */
export function settleHere(d: Descriptor, socket: usize): bool {
  const memory = smallScratch();
  if (memory != 0) settlePending(d, socket, memory);
  return memory != 0;
}
