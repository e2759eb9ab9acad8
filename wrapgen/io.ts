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
import type { Compilation } from "./layouts.js";
import { withoutLineMarkers } from "./line-markers.js";
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
  /** FILE:LINE of an offset in the text. */
  whereIs: (offset: number) => string;
  dependencies: string[];
}

/** Which headers to read, and how: where the compiler finds those that are not its own, and with which macros. */
export interface HeaderSet {
  headers: readonly string[];
  includePaths: readonly string[];
  defines: readonly string[];
}

/** Runs the target's preprocessor over `#include`s of the headers. */
export function preprocess(set: HeaderSet, arch: Arch): Preprocessed {
  const { headers } = set;
  if (headers.length === 0) {
    return { text: "", whereIs: () => "", dependencies: [] };
  }
  return inTemporaryFolder((folder) => {
    const rules = join(folder, "rules.d");
    const options = ["-E", "-MD", "-MF", rules, "-MT", "all", ...searched(set)];
    const marked = runCompiler(arch, options, includes(headers), `preprocess ${headers.join(", ")}`);
    // A rule of make: `all: FILE FILE \` over several lines, with blanks in names escaped.
    const files =
      readFileSync(rules, "utf8")
        .replace(/\\\r?\n/g, " ")
        .replace(/^all:/, "")
        .match(/(?:\\.|[^\s\\])+/g) ?? [];
    const dependencies = files
      .map((file) => file.replace(/\\(.)/g, "$1"))
      .filter((file) => file !== "-" && existsSync(file));
    return { ...withoutLineMarkers(marked), dependencies };
  });
}

/** The macros without parameters that are defined after the headers, with what they stand for. */
export function macros(set: HeaderSet, arch: Arch): Map<string, string> {
  const options = ["-E", "-dM", ...searched(set)];
  const text = runCompiler(arch, options, includes(set.headers), `list the macros of ${set.headers.join(", ")}`);
  return new Map([...text.matchAll(/^#define (\w+) (.+)$/gm)].map((match) => [match[1]!, match[2]!.trim()]));
}

function includes(headers: readonly string[]): string {
  return headers.map((header) => `#include <${header}>\n`).join("");
}

/** Compiles C source to the target's assembly text. */
export function compileToAssembly(source: string, set: HeaderSet, arch: Arch): Compilation {
  const options = ["-S", "-O0", "-o", "-", "-fmax-errors=0", ...searched(set)];
  const result = startCompiler(arch, options, source);
  if (result.status === 0) {
    return { assembly: result.stdout };
  }
  const complaints = new Map<number, string>();
  for (const [, number, message] of result.stderr.matchAll(/^<stdin>:(\d+):(?:\d+:)? (?:fatal )?error: (.*)$/gm)) {
    const line = Number(number);
    const first = complaints.get(line) ?? message!;
    complaints.set(line, first.replace(/^static assertion failed: "(.*)"$/, "$1"));
  }
  if ([...complaints.keys()].every((line) => line <= set.headers.length)) {
    throw failure(arch, "ask for sizes, offsets and constants", result.stderr);
  }
  return { complaints };
}

function searched({ includePaths, defines }: HeaderSet): string[] {
  return [...includePaths.flatMap((path) => ["-I", path]), ...defines.map((define) => `-D${define}`)];
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
  const result = startCompiler(arch, options, source);
  if (result.status !== 0) {
    throw failure(arch, purpose, result.stderr);
  }
  return result.stdout;
}

function startCompiler(arch: Arch, options: string[], source: string) {
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
  return result;
}

function failure(arch: Arch, purpose: string, stderr: string): WrapgenError {
  const errors = stderr.split("\n").filter((line) => /error:/.test(line));
  const shown = (errors.length > 0 ? errors : [stderr.trim()]).slice(0, 3).join("; ");
  return new WrapgenError(
    `${TARGETS[arch].compiler} failed to ${purpose}: ${shown}. ` +
      "Check the names of the headers, their folders, and that they come in an order in which a program can include them.",
  );
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
  return digest(...files.map((name) => readFileSync(join(folder, name))), ...runtimeFiles().map(({ text }) => text));
}

/** The C sources that wrappers are compiled with, besides generated ones. */
export function runtimeFiles(): { name: string; text: string }[] {
  // Compiled code lies in dist/wrapgen/, the C sources stay where they are.
  const folder = fileURLToPath(new URL("../../wrapgen/runtime/", import.meta.url));
  const names = readdirSync(folder).sort();
  return names.map((name) => ({ name, text: readFileSync(join(folder, name), "utf8") }));
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
