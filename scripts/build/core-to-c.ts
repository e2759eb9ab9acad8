import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { extractC } from "./extract-c.js";
import { paths } from "./paths.js";
import { checkModule } from "./rules.js";
import { run } from "./run.js";

/** Width of an address in the target. */
export type Bits = 32 | 64;

/**
 * Compiles the AssemblyScript core to WebAssembly, checks the core's rules on it, and translates it to C.
 * @returns the path of the C file, to be included after native/prelude.h and the platform's shims
 * @throws BuildError that names the construct at fault
 */
export async function compileCoreToC(bits: Bits): Promise<string> {
  const folder = join(paths.out, `wasm${bits}`);
  mkdirSync(folder, { recursive: true });
  const wasm = join(folder, "core.wasm");
  await compileWasm(bits, wasm);
  checkModule(readFileSync(wasm));
  const raw = join(folder, "raw.c");
  const width = bits === 64 ? ["--enable-memory64"] : [];
  await run(join(paths.bin, "wasm2c"), [...width, "-n", "core", wasm, "-o", raw], "translate the core to C");
  const out = join(folder, "core.c");
  writeFileSync(out, extractC(readFileSync(raw.replace(/c$/, "h"), "utf8"), readFileSync(raw, "utf8")));
  return out;
}

async function compileWasm(bits: Bits, wasm: string): Promise<void> {
  // Names in the module let a broken rule be told by the function that breaks it.
  const args = [paths.coreEntry, "-O3", "--runtime", "stub", "--noAssert", "--debug"];
  args.push("--baseDir", paths.root, "-o", wasm, "--textFile", wasm.replace(/wasm$/, "wat"));
  if (bits === 64) args.push("--transform", paths.wasm64);
  await run(join(paths.bin, "asc"), args, `compile the core for ${bits} bits`);
}
