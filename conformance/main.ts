import { arches } from "../programs/build.js";
import { type Arch, withWineServer } from "../testbed/wine.js";
import { transcriptText } from "./judge.js";
import { allScenarios } from "./scenarios/index.js";
import { objection, type Played, playings, playSuite } from "./suite.js";

const help = `Plays the conformance suite over the kernel's sockets and over user-level ones, and compares.

usage: npm run conformance -- [options] [WORD...]

  WORD           scenarios whose name or group contains one of the words; default: all
  --arch ARCH    x64, ia32, or both with a comma: party A's and the others'; default: each by itself
  --together     all parties as threads of one process
  --lanes N      scenarios that are played at the same time; default: 3
  --list         only names
  --show         also the transcripts

examples:
  npm run conformance -- shutdown
  npm run conformance -- --arch x64,ia32 --show "half-close by the peer"
`;

function option(args: string[], name: string): string | undefined {
  const at = args.indexOf(`--${name}`);
  return at < 0 ? undefined : args.splice(at, 2)[1];
}

function flag(args: string[], name: string): boolean {
  const at = args.indexOf(`--${name}`);
  if (at >= 0) args.splice(at, 1);
  return at >= 0;
}

function report(played: Played, show: boolean): void {
  const { scenario, role } = played;
  const why = objection(played);
  const mark = why !== undefined ? "FAILS" : scenario.gap !== undefined ? "gap" : "same";
  console.log(
    `${mark.padEnd(6)}${scenario.group}: ${scenario.name} (${role}, ${played.milliseconds} ms)${played.slow ? " [slow]" : ""}`,
  );
  if (why !== undefined) console.log(`  ${why.replaceAll("\n", "\n  ")}`);
  if (!show) return;
  console.log(`  over the kernel:\n${transcriptText(played.kernel)}`);
  if (played.verdict.differences.length > 0) console.log(`  over the wrapper:\n${transcriptText(played.wrapped)}`);
}

async function main(args: string[]): Promise<number> {
  if (flag(args, "help")) {
    console.log(help);
    return 0;
  }
  const arch = option(args, "arch");
  const lanes = Number(option(args, "lanes") ?? 3);
  const together = flag(args, "together");
  const list = flag(args, "list");
  const show = flag(args, "show");
  const wanted = allScenarios.filter(
    ({ name, group }) => args.length === 0 || args.some((word) => `${group}: ${name}`.includes(word)),
  );
  if (list) {
    for (const { group, name, gap } of wanted) console.log(`${group}: ${name}${gap ? ` [gap: ${gap}]` : ""}`);
    console.log(`${wanted.length} scenarios`);
    return 0;
  }
  const runs: Arch[][] = arch ? [arch.split(",") as Arch[]] : arches().map((one) => [one]);
  let failures = 0;
  for (const casting of runs) {
    const began = Date.now();
    const all = playings(wanted, together);
    const onPlayed = (played: Played) => report(played, show);
    const results = await withWineServer(() => playSuite(all, { arches: casting, lanes, together, onPlayed }));
    const failed = results.filter((played) => objection(played) !== undefined).length;
    const gaps = results.filter(({ scenario }) => scenario.gap !== undefined).length;
    failures += failed;
    console.log(
      `${casting.join(" with ")}: ${results.length} played, ${failed} fail, ${gaps} are known gaps, ${Date.now() - began} ms`,
    );
  }
  return failures > 0 ? 1 : 0;
}

process.exitCode = await main(process.argv.slice(2));
