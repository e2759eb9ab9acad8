import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { paths } from "./paths.js";
import { BuildError } from "./run.js";
import { describeCore } from "./sim-description.js";

/** Constants of the core, by name, that get another value in a build for the simulation. */
export type Overrides = Readonly<Record<string, number>>;

export interface SimCoreOptions {
  overrides?: Overrides;
  /** Every plain load and store is checked too: slower. */
  strict?: boolean;
}

/** Tables that the caretaker walks, one scheduling step an entry, are kept short in every build for the simulation. */
const shortTables: Overrides = { TABLE_PAGES: 2, TABLE_PAGE_ENTRIES: 64, PENDING_WINDOW_MAX: 16384, LEFT_CHUNK: 1 };

/** So small that rings wrap, tables fill up and windows grow all the time. */
const smallLimits: Overrides = {
  ...shortTables,
  WINDOW_BYTES_MIN: 8,
  PENDING_WINDOW_MAX: 16,
  COPY_CHUNK: 5,
  POOL_LIMIT: 2,
  PENDING_SLOTS: 8,
  LISTENER_SLOTS: 4,
  BELL_SLOTS: 14,
  BELLS_PER_BLOCK: 4,
  SEGMENTS_MANY: 4,
  SEGMENTS_VERY_MANY: 8,
  IDLE_PEERS: 1,
  STATISTICS_BYTES: 768,
  STATISTICS_PAGES: 3,
  SPIN_ROUNDS: 8,
  SPIN_ROUNDS_BETWEEN: 2,
};

/** The builds that the simulation runs on: the core's own sizes, and very small ones; each also with all accesses checked. */
export const simVariants: Readonly<Record<string, SimCoreOptions>> = {
  normal: { overrides: shortTables },
  small: { overrides: smallLimits },
  "small-strict": { overrides: smallLimits, strict: true },
};

/** Imports in which a simulated thread can be suspended. All others return at once. */
export const suspending: ReadonlySet<string> = new Set(
  [
    "sync.*",
    "sim.copy,sim.fill,sim.store_ptr",
    "os.yield,os.sleep_ms,os.process_ended,os.bell_create,os.bell_open,os.bell_ring,os.bell_wait,os.handle_close,os.process_open",
    "os.directory_map,os.segment_create,os.segment_allocate,os.segment_open,os.segment_close,os.segment_remove,os.page_create,os.caretaker_start",
    "os.socket,os.closesocket,os.bind,os.listen,os.accept,os.connect,os.send,os.sendto,os.recv,os.recvfrom,os.select",
    "os.ioctlsocket,os.shutdown,os.getsockopt,os.setsockopt,os.getsockname,os.getpeername,os.WSARecvEx",
    "os.WSAAsyncSelect,os.post_message,os.ReadFile,os.WriteFile,os.ResetEvent,os.CreateIoCompletionPort",
    "os.PostQueuedCompletionStatus",
  ].flatMap((list) => list.split(",")),
);

/**
 * Builds a core for the simulation: AssemblyScript to WebAssembly, with copies and fills of memory turned into calls
 * (so that they are checked, and can be interrupted), and with Binaryen's asyncify (so that threads can be suspended).
 * Beside `outFile` stands `outFile`.json, which says where the core's records have their fields.
 * @param coreFolder a folder like core/, possibly a changed copy; generated/ may be missing in it
 * @throws BuildError that says what the compiler says
 */
