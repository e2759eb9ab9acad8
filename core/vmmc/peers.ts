/** The other processes that this one has connections with: alive or not, and their bells. */
import * as layout from "../layout";
import * as os from "../os";
import { Runtime, runtime, runtimeField } from "../runtime";
import { lock, unlock } from "../sockets/lock";
import * as sync from "../sync";

/** Peers without a connection that are kept, because the next connection is probably to one of them. */
const IDLE_PEERS = 16;

/** One other process. Shared by all connections to it, counted. */
@unmanaged
export class Peer {
  start: u64;
  tag: u32;
  users: u32;
  /** True (1) once a sleeper has seen it end. */
  ended: u32;
  /** When it was last asked whether it runs, by calls that do not wait (ms, free-running). */
  askedMs: u32;
  /** Waitable: the end of the process. 0 when it could not be opened (it has ended, or belongs to somebody else). */
  process: usize;
  next: usize;
  /** Blocks of BELLS_PER_BLOCK bell handles, made when needed. */
  blocks: usize;
}

/** The peer with that identity, one user more; 0 when there is no memory. */
export function acquirePeer(tag: u32, start: u64): Peer {
  const peersLock = runtimeField(offsetof<Runtime>("peersLock"));
  lock(peersLock);
  let peer = changetype<Peer>(runtime().peers);
  while (changetype<usize>(peer) != 0 && (peer.tag != tag || peer.start != start)) {
    peer = changetype<Peer>(peer.next);
  }
  if (changetype<usize>(peer) == 0) peer = addPeer(tag, start);
  if (changetype<usize>(peer) != 0) peer.users++;
  unlock(peersLock);
  return peer;
}

function addPeer(tag: u32, start: u64): Peer {
  dropIdlePeers();
  const address = os.alloc(offsetof<Peer>());
  const blocks = os.alloc(blockCount() * sizeof<usize>());
  if (address == 0 || blocks == 0) {
    if (address != 0) os.free(address);
    if (blocks != 0) os.free(blocks);
    return changetype<Peer>(<usize>0);
  }
  const peer = changetype<Peer>(address);
  peer.tag = tag;
  peer.start = start;
  peer.blocks = blocks;
  peer.process = os.processOpen(tag, start);
  peer.next = runtime().peers;
  runtime().peers = address;
  return peer;
}

// @ts-ignore: decorator
@inline
function blockCount(): usize {
  return (layout.BELL_SLOTS + layout.BELLS_PER_BLOCK) / layout.BELLS_PER_BLOCK;
}

/** One user more, of a peer that has users. */
export function holdPeer(peer: Peer): void {
  if (changetype<usize>(peer) == 0) return;
  const peersLock = runtimeField(offsetof<Runtime>("peersLock"));
  lock(peersLock);
  peer.users++;
  unlock(peersLock);
}

/** One user less. */
export function releasePeer(peer: Peer): void {
  if (changetype<usize>(peer) == 0) return;
  const peersLock = runtimeField(offsetof<Runtime>("peersLock"));
  lock(peersLock);
  peer.users--;
  unlock(peersLock);
}

/** Forgets peers without users, once there are many of them or they have ended. Called with the lock held. */
function dropIdlePeers(): void {
  let link = runtimeField(offsetof<Runtime>("peers"));
  let idle = 0;
  while (load<usize>(link) != 0) {
    const peer = changetype<Peer>(load<usize>(link));
    if (peer.users == 0 && (++idle > IDLE_PEERS || hasEnded(peer))) {
      store<usize>(link, peer.next);
      freePeer(peer);
    } else link = changetype<usize>(peer) + offsetof<Peer>("next");
  }
}

function freePeer(peer: Peer): void {
  for (let block: usize = 0; block < blockCount(); block++) {
    const bells = load<usize>(peer.blocks + block * sizeof<usize>());
    if (bells == 0) continue;
    for (let slot: usize = 0; slot < <usize>layout.BELLS_PER_BLOCK; slot++) {
      const bell = load<usize>(bells + slot * sizeof<usize>());
      if (bell != 0) os.closeHandle(bell);
    }
    os.free(bells);
  }
  os.free(peer.blocks);
  if (peer.process != 0) os.closeHandle(peer.process);
  os.free(changetype<usize>(peer));
}

/** As `hasEnded`, for calls that come often: asks the kernel at most once in POLL_PERIOD_US. */
export function isKnownToHaveEnded(peer: Peer, nowUs: u64): bool {
  if (wasSeenToEnd(peer)) return true;
  const asked = changetype<usize>(peer) + offsetof<Peer>("askedMs");
  const nowMs = <u32>(nowUs / 1000);
  if (nowMs - sync.loadRelaxed(asked) < <u32>layout.POLL_PERIOD_US / 1000) return false;
  sync.storeRelease(asked, nowMs);
  if (!hasEnded(peer)) return false;
  noteEnd(peer);
  return true;
}

/** True when somebody has seen that the process has ended. Costs no call of the kernel. */
// @ts-ignore: decorator
@inline
export function wasSeenToEnd(peer: Peer): bool {
  return sync.loadAcquire(changetype<usize>(peer) + offsetof<Peer>("ended")) != 0;
}

/**
 * True when that process was seen to end, and not only could not be opened: then nobody goes on with its connections at user
 * level, whatever becomes of their kernel sockets, which a system may keep open for longer.
 */
export function hasDied(peer: Peer): bool {
  return changetype<usize>(peer) != 0 && peer.process != 0 && wasSeenToEnd(peer);
}

export function noteEnd(peer: Peer): void {
  sync.storeRelease(changetype<usize>(peer) + offsetof<Peer>("ended"), 1);
}

/** True when that process runs no more. */
export function hasEnded(peer: Peer): bool {
  return peer.process == 0 || os.processEnded(peer.process);
}

/** Rings the peer's bell of that slot. A bell that cannot be opened stays silent: sleepers look up by themselves. */
export function ringBell(peer: Peer, slot: u32): void {
  if (changetype<usize>(peer) == 0 || slot >= <u32>layout.BELL_SLOTS) return;
  const blockLink = peer.blocks + (<usize>(slot / layout.BELLS_PER_BLOCK)) * sizeof<usize>();
  let block = sync.loadPointer(blockLink);
  if (block == 0) {
    const made = os.alloc(layout.BELLS_PER_BLOCK * sizeof<usize>());
    if (made == 0) return;
    block = sync.comparePointer(blockLink, 0, made);
    if (block == 0) block = made;
    else os.free(made);
  }
  const link = block + (<usize>(slot % layout.BELLS_PER_BLOCK)) * sizeof<usize>();
  let bell = sync.loadPointer(link);
  if (bell == 0) {
    const opened = os.bellOpen(peer.tag, peer.start, slot);
    if (opened == 0) return;
    bell = sync.comparePointer(link, 0, opened);
    if (bell == 0) bell = opened;
    else os.closeHandle(opened);
  }
  os.bellRing(bell);
}
