import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { vmmc } from "./vmmc.js";

const folder = mkdtempSync(join(tmpdir(), "vmmc-trace-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const file = join(folder, "some.dll.trace");
const calls = [
  '2026-01-31T23:59:59.999999Z\t12\t20\topen\tname="a\\tb" flags=O_READ|O_WRITE\t0x5c\t-\t2500.500',
  "2026-02-01T00:00:00.000001Z\t12\t21\tread\tfile=0x5c\t-1\t10035 WSAEWOULDBLOCK\t1.250",
  "2026-02-01T00:00:00.000002Z\t12\t20\tread\tfile=0x5c\t3\t-\t0.750",
  "2026-02-01T00:00:00.000003Z\t12\t20\texit\tcode=0\t?\t-\t?",
];
writeFileSync(
  file,
  `# vmmc trace 1\t12\tsome.dll\tL"C:\\\\dir\\\\pro\\u00e9.exe"\n${calls.join("\n")}\n2026-02-01T00:00:00.000004Z\t12\t2`,
);

const show = (...args: string[]) => vmmc("trace", "show", file, ...args);

describe("vmmc trace show", () => {
  it("a line for each call, below the process and the date; what a crash cut off is counted", () => {
    const { status, stdout, stderr } = show();
    assert.equal(status, 0);
    assert.equal(
      stdout,
      [
        "process 12: C:\\dir\\pro\u00e9.exe, some.dll",
        "2026-01-31",
        '23:59:59.999999 12:20  open(name="a\\tb" flags=O_READ|O_WRITE) = 0x5c  2500.5 us',
        "2026-02-01",
        "00:00:00.000001 12:21  read(file=0x5c) = -1  ! 10035 WSAEWOULDBLOCK  1.3 us",
        "00:00:00.000002 12:20  read(file=0x5c) = 3  0.8 us",
        "00:00:00.000003 12:20  exit(code=0)",
        "",
      ].join("\n"),
    );
    assert.equal(stderr, "1 incomplete line was left out.\n");
  });

  it("filters by function, thread and error", () => {
    const count = (...args: string[]) =>
      show(...args)
        .stdout.split("\n")
        .filter((line) => /^\d\d:/.test(line)).length;
    assert.equal(count("--function", "re*"), 2);
    assert.equal(count("--function", "open,exit"), 2);
    assert.equal(count("--thread", "20"), 3);
    assert.equal(count("--errors"), 1);
    assert.equal(count("--errors", "--thread", "20"), 0);
  });

  it("--summary: counts, errors and times, the longest first", () => {
    const { stdout } = show("--summary");
    const rows = stdout
      .trimEnd()
      .split("\n")
      .map((line) => line.trim().split(/ +/));
    assert.deepEqual(rows.slice(1), [
      ["open", "1", "0", "2500.5", "2500.5", "2500.5"],
      ["read", "2", "1", "2.0", "1.0", "1.3"],
      ["exit", "1", "0", "?", "?", "?"],
    ]);
  });

  it("--json: one object a call", () => {
    const [first] = show("--json").stdout.split("\n");
    assert.deepEqual(JSON.parse(first!), {
      time: "2026-01-31T23:59:59.999999Z",
      process: 12,
      thread: 20,
      function: "open",
      arguments: 'name="a\\tb" flags=O_READ|O_WRITE',
      result: "0x5c",
      microseconds: 2500.5,
    });
  });

  it("of what is no trace, or not there: one line, exit code 2", () => {
    writeFileSync(join(folder, "text"), "hello\n");
    writeFileSync(join(folder, "empty"), "");
    for (const [name, message] of [
      ["text", /is not a trace: it does not begin/],
      ["empty", /is not a trace: it is empty/],
      ["none", /Cannot read .*none/],
    ] as const) {
      const { status, stdout, stderr } = vmmc("trace", "show", join(folder, name));
      assert.deepEqual([status, stdout], [2, ""]);
      assert.match(stderr, message);
      assert.match(stderr, /^vmmc: [^\n]+\n$/);
    }
  });
});
