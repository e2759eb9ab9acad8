import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Where a record of the core has a field. */
export interface FieldPlace {
  offset: number;
  bytes: number;
}

/** What people and checkers want to know of a core that was built for the simulation. */
export interface CoreDescription {
  /** Its constants with plain numbers, as built. */
  constants: Record<string, number>;
  /** Its `@unmanaged` classes: the size, and each field's place, with pointers of 4 bytes. */
  records: Record<string, { bytes: number; fields: Record<string, FieldPlace> }>;
}

const sizes: Readonly<Record<string, number>> = { u8: 1, u16: 2, u32: 4, i32: 4, usize: 4, u64: 8, i64: 8 };

/** Reads the sources of a core (after constants were overridden). */
export function describeCore(folder: string): CoreDescription {
  const description: CoreDescription = { constants: {}, records: {} };
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".ts")) continue;
    const text = readFileSync(join(folder, name), "utf8");
    for (const [, key, value] of text.matchAll(/^(?:export )?const (\w+)(?:: \w+)? = (-?\d+|0x[\da-f]+);/gm)) {
      description.constants[key!] = Number(value);
    }
    for (const [, record, body] of text.matchAll(/^@unmanaged\n(?:export )?class (\w+) \{\n(.*?)^\}/gms)) {
      description.records[record!] = placeFields(body!);
    }
  }
  return description;
}

function placeFields(body: string): CoreDescription["records"][string] {
  const fields: Record<string, FieldPlace> = {};
  let end = 0;
  for (const [, name, type] of body.matchAll(/^ {2}(\w+): (\w+);/gm)) {
    // A field of a record's type is a pointer.
    const bytes = sizes[type!] ?? 4;
    const offset = Math.ceil(end / bytes) * bytes;
    fields[name!] = { offset, bytes };
    end = offset + bytes;
  }
  return { bytes: end, fields };
}
