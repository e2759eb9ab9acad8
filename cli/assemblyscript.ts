import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { extractC } from "../scripts/build/extract-c.js";
import { checkModule } from "../scripts/build/rules.js";
import { BuildError } from "../scripts/build/run.js";
import type { OutputFile } from "../wrapgen/output.js";
import type { Arch } from "../wrapgen/targets.js";
import { InputError } from "./errors.js";

/** The part of AssemblyScript's compiler that is used here. */
interface Asc {
  main(
    args: string[],
    options: {
      readFile(name: string, base: string): string | null;
      writeFile(name: string, contents: string | Uint8Array): void;
      listFiles(): string[];
    },
  ): Promise<{ error: Error | null; stderr: { toString(): string } }>;
}

/** The package's top folder. This file is compiled to dist/cli/. */
const root = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Compiles a module in AssemblyScript to C: memory is the process's own, and the module may import "./original".
 * @param path the module's first file
 * @param bindings what "./original" is
 * @returns core.c
 * @throws InputError with the compiler's first complaint, or the rule that the module breaks
 */
export async function compileModule(path: string, bindings: string, arch: Arch): Promise<OutputFile[]> {
  // The rules are checked on 32-bit code on both targets: the transform to 64 bits loses static data.
  const checked = await compileWasm(path, bindings, "ia32");
  const wasm = arch === "ia32" ? checked : await compileWasm(path, bindings, arch);
  try {
    checkModule(checked);
    return [{ name: "core.c", content: toC(wasm, arch) }];
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    throw new InputError(`Cannot use ${path}: ${error.message.replace(/\s*\n\s*/g, " ")}.`);
  }
}

async function compileWasm(path: string, bindings: string, arch: Arch): Promise<Uint8Array> {
  const asc = (await import(pathToFileURL(locate("assemblyscript/asc")).href)) as Asc;
  const name = basename(path);
  let wasm: Uint8Array | undefined;
  const args = [name, "-O3", "--runtime", "stub", "--noAssert", "--debug", "--outFile", "core.wasm"];
  if (arch === "x64") args.push("--transform", join(root, "scripts", "build", "wasm64.mjs"));
  const { error, stderr } = await asc.main(args, {
    readFile: (file) => (file === "original.ts" ? bindings : readIfThere(join(dirname(path), file))),
    writeFile: (file, contents) => {
      if (file === "core.wasm") wasm = contents as Uint8Array;
    },
    listFiles: () => [],
  });
  if (error !== null || wasm === undefined) {
    const [first = String(error), ...more] = stderr.toString().split("\n");
    const place = more.find((line) => /in .*\(\d+,\d+\)/.test(line))?.replace(/^.*─ in /, "");
    throw new InputError(`Cannot compile ${path}: ${first}${place === undefined ? "" : ` (${place})`}.`);
  }
  return wasm;
}

function toC(wasm: Uint8Array, arch: Arch): string {
  const folder = mkdtempSync(join(tmpdir(), "vmmc-module-"));
  try {
    const [input, output] = [join(folder, "core.wasm"), join(folder, "core.c")];
    writeFileSync(input, wasm);
    const width = arch === "x64" ? ["--enable-memory64"] : [];
    const wasm2c = join(dirname(locate("wabt/package.json")), "bin", "wasm2c");
    const result = spawnSync(process.execPath, [wasm2c, ...width, "-n", "core", input, "-o", output], {
      encoding: "utf8",
    });
    if (result.status !== 0) throw new InputError(`wasm2c failed: ${result.stderr.trim().split("\n")[0]}.`);
    return extractC(readFileSync(join(folder, "core.h"), "utf8"), readFileSync(output, "utf8"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

function locate(module: string): string {
  try {
    return fileURLToPath(import.meta.resolve(module));
  } catch {
    throw new InputError(
      `Cannot find ${module}: functions in AssemblyScript need the npm packages assemblyscript and wabt.`,
    );
  }
}
