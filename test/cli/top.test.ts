import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { after, describe, it } from "node:test";
import { duration, matching, shortBytes, shortNumber, sorted, withRates } from "../../cli/connection-table.js";
import { type ConnectionStatistics, connectionsIn, StatisticsReader } from "../../cli/statistics.js";
import { type Line, screen, type View } from "../../cli/top-screen.js";
import * as layout from "../../core/layout.js";
import { arches } from "../../programs/build.js";
import type { Player, Stage } from "../../programs/stage.js";
import { defaultWinePrefix } from "../../scripts/setup/wine-environment.js";
import { stageFor, until } from "../wine/helpers.js";
import { vmmcEnvironment, vmmcIn, vmmcMain } from "./vmmc.js";

const sample: ConnectionStatistics = {
  id: "page/192/1",
  pid: 77,
  windowsPid: 32,
  program: "client.exe",
  role: "connect",
  local: "127.0.0.1:4000",
  peer: "127.0.0.1:80",
  path: "user-level",
  reason: "",
  ageS: 100,
  sentBytes: 5000,
  receivedBytes: 100,
  sends: 50,
  receives: 10,
  spins: 3,
  sleeps: 2,
  doorbells: 1,
};
const onKernel: ConnectionStatistics = {
  ...sample,
  id: "page/384/2",
  program: "server.exe",
  role: "accept",
  path: "kernel",
  reason: "peer-not-wrapped",
};

/** A page as a process writes it, with one record. */
function pageWith(words: Readonly<Record<number, number>>, program = "prog\u001b[31m.exe"): Buffer {
  const page = Buffer.alloc(layout.STATISTICS_BYTES);
  page.writeUInt32LE(layout.STATISTICS_MAGIC, layout.STATISTICS_MAGIC_FIELD);
  page.writeUInt32LE(layout.STATISTICS_VERSION, layout.STATISTICS_VERSION_FIELD);
  page.writeUInt32LE(36, layout.STATISTICS_TAG);
  page.write(program, layout.STATISTICS_PROGRAM, "latin1");
  for (const [offset, value] of Object.entries(words))
    page.writeUInt32LE(value, 2 * layout.RECORD_BYTES + Number(offset));
  return page;
}

describe("a statistics page", () => {
  const words = {
    [layout.RECORD_USED]: 1,
    [layout.RECORD_MODE]: layout.MODE_KERNEL,
    [layout.RECORD_REASON]: layout.REASON_OTHER_HOST,
    [layout.RECORD_ROLE]: layout.ROLE_CONNECT,
    [layout.RECORD_LOCAL_ADDRESS]: 0x0100007f,
    [layout.RECORD_LOCAL_PORT]: 0x5000,
    [layout.RECORD_SENT_BYTES + 4]: 2,
  };

  it("is read, whatever a program calls itself", () => {
    const [connection, ...others] = connectionsIn(pageWith(words), "page");
    assert.equal(others.length, 0);
    const { ageS, id, ...rest } = connection!;
    assert.ok(ageS > 0);
    assert.equal(id, "page/384/0");
    assert.deepEqual(rest, {
      windowsPid: 36,
      program: "prog?[31m.exe",
      role: "connect",
      local: "127.0.0.1:80",
      peer: "-",
      path: "kernel",
      reason: "other-host",
      sentBytes: 2 ** 33,
      receivedBytes: 0,
      sends: 0,
      receives: 0,
      spins: 0,
      sleeps: 0,
      doorbells: 0,
    });
  });

  it("that is damaged, of another version or not complete tells of nothing, and what it says is not believed", () => {
    const page = pageWith(words);
    assert.deepEqual(connectionsIn(page.subarray(0, 1000), "page"), []);
    const other = Buffer.from(page);
    other.writeUInt32LE(layout.STATISTICS_VERSION + 1, layout.STATISTICS_VERSION_FIELD);
    assert.deepEqual(connectionsIn(other, "page"), []);
    const random = Buffer.from(page).fill(0xa5, layout.RECORD_BYTES);
    const found = connectionsIn(random, "page");
    assert.equal(found.length, Math.floor(layout.STATISTICS_BYTES / layout.RECORD_BYTES) - 1);
    for (const { ageS, path, reason } of found) assert.deepEqual([ageS, path, reason], [0, "kernel", "unknown"]);
  });
});

