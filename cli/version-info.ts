/*
 * A version resource (VS_VERSIONINFO and what it holds, Windows' documentation of version information) is a tree of
 * blocks of one shape:
 *
 *   length (u16)  value length (u16)  type (u16)  key (UTF-16, ended by 0)  pad to 4  value  pad to 4  blocks ...
 *
 * VS_VERSION_INFO > StringFileInfo > language > NAME = text
 */

interface Block {
  key: string;
  /** Where the value begins, and the next block after this one. */
  value: number;
  end: number;
  /** In bytes; for texts, which are not asked for it, in characters. */
  valueLength: number;
}

const HEADER_BYTES = 6;

/** The texts of all languages by their names; the first language's if several have one. Damaged parts are left out. */
export function parseVersionStrings(bytes: Buffer): Map<string, string> {
  const found = new Map<string, string>();
  for (const root of blocks(bytes, 0, bytes.length)) {
    for (const info of blocks(bytes, pad(root.value + root.valueLength), root.end)) {
      if (info.key !== "StringFileInfo") continue;
      for (const language of blocks(bytes, info.value, info.end)) {
        for (const { key, value, end } of blocks(bytes, language.value, language.end)) {
          const text = bytes.toString("utf16le", value, Math.max(value, end)).replace(/\0.*$/s, "");
          if (!found.has(key)) found.set(key, text);
        }
      }
    }
  }
  return found;
}

function* blocks(bytes: Buffer, from: number, to: number): Generator<Block> {
  for (let at = from; at + HEADER_BYTES <= to; ) {
    const length = bytes.readUInt16LE(at);
    const end = at + length;
    if (length < HEADER_BYTES || end > to) return;
    const keyEnd = textEnd(bytes, at + HEADER_BYTES, end);
    if (keyEnd === undefined) return;
    yield {
      key: bytes.toString("utf16le", at + HEADER_BYTES, keyEnd),
      value: pad(keyEnd + 2),
      end,
      valueLength: bytes.readUInt16LE(at + 2),
    };
    at = pad(end);
  }
}

/** Where the zero character is that ends a text. */
function textEnd(bytes: Buffer, from: number, to: number): number | undefined {
  for (let at = from; at + 2 <= to; at += 2) {
    if (bytes.readUInt16LE(at) === 0) return at;
  }
  return undefined;
}

function pad(offset: number): number {
  return (offset + 3) & ~3;
}
