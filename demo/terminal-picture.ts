/** A terminal's size in characters. */
export interface TerminalSize {
  columns: number;
  rows: number;
}

/** A run of characters that look alike. */
interface Run {
  text: string;
  style: Style;
}

interface Style {
  inverse: boolean;
  bold: boolean;
  dim: boolean;
}

const plain: Style = { inverse: false, bold: false, dim: false };
const cell = { width: 8.5, height: 18 };
const margin = 14;
const colours = { back: "#10151c", text: "#d7dde5" };

/** An SVG picture of the last screen that a program drew: text that moves the cursor home, writes lines, and changes their look. */
export function terminalPicture(title: string, output: string, { columns, rows }: TerminalSize): string {
  const frames = output.split("\x1b[1;1H");
  // The last one may be half drawn.
  const screen = frames.at(frames.length > 2 ? -2 : -1)!;
  const [width, height] = [columns * cell.width + 2 * margin, rows * cell.height + 2 * margin];
  const lines = screen.split(/\r*\n/).slice(0, rows).map(runsOf);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"` +
      ` font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="14">`,
    `<title>${title}</title>`,
    `<rect width="100%" height="100%" rx="8" fill="${colours.back}"/>`,
    ...lines.flatMap((runs, row) => drawn(runs, margin + row * cell.height)),
    "</svg>",
    "",
  ].join("\n");
}

function runsOf(line: string): Run[] {
  const runs: Run[] = [];
  let style = plain;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: this is what a terminal is told with.
  for (const [, codes, text] of line.matchAll(/\x1b\[([\d;?]*)[A-Za-z]|([^\x1b]+)/g)) {
    if (text !== undefined) runs.push({ text, style });
    else for (const code of codes!.split(";")) style = changed(style, Number(code));
  }
  return runs;
}

function changed(style: Style, code: number): Style {
  if (code === 1) return { ...style, bold: true };
  if (code === 2) return { ...style, dim: true };
  if (code === 7) return { ...style, inverse: true };
  if (code === 22) return { ...style, bold: false, dim: false };
  if (code === 27) return { ...style, inverse: false };
  return code === 0 ? plain : style;
}

function drawn(runs: readonly Run[], top: number): string[] {
  let column = 0;
  return runs.flatMap(({ text, style }) => {
    const left = margin + column * cell.width;
    const width = text.length * cell.width;
    column += text.length;
    const look = [
      `fill="${style.inverse ? colours.back : colours.text}"`,
      ...(style.bold ? ['font-weight="bold"'] : []),
      ...(style.dim ? ['opacity="0.6"'] : []),
    ].join(" ");
    const box = `<rect x="${left}" y="${top}" width="${width}" height="${cell.height}" fill="${colours.text}"/>`;
    const words = text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
    return [
      ...(style.inverse ? [box] : []),
      `<text x="${left}" y="${top + 14}" textLength="${width}" xml:space="preserve" ${look}>${words}</text>`,
    ];
  });
}
