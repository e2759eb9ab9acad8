import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { setupStateFile } from "../scripts/setup/paths.js";
import { type Arch, readSetupState, type SetupState } from "../scripts/setup/state.js";
import { defaultWinePrefix, type WineEnvironmentOptions, wineEnvironment } from "../scripts/setup/wine-environment.js";
import { type Finished, finish, RunningProgram } from "./process.js";

export type { Arch, Finished };
export { RunningProgram, wineEnvironment };

/** How to start a program under Wine. */
export interface ProgramOptions extends WineEnvironmentOptions {
  /** Working directory (a Unix path); default: ours. */
  cwd?: string;
}

/** How long `runProgram` lets a program run: far more than any needs, so that only a hang meets it. */
const defaultTimeoutMs = 120_000;

/** How long an idle wineserver stays, so that the next program starts in 0.03 s and not in seconds. */
const lingerSeconds = 60;

/** The state that set-up left. @throws an Error that says how to get one. */
export function setupState(): SetupState {
  const state = readSetupState();
  if (!state) {
    throw new Error(
      `looked for the result of set-up in ${setupStateFile}, but there is none: run \`npm test\` or \`npm run demo\` once`,
    );
  }
  return state;
}

/** The architectures whose programs run under Wine on this machine: always "x64", and "ia32" where it could be had. */
export async function availableArches(): Promise<Arch[]> {
  return setupState().arches;
}

/** A Unix path as Windows programs see it: the root folder is drive Z. */
export function toWindowsPath(path: string): string {
  return `Z:${resolve(path).replaceAll("/", "\\")}`;
}

/** IMAGE_FILE_MACHINE_* values of the PE format's file header. */
const peMachines: Readonly<Record<number, Arch>> = { 34404: "x64", 332: "ia32" };

/**
 * The architecture of a Windows program, from its file header.
 * @throws an Error when the file cannot be read or is no x86 program.
 */
export function programArch(exe: string): Arch {
  let file: Buffer;
  try {
    file = readFileSync(exe);
  } catch (error) {
    throw new Error(`cannot run ${exe} under Wine: ${(error as Error).message}`, { cause: error });
  }
  // The DOS header's last field says where the PE signature is; the machine is the first field after that.
  const signature = file.length >= 64 ? file.readUInt32LE(60) : file.length;
  const isPe = signature + 6 <= file.length && file.toString("latin1", signature, signature + 4) === "PE\0\0";
  const arch = isPe ? peMachines[file.readUInt16LE(signature + 4)] : undefined;
  if (arch === undefined) throw new Error(`cannot run ${exe} under Wine: it is no 64- or 32-bit x86 Windows program`);
  return arch;
}

/**
 * Starts a Windows program under Wine; resolves when its process exists (which is before it has reached
 * `main`). Programs that are still running when Node ends are killed.
 */
export async function spawnProgram(
  exe: string,
  args: readonly string[] = [],
  options: ProgramOptions = {},
): Promise<RunningProgram> {
  const path = resolve(exe);
  return RunningProgram.start(setupState().loaders[programArch(path)], [path, ...args], {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: wineEnvironment(options),
  });
}

/**
 * Runs a Windows program to its end, whatever its exit code; its input is empty.
 * @throws an Error with the output so far when it takes longer than `timeoutMs`.
 */
export async function runProgram(
  exe: string,
  args: readonly string[] = [],
  options: ProgramOptions & { timeoutMs?: number } = {},
): Promise<Finished> {
  const program = await spawnProgram(exe, args, options);
  program.endInput();
  return finish(program, options.timeoutMs ?? defaultTimeoutMs);
}

/** Runs `wineserver` with one argument, detached from our own output, and gives its exit code. */
function wineserver(argument: string, prefix: string): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const child = spawn("wineserver", [argument], { env: wineEnvironment({ prefix }), stdio: "ignore" });
    child.once("error", (error) => reject(new Error(`could not start wineserver for ${prefix}: ${error.message}`)));
    child.once("exit", (code) => resolve(code));
  });
}

/** Whether a wineserver serves this prefix at the moment. */
export async function wineServerRuns(prefix: string = defaultWinePrefix()): Promise<boolean> {
  // -k0 sends no signal; it only tells whether there is somebody to send it to.
  return (await wineserver("-k0", prefix)) === 0;
}

/**
 * Sees to it that the prefix has a wineserver and Wine's background services, started apart from any
 * program so that none of them holds a program's output open.
 * @returns true when it was started by this call, false when it ran already.
 */
export async function startWineServer(prefix: string = defaultWinePrefix()): Promise<boolean> {
  if (await wineServerRuns(prefix)) return false;
  const code = await wineserver(`-p${lingerSeconds}`, prefix);
  // 2: another process was faster, which is as good.
  if (code !== 0 && code !== 2) {
    throw new Error(
      `wineserver for the Wine prefix ${prefix} ended with code ${code}; does the folder exist and is it ours?`,
    );
  }
  await new Promise<void>((resolve, reject) => {
    const boot = spawn(setupState().loaders.x64, ["cmd.exe", "/c", "exit"], {
      env: wineEnvironment({ prefix }),
      stdio: "ignore",
    });
    boot.once("error", (error) => reject(new Error(`could not start wine in ${prefix}: ${error.message}`)));
    boot.once("exit", () => resolve());
  });
  return code === 0;
}

/** Ends every program and the wineserver of this prefix, and of no other. */
export async function stopWineServer(prefix: string = defaultWinePrefix()): Promise<void> {
  await wineserver("-k", prefix);
}

/** Runs `action` with a wineserver at hand, and stops it afterwards if it was not there before. */
export async function withWineServer<Result>(
  action: () => Promise<Result>,
  prefix: string = defaultWinePrefix(),
): Promise<Result> {
  const startedByUs = await startWineServer(prefix);
  try {
    return await action();
  } finally {
    if (startedByUs) await stopWineServer(prefix);
  }
}
