import { execFile } from "node:child_process";
import { mkdir, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { repositoryRoot } from "../scripts/setup/paths.js";
import { compileProgram } from "../testbed/programs.js";
import { type Arch, setupState } from "../testbed/wine.js";

const execute = promisify(execFile);
const sources = join(repositoryRoot, "programs");
const outDir = join(repositoryRoot, "build", "programs");

/** The programs of this folder, by name. */
export const programNames = [
  "cacheline",
  "datagrams",
  "duplex",
  "gauge",
  "mixed",
  "mortal",
  "ordinal",
  "passthrough",
  "pingpong",
  "selectclient",
  "selectserver",
  "storm",
  "superserver",
  "threadserver",
] as const;

export type ProgramName = (typeof programNames)[number];

/** Ordinal and name of one export. */
export interface ListedExport {
  ordinal: number;
  name: string;
}

/**
 * Where Wine keeps its own DLLs of an architecture, found from the loader that set-up found.
 * @throws an Error naming the places looked at.
 */
export async function systemDll(name: string, arch: Arch): Promise<string> {
  const machine = arch === "x64" ? "x86_64" : "i386";
  const candidates = [
    `/usr/lib/${machine}-linux-gnu/wine/${machine}-windows/${name}`,
    `/usr/lib/wine/${machine}-windows/${name}`,
    `/opt/wine-stable/lib${arch === "x64" ? "64" : ""}/wine/${machine}-windows/${name}`,
  ];
  for (const candidate of candidates) {
    if (await stat(candidate).catch(() => undefined)) return candidate;
  }
  throw new Error(
    `looked for Wine's ${name} (${arch}) at ${candidates.join(", ")}, but found none: is Wine installed?`,
  );
}

/**
 * The exports of a DLL as objdump, which shares no code with this project, reads them. Needs names: exports without one
 * are left out.
 */
export async function listExports(dll: string): Promise<ListedExport[]> {
  const { stdout } = await execute("objdump", ["-p", dll], { maxBuffer: 1 << 26 });
  const base = Number(stdout.match(/^Ordinal Base\s+(\d+)/m)?.[1] ?? Number.NaN);
  const table = stdout.split("[Ordinal/Name Pointer] Table")[1];
  if (Number.isNaN(base) || table === undefined) throw new Error(`objdump shows no export table in ${dll}`);
  // The first line after the heading ends the heading; the table ends with an empty line.
  const lines = table.split("\n").slice(1);
  const end = lines.findIndex((line) => line.trim() === "");
  return lines.slice(0, end < 0 ? undefined : end).flatMap((line) => {
    // Newer versions print "[ 3] +base[ 4] 0000 name", older ones "[ 3] name": relative to the base.
    const match = line.match(/^\s*\[\s*(\d+)\](?:\s*\+base\[\s*(\d+)\])?\s*(?:[0-9a-f]{4}\s+)?(\S+)$/);
    if (!match) return [];
    return [{ ordinal: match[2] === undefined ? Number(match[1]) + base : Number(match[2]), name: match[3]! }];
  });
}

/**
 * An import library through which a program imports wsock32.dll by ordinal only. On 32-bit x86 the import symbols need
 * the size of each function's arguments, which the compiler's own import library knows.
 */
async function ordinalLibrary(arch: Arch): Promise<string> {
  const prefix = arch === "x64" ? "x86_64-w64-mingw32" : "i686-w64-mingw32";
  const folder = join(outDir, arch);
  const library = join(folder, "libordinals.a");
  if (await stat(library).catch(() => undefined)) return library;
  await mkdir(folder, { recursive: true });
  const exports = await listExports(await systemDll("wsock32.dll", arch));
  const decorated = new Map<string, string>();
  if (arch === "ia32") {
    const path = (await execute(`${prefix}-gcc`, ["-print-file-name=libwsock32.a"])).stdout.trim();
    const { stdout } = await execute(`${prefix}-nm`, [path], { maxBuffer: 1 << 26 });
    for (const [, name, bytes] of stdout.matchAll(/ T _(\w+)@(\d+)$/gm)) decorated.set(name!, `${name}@${bytes}`);
  }
  const lines = exports.map(({ name, ordinal }) => `  ${decorated.get(name) ?? name} @${ordinal} NONAME`);
  const definition = join(folder, "ordinals.def");
  await writeFile(definition, `LIBRARY wsock32.dll\nEXPORTS\n${lines.join("\n")}\n`);
  const temporary = `${library}.${process.pid}`;
  await execute(`${prefix}-dlltool`, ["-k", "-d", definition, "-l", temporary]);
  await rename(temporary, library);
  return library;
}

async function helperLibrary(arch: Arch): Promise<string> {
  const prefix = arch === "x64" ? "x86_64-w64-mingw32" : "i686-w64-mingw32";
  const folder = join(outDir, arch);
  await mkdir(folder, { recursive: true });
  const dll = join(folder, "mixed-helper.dll");
  const library = join(folder, "libmixed-helper.a");
  await execute(`${prefix}-gcc`, [
    ...["-O2", "-shared", "-o", `${dll}.${process.pid}`, join(sources, "mixed-helper.c")],
    ...["-Wl,--kill-at", `-Wl,--out-implib,${library}.old`, "-lws2_32"],
  ]);
  await rename(`${dll}.${process.pid}`, dll);
  // The linker wrote the temporary name into its import library: make one that names the DLL.
  const definition = join(folder, "mixed-helper.def");
  const symbol = arch === "x64" ? "helper_send" : "helper_send@12";
  await writeFile(definition, `LIBRARY mixed-helper.dll\nEXPORTS\n  ${symbol}\n`);
  await execute(`${prefix}-dlltool`, ["-k", "-d", definition, "-l", library]);
  return library;
}

/** The helper DLL that must lie beside mixed.exe. */
export function mixedHelperDll(arch: Arch): string {
  return join(outDir, arch, "mixed-helper.dll");
}

/**
 * Compiles one program for one architecture, unless it is up to date.
 * @returns its path.
 */
export async function buildProgram(name: ProgramName, arch: Arch): Promise<string> {
  const source = join(sources, `${name}.c`);
  if (name === "ordinal")
    return compileProgram(source, arch, outDir, { libs: [], flags: [await ordinalLibrary(arch)] });
  if (name === "mixed") return compileProgram(source, arch, outDir, { flags: [await helperLibrary(arch)] });
  return compileProgram(source, arch, outDir);
}

/** The wrapper that the build leaves for an architecture. */
export function wrapperDll(arch: Arch): string {
  return join(repositoryRoot, "prebuilds", `win32-${arch}`, "wsock32.dll");
}

/** The architectures whose programs can run on this machine. */
export function arches(): Arch[] {
  return setupState().arches;
}

/** Compiles all programs for all architectures of this machine. */
export async function buildPrograms(onStep?: (name: ProgramName, arch: Arch) => void): Promise<void> {
  for (const arch of arches()) {
    for (const name of programNames) {
      onStep?.(name, arch);
      await buildProgram(name, arch);
    }
  }
}
