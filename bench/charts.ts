import { scaleLog } from "d3-scale";
import { line } from "d3-shape";

/** A line of points in a chart; the class gives it its colour. */
export interface Series {
  name: string;
  className: string;
  points: readonly (readonly [x: number, y: number])[];
  /** Points are marked: each was measured. Else they are steps of one distribution. */
  marked: boolean;
}

/** An axis with a logarithmic scale. */
export interface Axis {
  title: string;
  domain: readonly [number, number];
  /** Where there are lines across the chart, with their texts. */
  ticks: readonly (readonly [at: number, text: string])[];
}

/** A line that crosses the chart. */
export interface Mark {
  name: string;
  className: string;
  x: number;
}

export interface Chart {
  /** For those who cannot see it. */
  description: string;
  x: Axis;
  y: Axis;
  series: readonly Series[];
  marks?: readonly Mark[];
}

/** Texts cannot shrink with the page and stay readable: a chart is drawn once for each width, and the page shows one. */
const widths = { wide: 760, narrow: 335 } as const;
const margin = { top: 12, right: 26, bottom: 46, left: 68 };
const fontSize = 12;
/** Texts on the horizontal axis need so much room each. */
const tickRoom = { wide: 60, narrow: 52 } as const;

/** The chart as HTML: one drawing for wide pages, one for narrow ones. */
export function drawChart(chart: Chart): string {
  return (["wide", "narrow"] as const).map((size) => draw(chart, size)).join("\n");
}

function draw({ description, x, y, series, marks = [] }: Chart, size: keyof typeof widths): string {
  const width = widths[size];
  const height = size === "wide" ? 340 : 300;
  const [left, right, top, bottom] = [margin.left, width - margin.right, margin.top, height - margin.bottom];
  const across = scaleLog([...x.domain], [left, right]).clamp(true);
  const up = scaleLog([...y.domain], [bottom, top]).clamp(true);
  const place = (value: number) => value.toFixed(1);
  const path = line<readonly [number, number]>(
    ([at]) => Number(place(across(at))),
    ([, value]) => Number(place(up(value))),
  );
  const every = Math.ceil((x.ticks.length * tickRoom[size]) / (right - left));
  const parts = [
    ...y.ticks.map(
      ([at, text]) =>
        `<path class="grid" d="M${left} ${place(up(at))}H${right}"/>` +
        `<text class="tick" x="${left - 7}" y="${place(up(at) + 4)}" text-anchor="end">${escapeHtml(text)}</text>`,
    ),
    ...x.ticks.map(([at, text], index) => {
      const label =
        index % every === 0
          ? `<text class="tick" x="${place(across(at))}" y="${bottom + 18}" text-anchor="middle">${escapeHtml(text)}</text>`
          : "";
      return `<path class="grid" d="M${place(across(at))} ${top}V${bottom}"/>${label}`;
    }),
    ...marks.map(
      ({ name, className, x: at }) =>
        `<path class="line ${className}" d="M${place(across(at))} ${top}V${bottom}"><title>${escapeHtml(name)}</title></path>`,
    ),
    ...series.map(({ name, className, points, marked }) => {
      const dots = marked
        ? points.map(
            ([at, value]) =>
              `<circle class="dot ${className}" cx="${place(across(at))}" cy="${place(up(value))}" r="3.5"/>`,
          )
        : [];
      const title = `<title>${escapeHtml(name)}</title>`;
      return `<path class="line ${className}" d="${path([...points]) ?? ""}">${title}</path>${dots.join("")}`;
    }),
    `<text class="axis" x="${(left + right) / 2}" y="${height - 8}" text-anchor="middle">${escapeHtml(x.title)}</text>`,
  ];
  return (
    `<svg class="${size}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(description)}" ` +
    `font-size="${fontSize}">${parts.join("")}</svg>`
  );
}

/** The powers of ten that enclose the values. */
export function decades(values: readonly number[]): [number, number] {
  const good = values.filter((value) => value > 0 && Number.isFinite(value));
  if (good.length === 0) return [1, 10];
  const low = 10 ** Math.floor(Math.log10(Math.min(...good)));
  const high = 10 ** Math.ceil(Math.log10(Math.max(...good)));
  return [low, high > low ? high : low * 10];
}

/** A number for an axis: short, whatever its size. */
export function tickText(value: number): string {
  const [unit, suffix] = value >= 1e9 ? [1e9, "G"] : value >= 1e6 ? [1e6, "M"] : value >= 1e4 ? [1e3, "k"] : [1, ""];
  return `${(value / unit).toLocaleString("en-US", { maximumSignificantDigits: 3 })}${suffix}`;
}

/** A tick at each power of ten. */
export function decadeTicks(
  [low, high]: readonly [number, number],
  text: (value: number) => string,
): [number, string][] {
  const ticks: [number, string][] = [];
  for (let power = Math.round(Math.log10(low)); power <= Math.round(Math.log10(high)); power++) {
    const at = 10 ** power;
    ticks.push([at, text(at)]);
  }
  return ticks;
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text that stands for itself in HTML. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character]!);
}
