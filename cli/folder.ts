import { readdirSync, type Stats, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { CliError, InputError } from "./errors.js";
import { type Arch, type Image, readImage } from "./image.js";
import { productName } from "./package.js";

/** The DLL that is put beside programs, as Windows compares names: without regard to case. */
export const dllName = "wsock32.dll";

/** A program file or DLL of a folder. */
export interface NamedImage extends Image {
  name: string;
}

/** What the user named: a folder, or a program in it. */
export interface Target {
  folder: string;
  /** The program's file name, unless a folder was named. */
  program: string | undefined;
}

/** @throws CliError when there is nothing of that name */
export function findTarget(path: string): Target {
  const status = statusOrNone(path);
  if (status === undefined) throw new InputError(`There is no folder or program ${path}.`);
  if (status.isDirectory()) return { folder: path, program: undefined };
  return { folder: dirname(path), program: basename(path) };
}

/** Names that no file can have are those of no file. */
export function statusOrNone(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** The programs and DLLs of a folder. Files that cannot be read are left out: nobody asked for them. */
export function imagesIn(folder: string): { programs: NamedImage[]; libraries: NamedImage[] } {
  const images = readdirSync(folder)
    .filter((name) => /\.(?:exe|dll)$/i.test(name) && name.toLowerCase() !== dllName)
    .sort()
    .flatMap((name) => {
      try {
        return [{ name, ...readImage(join(folder, name)) }];
      } catch (error) {
        if (error instanceof CliError) return [];
        throw error;
      }
    });
  return { programs: images.filter(({ isDll }) => !isDll), libraries: images.filter(({ isDll }) => isDll) };
}

/** The wsock32.dll of a folder, if there is one, in whatever case its name is written. */
export function presentDll(
  folder: string,
): { path: string; version: string | undefined; arch: Arch | undefined; isOurs: boolean; is: string } | undefined {
  const name = readdirSync(folder).find((candidate) => candidate.toLowerCase() === dllName);
  if (name === undefined) return undefined;
  const path = join(folder, name);
  let strings: ReadonlyMap<string, string> = new Map();
  let arch: Arch | undefined;
  try {
    ({ version: strings, arch } = readImage(path));
  } catch (error) {
    // What cannot be read is not ours.
    if (!(error instanceof CliError)) throw error;
  }
  const product = strings.get("ProductName");
  return {
    path,
    version: strings.get("ProductVersion"),
    arch,
    isOurs: product === productName,
    is: product === undefined ? "it names no product" : `it belongs to the product "${product}"`,
  };
}
