import { type Command, Option } from "commander";
import { columnsOfOneLook, matching, sorted, withRates } from "./connection-table.js";
import { type ConnectionStatistics, StatisticsReader } from "./statistics.js";
import { plainTable } from "./table.js";

interface Options {
  filter: string;
  sort: string;
  reverse?: true;
  json?: true;
}

/** What vmmc ps and vmmc top have in common. */
export const explanation = `
A line is one end of a connection: > has connected, < has accepted. Where a connection is on the kernel, PATH says why, in
the words of docs/compatibility.md; what goes over the kernel is not counted. SPINS are waits that were over before the
thread had to sleep, BELLS wake-ups over the kernel connection, for threads in select. Programs that run with
VMMC_STATISTICS=0, or without our DLL, are not listed.`;

/** --sort, for the columns that are shown. */
export function sortOption(names: readonly string[], otherwise: string): Option {
  return new Option("-s, --sort <column>", "sort by that column").choices([...names]).default(otherwise);
}

/** Adds `vmmc ps`. */
export function addPs(program: Command): void {
  program
    .command("ps")
    .description("list the connections of all wrapped programs of this user, once")
    .option("-f, --filter <words>", "only those with these words in program, process, addresses, path or reason", "")
    .addOption(
      sortOption(
        columnsOfOneLook.map(({ name }) => name),
        "program",
      ),
    )
    .option("-r, --reverse", "the other way round")
    .option("--json", "as JSON")
    .addHelpText(
      "after",
      `${explanation}

Examples:
  vmmc ps
  vmmc ps --filter kernel                  those that are not at user level, and why
  vmmc ps --sort sent
  vmmc ps --json`,
    )
    .action((options: Options) => {
      const connections = matching(new StatisticsReader().read(), options.filter);
      console.log(options.json ? JSON.stringify(connections, undefined, 2) : listed(connections, options));
    });
}

function listed(connections: readonly ConnectionStatistics[], { filter, sort, reverse }: Options): string {
  if (connections.length === 0) {
    return `There are no ${filter === "" ? "" : "such "}connections of wrapped programs.`;
  }
  const rows = sorted(withRates(connections, [], 1), sort, reverse);
  return plainTable(
    columnsOfOneLook.map(({ head }) => head),
    rows.map((row) => columnsOfOneLook.map(({ text }) => text(row))),
    columnsOfOneLook.map(({ align }) => align),
  );
}
