import { BuildError } from "./run.js";

/** What the core's rules look at in a compiled module (WebAssembly core specification, "Binary Format"). */
export interface WasmModule {
  /** `kind` 0 is a function. */
  imports: { module: string; field: string; kind: number }[];
  globals: { name: string; mutable: boolean }[];
  tables: number;
  /** Name of the function that runs when the module is instantiated. */
  start: string | undefined;
  /** Names of the functions in the first segment of table elements; undefined if there is no such segment. */
  elements: string[] | undefined;
  /** Data segments, without their addresses. */
  data: Uint8Array[];
  /** Names of the functions defined in the module, where it has names. */
  functions: string[];
}

const SECTION = { custom: 0, import: 2, function: 3, table: 4, global: 6, start: 8, element: 9, data: 11 } as const;
const NAMES_OF_FUNCTIONS = 1;
const NAMES_OF_GLOBALS = 7;
const FUNCTION_KIND = 0;
const TABLE_KIND = 1;
const GLOBAL_KIND = 3;
const END_OF_EXPRESSION = 0x0b;

/**
 * Reads a module.
 * @throws BuildError when it ends within a section
 */
export function readModule(wasm: Uint8Array): WasmModule {
  const sections = new Map<number, Reader>();
  let functionNames = new Map<number, string>();
  let globalNames = new Map<number, string>();
  const reader = new Reader(wasm, 8);
  while (reader.at < wasm.length) {
    const id = reader.byte();
    const section = reader.part(reader.unsigned());
    if (id !== SECTION.custom) sections.set(id, section);
    else if (section.name() === "name") {
      while (section.at < section.end) {
        const subsection = section.byte();
        const part = section.part(section.unsigned());
        if (subsection === NAMES_OF_FUNCTIONS) functionNames = part.nameMap();
        if (subsection === NAMES_OF_GLOBALS) globalNames = part.nameMap();
      }
    }
  }

  const imports = readImports(sections.get(SECTION.import));
  const importedFunctions = imports.filter(({ kind }) => kind === FUNCTION_KIND).length;
  const importedGlobals = imports.filter(({ kind }) => kind === GLOBAL_KIND).length;
  const functionName = (index: number) => functionNames.get(index) ?? `function ${index}`;
  const defined = sections.get(SECTION.function)?.unsigned() ?? 0;
  const start = sections.get(SECTION.start)?.unsigned();
  return {
    imports,
    globals: readGlobals(sections.get(SECTION.global)).map((mutable, index) => ({
      name: globalNames.get(importedGlobals + index) ?? `global ${importedGlobals + index}`,
      mutable,
    })),
    tables: (sections.get(SECTION.table)?.unsigned() ?? 0) + imports.filter(({ kind }) => kind === TABLE_KIND).length,
    start: start === undefined ? undefined : functionName(start),
    elements: readElements(sections.get(SECTION.element))?.map(functionName),
    data: readData(sections.get(SECTION.data)),
    functions: Array.from({ length: defined }, (_, index) => functionName(importedFunctions + index)),
  };
}

function readImports(reader: Reader | undefined): WasmModule["imports"] {
  return (reader ?? NOTHING).list((r) => {
    const found = { module: r.name(), field: r.name(), kind: r.byte() };
    if (found.kind === FUNCTION_KIND) r.unsigned();
    else if (found.kind === GLOBAL_KIND) r.at += 2;
    else {
      if (found.kind === TABLE_KIND) r.byte();
      // Limits: the flag says whether there is a maximum as well.
      if ((r.byte() & 1) !== 0) r.unsigned();
      r.unsigned();
    }
    return found;
  });
}

function readGlobals(reader: Reader | undefined): boolean[] {
  return (reader ?? NOTHING).list((r) => {
    r.byte();
    const mutable = r.byte() === 1;
    r.expression();
    return mutable;
  });
}

/** Function indices of the first segment, in the only form that the compiler writes: `table 0, offset, functions`. */
function readElements(reader: Reader | undefined): number[] | undefined {
  if (reader === undefined || reader.unsigned() === 0) return undefined;
  if (reader.unsigned() !== 0) return [];
  reader.expression();
  return reader.list((r) => r.unsigned());
}

function readData(reader: Reader | undefined): Uint8Array[] {
  return (reader ?? NOTHING).list((r) => {
    const isPassive = r.unsigned() === 1;
    if (!isPassive) r.expression();
    return r.part(r.unsigned()).rest();
  });
}

/** Reads the binary format's numbers, names and lists. */
class Reader {
  constructor(
    private readonly bytes: Uint8Array,
    public at = 0,
    public readonly end = bytes.length,
  ) {}

  byte(): number {
    const value = this.at < this.end ? this.bytes[this.at++] : undefined;
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

  /** A reader for the next bytes, which are passed over. */
  part(length: number): Reader {
    const start = this.at;
    this.at += length;
    return new Reader(this.bytes, start, Math.min(this.at, this.end));
  }

  rest(): Uint8Array {
    return this.bytes.subarray(this.at, this.end);
  }

  name(): string {
    return Buffer.from(this.part(this.unsigned()).rest()).toString("utf8");
  }

  list<T>(item: (reader: Reader) => T): T[] {
    const found: T[] = [];
    for (let count = this.unsigned(); count > 0; count--) found.push(item(this));
    return found;
  }

  nameMap(): Map<number, string> {
    return new Map(this.list((r) => [r.unsigned(), r.name()] as const));
  }

  /** Passes over a constant: `TYPE.const NUMBER end`, or `global.get INDEX end`. */
  expression(): void {
    for (let code = this.byte(); code !== END_OF_EXPRESSION; code = this.byte()) this.unsigned();
  }
}

/** An absent section: a list without items. */
const NOTHING = {
  list<T>(_item: (reader: Reader) => T): T[] {
    return [];
  },
};
