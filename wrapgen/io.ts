import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { WrapgenError } from "./errors.js";
import { type Arch, TARGETS } from "./targets.js";

/* Everything that the generator does outside its own memory: files, compilers, and where things are on this machine. */

/** Reads a file that the generator was told about. */
export function readInput(path: string, what: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new WrapgenError(`Cannot read ${what} ${path}: ${(error as Error).message}.`);
  }
}

/**
 * Finds a system DLL of a target: in Windows' own folders, or among Wine's.
 * A name with a folder in it is taken as the path that it is.
 * @throws WrapgenError listing the places searched
 */
export function findDll(dll: string, arch: Arch): string {
  if (/[\\/]/.test(dll)) {
    return dll;
  }
  const places = dllFolders(arch).map((folder) => join(folder, dll));
  const found = places.find((path) => existsSync(path));
  if (found === undefined) {
    const wine = arch === "x64" ? "wine64" : "wine32:i386";
    throw new WrapgenError(
      `Cannot find the original ${dll} for ${arch}; looked at:\n  ${places.join("\n  ")}\n` +
        `Install Wine's DLLs for this target (on Debian: apt-get install ${wine}), or add their folder to WINEDLLPATH.`,
    );
  }
  return found;
}

function dllFolders(arch: Arch): string[] {
  const { wineFolder, debianTriplet, windowsFolder } = TARGETS[arch];
  const folders: string[] = [];
  const systemRoot = process.platform === "win32" ? process.env.SystemRoot : undefined;
  if (systemRoot !== undefined) {
    folders.push(join(systemRoot, windowsFolder));
  }
  for (const entry of (process.env.WINEDLLPATH ?? "").split(delimiter).filter((path) => path !== "")) {
    folders.push(join(entry, wineFolder), entry);
  }
  const libraries = [
    `/usr/lib/${debianTriplet}`,
    "/usr/lib",
    "/usr/lib64",
    "/usr/lib32",
    "/usr/local/lib",
    "/usr/local/lib64",
  ];
  for (const edition of ["wine", "wine-stable", "wine-devel", "wine-staging", "wine-development"]) {
    folders.push(...libraries.map((library) => join(library, edition, wineFolder)));
    folders.push(...["lib64", "lib"].map((library) => join("/opt", edition, library, "wine", wineFolder)));
  }
  return [...new Set(folders)];
}

/** Preprocessed headers, and the files that they came from. */
export interface Preprocessed {
  text: string;
  dependencies: string[];
}

/** Which headers to read, and where the compiler finds those that are not its own. */
export interface HeaderSet {
  headers: readonly string[];
  includePaths: readonly string[];
}

/** Runs the target's preprocessor over `#include`s of the headers. */
export function preprocess({ headers, includePaths }: HeaderSet, arch: Arch): Preprocessed {
  const source = headers.map((header) => `#include <${header}>\n`).join("");
  return inTemporaryFolder((folder) => {
    const rules = join(folder, "rules.d");
    const text = runCompiler(
      arch,
      ["-E", "-P", "-MD", "-MF", rules, "-MT", "all", ...searched(includePaths)],
      source,
      `preprocess ${headers.join(", ")}`,
    );
    // A rule of make: `all: FILE FILE \` over several lines, with blanks in names escaped.
    const files =
      readFileSync(rules, "utf8")
        .replace(/\\\r?\n/g, " ")
        .replace(/^all:/, "")
        .match(/(?:\\.|[^\s\\])+/g) ?? [];
    const dependencies = files
      .map((file) => file.replace(/\\(.)/g, "$1"))
      .filter((file) => file !== "-" && existsSync(file));
    return { text, dependencies };
  });
}

/** Compiles C source to the target's assembly text. */
export function compileToAssembly(source: string, includePaths: readonly string[], arch: Arch): string {
  const options = ["-S", "-O1", "-o", "-", ...searched(includePaths)];
  return runCompiler(arch, options, source, "ask the compiler for sizes, offsets and constants");
}

