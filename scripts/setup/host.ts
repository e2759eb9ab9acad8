import { spawn } from "node:child_process";
import {
  accessSync,
  chmodSync,
  constants,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";

/** What a command left behind. */
export interface CommandResult {
  /** Exit code; 127 when there is no such program, 128 + n when signal n ended it. */
  code: number;
  /** Standard output. */
  stdout: string;
  /** Standard output and standard error as they came, for messages. */
  output: string;
}

/** How to run a command. */
export interface CommandOptions {
  env?: NodeJS.ProcessEnv;
  /** Called with each piece of output as it comes. */
  onOutput?: (text: string) => void;
  /** Kill it after this time; default: never. */
  timeoutMs?: number;
}

/**
 * The machine as set-up sees it. Every command and every look at the machine goes through here, so that
 * tests can put set-up on machines that we do not have.
 */
export interface Host {
  /** Unix user id; 0 is root. */
  readonly userId: number;
  readonly env: NodeJS.ProcessEnv;
  /** Absolute path of a program on the PATH. */
  findProgram(name: string): string | undefined;
  /** Size and modification time of a file, or "absent". */
  fileIdentity(path: string): string;
  /** A file's text, or undefined when it cannot be read. */
  readText(path: string): string | undefined;
  /** Makes a temporary folder, readable by everybody, with these files (relative path to text). */
  makeTemporaryFolder(files: Readonly<Record<string, string>>): string;
  /** Runs a command to its end, with empty input; never throws. */
  run(command: readonly string[], options?: CommandOptions): Promise<CommandResult>;
}

/** Numbers of the signals that end a command here. */
const signalNumbers: Readonly<Partial<Record<NodeJS.Signals, number>>> = { SIGINT: 2, SIGKILL: 9, SIGTERM: 15 };

function runCommand(command: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const [program, ...args] = command;
  return new Promise((resolve) => {
    const child = spawn(program!, args, { env: options.env ?? process.env, stdio: ["ignore", "pipe", "pipe"] });
    const timer =
      options.timeoutMs === undefined ? undefined : setTimeout(() => child.kill("SIGKILL"), options.timeoutMs);
    let stdout = "";
    let output = "";
    const collect = (isStdout: boolean) => (chunk: Buffer) => {
      const text = chunk.toString();
      if (isStdout) stdout += text;
      output += text;
      options.onOutput?.(text);
    };
    child.stdout.on("data", collect(true));
    child.stderr.on("data", collect(false));
    const finish = (code: number, note = "") => {
      clearTimeout(timer);
      // Background processes of Wine inherit these pipes; waiting for them would mean waiting for their end.
      child.stdout.destroy();
      child.stderr.destroy();
      resolve({ code, stdout, output: output + note });
    };
    child.once("error", (error) => finish(127, `${error.message}\n`));
    child.once("exit", (code, signal) => {
      const result = code ?? 128 + ((signal && signalNumbers[signal]) ?? 0);
      // Give what is already in the pipes the time to arrive.
      const late = setTimeout(() => finish(result), 200);
      child.once("close", () => {
        clearTimeout(late);
        finish(result);
      });
    });
  });
}

/** The machine that we run on. */
export function realHost(): Host {
  return {
    userId: process.getuid?.() ?? -1,
    env: process.env,
    findProgram(name) {
      for (const folder of (process.env.PATH ?? "").split(delimiter)) {
        const path = join(folder || ".", name);
        try {
          accessSync(path, constants.X_OK);
          if (statSync(path).isFile()) return path;
        } catch {
          // Not in this folder.
        }
      }
      return undefined;
    },
    fileIdentity(path) {
      const status = statSync(path, { throwIfNoEntry: false });
      return status ? `${status.size} bytes, changed ${Math.floor(status.mtimeMs)}` : "absent";
    },
    readText(path) {
      try {
        return readFileSync(path, "utf8");
      } catch {
        return undefined;
      }
    },
    makeTemporaryFolder(files) {
      const folder = mkdtempSync(join(tmpdir(), "vmmc-setup-"));
      chmodSync(folder, 0o755);
      for (const [name, text] of Object.entries(files)) {
        mkdirSync(dirname(join(folder, name)), { recursive: true });
        writeFileSync(join(folder, name), text);
      }
      return folder;
    },
    run: runCommand,
  };
}
