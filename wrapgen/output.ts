import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WrapgenError } from "./errors.js";
import { type Arch, TARGETS } from "./targets.js";

/** A finished file: its name in the output folder, and what is in it. */
export interface OutputFile {
  name: string;
  content: string | Uint8Array;
}

/**
 * Writes files into a folder, all or none: first beside their places, then each into its own in one step.
 * @throws WrapgenError if the folder cannot be made or written into; then it is as it was
 */
export function writeAll(folder: string, files: readonly OutputFile[]): void {
  const made = makeFolder(folder);
  const taken = files.find(({ name }) => statSync(join(folder, name), { throwIfNoEntry: false })?.isDirectory());
  if (taken !== undefined) {
    throw new WrapgenError(
      `Cannot write into the folder ${folder}: there is a folder ${taken.name} in the file's place.`,
    );
  }
  const temporary = files.map(({ name }) => join(folder, `${name}.${process.pid}.tmp`));
  try {
    for (const [n, { content }] of files.entries()) {
      writeFileSync(temporary[n]!, content);
    }
    for (const [n, { name }] of files.entries()) {
      renameSync(temporary[n]!, join(folder, name));
    }
  } catch (error) {
    for (const path of temporary) {
      rmSync(path, { force: true });
    }
    if (made !== undefined) {
      rmSync(made, { recursive: true, force: true });
    }
    throw new WrapgenError(`Cannot write into the folder ${folder}: ${(error as Error).message}.`);
  }
}

/** @returns the topmost folder that had to be made */
function makeFolder(folder: string): string | undefined {
  try {
    return mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new WrapgenError(`Cannot make the folder ${folder}: ${(error as Error).message}. Choose another one.`);
  }
}

/**
 * Compiles files in a folder of their own.
 * @param args the compiler's arguments, with names of `files` relative to that folder
 * @returns the bytes of the file `out`
 * @throws WrapgenError with the compiler's first complaints
 */
export function compileFiles(
  arch: Arch,
  files: readonly OutputFile[],
  args: readonly string[],
  out: string,
): Uint8Array {
  const { compiler, compilerPackage } = TARGETS[arch];
  const folder = mkdtempSync(join(tmpdir(), "wrapgen-"));
  try {
    for (const { name, content } of files) {
      writeFileSync(join(folder, name), content);
    }
    const environment = { ...process.env, LC_ALL: "C" };
    const result = spawnSync(compiler, args, { cwd: folder, encoding: "utf8", env: environment });
    if (result.error) {
      throw new WrapgenError(
        `Cannot run ${compiler}: ${result.error.message}. Install it (on Debian: apt-get install ${compilerPackage}), or leave out --build.`,
      );
    }
    const built = join(folder, out);
    if (result.status !== 0 || !existsSync(built)) {
      const lines = result.stderr
        .split("\n")
        .filter((line) => /error|undefined reference|multiple definition/.test(line));
      const shown = (lines.length > 0 ? lines : [result.stderr.trim()]).slice(0, 3).join("; ");
      throw new WrapgenError(`${compiler} failed to build ${out}: ${shown}.`);
    }
    return readFileSync(built);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
