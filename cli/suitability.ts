import { readFileSync } from "node:fs";
import { callsBehindTheWrapper } from "../core/settings.js";
import { readExportTable } from "../wrapgen/pe.js";
import { dllName, type NamedImage } from "./folder.js";
import type { Image } from "./image.js";
import { interceptedCalls, prebuiltDll } from "./package.js";

/** The newer sockets library, whose callers do not even load ours. */
export const winSock2 = "ws2_32.dll";

/** A program uses the DLL if it imports it, or has a DLL of its own beside it that does. */
export function usesSockets(program: NamedImage, libraries: readonly NamedImage[]): boolean {
  return modules(program, libraries).some(({ imports }) => imports.includes(dllName));
}

/** The rest of a sentence that begins with the program's name. */
export function whyNot({ imports }: Image): string {
  if (imports.includes(winSock2)) {
    return `does not import ${dllName}: it uses WinSock 2 (${winSock2}) directly, which is not supported.`;
  }
  return `does not import ${dllName}, and neither does a DLL beside it: it would not use ours.`;
}

/** Why the connections of a program that does use the DLL would stay on the kernel all the same: sentences, or none. */
export function obstacles(program: NamedImage, libraries: readonly NamedImage[]): string[] {
  const behind = new Set([...interceptedCalls(), ...callsBehindTheWrapper]);
  return modules(program, libraries).flatMap((module) => {
    const direct = named(module, winSock2).filter((name) => behind.has(name));
    return direct.length > 0
      ? [`${module.name} imports ${some(direct)} from ${winSock2}: its process stays on the kernel.`]
      : [];
  });
}

function modules(program: NamedImage, libraries: readonly NamedImage[]): NamedImage[] {
  return [program, ...libraries.filter(({ arch }) => arch === program.arch)];
}

/** The names that a module imports from a sockets library. Both give the same ordinals to the functions that both have. */
function named({ arch, functions }: NamedImage, dll: string): string[] {
  const list = functions.get(dll) ?? [];
  if (!list.some((entry) => typeof entry === "number")) return list as string[];
  const path = prebuiltDll(arch);
  const { exports } = readExportTable(readFileSync(path), path);
  const byOrdinal = new Map(exports.map(({ ordinal, names }) => [ordinal, names[0]]));
  return list.flatMap((entry) => (typeof entry === "string" ? entry : (byOrdinal.get(entry) ?? [])));
}

function some(names: readonly string[]): string {
  return names.length > 3 ? `${names.slice(0, 3).join(", ")} and ${names.length - 3} more` : names.join(", ");
}
