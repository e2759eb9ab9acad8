import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import type { Command } from "commander";
import { fits } from "../wrapgen/modes.js";
import { InputError } from "./errors.js";
import { plainTable } from "./table.js";
import { parseCall, parseHead, Summary, type TracedCall } from "./trace-lines.js";

/** What was said on the command line. */
interface Options {
  function: string[];
  thread: string[];
  errors?: true;
  summary?: true;
  json?: true;
}

const examples = `
Examples:
  vmmc trace show version.dll.trace
  vmmc trace show version.dll.trace --function 'Get*,VerQueryValueA' --thread 36
  vmmc trace show version.dll.trace --errors
  vmmc trace show version.dll.trace --summary`;

const list = (value: string, before: string[]) => [...before, ...value.split(",").filter((name) => name !== "")];

/** Adds `vmmc trace show`. */
export function addTrace(program: Command): void {
  program
    .command("trace")
    .description("read what a tracing wrapper wrote (see vmmc wrap --trace)")
    .addHelpText("after", examples)
    .command("show")
    .description("show the calls in a trace")
    .argument("<file>", "the trace")
    .option("--function <names>", "only calls of these functions; * stands for any characters", list, [])
    .option("--thread <ids>", "only calls of these threads", list, [])
    .option("--errors", "only calls that failed or changed the last error")
    .option("--summary", "how often each function was called, how often with an error, and how long it took")
    .option("--json", "one JSON object a call, for other tools")
    .addHelpText("after", examples)
    .action(show);
}

async function show(file: string, options: Options): Promise<void> {
  const summary = new Summary();
  let known = false;
  let damaged = 0;
  let previous: TracedCall | undefined;
  try {
    for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
      const head = parseHead(line);
      if (head !== undefined) {
        known = true;
        if (!options.summary && !options.json) console.log(`process ${head.process}: ${head.program}, ${head.dll}`);
        continue;
      }
      if (!known) throw new InputError(`${file} is not a trace: it does not begin with "# vmmc trace 1".`);
      const call = parseCall(line);
      if (call === undefined) {
        if (line !== "") damaged++;
      } else if (wanted(call, options)) {
        if (options.summary) summary.add(call);
        else if (options.json) console.log(JSON.stringify(call));
        else for (const text of lines(call, previous)) console.log(text);
        previous = call;
      }
    }
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`Cannot read ${file}: ${(error as Error).message}.`);
  }
  if (!known) throw new InputError(`${file} is not a trace: it is empty.`);
  if (options.summary) console.log(summaryTable(summary));
  // A crash may have cut the last line.
  if (damaged > 0) console.error(`${damaged} incomplete ${damaged === 1 ? "line was" : "lines were"} left out.`);
}

function wanted(call: TracedCall, options: Options): boolean {
  return (
    (options.function.length === 0 || options.function.some((pattern) => fits(call.function, pattern))) &&
    (options.thread.length === 0 || options.thread.includes(String(call.thread))) &&
    (!options.errors || call.error !== undefined)
  );
}

/** A call as a line, under a line with the date where that is another than before. */
function lines(call: TracedCall, previous: TracedCall | undefined): string[] {
  const [date, time] = call.time.split("T") as [string, string];
  const heading = previous?.time.startsWith(date) ? [] : [date];
  const result = call.result === undefined ? "" : ` = ${call.result}`;
  const error = call.error === undefined ? "" : `  ! ${call.error}`;
  const duration = call.microseconds === undefined ? "" : `  ${call.microseconds.toFixed(1)} us`;
  const where = `${time.replace("Z", "")} ${call.process}:${call.thread}`;
  return [...heading, `${where}  ${call.function}(${call.arguments})${result}${error}${duration}`];
}

function summaryTable(summary: Summary): string {
  const head = ["function", "calls", "errors", "total us", "mean us", "longest us"];
  const rows = summary
    .rows()
    .map((row) => [
      row.function,
      String(row.calls),
      String(row.errors),
      ...[row.total, row.timed === 0 ? undefined : row.total! / row.timed, row.longest].map(
        (us) => us?.toFixed(1) ?? "?",
      ),
    ]);
  return plainTable(head, rows, ["left", "right", "right", "right", "right", "right"]);
}
