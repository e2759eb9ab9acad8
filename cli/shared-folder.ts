import { readdirSync, readFileSync, readlinkSync, rmSync, statSync } from "node:fs";
import { userInfo } from "node:os";
import { basename, join } from "node:path";
import * as layout from "../core/layout.js";

/** What lies in one folder of shared files. */
export interface SharedFolder {
  path: string;
  /** Why the wrapper will not use it: a sentence's end, or none. */
  trouble?: string;
  directory: "none" | "good" | "damaged";
  /** Processes that have the directory mapped. */
  users: number;
  /** Published listeners and connections that wait for an acceptor. */
  listeners: number;
  pending: number;
  /** Files that no process has open: left by processes that were killed, or by other versions. */
  leftovers: string[];
  /** At least so many processes are named in the directory that no longer run. */
  deadOwners: number;
}

/** This version's directory; the files of other versions have other numbers. */
const directoryName = `directory-v${layout.PROTOCOL_VERSION}`;
const memory = "/dev/shm";

/** The folders where wrapped programs of this user would look: VMMC_DIR, or those in memory, one for each Wine prefix. */
export function sharedFolders(environment: NodeJS.ProcessEnv = process.env): string[] {
  const chosen = environment.VMMC_DIR;
  if (chosen) return chosen.startsWith("/") && isFolder(chosen) ? [chosen] : [];
  const beginning = `vmmc-sockets-${userInfo().username}-`.toLowerCase();
  const names = isFolder(memory) ? readdirSync(memory) : [];
  return names
    .filter((name) => name.toLowerCase().startsWith(beginning) && /^[\da-f]{16}$/i.test(name.slice(beginning.length)))
    .map((name) => join(memory, name))
    .filter(isFolder)
    .sort();
}

/** Looks into folders of shared files. Changes nothing. */
export function inspectFolders(folders: readonly string[]): SharedFolder[] {
  const open = mappedFiles(folders, true);
  return folders.map((path) => {
    const status = statSync(path);
    const own = process.getuid === undefined || status.uid === process.getuid();
    const closed = (status.mode & 0o077) === 0;
    const trouble = own ? (closed ? undefined : "lets other users in") : "belongs to another user";
    const empty = { path, users: 0, listeners: 0, pending: 0, leftovers: [], deadOwners: 0 };
    if (!own) return { ...empty, directory: "none", trouble: trouble! };
    const directory = readDirectory(join(path, directoryName));
    const users = open.get(join(path, directoryName))?.size ?? 0;
    const { owners = 0, ...counts } = typeof directory === "object" ? directory : { listeners: 0, pending: 0 };
    const files = readdirSync(path).filter((name) => /^(?:seg-|stat-|bell-|directory-v\d+$)/.test(name));
    return {
      ...empty,
      ...counts,
      ...(trouble === undefined ? {} : { trouble }),
      directory: typeof directory === "object" ? "good" : directory,
      users,
      leftovers: files.filter((name) => name !== directoryName && !open.has(join(path, name))).sort(),
      deadOwners: Math.max(0, owners - users),
    };
  });
}

/**
 * Removes what no process has open from a folder, and the folder if nothing else is in it.
 * @returns how many files it removed
 */
export function cleanFolder(folder: SharedFolder): number {
  // Somebody may have come meanwhile.
  const open = mappedFiles([folder.path], true);
  const wanted = folder.users === 0 ? [...folder.leftovers, directoryName] : folder.leftovers;
  const present = new Set(readdirSync(folder.path));
  const gone = wanted.filter((name) => present.has(name) && !open.has(join(folder.path, name)));
  for (const name of gone) rmSync(join(folder.path, name), { force: true });
  return gone.length;
}

interface DirectoryCounts {
  listeners: number;
  pending: number;
  /** Different processes that own a slot. */
  owners: number;
}

function readDirectory(file: string): "none" | "damaged" | DirectoryCounts {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch {
    return "none";
  }
  // Nobody has written anything into it yet.
  if (bytes.length === 0) return "none";
  if (bytes.length < layout.DIRECTORY_BYTES) return "damaged";
  if (bytes.readUInt32LE(layout.DIRECTORY_MAGIC) === 0) return { listeners: 0, pending: 0, owners: 0 };
  const good =
    bytes.readUInt32LE(layout.DIRECTORY_MAGIC) === layout.MAGIC &&
    bytes.readUInt32LE(layout.DIRECTORY_VERSION) === layout.PROTOCOL_VERSION &&
    bytes.readUInt32LE(layout.DIRECTORY_BYTES_FIELD) === layout.DIRECTORY_BYTES;
  if (!good) return "damaged";
  const owners = new Set<string>();
  const count = (first: number, slots: number) => {
    let used = 0;
    for (let slot = first; slot < first + slots * layout.SLOT_BYTES; slot += layout.SLOT_BYTES) {
      const word = bytes.readUInt32LE(slot + layout.SLOT_WORD);
      if ((word & layout.SLOT_STATE_MASK) === layout.SLOT_FREE) continue;
      owners.add(`${word & ~layout.SLOT_STATE_MASK} ${bytes.readBigUInt64LE(slot + layout.SLOT_START)}`);
      used++;
    }
    return used;
  };
  const listeners = count(layout.LISTENERS_OFFSET, layout.LISTENER_SLOTS);
  const pending = count(layout.PENDING_OFFSET, layout.PENDING_SLOTS);
  return { listeners, pending, owners: owners.size };
}

/**
 * Files below the folders that processes of this user have mapped, each with those processes.
 * @param alsoOpen or have open
 */
export function mappedFiles(folders: readonly string[], alsoOpen = false): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  const note = (path: string, pid: string) => {
    if (folders.some((folder) => path.startsWith(`${folder}/`)))
      found.set(path, (found.get(path) ?? new Set()).add(pid));
  };
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      for (const [, path] of readFileSync(`/proc/${pid}/maps`, "utf8").matchAll(/ (\/\S.*)$/gm)) note(path!, pid);
      if (!alsoOpen) continue;
      // The server of a Wine prefix holds files open for its programs; it is not one of them.
      const fds = `/proc/${pid}/fd`;
      for (const fd of readdirSync(fds)) {
        const path = linkOf(join(fds, fd));
        if (basename(path) !== directoryName) note(path, pid);
      }
    } catch {
      // It has ended, or is somebody else's.
    }
  }
  return found;
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
