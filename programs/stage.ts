import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../testbed/ports.js";
import { type Finished, finish, type RunningProgram } from "../testbed/process.js";
import { installBeside } from "../testbed/programs.js";
import { type Arch, spawnProgram, toWindowsPath } from "../testbed/wine.js";
import { buildProgram, mixedHelperDll, type ProgramName, wrapperDll } from "./build.js";
import { type Connection, connectionsIn } from "./log.js";

/** One program in a play: which, for which processor, and whether the wrapper lies beside it. */
export interface Part {
  program: ProgramName | { exe: string };
  arch: Arch;
  wrapped: boolean;
  args?: readonly string[];
  /** Further variables; they win over the stage's own. */
  env?: Readonly<Record<string, string | undefined>>;
  /** Files to lie beside the program: names and texts. */
  beside?: Readonly<Record<string, string>>;
  /** Waited for on standard output before a server counts as ready. */
  ready?: RegExp;
}

/** A program on the stage. */
export interface Player {
  process: RunningProgram;
  /** The port it was told to listen on, for servers. */
  port: number;
  /** What the wrapper logged about this process's connections, so far. */
  connections(): Connection[];
  /** The whole log, so far. */
  log(): string;
}

/** How a program ended, with the `name=value` lines it wrote. */
export interface Played extends Finished {
  values: Record<string, string>;
  connections: Connection[];
  log: string;
}

/** The `name=value` lines of a program's output; the last of a name counts. */
export function valuesIn(stdout: string): Record<string, string> {
  const values: Record<string, string> = {};
  for (const line of stdout.split("\n")) {
    for (const [, name, value] of line.matchAll(/(?:^|\s)([a-z]\w*)=(\S+)/g)) values[name!] = value!;
  }
  return values;
}

/** A folder that is memory, if this machine has one: what is shared should never wait for a disk. */
export function memoryFolder(): string {
  return existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
}

/**
 * A private place to run programs against each other: folders for them, a folder for the wrapper's shared files, and a
 * log for each process. Nothing of it is left after `close`.
 */
export class Stage {
  /** Where this stage's wrappers keep their shared files; nobody else does. */
  readonly sharedFolder: string;
  readonly #folder: string;
  readonly #processes: RunningProgram[] = [];
  #count = 0;

  constructor(name: string) {
    this.#folder = mkdtempSync(join(tmpdir(), `vmmc-${name}-`));
    this.sharedFolder = mkdtempSync(join(memoryFolder(), `vmmc-${name}-`));
  }

  /** Starts a program without waiting for anything. */
  async start(part: Part, port = 0): Promise<Player> {
    const number = ++this.#count;
    const exe = typeof part.program === "string" ? await buildProgram(part.program, part.arch) : part.program.exe;
    const dll = part.wrapped ? wrapperDll(part.arch) : undefined;
    if (dll && !existsSync(dll)) throw new Error(`there is no wrapper at ${dll}: run \`npm run build\` first`);
    const folder = join(this.#folder, `${number}`);
    mkdirSync(folder, { recursive: true });
    const program = await installBeside(exe, dll, folder);
    if (part.program === "mixed") await installBeside(mixedHelperDll(part.arch), dll, folder);
    for (const [name, text] of Object.entries(part.beside ?? {})) writeFileSync(join(folder, name), text);
    const logFile = join(this.#folder, `${number}.txt`);
    const process = await spawnProgram(program, part.args ?? [], {
      cwd: folder,
      // The override stays when the DLL is gone: Wine then takes its own, as Windows does.
      native: ["wsock32"],
      env: { VMMC_DIR: toWindowsPath(this.sharedFolder), VMMC_LOG: toWindowsPath(logFile), ...part.env },
    });
    this.#processes.push(process);
    const log = () => (existsSync(logFile) ? readFileSync(logFile, "utf8") : "");
    return { process, port, log, connections: () => connectionsIn(log()) };
  }

  /** Starts a server on a free port (or `port`) and waits until it listens. */
  async server(part: Part, port?: number): Promise<Player> {
    const chosen = port ?? (await freePort());
    const args = ["server", "--port", `${chosen}`, ...(part.args ?? [])];
    const player = await this.start({ ...part, args }, chosen);
    await player.process.waitForLine(part.ready ?? /^port=\d+/);
    return player;
  }

  /** Runs a client of the server on `port` to its end. */
  async client(part: Part, port: number, timeoutMs = 120_000): Promise<Played> {
    const player = await this.start({ ...part, args: ["client", "--port", `${port}`, ...(part.args ?? [])] });
    return this.end(player, timeoutMs);
  }

  /** Waits for a program's own end. @throws an Error with its output when it takes longer than `timeoutMs`. */
  async end(player: Player, timeoutMs = 120_000): Promise<Played> {
    const finished = await finish(player.process, timeoutMs);
    return { ...finished, values: valuesIn(finished.stdout), connections: player.connections(), log: player.log() };
  }

  /** Kills what still runs, and removes the stage's files. */
  async close(): Promise<void> {
    for (const process of this.#processes) process.kill();
    await Promise.all(this.#processes.map((process) => process.exited));
    rmSync(this.#folder, { recursive: true, force: true });
    rmSync(this.sharedFolder, { recursive: true, force: true });
  }
}
