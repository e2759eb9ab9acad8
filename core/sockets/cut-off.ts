/**
 * A connector may die while it hands over to the kernel what it wrote before the decision. Who then accepts the connection finds
 * all of it in the ring; in the kernel there may be a part. And a system may keep a dead process's socket open, whose peer would
 * wait for ever: so such a connection is taken at user level, where the peer's end is known.
 */
import * as ws from "../generated/winsock";
import * as layout from "../layout";
import * as os from "../os";
import * as sync from "../sync";
import { currentThread, scratch } from "../vmmc/bells";
import { kernelBytes, kernelReadable } from "../vmmc/kernel-connection";
import { Peer, hasEnded, noteEnd } from "../vmmc/peers";
import { Segment } from "../vmmc/segments";

/** So much of what the kernel has is compared with what the ring has. */
const SCRATCH_BYTES: i32 = 256;

/** True while the connector hands over what is in the ring, or if it has died in the middle of that. */
// @ts-ignore: decorator
@inline
function isBetween(segment: Segment): bool {
  return sync.loadAcquire(segment.address + layout.SEGMENT_STATE) == layout.STATE_KERNEL;
}

/**
 * True when the connector of that segment has died while it handed over to the kernel, so that the kernel's connection of
 * `socket` has some of the ring's first bytes and nothing else. Waits for a connector that is about to be through with it.
 */
export function isCutOff(segment: Segment, peer: Peer, socket: usize): bool {
  const began = os.nowUs();
  // A process that we may not open counts as ended, and may be at work: so the time counts, unless the end can be seen.
  while (isBetween(segment) && os.nowUs() - began < <u64>layout.INTENT_LIMIT_MS * 1000) {
    if (changetype<usize>(peer) != 0 && peer.process != 0 && hasEnded(peer)) break;
    os.sleepMs(1);
  }
  if (!isBetween(segment) || changetype<usize>(peer) == 0 || !hasEnded(peer)) return false;
  if (!mayCarry(segment, socket)) return false;
  noteEnd(peer);
  return true;
}

/** True when what has come over the kernel connection of `socket` is nothing, or what the ring begins with. Nothing is taken. */
export function mayCarry(segment: Segment, socket: usize): bool {
  if (!isBetween(segment)) return false;
  const thread = currentThread();
  if (changetype<usize>(thread) == 0 || scratch(thread, SCRATCH_BYTES) == 0) return false;
  const memory = thread.scratch;
  if (!kernelReadable(socket, memory)) return true;
  // What the connector writes is in the block, and the ring, of the acceptor: side 1.
  const head = sync.loadAcquire(segment.address + layout.BLOCKS_OFFSET + layout.BLOCK_BYTES + layout.BLOCK_HEAD);
  if (head > segment.ringBytes || <u32>max(kernelBytes(socket, memory), 0) > head) return false;
  const came = ws.recv(socket, memory, SCRATCH_BYTES, ws.MSG_PEEK);
  if (came < 0 || <u32>came > head) return false; // after a reset bytes may be lost, as ever
  const ring = segment.address + layout.RINGS_OFFSET + segment.ringBytes;
  for (let at = 0; at < came; at++) {
    if (load<u8>(memory + at) != load<u8>(ring + at)) return false;
  }
  return true;
}
