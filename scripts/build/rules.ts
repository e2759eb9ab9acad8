import { BuildError } from "./run.js";

/** Sections of a WebAssembly module by id (WebAssembly core specification, "Modules"). */
const SECTION_IMPORT = 2;
const SECTION_GLOBAL = 6;
const FORBIDDEN: Readonly<Record<number, string>> = {
  4: "a table: the core uses a function as a value (a closure or a callback)",
  8: "start-up code: the core computes something outside any function",
  9: "table elements: the core uses a function as a value (a closure or a callback)",
  11: "static data: the core holds a string literal, an array literal or memory.data",
};
/** The mutable globals that the core may have: pointers that are set once, at start-up. */
const START_UP_POINTERS = 1;
const DOORS = ["os", "sync"];

/**
 * Checks on the compiled core what its source must keep to, so that identity-mapped memory works: no static data, no
 * tables, no start-up code, no state but the start-up pointer, no world but `os` and `sync`.
 * @throws BuildError naming the rule that is broken
 */
export function checkModule(wasm: Uint8Array): void {
  const reader = new Reader(wasm);
  reader.at = 8;
  while (reader.at < wasm.length) {
    const id = reader.byte();
    const size = reader.unsigned();
    const end = reader.at + size;
    const forbidden = FORBIDDEN[id];
    if (forbidden) throw new BuildError(`The core breaks its rules: it has ${forbidden}.`);
    if (id === SECTION_IMPORT) checkImports(reader);
    if (id === SECTION_GLOBAL) checkGlobals(reader);
    reader.at = end;
  }
}

function checkImports(reader: Reader): void {
  for (let count = reader.unsigned(); count > 0; count--) {
    const module = reader.name();
    const field = reader.name();
    if (!DOORS.includes(module)) {
      throw new BuildError(`The core breaks its rules: it imports "${field}" from "${module}", not from os or sync.`);
    }
    if (reader.byte() !== 0) throw new BuildError(`The core breaks its rules: "${module}.${field}" is not a function.`);
    reader.unsigned();
  }
}

function checkGlobals(reader: Reader): void {
  let mutable = 0;
  for (let count = reader.unsigned(); count > 0; count--) {
    reader.byte();
    if (reader.byte() === 1) mutable++;
    reader.byte(); // i32.const or i64.const
    reader.unsigned();
    reader.byte(); // end
  }
  if (mutable > START_UP_POINTERS) {
    throw new BuildError(`The core breaks its rules: ${mutable} mutable globals; only the start-up pointer may be one.`);
  }
}

/** Reads the binary format's numbers and names. */
class Reader {
  at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  byte(): number {
    const value = this.bytes[this.at++];
    if (value === undefined) throw new BuildError("The core's module ends in the middle of a section.");
    return value;
  }

  /** An LEB128 number. Signed ones are passed over alike. */
  unsigned(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  }

  name(): string {
    const length = this.unsigned();
    this.at += length;
    return Buffer.from(this.bytes.subarray(this.at - length, this.at)).toString("utf8");
  }
}
