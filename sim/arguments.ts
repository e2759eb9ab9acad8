import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { type Profile, profiles } from "./options.js";

/** What `npm run sim` was asked for. */
export interface Arguments {
  seeds: number;
  from: number;
  profile: Profile;
  /** One seed, and what it does is shown in full. */
  single: boolean;
  trace: number;
  stats: boolean;
  json: string | undefined;
  jobs: number;
  /** Folder of the built cores, if not the build's own. */
  cores: string | undefined;
  /** Small cases are to be enumerated instead: those with this text in their name. */
  exhaustive: string | undefined;
  preemptions: number;
  most: number;
  schedule: string | undefined;
}

const examples = `
Examples:
  npm run sim -- --seeds 1000              seeds 1 to 1000
  npm run sim -- --seed 4711               one seed: its options, and what went wrong
  npm run sim -- --seed 4711 --trace 2000  with the last 2000 steps, whatever came of it
  npm run sim -- --seeds 100000 --jobs 2 --profile kills --json result.json
  npm run sim -- --exhaustive              every order of steps of small cases, with up to 2 preemptions
  npm run sim -- --exhaustive "close against recv" --preemptions 3 --most 1000000`;

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0)
    throw new InvalidArgumentError("It must be a whole number, 0 or more.");
  return value;
}

/** Reads the command line. A text: what to say instead of doing anything. */
export function parseArguments(args: readonly string[]): Arguments | { say: string; code: number } {
  const command = new Command("npm run sim --")
    .description("Runs the core in simulated processes under a scheduler that a seed decides.")
    .option("--seeds <count>", "how many seeds", wholeNumber, 1000)
    .option("--from <seed>", "the first of them", wholeNumber, 1)
    .option("--seed <seed>", "this seed alone", wholeNumber)
    .addOption(new Option("--profile <name>", "which kinds of runs").choices([...profiles]).default("mixed"))
    .option("--trace [steps]", "show the last steps of a single seed even if nothing fails", (text) =>
      wholeNumber(text),
    )
    .option("--stats", "say how often each interesting state was reached", false)
    .option("--json <file>", "write the summary there, for machines")
    .option("--jobs <count>", "processes that share the work", wholeNumber, 1)
    .option("--cores <folder>", "use the cores that were built into that folder")
    .option("--exhaustive [name]", "try every order of steps of small cases, or of those with that in their name")
    .option("--preemptions <count>", "how often a thread is stopped where it could go on", wholeNumber, 2)
    .option("--most <count>", "orders of one case at most", wholeNumber, 50_000)
    .option("--schedule <choices>", "this order alone, as a failure has told it")
    .addHelpText("after", examples)
    .exitOverride();
  let said = "";
  command.configureOutput({ writeOut: (text) => (said += text), writeErr: (text) => (said += text) });
  try {
    command.parse([...args], { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) return { say: said.trimEnd(), code: error.exitCode === 0 ? 0 : 2 };
    throw error;
  }
  const options = command.opts();
  const single = options.seed !== undefined;
  return {
    seeds: single ? 1 : options.seeds,
    from: single ? options.seed : options.from,
    profile: options.profile,
    single,
    trace: options.trace === true ? 400 : (options.trace ?? 0),
    stats: options.stats,
    json: options.json,
    jobs: Math.max(1, options.jobs),
    cores: options.cores,
    exhaustive: options.exhaustive === true ? "" : options.exhaustive,
    preemptions: options.preemptions,
    most: options.most,
    schedule: options.schedule,
  };
}