describe("the list of connections", () => {
  it("has rates since the last look, and for new ones since they began", () => {
    const now = [
      { ...sample, sentBytes: 9000, sends: 52 },
      { ...sample, id: "new", ageS: 50 },
    ];
    const rates = withRates(now, [sample], 2).map(({ sentPerS, callsPerS }) => [sentPerS, callsPerS]);
    assert.deepEqual(rates, [[2000, 1], [100, 1.2]]); // biome-ignore format: short
  });

  it("is sorted and filtered by any words", () => {
    const both = withRates([sample, onKernel], [], 1);
    assert.deepEqual(sorted(both, "program").map(({ program }) => program), ["client.exe", "server.exe"]); // biome-ignore format: short
    assert.deepEqual(sorted(both, "program", true).map(({ program }) => program), ["server.exe", "client.exe"]); // biome-ignore format: short
    assert.deepEqual(matching([sample, onKernel], "KERNEL server"), [onKernel]);
    assert.deepEqual(matching([sample, onKernel], "77"), [sample, onKernel]);
    assert.deepEqual(matching([sample, onKernel], "no such"), []);
  });

  it("has short numbers", () => {
    assert.deepEqual([0, 999, 1000, 12345, 999_999, 5e9].map(shortNumber), ["0", "999", "1.00k", "12.3k", "1.00M", "5.00G"]); // biome-ignore format: short
    assert.deepEqual([999, 1024, 5 * 1024 ** 2].map(shortBytes), ["999", "1.00K", "5.00M"]);
    assert.deepEqual([0.9, 65, 7500, 200_000].map(duration), ["0s", "1m05s", "2h05m", "2d07h"]);
  });
});

describe("the screen of vmmc top", () => {
  const view: View = { sort: "rate", reverse: false, filter: "", typing: false, paused: false, scroll: 0, help: false };
  const all = withRates(Array.from({ length: 30 }, (_, n) => ({ ...(n % 3 ? sample : onKernel), id: `${n}`, sends: n })), [], 1); // biome-ignore format: short
  const text = (lines: readonly Line[]) => lines.map((line) => line.text);

  for (const [width, rows] of [
    [200, 50],
    [80, 24],
    [40, 10],
    [10, 4],
    [1, 1],
  ] as const) {
    it(`fits into ${width} x ${rows}`, () => {
      for (const other of [view, { ...view, help: true }, { ...view, typing: true, filter: "x" }]) {
        const lines = screen(all, other, width, rows);
        assert.ok(lines.length <= rows && (other.help || lines.length === rows), `${lines.length} lines`);
        for (const line of text(lines)) assert.ok(line.length <= width, line);
      }
    });
  }

  it("shows what matters in 80 columns: who, with whom, why not, and how fast", () => {
    const [, totals, heading, ...lines] = text(screen(all, view, 80, 40));
    assert.match(totals!, /^user-level 20, kernel 10; [\d.]+ ?K?i?B\/s sent$/);
    assert.match(heading!, /^PROGRAM +LOCAL +PATH +SENT\/s▼ +RECV\/s/);
    assert.ok(lines.some((line) => /^server\.exe +127\.0\.0\.1:4000 < +kernel: peer-not-wrapped +- +-/.test(line)));
  });

  it("scrolls, filters and says when there is nothing", () => {
    assert.match(text(screen(all, { ...view, scroll: 5 }, 80, 14)).at(-1)!, /^5 lines above, 15 below/);
    assert.match(text(screen(all, { ...view, scroll: 99 }, 80, 14)).at(-1)!, /^20 lines above, 0 below/);
    assert.match(text(screen(all, { ...view, filter: "kernel" }, 80, 20)).at(-1)!, /^only: kernel/);
    assert.match(text(screen([], view, 80, 20)).join("\n"), /No wrapped program has a connection/);
  });
});

