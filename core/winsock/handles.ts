/**
 * Entry points of the system's calls that take a socket as they take any handle. The application's imports of them lead here
 * (see process/modules.ts); what is no user-level socket is passed on.
 */
import * as ws from "../generated/winsock";
import * as layout from "../layout";
import * as os from "../os";
import { Descriptor, KIND_CONNECTING, KIND_ENDED, KIND_UNUSED, generationOf, kindOf, lockBoth, unlockBoth } from "../sockets/descriptor";
import { endDescriptor } from "../sockets/closing";
import { refuse } from "../sockets/errors";
import { failedInSystem, transferFile } from "../sockets/file-calls";
import { leaveUserLevel } from "../sockets/leaving";
import { nothingBegun } from "../sockets/operations";
import { smallScratch } from "../sockets/stream";
import { TABLE_ENTRIES, entryAt, lookup, nextEntry, openDescriptor } from "../sockets/table";

/** The socket that a handle, or what it is a duplicate of, stands for; 0: none. */
function socketOf(handle: usize): Descriptor {
  const d = lookup(handle);
  // A duplicate that is closed stands for nothing: its number may be a file's by now.
  if (changetype<usize>(d) == 0 || d.original == 0 || kindOf(d) == KIND_UNUSED) return d;
  const original = originalOf(d);
  return changetype<usize>(original) != 0 ? original : d;
}

/** What it is a duplicate of; 0: of nothing, or its handle is another socket's by now. */
function originalOf(d: Descriptor): Descriptor {
  const original = changetype<Descriptor>(d.original);
  const same = d.original != 0 && generationOf(original) == d.originalGeneration;
  return same ? original : changetype<Descriptor>(<usize>0);
}

/**
 * The kernel carries that socket, and nothing goes on that was begun before it did: what comes now must not overtake it. Or it is
 * closed, and the handle may be a file's by now: what was begun on the socket may not be through yet.
 */
function isForKernel(d: Descriptor, reading: bool): bool {
  const kind = kindOf(d);
  return kind == KIND_UNUSED || (kind < KIND_ENDED && nothingBegun(d, reading));
}

export function ReadFile(file: usize, buffer: usize, bytes: u32, done: usize, overlapped: usize): i32 {
  const d = socketOf(file);
  if (changetype<usize>(d) == 0 || isForKernel(d, true)) return ws.ReadFile(file, buffer, bytes, done, overlapped);
  return transferFile(d, d.handle, true, buffer, bytes, done, overlapped);
}

export function WriteFile(file: usize, buffer: usize, bytes: u32, done: usize, overlapped: usize): i32 {
  const d = socketOf(file);
  if (changetype<usize>(d) == 0 || isForKernel(d, false)) return ws.WriteFile(file, buffer, bytes, done, overlapped);
  return transferFile(d, d.handle, false, buffer, bytes, done, overlapped);
}

export function CloseHandle(handle: usize): i32 {
  const d = lookup(handle);
  if (changetype<usize>(d) == 0 || kindOf(d) == KIND_UNUSED) return ws.CloseHandle(handle);
  if (keepForDuplicates(d, handle)) return 1;
  const original = originalOf(d);
  endDescriptor(d, handle);
  const result = ws.CloseHandle(handle);
  if (changetype<usize>(original) != 0) loseDuplicate(original);
  return result;
}

/**
 * `closesocket` on a duplicate. Wine's WinSock does not know it; where it stands alone for the socket, the application may.
 */
export function closeDuplicate(d: Descriptor, handle: usize): i32 {
  const original = originalOf(d);
  const known = changetype<usize>(original) != 0;
  if (known && original.kept != 0) return CloseHandle(handle) != 0 ? 0 : ws.SOCKET_ERROR;
  endDescriptor(d, handle);
  const result = ws.closesocket(handle);
  if (known && result == 0) loseDuplicate(original);
  else if (known) noteDuplicate(handle, original);
  return result;
}

/** That handle stands for the socket as well. */
function noteDuplicate(handle: usize, original: Descriptor): bool {
  const duplicate = openDescriptor(handle, false, false);
  if (changetype<usize>(duplicate) == 0) return false;
  duplicate.originalGeneration = generationOf(original);
  duplicate.original = changetype<usize>(original);
  return true;
}

/**
 * True when that handle is not to be closed: a user-level connection goes on for its duplicates, and needs it. One that has ended
 * still knows what of it was shut down, and how it ended.
 */
