import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { arches } from "../../programs/build.js";
import { fieldsOf } from "../../programs/log.js";
import type { Player, Stage } from "../../programs/stage.js";
import { toWindowsPath } from "../../testbed/wine.js";
import { assertRight, stageFor } from "./helpers.js";

const arch = arches()[0]!;
const part = { program: "pingpong", arch, wrapped: true } as const;
const run = ["--rounds", "50", "--quit", "1"];

/** What the client's connections became, and what a side's log says besides connections. */
async function play(
  stage: Stage,
  server: Record<string, string>,
  client: Record<string, string> = {},
  beside: Record<string, string> = {},
) {
  const listening: Player = await stage.server({ ...part, beside, env: server });
  const played = await stage.client({ ...part, beside, env: client, args: run }, listening.port);
  assertRight(played, "client");
  const words = (log: string) =>
    log.split(/\r?\n/).flatMap((line) => {
      const { event, name, value } = fieldsOf(line);
      return event === undefined || /^(?:connection|started)$/.test(event) ? [] : [`${event} ${name ?? ""} ${value}`];
    });
  return {
    port: listening.port,
    // The first one: the last tells the server to end, and may be closed before that has accepted it.
    paths: played.connections.slice(0, 1).map(({ userLevel, reason }) => (userLevel ? "user-level" : reason)),
    server: words(listening.log()),
    client: words(played.log),
  };
}

describe("rules of the user", () => {
  const user = ["user-level"];
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ["kernel", ["rule"]],
    ["user-level", user],
    ["kernel port 1-14999; kernel port 32000-65535", user],
    ["kernel port 15000-31999", ["rule"]],
    ["user-level port 15000-31999; kernel", user],
    ["kernel address 127.0.0.1", ["rule"]],
    ["kernel address 127.0.0.0/8", ["rule"]],
    ["kernel address 127.0.0.2; kernel address 10.0.0.0/8", user],
    ["kernel address 0.0.0.0/0", ["rule"]],
    ["kernel program PingPong.EXE", ["rule"]],
    ["kernel program pong.exe; kernel program other.exe", user],
    ["  user-level\tprogram pingpong.exe  port 15000-31999 address 127.0.0.1 ;; kernel", user],
  ];
  for (const [rules, expected] of cases) {
    test(`the connector's: ${JSON.stringify(rules)}: ${expected}`, async (t) => {
      const { paths, client } = await play(await stageFor(t, "rules"), {}, { VMMC_RULES: rules });
      assert.deepEqual([paths, client], [expected, []]);
    });
  }

  test("the listener's: who connects finds nobody", async (t) => {
    const { paths, server } = await play(await stageFor(t, "rules"), { VMMC_RULES: "kernel program pingpong.exe" });
    assert.deepEqual(paths, ["no-wrapped-listener"]);
    assert.match(server.join(), /^listener-not-published/);
  });

  test("those that cannot be understood are left out and told of, and the others hold", async (t) => {
    const wrong = ["kernal", "kernel port", "kernel port x", "kernel port 9-8", "kernel port 65536", "kernel port 1-"];
    const more = ["kernel address 1.2.3", "kernel address 1.2.3.4/33", "kernel address 1.2.3.4x", "kernel program", "kernel weather fine", "user", "user-leve1"]; // biome-ignore format: short
    const all = [...wrong, ...more];
    const rules = [...all, "kernel"].join(";");
    const { paths, client } = await play(await stageFor(t, "rules"), {}, { VMMC_RULES: rules });
    assert.deepEqual(paths, ["rule"]);
    assert.deepEqual(
      client,
      all.map((_, index) => `rule-ignored  ${index + 1}`),
    );
  });
});

describe("the configuration file", () => {
  const text = [
    "# a comment, and settings with blanks, in any order",
    "  VMMC_SPIN_US =  0 ",
    "VMMC_RING=12345",
    "VMMC_RULES = kernel port 1; kernel\tport 15000-31999",
    "VMMC_SPIN_US = 77",
    "VMMC_STATISTICS = 1",
  ];

  for (const [name, end] of [
    ["lines as on Unix", "\n"],
    ["lines as on Windows", "\r\n"],
  ] as const) {
    test(`named by VMMC_CONFIG, ${name}: holds, and the log tells what differs from the defaults`, async (t) => {
      const stage = await stageFor(t, "config");
      const file = join(stage.sharedFolder, "settings.conf");
      writeFileSync(file, text.join(end));
      const { paths, client } = await play(stage, {}, { VMMC_CONFIG: toWindowsPath(file) });
      assert.deepEqual(paths, ["rule"]);
      assert.deepEqual(client, ["setting VMMC_SPIN_US 0", "setting-ignored VMMC_RING 12345"]);
    });
  }

  test("beside the program: holds; the environment wins", async (t) => {
    const stage = await stageFor(t, "config");
    const beside = { "vmmc.conf": "VMMC_RULES = kernel\nVMMC_SPIN_US = 5\n" };
    assert.deepEqual((await play(stage, {}, {}, beside)).paths, ["rule"]);
    const own = { VMMC_RULES: "user-level" };
    const { paths, client } = await play(stage, own, own, beside);
    assert.deepEqual([paths, client], [["user-level"], ["setting VMMC_SPIN_US 5"]]);
  });

  test("that is not there, is a folder, or is full of anything: as without one", async (t) => {
    const stage = await stageFor(t, "config");
    const random = join(stage.sharedFolder, "random.conf");
    writeFileSync(random, Buffer.from(Array.from({ length: 40_000 }, (_, n) => (n * 7919) % 251)));
    for (const path of [join(stage.sharedFolder, "none"), tmpdir(), random]) {
      const { paths } = await play(stage, {}, { VMMC_CONFIG: toWindowsPath(path) });
      assert.deepEqual(paths, ["user-level"], path);
    }
  });
});
