import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { decades, decadeTicks, escapeHtml, tickText } from "../../bench/charts.js";
import { compare, differences, ReportError, readReport } from "../../bench/compare.js";
import { htmlReport } from "../../bench/report.js";
import { parseDistribution, percentile, shown, sizeName } from "../../bench/results.js";
import { sampleReport } from "./sample.js";

describe("a distribution", () => {
  it("is read as the measuring program writes it, and nothing else is", () => {
    assert.deepEqual(parseDistribution("100.0:3,200.5:1"), [
      [100, 3],
      [200.5, 1],
    ]);
    for (const wrong of ["", "100", "100:x", "100:1,", "-1:2"])
      assert.throws(() => parseDistribution(wrong), /distribution/);
  });

  it("has the percentiles of what was counted, exact to a bucket's width", () => {
    const trips = [
      [100, 50],
      [200, 49],
      [1000, 1],
    ] as const;
    const within = (share: number, low: number) => {
      const value = percentile(trips, share)!;
      assert.ok(value > low && value <= low * (1 + 1 / 16), `${share}: ${value}`);
    };
    within(0.5, 100);
    within(0.51, 200);
    within(0.99, 200);
    within(0.999, 1000);
    assert.equal(percentile([], 0.5), undefined);
  });
});

describe("the report", () => {
  const html = htmlReport(sampleReport());

  it("is one file: no script, nothing from elsewhere", () => {
    assert.doesNotMatch(html, /<script|<link|<img|@import|url\(|https?:/i);
  });

  it("has a chart of each kind, for wide and for narrow pages, and no figure that is none", () => {
    assert.equal(html.match(/<svg class="wide"/g)?.length, 6);
    assert.equal(html.match(/<svg class="narrow"/g)?.length, 6);
    assert.doesNotMatch(html, /NaN|undefined|Infinity/);
    assert.match(html, /<b>100 x<\/b>/);
  });

  it("shows texts of the machine as texts", () => {
    const report = sampleReport();
    report.machine.processor = '<b onclick="x">&';
    assert.match(htmlReport(report), /&lt;b onclick=&quot;x&quot;&gt;&amp;/);
  });

  it("says so when connections were not user-level", () => {
    assert.match(
      htmlReport({ ...sampleReport(), astray: ["reason: disabled"] }),
      /class="warn">Not everything .* reason: disabled/,
    );
    assert.doesNotMatch(html, /class="warn"/);
  });

  it("is drawn for measures that found nothing, too", () => {
    const report = sampleReport();
    report.paths.kernel.trips = [];
    report.paths.kernel.sizes = report.paths.kernel.sizes.map((size) => ({ ...size, cpuNsPerByte: undefined }));
    report.paths.user.sizes = report.paths.user.sizes.map((size) => ({ ...size, cpuNsPerByte: undefined }));
    assert.doesNotMatch(htmlReport(report), /NaN|undefined|Infinity/);
  });
});

describe("the parts of a chart", () => {
  it("axes enclose their values in powers of ten", () => {
    assert.deepEqual(decades([3, 250]), [1, 1000]);
    assert.deepEqual(decades([10]), [10, 100]);
    assert.deepEqual(decades([]), [1, 10]);
    assert.deepEqual(decadeTicks([1, 100], String), [
      [1, "1"],
      [10, "10"],
      [100, "100"],
    ]);
  });

  it("numbers are short", () => {
    assert.deepEqual([0.001, 1, 1000, 10_000, 1e6, 1e10].map(tickText), ["0.001", "1", "1,000", "10k", "1M", "10G"]);
    assert.deepEqual([1, 1024, 65_536, 1_048_576].map(sizeName), ["1 B", "1 KiB", "64 KiB", "1 MiB"]);
    assert.deepEqual([1234.5, 0.19, undefined].map(shown), ["1,230", "0.19", "-"]);
    assert.equal(escapeHtml("<&\"'>"), "&lt;&amp;&quot;&#39;&gt;");
  });
});

describe("comparing reports", () => {
  it("of themselves: everything as good", () => {
    const compared = compare(sampleReport(), sampleReport());
    assert.ok(compared.length > 20);
    assert.deepEqual(
      compared.filter(({ ratio }) => ratio !== 1),
      [],
    );
    assert.deepEqual(differences(sampleReport(), sampleReport()), []);
  });

  it("above 1 is better, whether more or less is", () => {
    const after = sampleReport();
    after.paths.user.connectionsPerS *= 2;
    after.paths.user.trips = after.paths.user.trips.map(([low, count]) => [low / 2, count]);
    const found = compare(sampleReport(), after).filter(({ path, ratio }) => path === "user" && ratio !== 1);
    assert.ok(found.some(({ figure }) => figure === "connections"));
    assert.ok(found.some(({ figure }) => figure === "round trip, median"));
    for (const { figure, ratio } of found) assert.ok(Math.abs(ratio - 2) < 1e-9, figure);
  });

  it("of another machine: said", () => {
    const other = sampleReport();
    other.machine.wine = "wine-9.0";
    assert.match(differences(sampleReport(), other).join(), /different versions of Wine: wine-8\.0; wine-9\.0/);
  });

  it("reads what was written, and refuses anything else with the file's name", () => {
    const folder = mkdtempSync(join(tmpdir(), "vmmc-report-"));
    const file = join(folder, "a.json");
    try {
      writeFileSync(file, JSON.stringify(sampleReport()));
      assert.deepEqual(readReport(file), sampleReport());
      const wrong = [
        "",
        "null",
        "[]",
        "{}",
        JSON.stringify({ ...sampleReport(), formatVersion: 2 }),
        '{"format":"vmmc-bench"}',
      ];
      for (const text of wrong) {
        writeFileSync(file, text);
        assert.throws(
          () => readReport(file),
          (error) => error instanceof ReportError && error.message.includes(file),
        );
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
