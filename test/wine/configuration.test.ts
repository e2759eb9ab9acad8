import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { arches } from "../../programs/build.js";
import { fieldsOf } from "../../programs/log.js";
import type { Player, Stage } from "../../programs/stage.js";
import { toWindowsPath } from "../../testbed/wine.js";
import { rightRules, wrongRules } from "../cli/sample-rules.js";
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
  for (const [rules, expected] of rightRules) {
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
    const rules = [...wrongRules, "kernel"].join(";");
    const { paths, client } = await play(await stageFor(t, "rules"), {}, { VMMC_RULES: rules });
    assert.deepEqual(paths, ["rule"]);
    assert.deepEqual(
      client,
      wrongRules.map((_, index) => `rule-ignored  ${index + 1}`),
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