export function keepForDuplicates(d: Descriptor, handle: usize): bool {
  lockBoth(d);
  const keeps = d.handle == handle && d.duplicates != 0 && kindOf(d) >= KIND_ENDED;
  if (keeps) d.kept = 1;
  unlockBoth(d);
  return keeps;
}

function loseDuplicate(original: Descriptor): void {
  const handle = original.handle;
  lockBoth(original);
  original.duplicates--;
  const last = original.duplicates == 0 && original.kept != 0;
  unlockBoth(original);
  if (!last) return;
  endDescriptor(original, handle);
  ws.closesocket(handle);
}

export function DuplicateHandle(fromProcess: usize, handle: usize, toProcess: usize, result: usize, access: u32, inherits: i32, options: u32): i32 {
  const here = os.processTag();
  const d = socketOf(handle);
  if (changetype<usize>(d) == 0 || d.stream == 0 || kindOf(d) == KIND_UNUSED || ws.GetProcessId(fromProcess) != here) {
    return ws.DuplicateHandle(fromProcess, handle, toProcess, result, access, inherits, options);
  }
  if (ws.GetProcessId(toProcess) != here) {
    if (!giveAway(d, giveAwayLimit())) return failedInSystem(ws.ERROR_NOT_SUPPORTED);
    return ws.DuplicateHandle(fromProcess, handle, toProcess, result, access, inherits, options);
  }
  const made = ws.DuplicateHandle(fromProcess, handle, toProcess, result, access, inherits, options & ~ws.DUPLICATE_CLOSE_SOURCE);
  if (made == 0) return 0;
  if (noteDuplicate(load<usize>(result), d)) {
    lockBoth(d);
    d.duplicates++;
    unlockBoth(d);
  }
  if ((options & ws.DUPLICATE_CLOSE_SOURCE) != 0) CloseHandle(handle);
  return made;
}

function giveAwayLimit(): u64 {
  return os.nowUs() + <u64>layout.LEAVE_LIMIT_MS * 1000;
}

/** Another process gets the socket: what it does with it would go past the rings. False: the connection cannot leave them. */
function giveAway(d: Descriptor, deadline: u64): bool {
  const memory = smallScratch();
  if (memory != 0 && leaveUserLevel(d, memory, deadline)) return true;
  refuse(ws.WSAEOPNOTSUPP);
  return false;
}

/** A child process is about to be made, and gets all handles that are marked for it. */
function giveAwayInheritable(): void {
  const memory = smallScratch();
  if (memory == 0 || os.config(layout.CONFIG_INHERIT) == 0) return;
  const deadline = giveAwayLimit();
  for (let place = nextEntry(0); place < TABLE_ENTRIES; place = nextEntry(place + 1)) {
    const handle = entryAt(place).handle;
    const d = socketOf(handle);
    // Another thread may just open or close a socket there.
    if (changetype<usize>(d) == 0 || kindOf(entryAt(place)) == KIND_UNUSED || kindOf(d) < KIND_ENDED) continue;
    if (ws.GetHandleInformation(handle, memory) == 0 || (load<u32>(memory) & ws.HANDLE_FLAG_INHERIT) == 0) continue;
    giveAway(d, deadline);
  }
}

/** For a socket that is to be used by another process: as before `DuplicateHandle`. */
export function giveAwaySocket(socket: usize): i32 {
  const d = lookup(socket);
  return changetype<usize>(d) == 0 || giveAway(d, giveAwayLimit()) ? 1 : 0;
}

export function CreateProcessA(
  program: usize, line: usize, process: usize, thread: usize, inherits: i32, flags: u32, environment: usize, folder: usize, start: usize, result: usize,
): i32 {
  if (inherits != 0) giveAwayInheritable();
  return ws.CreateProcessA(program, line, process, thread, inherits, flags, environment, folder, start, result);
}

export function CreateProcessW(
  program: usize, line: usize, process: usize, thread: usize, inherits: i32, flags: u32, environment: usize, folder: usize, start: usize, result: usize,
): i32 {
  if (inherits != 0) giveAwayInheritable();
  return ws.CreateProcessW(program, line, process, thread, inherits, flags, environment, folder, start, result);
}

export function CreateIoCompletionPort(file: usize, port: usize, key: usize, threads: u32): usize {
  const made = ws.CreateIoCompletionPort(file, port, key, threads);
  const d = socketOf(file);
  if (made == 0 || changetype<usize>(d) == 0) return made;
  lockBoth(d);
  d.portKey = key;
  d.port = made;
  unlockBoth(d);
  return made;
}
