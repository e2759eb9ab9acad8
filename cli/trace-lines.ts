/*
 * A trace is text: for each process a line `# vmmc trace 1`, its id, the DLL and the program, and for each call a line
 *
 *   time  process  thread  function  arguments  result  error  microseconds
 *
 * with tabs between the columns. Result and microseconds are "?" for a call whose end could not be seen; error is "-"
 * where there was none. Text in arguments has its tabs and line ends escaped.
 */

/** One call. */
export interface TracedCall {
  /** ISO 8601, in UTC, with microseconds. */
  time: string;
  process: number;
  thread: number;
  function: string;
  arguments: string;
  /** Undefined if the end of the call could not be seen. */
  result: string | undefined;
  /** The last error, if the call failed or changed it. */
  error: string | undefined;
  microseconds: number | undefined;
}

/** The process that the following lines with its id are of; undefined if the line is another. */
export function parseHead(line: string): { process: number; dll: string; program: string } | undefined {
  const match = /^# vmmc trace 1\t(\d+)\t([^\t]*)\t(?:L"(.*)")?/.exec(line);
  if (!match) return undefined;
  const program = (match[3] ?? "").replace(/\\u([0-9a-f]{4})|\\(.)/g, (_, code?: string, char?: string) =>
    code === undefined ? char! : String.fromCharCode(Number.parseInt(code, 16)),
  );
  return { process: Number(match[1]), dll: match[2]!, program };
}

/** The call that a line tells of; undefined if it is none, or not complete. */
export function parseCall(line: string): TracedCall | undefined {
  const columns = line.split("\t");
  const [time, process, thread, name, args, result, error, duration] = columns;
  const whole = columns.length === 8 && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$/.test(time!);
  if (!whole || !/^\d+$/.test(process!) || !/^\d+$/.test(thread!) || !/^(?:\?|\d+\.\d{3})$/.test(duration!)) {
    return undefined;
  }
  return {
    time: time!,
    process: Number(process),
    thread: Number(thread),
    function: name!,
    arguments: args!,
    result: result === "?" ? undefined : result!,
    error: error === "-" ? undefined : error!,
    microseconds: duration === "?" ? undefined : Number(duration),
  };
}

/** One function's calls. Times are in microseconds. */
export interface SummaryRow {
  function: string;
  calls: number;
  errors: number;
  /** Calls whose duration is known. */
  timed: number;
  total: number | undefined;
  longest: number | undefined;
}

/** Sums calls up by function. */
export class Summary {
  private readonly byName = new Map<string, SummaryRow>();

  add(call: TracedCall): void {
    const row = this.byName.get(call.function) ?? {
      function: call.function,
      calls: 0,
      errors: 0,
      timed: 0,
      total: undefined,
      longest: undefined,
    };
    this.byName.set(call.function, row);
    row.calls++;
    if (call.error !== undefined) row.errors++;
    if (call.microseconds !== undefined) {
      row.timed++;
      row.total = (row.total ?? 0) + call.microseconds;
      row.longest = Math.max(row.longest ?? 0, call.microseconds);
    }
  }

  /** Those that took longest first. */
  rows(): SummaryRow[] {
    return [...this.byName.values()].sort((a, b) => (b.total ?? 0) - (a.total ?? 0) || b.calls - a.calls);
  }
}
