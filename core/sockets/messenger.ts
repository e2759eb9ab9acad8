/**
 * The messenger: a thread that posts the messages of events that nobody's call has noticed. It sleeps on its bell, which
 * peers ring as for any thread that waits, and on a peer's end; connections that are not decided it looks at by itself.
 * There is none in a process that never calls WSAAsyncSelect.
 */
import * as layout from "../layout";
import * as os from "../os";
import { Runtime, runtime, runtimeField } from "../runtime";
import * as sync from "../sync";
import { Thread } from "../vmmc/bells";
import { Peer, holdPeer, noteEnd, releasePeer, wasSeenToEnd } from "../vmmc/peers";
import {
  Descriptor,
  KIND_CONNECTING,
  KIND_PENDING,
  KIND_USER,
  eventsOf,
  isPeerGone,
  kindOf,
  receiveLockOf,
  sendLockOf,
} from "./descriptor";
import { watchReading, watchWriting } from "./events";
import { lock, unlock } from "./lock";
import { settlePending } from "./pending";
import { lookAtConnect } from "./rendezvous";
import { DUTY_MESSENGER, startOnce } from "./threads";
import { pendingRestMs, pollPeer } from "./waiting";

const SCRATCH_BYTES: u32 = 256;
/** How long the messenger sleeps (ms) while there is nothing to look after. */
const NOTHING_MS: u32 = layout.RECHECK_MS * 60;

/** What a look at everything has found out about how to sleep. */
@unmanaged
class Rest {
  /** The longest sleep (ms). */
  ms: u32;
  /** Held: a peer whose end is to be waited for; 0: none. */
  peer: Peer;
}

/** Makes sure that there is a messenger. False: no thread, memory or bell is to be had. */
export function startMessenger(): bool {
  const state = runtimeField(offsetof<Runtime>("messengerState"));
  const record = runtimeField(offsetof<Runtime>("messenger"));
  return startOnce(state, record, DUTY_MESSENGER, SCRATCH_BYTES + <u32>offsetof<Rest>());
}

/** Lets the messenger look after `d`, which has events. Nothing is held back from it by the locks that the caller may hold. */
export function watch(d: Descriptor): void {
  if (sync.compareSwap(changetype<usize>(d) + offsetof<Descriptor>("watched"), 0, 1) != 0) return;
  const first = runtimeField(offsetof<Runtime>("watched"));
  do d.nextWatched = sync.loadPointer(first);
  while (sync.comparePointer(first, d.nextWatched, changetype<usize>(d)) != d.nextWatched);
}

/** The messenger's thread. Never returns. */
export function runMessenger(): void {
  const thread = changetype<Thread>(runtime().messenger);
  const rest = changetype<Rest>(thread.scratch + SCRATCH_BYTES);
  let woken: u32 = layout.WAIT_BELL;
  for (;;) {
    rest.ms = NOTHING_MS;
    rest.peer = changetype<Peer>(<usize>0);
    lookAtAll(thread, rest, woken != layout.WAIT_BELL);
    const peer = rest.peer;
    woken = os.bellWait(thread.bell, changetype<usize>(peer) == 0 ? 0 : peer.process, rest.ms);
    if (woken == layout.WAIT_PEER_DEAD) noteEnd(peer);
    releasePeer(peer);
  }
}

/** Looks at everything in the list, and takes out what has no events any more. */
function lookAtAll(thread: Thread, rest: Rest, asking: bool): void {
  let link = runtimeField(offsetof<Runtime>("watched"));
  let at = sync.loadPointer(link);
  while (at != 0) {
    const d = changetype<Descriptor>(at);
    // Others put in at the front only: whoever takes out knows what lies behind.
    const next = d.nextWatched;
    if (eventsOf(d) == 0 && sync.comparePointer(link, at, next) == at) {
      sync.storeSeq(at + offsetof<Descriptor>("watched"), 0);
      // Selected just now, when it still stood in the list: it is looked at in the next round, which is to come at once.
      if (eventsOf(d) != 0) {
        watch(d);
        rest.ms = 0;
      }
    } else {
      lookAt(d, thread, rest, asking);
      link = at + offsetof<Descriptor>("nextWatched");
    }
    at = next;
  }
}

/** @param asking nobody has rung: then the kernel is asked for what no bell announces */
function lookAt(d: Descriptor, thread: Thread, rest: Rest, asking: bool): void {
  const socket = d.handle;
  const memory = thread.scratch;
  if (kindOf(d) == KIND_CONNECTING) lookAtConnect(d, memory);
  if (kindOf(d) == KIND_PENDING) settlePending(d, socket, memory);
  const undecided = kindOf(d) == KIND_CONNECTING || kindOf(d) == KIND_PENDING;
  if (undecided) rest.ms = min(rest.ms, pendingRestMs(os.nowUs() - d.pendingSinceUs));
  lock(receiveLockOf(d));
  if (eventsOf(d) != 0 && kindOf(d) >= KIND_PENDING) {
    if (kindOf(d) == KIND_USER) lookAtPeer(d, d.handle, memory, rest, asking);
    watchReading(d);
  }
  unlock(receiveLockOf(d));
  lock(sendLockOf(d));
  if (eventsOf(d) != 0 && kindOf(d) >= KIND_PENDING) watchWriting(d);
  unlock(sendLockOf(d));
}

/** Has the peer ended without a word? And how is that to be learned. With `receiveLock` held. */
function lookAtPeer(d: Descriptor, socket: usize, memory: usize, rest: Rest, asking: bool): void {
  const peer = d.peer;
  const known = changetype<usize>(peer) != 0;
  const gone = known && (peer.process == 0 || wasSeenToEnd(peer));
  if (asking || gone) pollPeer(d, socket, memory);
  if (isPeerGone(d)) return;
  rest.ms = min<u32>(rest.ms, gone ? layout.RECHECK_GONE_MS : layout.RECHECK_MS);
  if (!known || gone || changetype<usize>(rest.peer) != 0) return;
  holdPeer(peer);
  rest.peer = peer;
}