describe("vmmc ps and vmmc top, watching programs", () => {
  const arch = arches()[0]!;
  const place = { folder: "" };
  const read = () => new StatisticsReader(() => [place.folder]).read();
  const environment = () => ({ VMMC_DIR: place.folder, WINEPREFIX: defaultWinePrefix() });

  async function play(stage: Stage): Promise<{ server: Player; client: Player; unwrapped: Player }> {
    place.folder = stage.sharedFolder;
    const server = await stage.server({ program: "threadserver", arch, wrapped: true });
    const start = (connections: number, wrapped: boolean) => {
      const many = ["--connections", `${connections}`, "--threads", `${connections}`];
      const args = ["client", "--port", `${server.port}`, ...many, "--bytes", "4e12"];
      return stage.start({ program: "threadserver", arch, wrapped, args });
    };
    return { server, client: await start(2, true), unwrapped: await start(1, false) };
  }

  it("tell of every connection, why not, what went over it, and of none any more when its process is killed", async (t) => {
    const stage = await stageFor(t, "top");
    const { server, client, unwrapped } = await play(stage);
    const moved = ({ path, sentBytes, receivedBytes }: ConnectionStatistics) =>
      path === "kernel" || sentBytes + receivedBytes > 1e6;
    await until("all connections", () => read().length === 5 && read().every(moved));
    const of = (player: Player) => read().filter(({ pid }) => pid === player.process.pid);
    assert.deepEqual(of(client).map(({ path, role }) => `${path} ${role}`), ["user-level connect", "user-level connect"]); // biome-ignore format: short
    assert.deepEqual(of(server).map(({ path, reason }) => `${path} ${reason}`).sort(), ["kernel peer-not-wrapped", "user-level ", "user-level "]); // biome-ignore format: short
    for (const one of of(client)) {
      const other = of(server).find(({ peer }) => peer === one.local)!;
      assert.equal(other.local, one.peer);
      assert.ok(
        one.program === "threadserver.exe" && one.sends > 0 && one.ageS > 0 && one.ageS < 600,
        JSON.stringify(one),
      );
    }

    const listed = vmmcIn(environment(), "ps", "--filter", "kernel");
    assert.deepEqual([listed.status, listed.stderr], [0, ""]);
    assert.match(
      listed.stdout,
      /^ *PID +PROGRAM +LOCAL +PEER +PATH .*\n *\d+ +threadserver\.exe .* kernel: peer-not-wrapped +-.*\n$/,
    );
    assert.equal((JSON.parse(vmmcIn(environment(), "ps", "--json").stdout) as unknown[]).length, 5);

    client.process.kill();
    unwrapped.process.kill();
    // How long a kernel connection outlives its killed peer is Wine's affair.
    await until("the connections to be gone", () => read().every(({ path }) => path === "kernel"), 60_000);
    assert.equal(server.process.exit, undefined);
    const none = vmmcIn(environment(), "ps", "--filter", "user-level").stdout;
    assert.equal(none, "There are no such connections of wrapped programs.\n");
  });

  it("top redraws, takes keys, leaves the terminal as it was, and ends with 0", async (t) => {
    await play(await stageFor(t, "top"));
    await until("all connections", () => read().length === 5);
    // `script` gives it a terminal.
    const command = `stty cols 100 rows 20; '${process.execPath}' '${vmmcMain}' top --interval 0.2`;
    const child = spawn("script", ["-qefc", command, "/dev/null"], { env: vmmcEnvironment(environment()) });
    after(() => child.kill("SIGKILL"));
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a terminal is told with.
    const frames = () => output.split("\x1b[1;1H").slice(1).map((frame) => frame.replace(/\x1b\[[\d;?]*[A-Za-z]/g, "")); // biome-ignore format: short
    const shows = (what: RegExp) => until(`${what}`, () => what.test(frames().at(-1) ?? ""));
    await shows(/5 ends of connections in 2 programs\s+user-level 4, kernel 1; [\d.]+ [KMG]iB\/s sent/);
    child.stdin.write("k");
    await shows(/kernel: peer-not-wrapped.*only: kernel/s);
    child.stdin.write("/no such\r");
    await shows(/No connection has the words: no such/);
    child.stdin.write("?");
    await shows(/sort by another column/);
    child.stdin.write("q");
    const [code] = (await once(child, "exit")) as [number];
    assert.equal(code, 0, output);
    assert.ok(output.startsWith("\x1b[?1049h\x1b[?25l") && output.endsWith("\x1b[?25h\x1b[?1049l"));
  });

  it("top without a terminal, or with a wrong interval: one line, exit code 2", () => {
    for (const [args, reason] of [
      [[], /needs a terminal/],
      [["--interval", "0"], /not a time/],
      [["--sort", "x"], /Allowed/],
    ] as const) {
      // biome-ignore format: short
      const { status, stdout, stderr } = vmmcIn({}, "top", ...args);
      assert.deepEqual([status, stdout], [2, ""]);
      assert.match(stderr, reason);
    }
  });
});
