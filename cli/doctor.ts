import type { Command } from "commander";
import {
  checkConnection,
  checkMachine,
  checkPackage,
  checkProgram,
  checkSettings,
  checkSharedFolders,
  checkWine,
  type Finding,
} from "./doctor-checks.js";
import { CliError } from "./errors.js";
import { cleanUpWhenInterrupted } from "./interrupt.js";

/** What was said on the command line. */
interface Options {
  json?: true;
  clean?: true;
  connection: boolean;
}

const examples = `
Exit code 0 if nothing stands in the way of user-level connections, 1 if something does.

Examples:
  vmmc doctor
  vmmc doctor program.exe
  vmmc doctor --clean        also removes what killed programs have left
  vmmc doctor --json --no-connection`;

/** Adds `vmmc doctor`. */
export function addDoctor(program: Command): void {
  program
    .command("doctor")
    .description("look for what keeps connections from being user-level, and say what to do about it")
    .argument("[program]", "a program, or a folder with programs, to be looked at as well")
    .option("--clean", "remove files in the shared folders that no process has open")
    .option("--no-connection", "do not start two programs to see whether they connect at user level")
    .option("--json", "the findings as JSON")
    .addHelpText("after", examples)
    .action(async (target: string | undefined, options: Options) => {
      process.exitCode = await doctor(target, options);
    });
}

async function doctor(target: string | undefined, options: Options): Promise<number> {
  cleanUpWhenInterrupted();
  const findings: Finding[] = [];
  const tell = (found: readonly Finding[]) => {
    findings.push(...found);
    if (!options.json) for (const finding of found) console.log(lineOf(finding));
  };
  // First: a wrong name should not cost a connection.
  const ofProgram = target === undefined ? [] : checkProgram(target);
  tell(checkMachine());
  tell(checkPackage());
  tell(checkWine());
  tell(checkSettings(target));
  tell(ofProgram);
  if (options.connection) {
    const nothingToTry = findings.some(
      ({ check, level }) => level === "problem" && (check === "wine" || check === "package"),
    );
    tell(
      nothingToTry
        ? [{ check: "connection", level: "note", what: "not tried, because of the above" }]
        : await checkConnection().catch((error: unknown) => [failed(error)]),
    );
  }
  // Last: what the connection left would be a finding, too.
  tell(checkSharedFolders(options.clean === true));
  const problems = findings.filter(({ level }) => level === "problem").length;
  if (options.json) console.log(JSON.stringify({ problems, findings }, undefined, 2));
  else
    console.log(
      problems === 0 ? "\nNothing is in the way." : `\n${problems} ${problems === 1 ? "problem" : "problems"}.`,
    );
  return problems === 0 ? 0 : 1;
}

function failed(error: unknown): Finding {
  if (!(error instanceof CliError)) throw error;
  return { check: "connection", level: "problem", what: error.message };
}

const marks = { good: "ok     ", note: "note   ", problem: "PROBLEM" } as const;

function lineOf({ check, level, what, fix }: Finding): string {
  return `${marks[level]} ${check.padEnd(10)} ${what}${fix === undefined ? "" : `\n${" ".repeat(19)}-> ${fix}`}`;
}
