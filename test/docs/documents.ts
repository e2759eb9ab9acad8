import { readRepositoryFile } from "../structure/repository.js";

/** A document's text up to the next heading of the same or a higher level, from the heading with that text on. */
export function sectionOf(file: string, heading: string): string {
  const lines = readRepositoryFile(file).split("\n");
  const start = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, "") === heading);
  if (start < 0) throw new Error(`${file} has no heading "${heading}": was it renamed? Then change the test, too.`);
  const level = lines[start]!.indexOf(" ");
  const length = lines.slice(start + 1).findIndex((line) => /^#+ /.test(line) && line.indexOf(" ") <= level);
  return lines.slice(start, length < 0 ? undefined : start + 1 + length).join("\n");
}

/** The cells of every row of every table, without the rows of dashes. Inside code, "|" is written "\|". */
export function tableRows(text: string): string[][] {
  return text
    .split("\n")
    .filter((line) => /^\|.*\|\s*$/.test(line) && !/^[|\s:-]+$/.test(line))
    .map((line) =>
      line
        .trim()
        .slice(1, -1)
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim()),
    );
}

/** The words in code style of a cell. */
export function codeWords(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1]!);
}

/** How a heading is linked to: as common viewers of Markdown make it. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replace(/ /g, "-");
}
