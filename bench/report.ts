import { type Chart, decades, decadeTicks, drawChart, escapeHtml, type Series, tickText } from "./charts.js";
import { reportStyle } from "./report-style.js";
import {
  type BenchReport,
  bothPaths,
  countOf,
  type Distribution,
  type Figure,
  figuresOf,
  type PathFigures,
  pathNames,
  percentile,
  type SizeFigures,
  shown,
  sizeName,
} from "./results.js";

const sizesIn = (report: BenchReport) => report.paths.user.sizes.map(({ bytes }) => bytes);

/** The report as one HTML file, which needs no other file, no network and no script. */
export function htmlReport(report: BenchReport): string {
  const { machine, arch, version, astray } = report;
  const figures = figuresOf(sizesIn(report));
  const astrayText = `Not everything was measured over the path it claims: ${astray.join("; ")}.`;
  const place = `${machine.processor}, ${machine.cores} cores${machine.virtual ? " of a virtual machine" : ""}`;
  const sections = [
    distributionSection("Round trips of 64 bytes, one after the other", report, ({ trips }) => trips),
    distributionSection(
      "Paced: a round trip each millisecond, both sides asleep in between",
      report,
      ({ paced }) => paced,
    ),
    distributionSection(
      `Over ${report.paths.user.many.connections} connections in turn`,
      report,
      ({ many }) => many.trips,
    ),
    sizeSection("Throughput by message size", "MiB/s", report, ({ mibPerS }) => mibPerS),
    sizeSection("Messages by message size", "messages/s", report, ({ messagesPerS }) => messagesPerS),
    sizeSection("Processor time by message size, both sides", "ns/byte", report, ({ cpuNsPerByte }) => cpuNsPerByte),
    `<h2>All figures</h2>${table(report, figures)}`,
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="vmmc-sockets ${escapeHtml(version)}">
<title>vmmc bench: ${escapeHtml(machine.date.slice(0, 10))}</title>
<style>${reportStyle}</style>
</head>
<body>
<h1>User-level sockets against the kernel's</h1>
<p class="quiet">vmmc-sockets ${escapeHtml(version)}, ${escapeHtml(arch)} programs, ${escapeHtml(readable(machine.date))}.
${escapeHtml(place)}, Linux ${escapeHtml(machine.kernel)}, ${escapeHtml(machine.wine)}.</p>
${astray.length > 0 ? `<p class="warn">${escapeHtml(astrayText)}</p>` : ""}
${tiles(report)}
${sections.join("\n")}
<h2>How it was measured</h2>
<p>Two processes of one machine, over the kernel's loopback and at user level in turns, all in one run. Times of single round
trips are the processor's clock's; percentiles are exact to a sixteenth.${
    machine.virtual
      ? " On a virtual machine a wake-up takes long, which makes the kernel's round trips look longer than on bare metal."
      : ""
  } Ratios say more about another machine than times do. The bare cache line is two processes handing one cache line to and
fro: what no software can beat. Made by <code>vmmc bench --seconds ${report.seconds}</code>.</p>
</body>
</html>
`;
}

const readable = (date: string) => `${date.slice(0, 16).replace("T", " ")} UTC`;

/** How many times as much, or as fast: always so that more is better for user level. */
function gain({ more, of }: Figure, report: BenchReport): number | undefined {
  const [kernel, user] = [of(report.paths.kernel), of(report.paths.user)];
  if (!kernel || !user) return undefined;
  return more ? user / kernel : kernel / user;
}

function tiles(report: BenchReport): string {
  const all = figuresOf(sizesIn(report));
  const wanted: readonly (readonly [name: string, title: string])[] = [
    ["round trip, median", "64-byte round trip, median"],
    ["paced round trip, median", "paced round trip, median"],
    ["throughput, 64 KiB", "throughput in 64 KiB messages"],
    ["connections", "connect, a byte to and fro, close"],
  ];
  const items = wanted.flatMap(([name, title]) => {
    const figure = all.find((candidate) => candidate.name === name);
    if (figure === undefined) return [];
    const [kernel, user] = bothPaths.map((path) => shown(figure.of(report.paths[path])));
    const times = `${shown(gain(figure, report))} x`;
    return [
      `<div class="tile"><span>${escapeHtml(title)}</span><b>${escapeHtml(times)}</b>` +
        `<span>${kernel} &rarr; ${user} ${escapeHtml(figure.unit)}</span></div>`,
    ];
  });
  return `<div class="tiles">${items.join("")}</div>`;
}

const legendLines = {
  kernel: ["kernel", "kernel"],
  user: ["user", "user level"],
  bare: ["bare", "bare cache line"],
} as const;

function legend(entries: readonly (keyof typeof legendLines)[]): string {
  const items = entries.map((entry) => {
    const [className, text] = legendLines[entry];
    return `<li><svg viewBox="0 0 28 10" aria-hidden="true"><path class="line ${className}" d="M0 5H28"/></svg>${text}</li>`;
  });
  return `<ul class="legend">${items.join("")}</ul>`;
}

/** Times as people say them. */
function timeText(ns: number): string {
  if (ns >= 1e9) return `${ns / 1e9} s`;
  if (ns >= 1e6) return `${ns / 1e6} ms`;
  return ns >= 1000 ? `${ns / 1000} us` : `${ns} ns`;
}

/** For each time, which share of the round trips took longer: the tail is as visible as the middle. */
function longerThan(trips: Distribution): (readonly [number, number])[] {
  const total = countOf(trips);
  let longer = total;
  return trips.flatMap(([low, count]) => {
    const point = [low, longer / total] as const;
    longer -= count;
    return longer === 0 ? [point, [low * (1 + 1 / 16), 1 / total] as const] : [point];
  });
}

function distributionSection(title: string, report: BenchReport, of: (figures: PathFigures) => Distribution): string {
  const series = bothPaths.map(
    (path): Series => ({
      name: pathNames[path],
      className: path,
      points: longerThan(of(report.paths[path])),
      marked: false,
    }),
  );
  const times = series.flatMap(({ points }) => points.map(([time]) => time));
  const domain = decades([...times, report.cacheLineNs]);
  const rarest = Math.min(...series.flatMap(({ points }) => points.map(([, share]) => share)), 0.01);
  const shares: [number, number] = [10 ** Math.max(-6, Math.floor(Math.log10(rarest))), 1];
  const medians = bothPaths.map(
    (path) => `${pathNames[path]} ${shown((percentile(of(report.paths[path]), 0.5) ?? 0) / 1000)} us`,
  );
  const chart: Chart = {
    description: `${title}: share of round trips that took longer than a time. Medians: ${medians.join(", ")}.`,
    x: { title: "round trip took longer than", domain, ticks: decadeTicks(domain, timeText) },
    y: { title: "share", domain: shares, ticks: decadeTicks(shares, shareText) },
    series,
    marks: [{ name: "bare cache line", className: "bare", x: report.cacheLineNs }],
  };
  const counts = bothPaths.map(
    (path) => `${countOf(of(report.paths[path])).toLocaleString("en-US")} at ${pathNames[path]}`,
  );
  const caption = `Share of round trips that took longer. Median: ${medians.join(", ")}. Counted: ${counts.join(", ").replace("at kernel", "over the kernel")}.`;
  return `<h2>${escapeHtml(title)}</h2><figure>${legend(["kernel", "user", "bare"])}${drawChart(chart)}<figcaption>${escapeHtml(caption)}</figcaption></figure>`;
}

function shareText(share: number): string {
  if (share >= 0.01) return `${Math.round(share * 100)}%`;
  return `${Number((share * 100).toPrecision(1))}%`;
}

function sizeSection(
  title: string,
  unit: string,
  report: BenchReport,
  of: (size: SizeFigures) => number | undefined,
): string {
  const series = bothPaths.map((path): Series => {
    const points = report.paths[path].sizes.flatMap((size) => {
      const value = of(size);
      return value === undefined || !(value > 0) ? [] : [[size.bytes, value] as const];
    });
    return { name: pathNames[path], className: path, points, marked: true };
  });
  const values = decades(series.flatMap(({ points }) => points.map(([, value]) => value)));
  const sizes = sizesIn(report);
  const chart: Chart = {
    description: `${title}, in ${unit}.`,
    x: {
      title: "bytes in each send",
      domain: [Math.min(...sizes), Math.max(...sizes)],
      ticks: sizes.filter((_, index) => index % 2 === 0).map((bytes) => [bytes, sizeName(bytes)] as const),
    },
    y: { title: unit, domain: values, ticks: decadeTicks(values, tickText) },
    series,
  };
  return `<h2>${escapeHtml(title)} <span class="quiet">(${escapeHtml(unit)})</span></h2><figure>${legend(["kernel", "user"])}${drawChart(chart)}</figure>`;
}

function table(report: BenchReport, figures: readonly Figure[]): string {
  const rows = figures.map((figure) => {
    const [kernel, user] = bothPaths.map((path) => shown(figure.of(report.paths[path])));
    const times = gain(figure, report);
    const name = `${escapeHtml(figure.name)} <span class="quiet">${escapeHtml(figure.unit)}</span>`;
    return `<tr><td>${name}</td><td>${kernel}</td><td>${user}</td><td>${times === undefined ? "-" : `${shown(times)} x`}</td></tr>`;
  });
  const bare = `<tr><td>bare cache line, median <span class="quiet">us</span></td><td>-</td><td>${shown(report.cacheLineNs / 1000)}</td><td>-</td></tr>`;
  return `<div class="scroll"><table><thead><tr><th>figure</th><th>kernel</th><th>user level</th><th>times as good</th></tr></thead><tbody>${bare}${rows.join("")}</tbody></table></div>`;
}
