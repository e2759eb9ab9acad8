import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as layout from "../../core/layout.js";

/** A slot of the rendezvous directory that is in use. */
export interface UsedSlot {
  kind: "listener" | "pending";
  index: number;
  tag: number;
  state: number;
  /** Counts the slot's uses. */
  sequence: number;
}

/** The slots in use, as docs/protocol.md describes the file; none while there is no file. */
export function usedSlots(folder: string): UsedSlot[] {
  const file = join(folder, `directory-v${layout.PROTOCOL_VERSION}`);
  if (!existsSync(file)) return [];
  const bytes = readFileSync(file);
  const slots = (kind: UsedSlot["kind"], offset: number, count: number): UsedSlot[] =>
    Array.from({ length: count }, (_, index) => {
      const slot = offset + index * layout.SLOT_BYTES;
      const word = bytes.readUInt32LE(slot + layout.SLOT_WORD);
      const sequence = bytes.readUInt32LE(slot + layout.SLOT_SEQUENCE);
      return {
        kind,
        index,
        tag: (word & ~layout.SLOT_STATE_MASK) >>> 0,
        state: word & layout.SLOT_STATE_MASK,
        sequence,
      };
    }).filter(({ tag, state }) => tag !== 0 || state !== 0);
  return [
    ...slots("listener", layout.LISTENERS_OFFSET, bytes.readUInt32LE(layout.DIRECTORY_LISTENERS_USED)),
    ...slots("pending", layout.PENDING_OFFSET, bytes.readUInt32LE(layout.DIRECTORY_PENDING_USED)),
  ];
}

/** A segment's file: its creator's tag, and its name. */
export interface SegmentFile {
  tag: number;
  name: string;
}

/** The segments in the folder, and whatever else does not belong there. @param inUse which statistics pages do */
export function filesIn(
  folder: string,
  inUse?: (name: string) => boolean,
): { segments: SegmentFile[]; others: string[] } {
  const segments: SegmentFile[] = [];
  const others: string[] = [];
  for (const name of readdirSync(folder)) {
    const match = name.match(/^seg-([0-9a-f]{8})-[0-9a-f]{16}-[0-9a-f]{16}$/i);
    const page = /^stat-[0-9a-f]{8}-[0-9a-f]{16}-0{14}[0-9a-f]{2}$/.test(name);
    if (page && inUse?.(name)) continue;
    if (match) segments.push({ tag: Number.parseInt(match[1]!, 16), name });
    else if (name !== `directory-v${layout.PROTOCOL_VERSION}`) others.push(name);
  }
  return { segments, others };
}
