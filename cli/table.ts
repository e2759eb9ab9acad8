import Table from "cli-table3";

const none = { top: "", "top-mid": "", "top-left": "", "top-right": "", bottom: "", "bottom-mid": "" };
const noFrame = { ...none, "bottom-left": "", "bottom-right": "", left: "", "left-mid": "", mid: "", "mid-mid": "" };

/** Columns of text without lines around them, and without blanks at the ends of lines. */
export function plainTable(head: string[], rows: string[][], aligns: ("left" | "right")[]): string {
  const table = new Table({
    head,
    chars: { ...noFrame, right: "", "right-mid": "", middle: " " },
    colAligns: aligns,
    style: { head: [], border: [], "padding-left": 1, "padding-right": 0 },
  });
  table.push(...rows);
  return table.toString().replace(/[ \t]+$/gm, "");
}