export async function buildSimCore(coreFolder: string, outFile: string, options: SimCoreOptions = {}): Promise<void> {
  mkdirSync(dirname(outFile), { recursive: true });
  const folder = mkdtempSync(`${outFile}-`);
  try {
    const copy = join(folder, "core");
    cpSync(coreFolder, copy, { recursive: true });
    cpSync(dirname(paths.bindings), join(copy, "generated"), { recursive: true });
    override(copy, options.overrides ?? {});
    const text = await compileToText(folder, join(copy, "index.ts"));
    writeFileSync(outFile, await makeSuspendable(callForMemory(text), options.strict === true));
    writeFileSync(`${outFile}.json`, `${JSON.stringify(describeCore(copy), null, 1)}\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The compiler as a library. Its own declarations would give this project AssemblyScript's `console`, and more. */
interface Compiler {
  main(
    args: readonly string[],
    options: { writeFile: (name: string, contents: string | Uint8Array) => void },
  ): Promise<{ error: Error | null; stderr: { toString(): string } }>;
}
const compilerModule: string = "assemblyscript/asc";

/** AssemblyScript to the text of WebAssembly. Within this process: mutants of the core are built by the dozen. */
async function compileToText(folder: string, index: string): Promise<string> {
  const asc = ((await import(compilerModule)) as { default: Compiler }).default;
  const flags = ["-O3", "--runtime", "stub", "--noAssert", "--importMemory", "--debug", "--baseDir", folder];
  let text = "";
  const { error, stderr } = await asc.main([index, ...flags, "--textFile", "core.wat"], {
    writeFile: (_name, contents) => {
      text = contents.toString();
    },
  });
  if (error === null) return text;
  throw new BuildError(`Cannot compile the core for the simulation: ${error.message}.\n${stderr.toString().trim()}`);
}

async function makeSuspendable(text: string, strict: boolean): Promise<Uint8Array> {
  const { default: binaryen } = await import("assemblyscript/binaryen");
  const { BulkMemory, BulkMemoryOpt, MutableGlobals, NontrappingFPToInt, SignExt } = binaryen.Features;
  const module = binaryen.parseText(text);
  try {
    module.setFeatures(BulkMemory | BulkMemoryOpt | MutableGlobals | NontrappingFPToInt | SignExt);
    binaryen.setDebugInfo(true);
    binaryen.setOptimizeLevel(2);
    binaryen.setShrinkLevel(0);
    binaryen.setPassArgument("asyncify-imports", [...suspending].join(","));
    module.runPasses(strict ? ["instrument-memory", "asyncify"] : ["asyncify"]);
    module.optimize();
    return module.emitBinary();
  } finally {
    module.dispose();
  }
}

/** The build's own simulated cores: `build/sim/NAME.wasm`. */
export function simCoreFile(name: string): string {
  return join(paths.sim, `${name}.wasm`);
}

function override(copy: string, overrides: Overrides): void {
  const missing = new Set(Object.keys(overrides));
  for (const name of readdirSync(copy, { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".ts")) continue;
    const file = join(copy, name);
    const text = readFileSync(file, "utf8");
    const changed = text.replace(
      /^((?:export )?const (\w+)(?:: \w+)? = )[^;]+;/gm,
      (whole, head: string, key: string) => {
        if (!(key in overrides)) return whole;
        missing.delete(key);
        return `${head}${overrides[key]};`;
      },
    );
    if (changed !== text) writeFileSync(file, changed);
  }
  if (missing.size === 0) return;
  const names = [...missing].join(", ");
  throw new BuildError(
    `Cannot give ${names} another value for the simulation: the core has no such constant any more. Change scripts/build/sim.ts.`,
  );
}

function callForMemory(text: string): string {
  const imports = [
    '(import "sim" "copy" (func $sim.copy (param i32 i32 i32)))',
    '(import "sim" "fill" (func $sim.fill (param i32 i32 i32)))',
  ].join("\n ");
  // As instructions in a row or as nested expressions: the compiler has written both.
  const called = text.replace(/\bmemory\.(copy|fill)\b/g, "call $sim.$1");
  for (const name of ["call $sim.copy", "call $sim.fill"]) {
    if (called.includes(name)) continue;
    throw new BuildError(
      `Cannot build the core for the simulation: no "${name}" came of its text. Change scripts/build/sim.ts.`,
    );
  }
  return called.replace('(import "', `${imports}\n (import "`);
}
