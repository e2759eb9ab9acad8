import { Command, CommanderError, InvalidArgumentError } from "commander";

/** What `npm run mutants` was asked for. */
export interface Arguments {
  /** Only mutants with one of these words in their name; all without any. */
  words: readonly string[];
  seeds: number;
  most: number;
  first: boolean;
  list: boolean;
  json: string | undefined;
  /** Folder of the core to change, if not this checkout's own. */
  core: string | undefined;
}

const examples = `
Examples:
  npm run mutants                          all of them: half an hour
  npm run mutants -- --first select        those with "select" in their name, until each is found
  npm run mutants -- --list                what there is`;

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError("It must be a whole number, 1 or more.");
  return value;
}

/** Reads the command line. A text: what to say instead of doing anything. */
export function parseArguments(args: readonly string[]): Arguments | { say: string; code: number } {
  const command = new Command("npm run mutants --")
    .description("Plants known mistakes in the core, one at a time, and looks whether the simulation finds each.")
    .argument("[words...]", "only mutants with one of these words in their name")
    .option("--seeds <count>", "run so many, to tell how many of them find it", wholeNumber, 500)
    .option("--most <count>", "run so many before a mutant counts as survived", wholeNumber, 10_000)
    .option("--first", "stop at the first seed that finds it", false)
    .option("--list", "tell what there is", false)
    .option("--json <file>", "write what came of it there, for machines")
    .option("--core <folder>", "change the core in that folder instead of this one's")
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
  return { ...command.opts(), words: command.args } as Arguments;
}
