/** Preprocessed text without the preprocessor's line markers, and where its pieces came from. */
export interface PlacedText {
  text: string;
  /** FILE:LINE of an offset in the text. */
  whereIs: (offset: number) => string;
}

/** A run of lines that follow one another in one file. */
interface Piece {
  offset: number;
  file: string;
  line: number;
}

/** Takes out lines such as `# 12 "stdio.h" 3` (GCC manual, "Preprocessor Output") and remembers what they say. */
export function withoutLineMarkers(marked: string): PlacedText {
  const kept: string[] = [];
  const pieces: Piece[] = [];
  let length = 0;
  for (const line of marked.split("\n")) {
    const marker = /^# (\d+) "((?:[^"\\]|\\.)*)"/.exec(line);
    if (marker) {
      pieces.push({ offset: length, line: Number(marker[1]), file: marker[2]!.replace(/\\(.)/g, "$1") });
    } else {
      kept.push(line);
      length += line.length + 1;
    }
  }
  const text = kept.join("\n");
  return { text, whereIs: (offset) => place(text, pieces, offset) };
}

function place(text: string, pieces: readonly Piece[], offset: number): string {
  const piece = pieces.findLast((candidate) => candidate.offset <= offset);
  if (piece === undefined) {
    return "";
  }
  const lines = text.slice(piece.offset, offset).split("\n").length - 1;
  return `${piece.file}:${piece.line + lines}`;
}
