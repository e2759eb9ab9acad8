#!/usr/bin/env node
import { Command, CommanderError } from "commander";
import { WrapgenError } from "../wrapgen/errors.js";
import { addBench } from "./bench.js";
import { addCompletion } from "./completion.js";
import { addDoctor } from "./doctor.js";
import { CliError, InputError } from "./errors.js";
import { addExports } from "./exports.js";
import { addInstall } from "./install.js";
import { addManual } from "./manual.js";
import { productVersion } from "./package.js";
import { addPs } from "./ps.js";
import { addRun } from "./run.js";
import { addStatus } from "./status.js";
import { addTop } from "./top.js";
import { addTrace } from "./trace.js";
import { addWrap } from "./wrap.js";

/** Exit codes: done; could not be done, with the reason; wrong usage, or a DLL, header or folder that is of no use. */
const exitCodes = { done: 0, failed: 1, usage: 2 } as const;

function makeProgram(): Command {
  const program = new Command("vmmc")
    .description("Puts user-level stream sockets beside unmodified Windows programs, and looks into DLLs.")
    .version(productVersion)
    .exitOverride()
    .enablePositionalOptions()
    .configureOutput({ outputError: (text, write) => write(printable(text.replace(/\s*\n\s*(?=.)/g, " "))) })
    .showHelpAfterError("(vmmc --help shows how it is used)")
    .addHelpText(
      "after",
      [
        "",
        "Examples:",
        "  vmmc run program.exe                    the program's connections bypass the kernel, this time",
        "  vmmc install program.exe                ... whenever it runs",
        "  vmmc top                                what its connections do, and why not all are at user level",
        "  vmmc uninstall program.exe              as before",
        "  vmmc exports wsock32.dll --json         names, ordinals and addresses, for other tools",
        "  vmmc wrap version.dll --trace --out traced --build",
        "                                          a version.dll that writes down who calls it",
        "",
        "Exit codes: 0 done, 1 could not be done, 2 wrong usage or input.",
      ].join("\n"),
    );
  addExports(program);
  addInstall(program);
  addStatus(program);
  addRun(program);
  addTop(program);
  addPs(program);
  addDoctor(program);
  addBench(program);
  addWrap(program);
  addTrace(program);
  addCompletion(program);
  addManual(program);
  return program;
}

/** Names come from anywhere: nothing in them may reach the terminal as a command. Lines of our own stay lines. */
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is these that are taken out.
  return text.replace(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

async function main(): Promise<number> {
  try {
    await makeProgram().parseAsync();
    // A program that was run, or a finding, may have set another one.
    return Number(process.exitCode ?? exitCodes.done);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
    const ofTheSystem = error instanceof Error && "syscall" in error;
    if (!(error instanceof CliError) && !(error instanceof WrapgenError) && !ofTheSystem) throw error;
    // The generator's messages may be lists; here each failure is one line.
    console.error(`vmmc: ${printable(error.message.replace(/\s*\n\s*/g, " "))}`);
    const ofInput = error instanceof WrapgenError || error instanceof InputError;
    return ofInput ? exitCodes.usage : exitCodes.failed;
  }
}

process.exitCode = await main();
