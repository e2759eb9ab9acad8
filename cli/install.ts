import { copyFileSync, existsSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { CliError } from "./errors.js";
import { dllName, findTarget, imagesIn, type NamedImage, presentDll, type Target } from "./folder.js";
import { type Arch, readImage } from "./image.js";
import { prebuiltDll, productVersion } from "./package.js";

/**
 * Puts our DLL beside the program or programs that the user named.
 * @param path a program, or the folder that holds it
 * @returns what was done, as lines for people
 * @throws CliError when no program there would use it, or another wsock32.dll is in the way
 */
export function install(path: string): string[] {
  const target = findTarget(path);
  const { arch, programs } = chooseArch(target);
  const dll = prebuiltDll(arch);
  if (!existsSync(dll)) throw new CliError(`${dll} is missing: build it with npm run build.`);
  const present = presentDll(target.folder);
  if (present !== undefined && !present.isOurs) {
    throw new CliError(`${present.path} is not ours (${present.is}): it stays. Move it away if it may be replaced.`);
  }
  const where = present?.path ?? join(target.folder, dllName);
  const instruction = `Under Wine, start it with WINEDLLOVERRIDES="wsock32=n,b"; Windows finds it by itself.`;
  const done = `${where} (${productVersion}, ${arch}) for ${programs.join(", ")}`;
  if (present !== undefined && readFileSync(present.path).equals(readFileSync(dll))) {
    return [`Already there: ${done}.`, instruction];
  }
  attempt(`install ${where}`, () => {
    // In one step: a program that starts meanwhile finds the old file or the new one.
    const temporary = `${where}.${process.pid}.tmp`;
    copyFileSync(dll, temporary);
    renameSync(temporary, where);
  });
  return [
    `${present === undefined ? "Installed" : `Replaced ${present.version ?? "an older version"} by`} ${done}.`,
    instruction,
  ];
}

/**
 * Removes our DLL from beside a program.
 * @param path a program, or the folder that holds it
 * @returns what was done, as lines for people
 * @throws CliError when the DLL there is somebody else's
 */
export function uninstall(path: string): string[] {
  const { folder } = findTarget(path);
  const present = presentDll(folder);
  if (present === undefined) return [`There is no ${dllName} in ${folder}: nothing to remove.`];
  if (!present.isOurs) throw new CliError(`${present.path} is not ours (${present.is}): it stays.`);
  attempt(`remove ${present.path}`, () => rmSync(present.path));
  return [`Removed ${present.path}; programs there use the system's sockets again.`];
}

function attempt(what: string, action: () => void): void {
  try {
    action();
  } catch (error) {
    throw new CliError(
      `Cannot ${what}: ${(error as Error).message}. Does a program use it, or is the folder protected?`,
    );
  }
}

/** The architecture to install for, and the names of the programs that it is for. */
function chooseArch({ folder, program }: Target): { arch: Arch; programs: string[] } {
  const { programs, libraries } = imagesIn(folder);
  const users = programs.filter((candidate) => usesSockets(candidate, libraries));
  let chosen: NamedImage[] = users;
  if (program !== undefined) {
    const image = { name: program, ...readImage(join(folder, program)) };
    if (image.isDll) throw new CliError(`${join(folder, program)} is a DLL: name the program that uses it.`);
    if (!usesSockets(image, libraries)) throw new CliError(`${join(folder, program)} ${whyNot(image)}`);
    chosen = [image];
  }
  const [first] = chosen;
  if (first === undefined) throw new CliError(nothingToServe(folder, programs));
  // One folder holds one wsock32.dll: a program of the other kind that imports it could not start any more.
  const others = users.filter(({ arch }) => arch !== first.arch);
  if (others.length > 0) {
    throw new CliError(
      `${folder} holds ${first.name} for ${first.arch} and ${list(others)} for ${others[0]!.arch}, which both use ` +
        `${dllName}; one DLL cannot serve both: put them into folders of their own.`,
    );
  }
  return { arch: first.arch, programs: chosen.map(({ name }) => name) };
}

/** A program uses the DLL if it imports it, or has a DLL of its own beside it that does. */
function usesSockets(program: NamedImage, libraries: readonly NamedImage[]): boolean {
  const own = libraries.filter(({ arch }) => arch === program.arch);
  return [program, ...own].some(({ imports }) => imports.includes(dllName));
}

function whyNot({ imports }: NamedImage): string {
  if (imports.includes("ws2_32.dll")) {
    return `does not import ${dllName}: it uses WinSock 2 (ws2_32.dll) directly, which is not supported.`;
  }
  return `does not import ${dllName}, and neither does a DLL beside it: it would not use ours.`;
}

function nothingToServe(folder: string, programs: readonly NamedImage[]): string {
  const [first] = programs;
  if (first === undefined) return `There is no Windows program (.exe) in ${folder}.`;
  if (programs.length === 1) return `${join(folder, first.name)} ${whyNot(first)}`;
  return `None of the programs in ${folder} (${list(programs)}) imports ${dllName}: they would not use ours.`;
}

function list(images: readonly NamedImage[]): string {
  return images.map(({ name }) => name).join(", ");
}
