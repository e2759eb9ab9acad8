import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { reasonSlugs } from "../core/diagnostics.js";
import * as layout from "../core/layout.js";
import { mappedFiles, sharedFolders } from "./shared-folder.js";
import { onWindows } from "./wine.js";

/** What carries a connection. */
export type Path = "user-level" | "kernel" | "undecided";

/** One end of one connection, as the wrapper in its process tells of it. */
export interface ConnectionStatistics {
  /** Which record it is: the same as long as the connection lives, and no other's. */
  id: string;
  /** The process as this system counts it; undefined when that cannot be told. */
  pid?: number;
  /** The process as Windows programs see it. */
  windowsPid: number;
  program: string;
  role: "connect" | "accept";
  local: string;
  peer: string;
  path: Path;
  /** Why it is on the kernel: a word of docs/compatibility.md; empty otherwise. */
  reason: string;
  ageS: number;
  /** At user level only: the kernel does not count for us. */
  sentBytes: number;
  receivedBytes: number;
  /** Calls that sent or received something. */
  sends: number;
  receives: number;
  /** Waits that were over before a thread had to sleep, those in which it slept, and wake-ups over the kernel connection. */
  spins: number;
  sleeps: number;
  doorbells: number;
}

const paths: Readonly<Record<number, Path>> = {
  [layout.MODE_KERNEL]: "kernel",
  [layout.MODE_USER]: "user-level",
  [layout.MODE_UNDECIDED]: "undecided",
};

/** A statistics page's name: of which process, and which of its pages. */
const pageName = /^stat-[\da-f]{8}-[\da-f]{16}-[\da-f]{16}$/;

/** Reads what wrapped programs of this user tell, again and again. */
export class StatisticsReader {
  /** Who has a page mapped, where this system tells: found out once for each. */
  private owners = new Map<string, number>();

  constructor(private readonly folders: () => readonly string[] = sharedFolders) {}

  /** All connections now. */
  read(): ConnectionStatistics[] {
    const pages = this.folders().flatMap(pagesIn);
    this.findOwners(pages);
    return pages.flatMap((page) => (this.isAlive(page) ? connectionsOf(page, this.owners.get(page)) : []));
  }

  private findOwners(pages: readonly string[]): void {
    for (const page of this.owners.keys()) if (!pages.includes(page)) this.owners.delete(page);
    if (onWindows || pages.every((page) => this.owners.has(page))) return;
    const mapped = mappedFiles(this.folders());
    for (const page of pages) {
      const [owner] = mapped.get(page) ?? [];
      if (owner !== undefined) this.owners.set(page, Number(owner));
    }
  }

  /** The system removes a page with its process; one that nobody has mapped was left by a Wine server that was killed. */
  private isAlive(page: string): boolean {
    if (onWindows) return true;
    const owner = this.owners.get(page);
    return owner !== undefined && statSync(`/proc/${owner}`, { throwIfNoEntry: false }) !== undefined;
  }
}

function pagesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => pageName.test(name))
      .sort()
      .map((name) => join(folder, name));
  } catch {
    return []; // it has gone with its last program
  }
}

function connectionsOf(file: string, pid: number | undefined): ConnectionStatistics[] {
  let page: Buffer;
  try {
    page = readFileSync(file);
  } catch {
    return []; // its process has just ended
  }
  return connectionsIn(page, basename(file)).map((connection) =>
    pid === undefined ? connection : { ...connection, pid },
  );
}

/** The connections of a page; none of one that is not complete, or of another version. @param name makes their ids unique */
export function connectionsIn(page: Buffer, name: string): ConnectionStatistics[] {
  const good =
    page.length === layout.STATISTICS_BYTES &&
    page.readUInt32LE(layout.STATISTICS_MAGIC_FIELD) === layout.STATISTICS_MAGIC &&
    page.readUInt32LE(layout.STATISTICS_VERSION_FIELD) === layout.STATISTICS_VERSION;
  if (!good) return [];
  const header = { windowsPid: page.readUInt32LE(layout.STATISTICS_TAG), program: programName(page) };
  const found: ConnectionStatistics[] = [];
  for (let at = layout.RECORD_BYTES; at + layout.RECORD_BYTES <= page.length; at += layout.RECORD_BYTES) {
    const record = page.subarray(at, at + layout.RECORD_BYTES);
    if (record.readUInt32LE(layout.RECORD_USED) === 0) continue;
    const since = record.readBigUInt64LE(layout.RECORD_SINCE_US);
    found.push({ id: `${name}/${at}/${since}`, ...header, ...connectionIn(record, since) });
  }
  return found;
}

function connectionIn(record: Buffer, sinceUs: bigint): Omit<ConnectionStatistics, "id" | "windowsPid" | "program"> {
  const word = (offset: number) => record.readUInt32LE(offset);
  const count = (offset: number) => Number(record.readBigUInt64LE(offset));
  const path = paths[word(layout.RECORD_MODE)] ?? "kernel";
  return {
    role: word(layout.RECORD_ROLE) === layout.ROLE_CONNECT ? "connect" : "accept",
    local: name(record, layout.RECORD_LOCAL_ADDRESS, layout.RECORD_LOCAL_PORT),
    peer: name(record, layout.RECORD_PEER_ADDRESS, layout.RECORD_PEER_PORT),
    path,
    reason: path === "kernel" ? (reasonSlugs[word(layout.RECORD_REASON)] ?? "unknown") : "",
    // The wrapper takes the time from the same clock: that of the machine, which goes evenly.
    ageS: Math.max(0, Number(process.hrtime.bigint() / 1000n - sinceUs) / 1e6),
    sentBytes: count(layout.RECORD_SENT_BYTES),
    receivedBytes: count(layout.RECORD_RECEIVED_BYTES),
    sends: count(layout.RECORD_SENDS),
    receives: count(layout.RECORD_RECEIVES),
    spins: count(layout.RECORD_SEND_SPINS) + count(layout.RECORD_RECEIVE_SPINS),
    sleeps: count(layout.RECORD_SEND_SLEEPS) + count(layout.RECORD_RECEIVE_SLEEPS),
    doorbells: count(layout.RECORD_SEND_DOORBELLS) + count(layout.RECORD_RECEIVE_DOORBELLS),
  };
}

/** Without what a terminal would take for a command: whoever names a program may have meant it. */
function programName(page: Buffer): string {
  const text = page.toString(
    "latin1",
    layout.STATISTICS_PROGRAM,
    layout.STATISTICS_PROGRAM + layout.STATISTICS_PROGRAM_BYTES,
  );
  return text.split("\0", 1)[0]!.replace(/[^\x20-\x7e]/g, "?") || "?";
}

/** An address and port as they lie in a `sockaddr_in`. */
function name(record: Buffer, address: number, port: number): string {
  if (record.readUInt32LE(port) === 0) return "-";
  return `${[...record.subarray(address, address + 4)].join(".")}:${record.readUInt16BE(port)}`;
}
