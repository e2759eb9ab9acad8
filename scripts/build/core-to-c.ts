import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { writeIfChanged } from "../../wrapgen/io.js";
import { extractC } from "./extract-c.js";
import { paths } from "./paths.js";
import { checkModule } from "./rules.js";
import { BuildError, run } from "./run.js";
import { checkSources } from "./source-rules.js";
import { steps } from "./steps.js";

/** Width of an address in the target. */
export type Bits = 32 | 64;

const compiled = new Map<Bits, Promise<string>>();
let checked: Promise<void> | undefined;

/**
 * Compiles the AssemblyScript core to WebAssembly, checks the core's rules on it, and translates it to C; once for the
 * process, and only if something has changed.
 * @returns the path of the C file, to be included after native/prelude.h and the platform's shims
 * @throws BuildError that names the construct at fault
 */
export function compileCoreToC(bits: Bits): Promise<string> {
  const known = compiled.get(bits) ?? compileOnce(bits);
  compiled.set(bits, known);
  return known;
}

async function compileOnce(bits: Bits): Promise<string> {
  checked ??= steps.run({
    name: "check the core's rules",
    inputs: [paths.core],
    versions: [packageVersion("assemblyscript")],
    outputs: [],
    run: () => checkSources(paths.root),
  });
  await checked;
  const folder = join(paths.out, `wasm${bits}`);
  const out = join(folder, "core.c");
  await steps.run({
    name: `compile the core for ${bits} bits`,
    inputs: [paths.core, paths.wasm64],
    versions: [packageVersion("assemblyscript"), packageVersion("wabt")],
    outputs: [out],
    async run() {
      mkdirSync(folder, { recursive: true });
      const wasm = join(folder, "core.wasm");
      await compileWasm(bits, wasm);
      checkModule(readFileSync(wasm));
      const raw = join(folder, "raw.c");
      const width = bits === 64 ? ["--enable-memory64"] : [];
      await run(join(paths.bin, "wasm2c"), [...width, "-n", "core", wasm, "-o", raw], "translate the core to C");
      writeIfChanged(out, extractC(readFileSync(raw.replace(/c$/, "h"), "utf8"), readFileSync(raw, "utf8")));
    },
  });
  return out;
}

async function compileWasm(bits: Bits, wasm: string): Promise<void> {
  // Names in the module let a broken rule be told by the function that breaks it.
  const args = [paths.coreEntry, "-O3", "--runtime", "stub", "--noAssert", "--debug"];
  args.push("--baseDir", paths.root, "-o", wasm, "--textFile", wasm.replace(/wasm$/, "wat"));
  if (bits === 64) args.push("--transform", paths.wasm64);
  // An address that is cut down to 32 bits is right on one target only.
  await run(join(paths.bin, "asc"), args, `compile the core for ${bits} bits`, /WARNING AS201/);
}

function packageVersion(name: string): string {
  const file = join(paths.root, "node_modules", name, "package.json");
  if (!existsSync(file))
    throw new BuildError(`Cannot compile the core: the npm package ${name} is missing. Run npm ci.`);
  return `${name} ${JSON.parse(readFileSync(file, "utf8")).version}`;
}
