import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, renameSync, writeFileSync } from "node:fs";
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

/** Runs `vmmc` with these environment variables added. */
export function vmmcIn(variables: Readonly<Record<string, string>>, ...args: string[]): Result {
  return start(args, { env: { ...process.env, ...variables } });
}

/** Runs `vmmc` in another folder. */
export function vmmcAt(folder: string, ...args: string[]): Result {
  return start(args, { cwd: folder });
}

function start(args: readonly string[], options: { env?: NodeJS.ProcessEnv; cwd?: string }): Result {
  const main = join(repositoryRoot, "dist", "cli", "main.js");
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], {
    encoding: "utf8",
    ...options,
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
  const dll = await compile("library", exported, ["wsock32"], ["-shared"]);
  const library = join(dirname(dll), "library.dll");
  renameSync(dll, library);
  return {
    folder,
    wsock32: await compile("wsock32", call, ["wsock32"]),
    ws2: await compile("ws2", call, ["ws2_32"]),
    plain: await compile("plain", "int main(void) { return 0; }\n", []),
    library,
  };
}

let folders = 0;

/** An empty folder below that of the samples. */
export function emptyFolder(samples: Samples): string {
  const folder = join(samples.folder, `place-${++folders}`);
  mkdirSync(folder);
  return folder;
}
