import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { arches } from "../../programs/build.js";
import { connectionsIn } from "../../programs/log.js";
import { stageFor } from "./helpers.js";

/** A transcript's scenarios by heading: a line without indentation begins one. */
function scenariosOf(transcript: string): Map<string, string> {
  const scenarios = new Map<string, string>();
  for (const part of transcript.replaceAll("\r", "").split(/\n(?=\S)/)) {
    const [heading, ...lines] = part.trimEnd().split("\n");
    scenarios.set(heading!, lines.join("\n"));
  }
  return scenarios;
}

/**
 * Where Wine answers otherwise than Windows does, and the wrapper answers as Windows: the lines that Wine's sockets
 * give, and what stands in their place. Each is exact, so that any third answer is noticed.
 */
const windowsInstead: ReadonlyArray<readonly [heading: RegExp, wine: string, windows: string]> = [
  // A blocking call on a socket that another thread closes is interrupted; Wine reports how its own server sees it.
  [/^close while recv waits/, "(other thread) recv = -1 WSAEINVAL", "(other thread) recv = -1 WSAEINTR"],
];

/** What a wrapped run should say, given what a kernel run under Wine said. */
function expectedOf(heading: string, kernel: string): string {
  const rule = windowsInstead.find(([pattern]) => pattern.test(heading));
  return rule ? kernel.replace(rule[1], rule[2]) : kernel;
}

for (const arch of arches()) {
  describe(`transcript ${arch}`, () => {
    test("a wrapped run says what a kernel run says, scenario by scenario", { timeout: 300_000 }, async (t) => {
      const stage = await stageFor(t, "transcript");
      const play = async (wrapped: boolean) => {
        const player = await stage.start({ program: "transcript", arch, wrapped });
        const played = await stage.end(player, 120_000);
        assert.equal(played.code, 0, played.stdout.slice(-2000));
        return { scenarios: scenariosOf(played.stdout), log: played.log };
      };
      const kernel = await play(false);
      const wrapped = await play(true);
      assert.ok(kernel.scenarios.has("end"), "the kernel run came to its end");
      assert.deepEqual([...wrapped.scenarios.keys()], [...kernel.scenarios.keys()], "the same scenarios");
      assert.ok(
        connectionsIn(wrapped.log).some((connection) => connection.userLevel),
        "the wrapped run had user-level connections",
      );
      for (const [heading, expected] of kernel.scenarios) {
        await t.test(heading, () => assert.equal(wrapped.scenarios.get(heading), expectedOf(heading, expected)));
      }
    });
  });
}
