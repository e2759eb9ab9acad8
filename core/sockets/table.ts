/** The descriptor table: which descriptor stands for a SOCKET. */
import * as layout from "../layout";
import * as os from "../os";
import { runtime } from "../runtime";
import * as sync from "../sync";
import { Descriptor, KIND_ENDED, KIND_KERNEL, kindOf, lockBoth, nextGeneration, setBellsNoDelay, setEvents, setKind, setNonBlocking, unlockBoth } from "./descriptor";
import { forgetConnection } from "./statistics";

/** Places of the table. */
export const TABLE_ENTRIES: usize = <usize>(layout.TABLE_PAGES * layout.TABLE_PAGE_ENTRIES);

/** The entry of that socket, or 0: a socket that we have not seen being made. */
// @ts-ignore: decorator
@inline
export function lookup(socket: usize): Descriptor {
  const index = os.socketIndex(socket);
  if (index >= TABLE_ENTRIES) return changetype<Descriptor>(<usize>0);
  return entryAt(index);
}

/** The entry of that socket if its calls do not simply go to the kernel, else 0. The common first step of every call. */
// @ts-ignore: decorator
@inline
export function userLevel(socket: usize): Descriptor {
  const d = lookup(socket);
  if (changetype<usize>(d) != 0 && kindOf(d) >= KIND_ENDED) return d;
  return changetype<Descriptor>(<usize>0);
}

/** Makes the entry of a socket that the kernel has just made; 0 when there is no memory or the handle is out of range. */
export function openDescriptor(socket: usize, stream: bool, nonBlocking: bool): Descriptor {
  const none = changetype<Descriptor>(<usize>0);
  const index = os.socketIndex(socket);
  if (index >= TABLE_ENTRIES) return none;
  const pageLink = runtime().tablePages + (index / layout.TABLE_PAGE_ENTRIES) * sizeof<usize>();
  const page = makeOnce(pageLink, layout.TABLE_PAGE_ENTRIES * sizeof<usize>());
  if (page == 0) return none;
  const entry = makeOnce(page + (index % layout.TABLE_PAGE_ENTRIES) * sizeof<usize>(), offsetof<Descriptor>());
  if (entry == 0) return none;
  const d = changetype<Descriptor>(entry);
  lockBoth(d);
  nextGeneration(d);
  d.handle = socket;
  d.stream = stream ? 1 : 0;
  setNonBlocking(d, nonBlocking);
  d.receiveTimeoutMs = 0;
  d.sendTimeoutMs = 0;
  d.sendBuffer = 0;
  d.lingerOn = 0;
  d.optionsChanged = 0;
  d.noDelay = 0;
  d.port = 0;
  d.original = 0;
  d.duplicates = 0;
  d.kept = 0;
  d.urgentInLine = 0;
  setEvents(d, 0);
  setBellsNoDelay(d, false);
  d.serverPort = 0;
  d.reason = layout.REASON_NONE;
  forgetConnection(d); // one that was closed behind our back
  setKind(d, KIND_KERNEL);
  unlockBoth(d);
  return d;
}

/** What `link` points to; made, zeroed, by whoever comes first. */
export function makeOnce(link: usize, bytes: usize): usize {
  const known = sync.loadPointer(link);
  if (known != 0) return known;
  const made = os.alloc(bytes);
  if (made == 0) return 0;
  const winner = sync.comparePointer(link, 0, made);
  if (winner == 0) return made;
  os.free(made);
  return winner;
}

/** The first place from that one on at which there is an entry, used or not; TABLE_ENTRIES when there is none any more. */
export function nextEntry(place: usize): usize {
  while (place < TABLE_ENTRIES) {
    const page = sync.loadPointer(runtime().tablePages + (place / layout.TABLE_PAGE_ENTRIES) * sizeof<usize>());
    if (page == 0) place += <usize>layout.TABLE_PAGE_ENTRIES - (place % layout.TABLE_PAGE_ENTRIES);
    else if (sync.loadPointer(page + (place % layout.TABLE_PAGE_ENTRIES) * sizeof<usize>()) != 0) return place;
    else place++;
  }
  return TABLE_ENTRIES;
}

/** What stands at that place; 0: nothing. */
// @ts-ignore: decorator
@inline
export function entryAt(place: usize): Descriptor {
  const page = sync.loadPointer(runtime().tablePages + (place / layout.TABLE_PAGE_ENTRIES) * sizeof<usize>());
  if (page == 0) return changetype<Descriptor>(<usize>0);
  return changetype<Descriptor>(sync.loadPointer(page + (place % layout.TABLE_PAGE_ENTRIES) * sizeof<usize>()));
}
