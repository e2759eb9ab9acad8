import { type ChildProcess, spawn } from "node:child_process";
import { StringDecoder } from "node:string_decoder";

/** How a process ended. Under Wine `code` is the Windows exit code modulo 256. */
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** How long output may still trickle in after the process has gone, if somebody else holds its pipes open. */
const drainMs = 200;

const running = new Set<RunningProgram>();

// Programs must not outlive the test or benchmark that started them, however it ends.
process.on("exit", () => {
  for (const program of running) program.kill();
});

/** Collects one output stream as text with LF line ends. */
class Output {
  text = "";
  readonly #decoder = new StringDecoder("utf8");

  append(chunk: Buffer): void {
    // A CR at the chunk's end may belong to a CRLF: it is only removed once the LF is there.
    this.text = (this.text + this.#decoder.write(chunk)).replaceAll("\r\n", "\n");
  }
}

/** A process that was started by us, and what it has written so far. */
export class RunningProgram {
  /** Command line, for messages. */
  readonly commandLine: string;
  /** Process id as Unix knows it. Under Wine this is the Windows process itself, not a launcher. */
  readonly pid: number;
  /** Settles when the process has ended and its output is collected. Never rejects. */
  readonly exited: Promise<Exit>;
  /** Set once the process has ended. */
  exit: Exit | undefined;

  readonly #child: ChildProcess;
  readonly #stdout = new Output();
  readonly #stderr = new Output();
  readonly #listeners = new Set<() => void>();

  private constructor(child: ChildProcess, commandLine: string) {
    this.#child = child;
    this.commandLine = commandLine;
    this.pid = child.pid!;
    running.add(this);
    let lastOutput = 0;
    const collect = (stream: NodeJS.ReadableStream | null, output: Output) =>
      stream?.on("data", (chunk: Buffer) => {
        lastOutput = Date.now();
        output.append(chunk);
        this.#notify();
      });
    collect(child.stdout, this.#stdout);
    collect(child.stderr, this.#stderr);
    // A program may close its input, or die, while we write: its end tells what happened, not this error.
    child.stdin?.on("error", () => {});

    this.exited = new Promise((resolve) => {
      const finish = (exit: Exit) => {
        if (this.exit) return;
        this.exit = exit;
        running.delete(this);
        // Let go of pipes that a background process of Wine may have inherited, or Node would wait for it.
        child.stdout?.destroy();
        child.stderr?.destroy();
        this.#notify();
        resolve(exit);
      };
      child.once("close", (code, signal) => finish({ code, signal }));
      child.once("exit", (code, signal) => {
        running.delete(this);
        lastOutput = Date.now();
        const drained = setInterval(() => {
          if (this.exit) clearInterval(drained);
          else if (Date.now() - lastOutput >= drainMs) {
            clearInterval(drained);
            finish({ code, signal });
          }
        }, drainMs / 4);
      });
    });
  }

  /**
   * Starts `command`; resolves when the process exists.
   * @throws an Error naming the command if it cannot be started.
   */
  static start(command: string, args: readonly string[], options: { cwd?: string; env?: NodeJS.ProcessEnv }) {
    const commandLine = [command, ...args].join(" ");
    const child = spawn(command, args, { ...options, stdio: ["pipe", "pipe", "pipe"] });
    return new Promise<RunningProgram>((resolve, reject) => {
      child.once("error", (error) =>
        reject(new Error(`could not start \`${commandLine}\`: ${error.message}`, { cause: error })),
      );
      if (child.pid !== undefined) resolve(new RunningProgram(child, commandLine));
    });
  }

  /** Everything written to standard output so far, with LF line ends. */
  get stdout(): string {
    return this.#stdout.text;
  }

  /** Everything written to standard error so far, with LF line ends. */
  get stderr(): string {
    return this.#stderr.text;
  }

  /**
   * Waits for the first complete line of standard output that matches, counting lines already written.
   * @throws an Error with the output so far, when the program ends without it or `timeoutMs` passes.
   */
  waitForLine(pattern: RegExp, timeoutMs = 60_000): Promise<RegExpMatchArray> {
    return new Promise((resolve, reject) => {
      const stop = () => {
        clearTimeout(timer);
        this.#listeners.delete(look);
      };
      const fail = (why: string) => {
        stop();
        reject(new Error(this.describe(`waited for a line matching ${pattern}, but ${why}`)));
      };
      const look = () => {
        const lines = this.stdout.split("\n");
        if (!this.exit) lines.pop();
        for (const line of lines) {
          const match = line.match(pattern);
          if (match) {
            stop();
            resolve(match);
            return;
          }
        }
        if (this.exit) fail("the program ended");
      };
      const timer = setTimeout(() => fail(`none came within ${timeoutMs} ms`), timeoutMs);
      this.#listeners.add(look);
      look();
    });
  }

  /** Writes to the program's standard input. */
  write(text: string | Uint8Array): void {
    this.#child.stdin?.write(text);
  }

  /** Ends the program's standard input. */
  endInput(): void {
    this.#child.stdin?.end();
  }

  /** Kills exactly this process, at once, as TerminateProcess would; it gets no chance to clean up. */
  kill(): void {
    if (running.has(this)) this.#child.kill("SIGKILL");
  }

  /** `message` with the program's command line, state and output, for errors. */
  describe(message: string): string {
    const state = this.exit ? `ended with code ${this.exit.code}, signal ${this.exit.signal}` : "still running";
    const show = (name: string, text: string) => `--- ${name} ---\n${text.trimEnd() || "(nothing)"}`;
    return [
      `${message}\n\`${this.commandLine}\` (pid ${this.pid}, ${state})`,
      show("standard output", this.stdout),
      show("standard error", this.stderr),
    ].join("\n");
  }

  #notify(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

/** A program's end with all it wrote. */
export interface Finished extends Exit {
  stdout: string;
  stderr: string;
}

/**
 * Waits until `program` has ended; kills it when that takes longer than `timeoutMs`.
 * @throws an Error with the output so far after such a kill.
 */
export async function finish(program: RunningProgram, timeoutMs: number): Promise<Finished> {
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    program.kill();
  }, timeoutMs);
  const exit = await program.exited;
  clearTimeout(timer);
  if (timedOut) throw new Error(program.describe(`the program did not end within ${timeoutMs} ms and was killed`));
  return { ...exit, stdout: program.stdout, stderr: program.stderr };
}
