import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "../scripts/setup/paths.js";
import { compileProgram, installBeside } from "../testbed/programs.js";
import { type Arch, setupState, toWindowsPath, wineEnvironment } from "../testbed/wine.js";

/**
 * The plain player, one that has not called `WSAStartup`, the one that also imports `WSAAsyncSelect`, the one that also imports
 * Microsoft's extensions, and the one with both.
 */
export type PlayerProgram = "plain" | "unstarted" | "windows" | "extended" | "whole";

/** How to start a player. */
export interface PlayerOptions {
  arch: Arch;
  program: PlayerProgram;
  /** The wrapper to put beside it; undefined: none. */
  wrapper: string | undefined;
  /** Where its copy, its log and, for the wrapper, the shared files are. */
  folder: string;
  sharedFolder: string;
  /** Further arguments of the player. */
  args?: readonly string[];
}

/** What a call returned, and what it told besides: ports, counts. */
export interface Answer {
  text: string;
  values: ReadonlyMap<string, number>;
}

const running = new Set<ChildProcess>();

// No player outlives us, however we end.
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** Compiles a player, unless it is up to date. @returns its path. */
export function buildPlayer(program: PlayerProgram, arch: Arch): Promise<string> {
  const source = join(repositoryRoot, "conformance", "player", `${program}.c`);
  return compileProgram(source, arch, join(repositoryRoot, "build", "conformance"));
}

let started = 0;

/** A process that makes socket calls, one for each line that it is given. */
export class Player {
  readonly #child: ChildProcess;
  readonly #log: string;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #input = "";
  #logRead = 0;
  /** Settles when the process has ended. */
  readonly ended: Promise<void>;
  hasEnded = false;

  private constructor(child: ChildProcess, log: string) {
    this.#child = child;
    this.#log = log;
    running.add(child);
    this.ended = new Promise((resolve) => {
      child.once("exit", () => {
        running.delete(child);
        this.hasEnded = true;
        resolve();
      });
    });
    child.stdout?.setEncoding("utf8").on("data", (chunk: string) => this.#take(chunk));
    child.stdin?.on("error", () => {});
  }

  /** Starts a player in a folder of its own. */
  static async start(options: PlayerOptions): Promise<Player> {
    const exe = await buildPlayer(options.program, options.arch);
    const program = await installBeside(exe, options.wrapper, options.folder);
    const log = join(options.folder, `log-${++started}.txt`);
    const child = spawn(setupState().loaders[options.arch], [program, ...(options.args ?? [])], {
      cwd: options.folder,
      env: wineEnvironment({
        native: ["wsock32"],
        env: { VMMC_DIR: toWindowsPath(options.sharedFolder), VMMC_LOG: toWindowsPath(log) },
      }),
      stdio: ["pipe", "pipe", "ignore"],
    });
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", (error) =>
        reject(new Error(`could not start the player ${program}: ${error.message}`, { cause: error })),
      );
    });
    return new Player(child, log);
  }

  /** Makes thread `thread` call something for `party`; undefined when no answer came in time. */
  call(thread: number, party: string, text: string, limitMs: number): Promise<Answer | undefined> {
    return this.awaits(this.begin(thread, party, text), limitMs);
  }

  /** Makes thread `thread` call something, and does not wait for the answer. */
  begin(thread: number, party: string, text: string): Promise<Answer> {
    const answer = new Promise<Answer>((resolve) => this.#waiting.set(thread, resolve));
    this.#child.stdin?.write(`${thread} ${party} ${text}\n`);
    return answer;
  }

  /** The answer, or undefined when it does not come in time or never, because the process has ended. */
  async awaits(answer: Promise<Answer>, limitMs: number): Promise<Answer | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), limitMs);
    });
    const result = await Promise.race([answer, late, this.ended.then(() => undefined)]);
    clearTimeout(timer);
    return result;
  }

  /** What the wrapper has logged since the last question. */
  newLog(): string {
    if (!existsSync(this.#log)) return "";
    const all = readFileSync(this.#log);
    const text = all.subarray(this.#logRead).toString("utf8");
    this.#logRead = all.length;
    return text;
  }

  /** Ends the process as a crash would. */
  async kill(): Promise<void> {
    if (!this.hasEnded) this.#child.kill("SIGKILL");
    await this.ended;
  }

  #take(chunk: string): void {
    this.#input += chunk;
    const lines = this.#input.split("\n");
    this.#input = lines.pop() ?? "";
    for (const line of lines) {
      const [said = "", ...told] = line.replace(/\r$/, "").split("\t");
      const thread = Number.parseInt(said, 10);
      const resolve = this.#waiting.get(thread);
      this.#waiting.delete(thread);
      const values = new Map(told.map((pair) => [pair.split("=")[0]!, Number(pair.split("=")[1])]));
      resolve?.({ text: said.slice(said.indexOf(" ") + 1), values });
    }
  }
}
