/**
 * What this process tells tools of its connections: pages of records that it writes and nobody in it reads. A page that
 * cannot be made costs nothing but the view.
 */
import * as layout from "../layout";
import * as os from "../os";
import { Runtime, runtime, runtimeField } from "../runtime";
import * as sync from "../sync";
import { Descriptor } from "./descriptor";
import { lock, unlock } from "./lock";

/** What is known here of one record: the page's own words are never believed. */
@unmanaged
class Record {
  /** Next of those that are free. */
  next: usize;
  /** In the page. */
  address: usize;
}

const RECORDS_IN_PAGE = layout.STATISTICS_BYTES / layout.RECORD_BYTES - 1;
const PATH_BYTES = 1024;

/** The connection's record says what it is now. The first time it gets one. With both locks held, or before others see it. */
export function noteConnection(d: Descriptor, role: u32, mode: u32, reason: u32): void {
  if (d.record == 0) {
    const taken = takeRecord();
    if (taken == 0) return;
    d.record = taken;
    d.counters = changetype<Record>(taken).address;
    memory.fill(d.counters, 0, layout.RECORD_BYTES);
    store<u64>(d.counters + layout.RECORD_SINCE_US, os.nowUs());
    store<u64>(d.counters + layout.RECORD_SOCKET, d.handle);
  }
  const record = d.counters;
  const connects = role == layout.ROLE_CONNECT;
  store<u32>(record + layout.RECORD_ROLE, role);
  store<u32>(record + layout.RECORD_MODE, mode);
  store<u32>(record + layout.RECORD_REASON, reason);
  store<u32>(record + layout.RECORD_LOCAL_ADDRESS, connects ? d.clientAddress : d.serverAddress);
  store<u32>(record + layout.RECORD_LOCAL_PORT, connects ? d.clientPort : d.serverPort);
  store<u32>(record + layout.RECORD_PEER_ADDRESS, connects ? d.serverAddress : d.clientAddress);
  store<u32>(record + layout.RECORD_PEER_PORT, connects ? d.serverPort : d.clientPort);
  store<u32>(record + layout.RECORD_PEER_TAG, changetype<usize>(d.peer) == 0 ? 0 : d.peer.tag);
  sync.storeRelease(record + layout.RECORD_USED, 1);
}

/** The socket is closed: its record is free. With both locks held. */
export function forgetConnection(d: Descriptor): void {
  if (d.record == 0) return;
  const record = changetype<Record>(d.record);
  d.record = 0;
  d.counters = 0;
  sync.storeRelease(record.address + layout.RECORD_USED, 0);
  lock(statisticsLock());
  record.next = runtime().freeRecords;
  runtime().freeRecords = changetype<usize>(record);
  unlock(statisticsLock());
}

/** That much was written. With `sendLock` held. */
// @ts-ignore: decorator
@inline
export function countWritten(d: Descriptor, bytes: u32): void {
  if (d.counters != 0) add(d.counters + layout.RECORD_SENT_BYTES, bytes);
}

/** A call that has sent something is through. With `sendLock` held. */
// @ts-ignore: decorator
@inline
export function countSend(d: Descriptor): void {
  if (d.counters != 0) add(d.counters + layout.RECORD_SENDS, 1);
}

/** A call has received that much. With `receiveLock` held. */
// @ts-ignore: decorator
@inline
export function countReceived(d: Descriptor, bytes: u32): void {
  if (d.counters == 0) return;
  add(d.counters + layout.RECORD_RECEIVES, 1);
  add(d.counters + layout.RECORD_RECEIVED_BYTES, bytes);
}

/** A wait is over: the thread has slept, or spinning was enough. With that direction's lock held. */
export function countWait(d: Descriptor, reading: bool, slept: bool): void {
  if (d.counters == 0) return;
  const spins = reading ? layout.RECORD_RECEIVE_SPINS : layout.RECORD_SEND_SPINS;
  const sleeps = reading ? layout.RECORD_RECEIVE_SLEEPS : layout.RECORD_SEND_SLEEPS;
  add(d.counters + (slept ? sleeps : spins), 1);
}

/** The peer was woken over the kernel connection, for bytes (with `sendLock` held) or for credit (with `receiveLock`). */
export function countDoorbell(d: Descriptor, forBytes: bool): void {
  if (d.counters != 0) add(d.counters + (forBytes ? layout.RECORD_SEND_DOORBELLS : layout.RECORD_RECEIVE_DOORBELLS), 1);
}

// @ts-ignore: decorator
@inline
function add(counter: usize, count: u32): void {
  store<u64>(counter, load<u64>(counter) + count);
}

// @ts-ignore: decorator
@inline
function statisticsLock(): usize {
  return runtimeField(offsetof<Runtime>("statisticsLock"));
}

/** A free record, 0 if there is none to be had. */
function takeRecord(): usize {
  lock(statisticsLock());
  if (runtime().freeRecords == 0) addPage();
  const taken = runtime().freeRecords;
  if (taken != 0) runtime().freeRecords = changetype<Record>(taken).next;
  unlock(statisticsLock());
  return taken;
}

/** With the lock held. Pages are kept for the process's life. */
function addPage(): void {
  if (runtime().statisticsPages >= runtime().statisticsLimit) return;
  const records = os.alloc(RECORDS_IN_PAGE * offsetof<Record>());
  if (records == 0) return;
  const page = os.pageCreate(runtime().statisticsPages + 1, layout.STATISTICS_BYTES);
  if (page == 0) {
    // Not asked for again with every connection.
    runtime().statisticsLimit = 0;
    os.free(records);
    return;
  }
  runtime().statisticsPages++;
  for (let index = 0; index < RECORDS_IN_PAGE; index++) {
    const record = changetype<Record>(records + index * offsetof<Record>());
    record.address = page + (index + 1) * layout.RECORD_BYTES;
    record.next = runtime().freeRecords;
    runtime().freeRecords = changetype<usize>(record);
  }
  store<u32>(page + layout.STATISTICS_VERSION_FIELD, layout.STATISTICS_VERSION);
  store<u32>(page + layout.STATISTICS_TAG, runtime().tag);
  store<u64>(page + layout.STATISTICS_START, runtime().start);
  nameProgram(page + layout.STATISTICS_PROGRAM);
  sync.storeRelease(page + layout.STATISTICS_MAGIC_FIELD, layout.STATISTICS_MAGIC);
}

/** Writes the program's file name, without folders, as far as there is room, with a zero behind it. */
function nameProgram(to: usize): void {
  const path = os.alloc(PATH_BYTES);
  if (path == 0) return;
  const length = min<u32>(os.programName(path, PATH_BYTES), PATH_BYTES);
  let from: u32 = 0;
  for (let at: u32 = 0; at < length; at++) {
    const character = load<u8>(path + at);
    if (character == 0x5c || character == 0x2f) from = at + 1;
  }
  const bytes = min<u32>(length - from, layout.STATISTICS_PROGRAM_BYTES - 1);
  memory.copy(to, path + from, bytes);
  store<u8>(to + bytes, 0);
  os.free(path);
}
