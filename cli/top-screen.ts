import { type Column, columns, matching, shortBytes, sorted, type Watched } from "./connection-table.js";
import { plainTable } from "./table.js";

/** How the list is to be shown. */
export interface View {
  sort: string;
  reverse: boolean;
  filter: string;
  /** The filter is being typed. */
  typing: boolean;
  /** The list stands still. */
  paused: boolean;
  /** How many lines of the list are above the screen. */
  scroll: number;
  help: boolean;
}

/** A part of a line, and whether it stands out. */
export type Line = { text: string; style?: "heading" | "strong" | "faint" };

export const keys: readonly (readonly [string, string])[] = [
  ["q, Ctrl-C", "leave"],
  ["left, right", "sort by another column"],
  ["r", "the other way round"],
  ["/", "show only lines with these words; Enter takes them, Esc clears them"],
  ["k", "only those on the kernel, and back"],
  ["up, down, PgUp, PgDn, Home", "scroll"],
  ["space", "stand still, and go on"],
  ["h, ?", "this help, and back"],
];

/**
 * The screen: title, totals, headings, connections and a last line, `rows` lines of at most `width` characters.
 * @param all every connection, before the view's filter
 */
export function screen(all: readonly Watched[], view: View, width: number, rows: number): Line[] {
  const cut = ({ text, ...rest }: Line): Line => ({ ...rest, text: text.slice(0, width).trimEnd() });
  if (view.help) return [title(all), { text: "" }, ...helpLines()].slice(0, rows).map(cut);
  const found = sorted(matching(all, view.filter), view.sort, view.reverse);
  const room = Math.max(0, rows - 4);
  const first = Math.min(view.scroll, Math.max(0, found.length - room));
  const shown = found.slice(first, first + room);
  const body = table(shown, view.sort, view.reverse, width);
  const blank = Array.from({ length: Math.max(0, room - shown.length) }, (): Line => ({ text: "" }));
  if (found.length === 0 && blank.length > 0) blank[0] = { text: nothing(all, view), style: "faint" };
  const below = found.length - first - shown.length;
  return [title(all), { text: totals(all) }, ...body, ...blank, lastLine(view, first, below)].slice(-rows).map(cut);
}

function title(all: readonly Watched[]): Line {
  const programs = new Set(all.map(({ windowsPid, program }) => `${windowsPid} ${program}`)).size;
  const count = (number: number, what: string) => `${number} ${what}${number === 1 ? "" : "s"}`;
  return {
    text: `vmmc top: ${count(all.length, "end")} of connections in ${count(programs, "program")}`,
    style: "strong",
  };
}

function totals(all: readonly Watched[]): string {
  const on = (path: Watched["path"]) => all.filter((connection) => connection.path === path).length;
  const undecided = on("undecided");
  const sum = (of: (connection: Watched) => number) => all.reduce((total, connection) => total + of(connection), 0);
  const speed = shortBytes(sum(({ sentPerS }) => sentPerS)).replace(/([A-Z]?)$/, (unit) => (unit ? ` ${unit}i` : " "));
  const parts = [`user-level ${on("user-level")}`, `kernel ${on("kernel")}`];
  if (undecided > 0) parts.push(`undecided ${undecided}`);
  return `${parts.join(", ")}; ${speed}B/s sent`;
}

function nothing(all: readonly Watched[], { filter }: View): string {
  return all.length === 0 ? "No wrapped program has a connection." : `No connection has the words: ${filter}`;
}

function lastLine({ typing, filter, paused }: View, above: number, below: number): Line {
  if (typing) return { text: `/${filter}_`, style: "strong" };
  const parts = [
    ...(paused ? ["STANDS STILL"] : []),
    ...(filter === "" ? [] : [`only: ${filter}`]),
    ...(above + below > 0 ? [`${above} lines above, ${below} below`] : []),
  ];
  return { text: [...parts, "q leaves, h explains the keys"].join("  |  "), style: "faint" };
}

function helpLines(): Line[] {
  return [
    ...keys.map(([key, meaning]) => ({ text: `  ${key.padEnd(28)}${meaning}` })),
    { text: "" },
    { text: "A line is one end of a connection: > has connected, < has accepted." },
    { text: "SPINS  waits that were over before the thread had to sleep; SLEEPS  those in which it slept" },
    { text: "BELLS  wake-ups over the kernel connection, for threads in select" },
    { text: "What goes over the kernel is not counted. Why not all is at user level: docs/compatibility.md." },
  ];
}

/** Heading and lines, with as many columns as there is room for. */
function table(connections: readonly Watched[], sort: string, reverse: boolean, width: number): Line[] {
  let lines: string[] = [];
  for (let least = Math.max(...columns.map(({ dispensable }) => dispensable)); least >= 0; least--) {
    const chosen = columns.filter(({ dispensable, name }) => dispensable <= least || name === sort);
    const text = plainTable(
      chosen.map((column) => heading(column, sort, reverse)),
      connections.map((connection) => chosen.map((column) => column.text(connection))),
      chosen.map(({ align }) => align),
    );
    // Without the blank that every line begins with.
    lines = text.split("\n").map((line) => line.slice(1));
    if (lines.every((line) => line.length <= width)) break;
  }
  return lines.map((text, index): Line => (index === 0 ? { text, style: "heading" } : { text }));
}

function heading({ name, head }: Column, sort: string, reverse: boolean): string {
  return name === sort ? `${head}${reverse ? "▲" : "▼"}` : head;
}
