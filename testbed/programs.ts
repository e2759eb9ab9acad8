import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import type { Arch } from "../scripts/setup/state.js";
import { mingwCompilers } from "../scripts/setup/tools.js";

/** How to compile a program. */
export interface CompileOptions {
  /** Import libraries, without "-l"; default: ["wsock32"]. */
  libs?: readonly string[];
  /** Further arguments, before the libraries. Those that name existing files count as inputs. */
  flags?: readonly string[];
}

let temporaryCount = 0;

/** A name beside `path` that nobody else uses: files are replaced by renaming, as the old one may be in use. */
function temporaryName(path: string): string {
  return `${path}.${process.pid}-${++temporaryCount}.tmp`;
}

async function replaceByCopy(from: string, to: string): Promise<void> {
  const temporary = temporaryName(to);
  await copyFile(from, temporary);
  await rename(temporary, to);
}

async function run(command: string, args: readonly string[]): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    const collect = (chunk: Buffer) => {
      output += chunk.toString();
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    child.once("error", (error) => reject(new Error(`could not start ${command}: ${error.message}; run \`npm test\``)));
    child.once("close", (code) => resolve({ code, output }));
  });
}

/** Hash of everything that decides the program: compiler, arguments, source, and headers beside the source. */
async function inputHash(sourceFile: string, compiler: string, args: readonly string[]): Promise<string> {
  const hash = createHash("sha256").update(compiler);
  const folder = dirname(sourceFile);
  const headers = (await readdir(folder)).filter((name) => name.endsWith(".h")).sort();
  for (const argument of args) {
    hash.update(`\0${argument}`);
    if (!argument.startsWith("-") && existsSync(argument)) hash.update(await readFile(argument));
  }
  for (const file of [sourceFile, ...headers.map((name) => join(folder, name))]) {
    hash.update(`\0${file}\0`).update(await readFile(file));
  }
  return hash.digest("hex");
}

/**
 * Compiles a C program for Windows to OUTDIR/ARCH/NAME.exe, unless it is there already, made from the same
 * inputs.
 * @returns the program's path.
 * @throws an Error with the compiler's messages.
 */
export async function compileProgram(
  sourceFile: string,
  arch: Arch,
  outDir: string,
  options: CompileOptions = {},
): Promise<string> {
  const libs = (options.libs ?? ["wsock32"]).map((name) => `-l${name}`);
  const args = ["-O2", "-Wall", sourceFile, ...(options.flags ?? []), ...libs];
  const exe = join(outDir, arch, `${basename(sourceFile, extname(sourceFile))}.exe`);
  const hashFile = `${exe}.inputs`;
  const hash = await inputHash(sourceFile, mingwCompilers[arch], args);
  if (existsSync(exe) && existsSync(hashFile) && (await readFile(hashFile, "utf8")) === hash) return exe;

  await mkdir(dirname(exe), { recursive: true });
  const temporary = temporaryName(exe);
  const { code, output } = await run(mingwCompilers[arch], ["-o", temporary, ...args]);
  if (code !== 0) {
    await rm(temporary, { force: true });
    throw new Error(`compiling ${sourceFile} for ${arch} with ${mingwCompilers[arch]} failed:\n${output.trimEnd()}`);
  }
  await rm(hashFile, { force: true });
  await rename(temporary, exe);
  await writeFile(hashFile, hash);
  return exe;
}

/**
 * Makes a folder to run a program in: the program, and beside it `dll` under its own name, or no
 * wsock32.dll at all when `dll` is undefined.
 * @returns the path of the program in that folder.
 */
export async function installBeside(exe: string, dll: string | undefined, runDir: string): Promise<string> {
  await mkdir(runDir, { recursive: true });
  const program = join(runDir, basename(exe));
  await replaceByCopy(exe, program);
  if (dll === undefined) await rm(join(runDir, "wsock32.dll"), { force: true });
  else await replaceByCopy(dll, join(runDir, basename(dll)));
  return program;
}
