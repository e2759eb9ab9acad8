import { appendFileSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { CommandOptions, CommandResult, Host } from "./host.js";

/** How often a step that is under way says so when the output is not a terminal. */
const reminderMs = 10_000;
const terminalRefreshMs = 200;

/** Where set-up tells people what it does. */
export interface Reporter {
  /** One line for people. */
  say(line: string): void;
  /** Runs a command as a named step: name, elapsed time and last output are shown, everything goes to the log. */
  step(host: Host, name: string, command: readonly string[], options?: CommandOptions): Promise<CommandResult>;
}

function seconds(sinceMs: number): string {
  return `${((Date.now() - sinceMs) / 1000).toFixed(0)} s`;
}

/** The last line of output that says something, shortened. */
function lastLine(text: string): string {
  const lines = text.split(/[\r\n]+/).filter((line) => line.trim() !== "");
  return (lines.at(-1) ?? "").trim().slice(0, 100);
}

/** Reports on standard output; the commands' own output goes to `logFile`. */
export function consoleReporter(logFile: string): Reporter {
  const log = (text: string) => {
    mkdirSync(dirname(logFile), { recursive: true });
    appendFileSync(logFile, text);
  };
  return {
    say(line) {
      process.stdout.write(`${line}\n`);
      log(`${line}\n`);
    },
    async step(host, name, command, options = {}) {
      const started = Date.now();
      const terminal = process.stdout.isTTY === true;
      let tail = "";
      const show = () => {
        const text = `  ${name} ... ${seconds(started)}  ${lastLine(tail)}`;
        process.stdout.write(terminal ? `\r\x1b[K${text.slice(0, (process.stdout.columns ?? 80) - 1)}` : `${text}\n`);
      };
      log(`\n== ${new Date().toISOString()} ${name}\n$ ${command.join(" ")}\n`);
      if (!terminal) process.stdout.write(`  ${name} ...\n`);
      const timer = setInterval(show, terminal ? terminalRefreshMs : reminderMs);
      const result = await host.run(command, {
        ...options,
        onOutput(text) {
          tail = (tail + text).slice(-2000);
          log(text);
        },
      });
      clearInterval(timer);
      log(`== exit code ${result.code} after ${seconds(started)}\n`);
      const outcome = result.code === 0 ? "done" : `failed (exit code ${result.code})`;
      process.stdout.write(`${terminal ? "\r\x1b[K" : ""}  ${name}: ${outcome}, ${seconds(started)}\n`);
      return result;
    },
  };
}

/** Says nothing and keeps what it would have said, for tests. */
export function silentReporter(): Reporter & { lines: string[] } {
  const lines: string[] = [];
  return {
    lines,
    say: (line) => void lines.push(line),
    step(host, name, command, options) {
      lines.push(name);
      return host.run(command, options);
    },
  };
}
