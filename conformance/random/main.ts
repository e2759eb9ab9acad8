import { readFileSync } from "node:fs";
import { arches } from "../../programs/build.js";
import { type Arch, withWineServer } from "../../testbed/wine.js";
import { type Casting, Differ, type Failure, type Outcome } from "./differ.js";
import { generate } from "./generate.js";

const help = `Plays random programs of socket calls over the kernel's sockets and over user-level ones, and compares.

usage: npm run differential -- [options]

  --seeds N      how many programs; default: 1000, or as many as --seconds allows
  --seconds S    for how long; default: until all seeds are through
  --from SEED    the first seed; default: 1
  --seed SEED    this one only
  --print        only print the programs
  --play FILE    play this script only, by a process of each architecture, and print what each line gives over both
  --stop N       stop after N failures; default: 5

Ctrl-C ends it after the programs that are being played.

A program's processes depend on its seed: 64-bit, 32-bit, one of each, or all parties as threads of one process.
A failure is made as small as it can be, and printed as a script: put it into conformance/scenarios/ once it is fixed.
`;

function option(args: readonly string[], name: string): number | undefined {
  const at = args.indexOf(`--${name}`);
  return at < 0 ? undefined : Number(args[at + 1]);
}

/** The castings, in turn by seed. */
function castings(): Casting[] {
  const alone = arches().map((arch): Casting => ({ arches: [arch], together: false }));
  const mixed: Arch[] = [...arches()].reverse();
  return [...alone, { arches: mixed, together: false }, { arches: arches().slice(0, 1), together: true }];
}

function castingText({ arches: list, together }: Casting): string {
  return `${list.join(" and ")}${together ? ", one process" : ""}`;
}

function print({ seed, casting, steady, program, differences, connections }: Failure): void {
  console.log(
    `\nseed ${seed} (${castingText(casting)}) ${steady ? "fails" : "failed once"}; ${connections.userLevel} of ${connections.all} ends were user-level:`,
  );
  for (const line of program) console.log(`  ${line}`);
  for (const difference of differences) console.log(`  ! ${difference.replaceAll("\n", "\n    ")}`);
}

/** Plays a script over both, for a look at what a failure is about. */
async function playFile(file: string): Promise<void> {
  const differ = new Differ({ arches: arches(), together: false });
  try {
    const { kernel, wrapped } = await differ.playOnce(readFileSync(file, "utf8").split("\n"));
    for (const [index, { what, gave }] of kernel.entries()) {
      const other = wrapped[index]?.gave ?? "(not reached)";
      console.log(`${what}${gave ? ` -> ${gave}` : ""}${other === gave ? "" : `   # wrapper: ${other}`}`);
    }
  } finally {
    await differ.close();
  }
}

async function main(args: readonly string[]): Promise<number> {
  if (args.includes("--help")) {
    console.log(help);
    return 0;
  }
  const script = args[args.indexOf("--play") + 1];
  if (args.includes("--play") && script !== undefined) {
    await withWineServer(() => playFile(script));
    return 0;
  }
  const only = option(args, "seed");
  const from = only ?? option(args, "from") ?? 1;
  const seconds = option(args, "seconds");
  const seeds =
    only === undefined ? (option(args, "seeds") ?? (seconds === undefined ? 1000 : Number.MAX_SAFE_INTEGER)) : 1;
  const stop = option(args, "stop") ?? 5;
  const all = castings();
  if (args.includes("--print")) {
    for (let seed = from; seed < from + Math.min(seeds, 100); seed++) {
      const casting = all[seed % all.length]!;
      console.log(`# seed ${seed} (${castingText(casting)})\n${generate(seed, casting).join("\n")}\n`);
    }
    return 0;
  }
  let until = seconds === undefined ? Number.POSITIVE_INFINITY : Date.now() + seconds * 1000;
  const outcomes: Outcome[] = [];
  let failures = 0;
  const lane = async (casting: Casting, index: number) => {
    const differ = new Differ(casting);
    try {
      await differ.prepare();
      for (let seed = from; seed < from + seeds && Date.now() < until && failures < stop; seed++) {
        if (seed % all.length !== index) continue;
        const outcome = await differ.run(seed);
        outcomes.push(outcome);
        if (!outcome.failure) continue;
        failures++;
        print(outcome.failure);
      }
    } finally {
      await differ.close();
    }
  };
  process.once("SIGINT", () => {
    until = 0;
  });
  const began = Date.now();
  await withWineServer(() => Promise.all(all.map(lane)));
  const sum = (of: (outcome: Outcome) => number) => outcomes.reduce((total, outcome) => total + of(outcome), 0);
  console.log(
    `${outcomes.length} programs, ${sum(({ steps }) => steps)} lines, ${sum(({ userLevel }) => userLevel)} user-level ends, ` +
      `${failures} failures, ${outcomes.filter(({ slow }) => slow).length} were only slow, ${Math.round((Date.now() - began) / 1000)} s`,
  );
  return failures > 0 ? 1 : 0;
}

process.exitCode = await main(process.argv.slice(2));
