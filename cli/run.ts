import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { constants } from "node:os";
import { basename, dirname, resolve } from "node:path";
import { type Command, Option } from "commander";
import { configurationProblems, profiles, runMarker } from "./configuration.js";
import { CliError, InputError } from "./errors.js";
import { imagesIn, statusOrNone } from "./folder.js";
import { readImage } from "./image.js";
import { wrappedLaunch } from "./launch.js";
import { obstacles, usesSockets, whyNot } from "./suitability.js";
import { needWine, onPath, onWindows, windowsPath } from "./wine.js";

/** What was said on the command line. */
interface Options {
  profile: string;
  log?: string;
  quiet?: true;
}

const explanation = `
Profiles (variables that are set already win):
${Object.entries(profiles)
  .map(([name, { meaning, variables: set }]) => {
    const values = Object.entries(set).map(([key, value]) => `${key}=${value}`);
    return `  ${name.padEnd(9)} ${meaning}${values.length > 0 ? ` (${values.join(" ")})` : ""}`;
  })
  .join("\n")}

Nothing is copied, installed or left behind. Input, output, arguments, folder and signals are the program's, and so is
the exit code; 2 as well if the program cannot be used, 1 if it could not be started. Programs that it starts itself run
without the DLL: install it for those.

Examples:
  vmmc run program.exe
  vmmc run --profile latency -- program.exe --port 8000
  vmmc run --log connections.txt -- program.exe     and see what became of its connections`;

/** Adds `vmmc run`. */
export function addRun(program: Command): void {
  program
    .command("run")
    .description("run a program with user-level sockets, without installing anything")
    .addOption(new Option("--profile <name>", "how to wait").choices(Object.keys(profiles)).default("balanced"))
    .option("--log <file>", "write a line about each of its connections (VMMC_LOG)")
    .option("-q, --quiet", "no warnings before the program starts")
    .argument("<program>", "a Windows program (.exe); on Linux it runs under Wine")
    .argument("[arguments...]", "what the program is given; write -- before the program if some begin with -")
    .passThroughOptions()
    .addHelpText("after", explanation)
    .action(async (file: string, args: string[], options: Options) => {
      process.exitCode = await run(file, args, options);
    });
}

/** @returns the program's exit code */
async function run(file: string, args: readonly string[], options: Options): Promise<number> {
  const path = findProgram(file);
  const image = { name: basename(path), ...readImage(path) };
  if (image.isDll) throw new InputError(`${path} is a DLL: name the program that uses it.`);
  const { libraries } = imagesIn(dirname(path));
  if (!usesSockets(image, libraries)) throw new InputError(`${path} ${whyNot(image)}`);
  if (options.log !== undefined && statSync(dirname(resolve(options.log)), { throwIfNoEntry: false }) === undefined) {
    throw new InputError(`Cannot log to ${options.log}: there is no folder ${dirname(resolve(options.log))}.`);
  }
  const wine = onWindows ? undefined : needWine(`run ${path}`);
  const environment: NodeJS.ProcessEnv = {
    ...profiles[options.profile]!.variables,
    ...process.env,
    ...(options.log === undefined ? {} : { VMMC_LOG: resolve(options.log) }),
    [runMarker]: String(process.pid),
  };
  if (!options.quiet) {
    for (const { name, what, fix } of configurationProblems(environment, dirname(path)))
      warn(`${name}: ${what}. ${fix}`);
    for (const why of obstacles(image, libraries)) warn(why);
  }
  const launch = wrappedLaunch(wine, path, image.arch, args, environment);
  return follow(spawn(launch.command, launch.args, { env: launch.env, stdio: "inherit" }), path);
}

function warn(text: string): void {
  console.error(`vmmc: ${text}`);
}

/** The program's file: as named, or found on the PATH as a shell would. */
function findProgram(file: string): string {
  const found = /[\\/]/.test(file) || existsSync(file) ? file : (onPath(file) ?? file);
  const status = statusOrNone(found);
  if (status === undefined) throw new InputError(`There is no program ${file}.`);
  if (!status.isFile()) throw new InputError(`${file} is not a program: name the .exe file.`);
  return realpathSync(found);
}

const forwarded = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"] as const;

/** Waits for the program's end; hands signals on meanwhile. */
function follow(child: ChildProcess, path: string): Promise<number> {
  // The terminal sends its own signals to everybody in front of it: the program has them already.
  const fromTerminal = (signal: NodeJS.Signals) =>
    (signal === "SIGINT" || signal === "SIGQUIT") && process.stdin.isTTY === true;
  let asked: NodeJS.Signals | undefined;
  const handlers = forwarded.map((signal) => {
    const handler = () => {
      asked = signal;
      if (!fromTerminal(signal)) for (const pid of programProcesses(path, child.pid)) kill(pid, signal);
    };
    process.on(signal, handler);
    return () => process.off(signal, handler);
  });
  return new Promise((done, fail) => {
    child.once("error", (error) => fail(new CliError(`Cannot start ${path}: ${error.message}.`)));
    child.once("exit", (code, signal) => {
      for (const off of handlers) off();
      // A Windows program that a signal ended has no exit code for that: Wine says 0, and its own processes end by the signal.
      const ended = signal ?? (code === 0 && (asked === "SIGTERM" || asked === "SIGHUP") ? asked : undefined);
      done(ended === undefined ? (code ?? 1) : 128 + constants.signals[ended]);
    });
  });
}

/** The processes that are the program itself; the one that was started, while there is none. Under Wine it is a third one. */
function programProcesses(path: string, started: number | undefined): number[] {
  const own = `${runMarker}=${process.pid}`;
  const name = windowsPath(path).toLowerCase();
  const found = onWindows
    ? []
    : readdirSync("/proc")
        .filter((entry) => /^\d+$/.test(entry))
        .filter((entry) => {
          const [first] = proc(entry, "cmdline");
          return first?.toLowerCase() === name && proc(entry, "environ").includes(own);
        })
        .map(Number);
  return found.length > 0 || started === undefined ? found : [started];
}

function proc(pid: string, file: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8").split("\0");
  } catch {
    // It has ended, or is somebody else's.
    return [];
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended meanwhile: its exit code is on its way.
  }
}
