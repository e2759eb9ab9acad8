import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { repositoryRoot } from "../../scripts/setup/paths.js";
import { type Arch, readSetupState } from "../../scripts/setup/state.js";
import { compileProgram } from "../../testbed/programs.js";

/** What a run of the command left. */
export interface Result {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** Runs `vmmc` as its users do. */
export function vmmc(...args: string[]): Result {
  return vmmcIn({}, ...args);
}

/** The user's own records and Wine prefix are left alone: records go here, and there is no prefix. */
const ownFolder = mkdtempSync(join(tmpdir(), "vmmc-state-"));
process.on("exit", () => rmSync(ownFolder, { recursive: true, force: true }));

/** Runs `vmmc` with these environment variables added. */
export function vmmcIn(variables: Readonly<Record<string, string>>, ...args: string[]): Result {
  return start(args, { env: variables });
}

/** Runs `vmmc` in another folder. */
export function vmmcAt(folder: string, ...args: string[]): Result {
  return start(args, { cwd: folder });
}

/** The program's main file, for tests that start it in their own way. */
export const vmmcMain = join(repositoryRoot, "dist", "cli", "main.js");

/** The environment in which tests run `vmmc`. */
export function vmmcEnvironment(variables: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const own = { XDG_STATE_HOME: ownFolder, WINEPREFIX: join(ownFolder, "no-prefix") };
  const inherited = Object.entries(process.env).filter(([name]) => !/^(?:WINE|VMMC_)/.test(name));
  return { ...Object.fromEntries(inherited), ...own, ...variables };
}

function start(args: readonly string[], options: { env?: Readonly<Record<string, string>>; cwd?: string }): Result {
  const { status, stdout, stderr } = spawnSync(process.execPath, [vmmcMain, ...args], {
    encoding: "utf8",
    ...options,
    env: vmmcEnvironment(options.env),
  });
  return { status, stdout, stderr };
}

/** The architectures for which there is a built DLL. */
export const arches: readonly Arch[] = readSetupState()!.arches;

/** The built DLL. */
export function prebuilt(arch: Arch): string {
  return join(repositoryRoot, "prebuilds", `win32-${arch}`, "wsock32.dll");
}

/** Small Windows programs: named for what they import. */
export interface Samples {
  /** Everything is below this folder. */
  folder: string;
  wsock32: string;
  ws2: string;
  plain: string;
  /** A DLL that imports wsock32.dll. */
  library: string;
  /** A DLL that imports ws2_32.dll. */
  library2: string;
}

/** Compiles the samples for an architecture. */
export async function compileSamples(arch: Arch): Promise<Samples> {
  const folder = mkdtempSync(join(tmpdir(), "vmmc-cli-"));
  const compile = (name: string, body: string, libs: string[], flags: string[] = []) => {
    const source = join(folder, `${name}.c`);
    writeFileSync(source, body);
    return compileProgram(source, arch, folder, { libs, flags });
  };
  const call = "#include <winsock2.h>\nint main(void) { return closesocket(1); }\n";
  const exported = "#include <winsock2.h>\n__declspec(dllexport) int helper(void) { return closesocket(1); }\n";
  const compileLibrary = async (name: string, libs: string[]) => {
    const dll = await compile(name, exported, libs, ["-shared"]);
    const library = join(dirname(dll), `${name}.dll`);
    renameSync(dll, library);
    return library;
  };
  return {
    folder,
    wsock32: await compile("wsock32", call, ["wsock32"]),
    ws2: await compile("ws2", call, ["ws2_32"]),
    plain: await compile("plain", "int main(void) { return 0; }\n", []),
    library: await compileLibrary("library", ["wsock32"]),
    library2: await compileLibrary("library2", ["ws2_32"]),
  };
}

let folders = 0;

/** An empty folder below that of the samples. */
export function emptyFolder(samples: Samples): string {
  const folder = join(samples.folder, `place-${++folders}`);
  mkdirSync(folder);
  return folder;
}

/** A folder with copies of these files, by the names that they get. */
export function folderWith(samples: Samples, files: Readonly<Record<string, string>>): string {
  const folder = emptyFolder(samples);
  for (const [name, from] of Object.entries(files)) copyFileSync(from, join(folder, name));
  return folder;
}
