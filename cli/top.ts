import { clearScreenDown, cursorTo, emitKeypressEvents, type Key } from "node:readline";
import { styleText } from "node:util";
import type { Command } from "commander";
import { sortNames, type Watched, withRates } from "./connection-table.js";
import { InputError } from "./errors.js";
import { explanation, sortOption } from "./ps.js";
import { type ConnectionStatistics, StatisticsReader } from "./statistics.js";
import { keys, type Line, screen, type View } from "./top-screen.js";

interface Options {
  filter: string;
  sort: string;
  reverse?: true;
  interval: string;
}

const enterScreen = "\x1b[?1049h\x1b[?25l";
const leaveScreen = "\x1b[?25h\x1b[?1049l";

/** Adds `vmmc top`. */
export function addTop(program: Command): void {
  program
    .command("top")
    .description("watch the connections of all wrapped programs of this user")
    .option("-f, --filter <words>", "only those with these words in program, process, addresses, path or reason", "")
    .addOption(sortOption(sortNames, "rate"))
    .option("-r, --reverse", "the other way round")
    .option("-i, --interval <seconds>", "look again after that time", "1")
    .addHelpText(
      "after",
      `${explanation}

Keys:
${keys.map(([key, meaning]) => `  ${key.padEnd(28)}${meaning}`).join("\n")}

Examples:
  vmmc top
  vmmc top --filter kernel --interval 5    those that are not at user level, and why
  vmmc ps --json                           the same once, for scripts`,
    )
    .action(async ({ filter, sort, reverse, interval }: Options) => {
      const seconds = Number(interval);
      if (!(seconds >= 0.1 && seconds <= 3600)) {
        throw new InputError(`--interval ${interval} is not a time between 0.1 and 3600 seconds.`);
      }
      if (!process.stdin.isTTY || !process.stdout.isTTY) {
        throw new InputError("vmmc top needs a terminal: vmmc ps lists the connections once.");
      }
      await new Top(seconds, sort, reverse === true, filter).run();
    });
}

/** The live view. */
class Top {
  private readonly reader = new StatisticsReader();
  private readonly view: View;
  private before: ConnectionStatistics[] = [];
  private lookedAt = performance.now();
  private shown: Watched[] = [];
  private leave: () => void = () => {};

  constructor(
    private readonly seconds: number,
    sort: string,
    reverse: boolean,
    filter: string,
  ) {
    this.view = { sort, reverse, filter, typing: false, paused: false, scroll: 0, help: false };
  }

  /** Until the user leaves, or the process is ended: then the terminal is as it was. */
  async run(): Promise<void> {
    const restore = () => {
      process.stdin.setRawMode(false);
      process.stdout.write(leaveScreen);
    };
    process.once("exit", restore);
    process.stdout.write(enterScreen);
    emitKeypressEvents(process.stdin);
    process.stdin.setRawMode(true).resume();
    const left = new Promise<void>((resolve) => {
      this.leave = resolve;
    });
    process.stdin.on("keypress", (text: string | undefined, key: Key) => this.press(text ?? "", key));
    process.stdout.on("resize", () => this.draw());
    // A terminal that has gone is left.
    process.stdin.once("end", this.leave);
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, this.leave);
    this.look();
    const timer = setInterval(() => this.look(), this.seconds * 1000);
    await left;
    clearInterval(timer);
    process.stdin.pause();
    process.off("exit", restore);
    restore();
  }

  private look(): void {
    if (this.view.paused) return;
    const now = this.reader.read();
    const time = performance.now();
    this.shown = withRates(now, this.before, (time - this.lookedAt) / 1000);
    this.before = now;
    this.lookedAt = time;
    this.draw();
  }

  private draw(): void {
    const { columns: width, rows } = process.stdout;
    const lines = screen(this.shown, this.view, width, rows);
    cursorTo(process.stdout, 0, 0);
    // Each line clears what was behind it: clearing the whole screen first would flicker.
    process.stdout.write(lines.map((line) => `${styled(line, width)}\x1b[K`).join("\r\n"));
    if (lines.length < rows) clearScreenDown(process.stdout);
  }

  private press(text: string, key: Key): void {
    const { view } = this;
    if ((key.ctrl && key.name === "c") || (!view.typing && key.name === "q")) this.leave();
    else if (view.typing) this.type(text, key);
    else this.command(text, key);
    this.draw();
  }

  private type(text: string, key: Key): void {
    const { view } = this;
    if (key.name === "return" || key.name === "enter") view.typing = false;
    else if (key.name === "escape") Object.assign(view, { typing: false, filter: "" });
    else if (key.name === "backspace") view.filter = view.filter.slice(0, -1);
    else if (/^[\x20-\x7e]+$/.test(text)) view.filter += text;
    view.scroll = 0;
  }

  private command(text: string, key: Key): void {
    const { view } = this;
    const page = Math.max(1, process.stdout.rows - 5);
    const byKey: Readonly<Record<string, () => void>> = {
      left: () => this.sortBeside(-1),
      right: () => this.sortBeside(1),
      up: () => this.scroll(-1),
      down: () => this.scroll(1),
      pageup: () => this.scroll(-page),
      pagedown: () => this.scroll(page),
      home: () => this.scroll(-this.shown.length),
      escape: () => Object.assign(view, { filter: "", help: false }),
      space: () => Object.assign(view, { paused: !view.paused }),
      r: () => Object.assign(view, { reverse: !view.reverse }),
      k: () => Object.assign(view, { filter: view.filter === "kernel" ? "" : "kernel", scroll: 0 }),
      h: () => Object.assign(view, { help: !view.help }),
    };
    if (text === "/") Object.assign(view, { typing: true, filter: "" });
    else if (text === "?") view.help = !view.help;
    else byKey[key.name ?? ""]?.();
  }

  private sortBeside(step: number): void {
    const at = sortNames.indexOf(this.view.sort) + step;
    this.view.sort = sortNames[(at + sortNames.length) % sortNames.length]!;
  }

  private scroll(lines: number): void {
    const room = Math.max(0, process.stdout.rows - 4);
    const most = Math.max(0, this.shown.length - room);
    this.view.scroll = Math.min(most, Math.max(0, this.view.scroll + lines));
  }
}

function styled({ text, style }: Line, width: number): string {
  if (style === "heading") return styleText("inverse", text.padEnd(width));
  if (style === "strong") return styleText("bold", text);
  return style === "faint" ? styleText("dim", text) : text;
}
