import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { readReport } from "../../bench/compare.js";
import { bothPaths, countOf } from "../../bench/results.js";
import { defaultWinePrefix } from "../../scripts/setup/wine-environment.js";
import { startWineServer, stopWineServer } from "../../testbed/wine.js";
import { sampleReport } from "../bench/sample.js";
import { vmmc, vmmcEnvironment, vmmcIn, vmmcMain } from "./vmmc.js";

let stop = false;
const folder = mkdtempSync(join(tmpdir(), "vmmc-bench-test-"));
before(async () => {
  stop = await startWineServer();
});
after(async () => {
  rmSync(folder, { recursive: true, force: true });
  if (stop) await stopWineServer();
});

describe("vmmc bench", () => {
  it("measures both ways, and writes figures and a report", () => {
    const [json, html] = [join(folder, "a.json"), join(folder, "a.html")];
    const variables = { WINEPREFIX: defaultWinePrefix() };
    const { status, stdout, stderr } = vmmcIn(variables, "bench", "--seconds", "10", "--json", json, "--html", html);
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^ figure +unit +kernel +user level +times as good$/m);
    assert.match(stderr, /\[ *\d+ s of 10 s\] round trips, kernel/);
    const report = readReport(json);
    assert.deepEqual(report.astray, []);
    assert.ok(report.cacheLineNs > 0);
    for (const path of bothPaths) {
      const { trips, paced, many, connectionsPerS, sizes } = report.paths[path];
      for (const distribution of [trips, paced, many.trips]) assert.ok(countOf(distribution) > 0);
      assert.ok(connectionsPerS > 0 && many.connectsPerS > 0);
      assert.equal(sizes.length, 11);
      for (const { bytes, mibPerS, messagesPerS } of sizes) assert.ok(mibPerS > 0 && messagesPerS > 0, `${bytes} B`);
    }
    assert.match(readFileSync(html, "utf8"), /^<!doctype html>\n/);
    assert.equal(vmmc("bench", "--compare", json, json).status, 0);
  });

  it("interrupted: ends its programs, and leaves nothing", async () => {
    const env = vmmcEnvironment({ WINEPREFIX: defaultWinePrefix() });
    const child = spawn(process.execPath, [vmmcMain, "bench"], { env, stdio: ["ignore", "ignore", "pipe"] });
    const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
    await new Promise<void>((resolve) => {
      child.stderr.on("data", (chunk: Buffer) => chunk.includes("round trips, kernel") && resolve());
      child.once("close", () => resolve());
    });
    child.kill("SIGINT");
    assert.equal(await ended, 130);
    const left = [tmpdir(), "/dev/shm"].filter(existsSync).flatMap((place) => readdirSync(place));
    assert.deepEqual(
      left.filter((name) => name.startsWith(`vmmc-bench-${child.pid}-`)),
      [],
    );
  });

  it("compares two reports: a table, or JSON", () => {
    const [a, b] = [join(folder, "before.json"), join(folder, "after.json")];
    const after = sampleReport();
    after.paths.user.connectionsPerS *= 3;
    writeFileSync(a, JSON.stringify(sampleReport()));
    writeFileSync(b, JSON.stringify(after));
    const { status, stdout } = vmmc("bench", "--compare", a, b);
    assert.equal(status, 0);
    assert.match(stdout, /^ connections +user level +\/s +1,000 +3,000 +3\.00 x$/m);
    const parsed = JSON.parse(vmmc("bench", "--compare", a, b, "--json", "-").stdout) as {
      figures: { figure: string; path: string; ratio: number }[];
    };
    assert.equal(parsed.figures.find(({ figure, path }) => figure === "connections" && path === "user")?.ratio, 3);
  });

  const other = join(folder, "other.json");
  writeFileSync(other, "{}");
  const wrong: readonly (readonly [what: string, args: readonly string[], why: RegExp])[] = [
    ["too short a time", ["--seconds", "1"], /It must be a number from 10 to 3600/],
    ["a time that is none", ["--seconds", "soon"], /It must be a number from 10 to 3600/],
    ["an unknown architecture", ["--arch", "arm"], /'arm' is invalid/],
    ["one report to compare", ["--compare", other], /name two/],
    ["a report and nothing to compare it with", [other], /There is nothing to do with/],
    ["no report", ["--compare", other, other], /it is not what vmmc bench --json writes/],
    ["a missing report", ["--compare", join(folder, "none"), other], /Cannot read the report/],
    ["a file in no folder", ["--html", join(folder, "no", "a.html")], /there is no folder/],
    ["a folder for a file", ["--json", folder], /it is a folder/],
  ];
  for (const [what, args, why] of wrong) {
    it(`given ${what}: refused at once, exit code 2`, () => {
      const before = readdirSync(folder);
      const { status, stdout, stderr } = vmmc("bench", ...args);
      assert.deepEqual([status, stdout], [2, ""]);
      assert.match(stderr, why);
      assert.deepEqual(readdirSync(folder), before);
    });
  }

  it("without a Wine prefix: one line, exit code 1", () => {
    const { status, stderr } = vmmc("bench");
    assert.equal(status, 1);
    assert.match(stderr, /^vmmc: Cannot measure: there is no Wine prefix [^\n]+\n$/);
  });
});