function searched(includePaths: readonly string[]): string[] {
  return includePaths.flatMap((path) => ["-I", path]);
}

/** What identifies the compiler: a new version may bring new headers and layouts. */
export function compilerVersion(arch: Arch): string {
  const { compiler } = TARGETS[arch];
  const result = spawnSync(compiler, ["--version"], { encoding: "utf8" });
  if (result.error) {
    throw missingCompiler(arch, result.error);
  }
  return result.stdout.split("\n", 1)[0] ?? "";
}

/** Output of the largest header sets is some ten megabytes. */
const MAX_OUTPUT_BYTES = 256 * 1024 * 1024;

function runCompiler(arch: Arch, options: string[], source: string, purpose: string): string {
  const { compiler } = TARGETS[arch];
  const result = spawnSync(compiler, [...options, "-w", "-x", "c", "-std=gnu11", "-"], {
    input: source,
    encoding: "utf8",
    maxBuffer: MAX_OUTPUT_BYTES,
    env: { ...process.env, LC_ALL: "C" },
  });
  if (result.error) {
    throw missingCompiler(arch, result.error);
  }
  if (result.status !== 0) {
    const errors = result.stderr.split("\n").filter((line) => /error:/.test(line));
    throw new WrapgenError(
      `${compiler} failed to ${purpose}:\n  ${(errors.length > 0 ? errors : [result.stderr]).slice(0, 10).join("\n  ")}\n` +
        "Check the names in the wrapper description, and that the headers that define them are listed in it.",
    );
  }
  return result.stdout;
}

function missingCompiler(arch: Arch, error: Error): WrapgenError {
  const { compiler, compilerPackage } = TARGETS[arch];
  return new WrapgenError(
    `Cannot run ${compiler}: ${error.message}. Install it (on Debian: apt-get install ${compilerPackage}).`,
  );
}

/** The C grammar and the parser's own WebAssembly, as bytes. */
export function grammarBytes(): { grammar: Uint8Array; parser: Uint8Array } {
  const require = createRequire(import.meta.url);
  const locate = (module: string) => {
    try {
      return readFileSync(require.resolve(module));
    } catch (error) {
      throw new WrapgenError(`Cannot load ${module}: ${(error as Error).message}. Run "npm ci".`);
    }
  };
  return {
    grammar: locate("tree-sitter-c/tree-sitter-c.wasm"),
    parser: locate("web-tree-sitter/web-tree-sitter.wasm"),
  };
}

/** A digest of the generator's own code: other code may write other files. */
export function generatorDigest(): string {
  const folder = dirname(fileURLToPath(import.meta.url));
  const files = readdirSync(folder)
    .filter((name) => name.endsWith(".js"))
    .sort();
  return digest(...files.map((name) => readFileSync(join(folder, name))));
}

/** A digest of texts or bytes, in this order. */
export function digest(...parts: (string | Uint8Array)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) {
    hash.update(`${part.length}:`).update(part);
  }
  return hash.digest("hex");
}

/** Size and time of files, as text that changes when one of them does; undefined if one is gone. */
export function fileStates(paths: readonly string[]): string | undefined {
  try {
    return paths
      .map((path) => [path, statSync(path)] as const)
      .map(([path, { size, mtimeMs }]) => `${path} ${size} ${mtimeMs}`)
      .join("\n");
  } catch {
    return undefined;
  }
}

/** The text of a file, or undefined if there is none. */
export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/** Writes a file as a whole, and only if its content changes, so that what is built from it is not built again. */
export function writeIfChanged(path: string, text: string): void {
  if (readIfThere(path) === text) {
    return;
  }
  try {
    mkdirSync(dirname(path), { recursive: true });
    const fresh = `${path}.${process.pid}.tmp`;
    writeFileSync(fresh, text);
    renameSync(fresh, path);
  } catch (error) {
    throw new WrapgenError(`Cannot write ${path}: ${(error as Error).message}.`);
  }
}

function inTemporaryFolder<T>(work: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "wrapgen-"));
  try {
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
