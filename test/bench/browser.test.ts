import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { htmlReport } from "../../bench/report.js";
import { sampleReport } from "./sample.js";

const browser = ["chromium", "chromium-browser", "google-chrome"].find(
  (name) => spawnSync(name, ["--version"]).status === 0,
);
const folder = mkdtempSync(join(tmpdir(), "vmmc-browser-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** What the browser says of the page. */
interface Seen {
  pageWidth: number;
  windowWidth: number;
  charts: Record<"wide" | "narrow", number>;
  /** Texts that reach beyond their chart. */
  clipped: string[];
  /** Texts of one chart that lie over one another. */
  overlapping: string[];
  background: string;
}

const look = `
const shown = (size) => [...document.querySelectorAll("figure > svg." + size)].filter((chart) => chart.getClientRects().length > 0);
const charts = [...shown("wide"), ...shown("narrow")];
const inside = (inner, outer) =>
  inner.left >= outer.left - 0.5 && inner.right <= outer.right + 0.5 && inner.top >= outer.top - 0.5 && inner.bottom <= outer.bottom + 0.5;
const over = (a, b) => a.left < b.right && b.left < a.right && a.top + 2 < b.bottom && b.top + 2 < a.bottom;
const clipped = [], overlapping = [];
for (const chart of charts) {
  const frame = chart.getBoundingClientRect();
  const texts = [...chart.querySelectorAll("text")].map((text) => ({ text: text.textContent, box: text.getBoundingClientRect() }));
  for (const { text, box } of texts) if (!inside(box, frame)) clipped.push(text);
  texts.forEach((a, index) => texts.slice(index + 1).forEach((b) => over(a.box, b.box) && overlapping.push(a.text + " / " + b.text)));
}
document.body.textContent = "SEEN" + JSON.stringify({
  pageWidth: document.documentElement.scrollWidth, windowWidth: window.innerWidth,
  charts: { wide: shown("wide").length, narrow: shown("narrow").length }, clipped, overlapping,
  background: getComputedStyle(document.body).backgroundColor,
}) + "SEEN";
`;

function open(html: string, width: number, dark: boolean): Seen {
  const file = join(folder, "report.html");
  writeFileSync(file, html.replace("</body>", `<script>${look}</script></body>`));
  const args = ["--headless=new", "--no-sandbox", "--disable-gpu", `--window-size=${width},2000`];
  const scheme = `--blink-settings=preferredColorScheme=${dark ? 0 : 1}`;
  const { stdout } = spawnSync(browser!, [...args, scheme, "--dump-dom", `file://${file}`], {
    encoding: "utf8",
    timeout: 120_000,
  });
  const text = /SEEN(.*)SEEN/s
    .exec(stdout)?.[1]
    ?.replaceAll("&amp;", "&")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">");
  assert.ok(text !== undefined, `the browser said: ${stdout}`);
  return JSON.parse(text) as Seen;
}

describe("the report in a browser", { skip: browser === undefined && "no Chromium here" }, () => {
  // Extremes: charts over many powers of ten, and figures with many digits.
  const report = sampleReport();
  report.paths.user.trips = [[90, 10_000_000], ...report.paths.user.trips, [9e8, 1]];
  report.paths.user.sizes = report.paths.user.sizes.map((size) => ({ ...size, messagesPerS: 123_456_789 }));
  const html = htmlReport(report);

  for (const [width, kind] of [
    [375, "narrow"],
    [1280, "wide"],
  ] as const) {
    it(`${width} pixels wide: fits, with the charts for that width, and no text clipped or over another`, () => {
      const seen = open(html, width, false);
      assert.ok(seen.pageWidth <= seen.windowWidth, `${seen.pageWidth} of ${seen.windowWidth}`);
      assert.deepEqual(seen.charts, { wide: 0, narrow: 0, [kind]: 6 });
      assert.deepEqual([seen.clipped, seen.overlapping], [[], []]);
    });
  }

  it("in dark mode: dark", () => {
    assert.equal(open(html, 1280, true).background, "rgb(13, 17, 23)");
    assert.equal(open(html, 1280, false).background, "rgb(255, 255, 255)");
  });
});
