import type { Line } from "../play.js";

/**
 * Where Wine says something else than what is documented, and the wrapper does as documented: both are put into the same
 * words before they are compared. docs/compatibility.md has the reasons.
 */
const sameThings: ReadonlyArray<readonly [of: RegExp, found: RegExp, instead: string]> = [
  // Wine's server takes the error of a reset from the kernel when it notices it: FD_CLOSE then comes without.
  [/ messages /, /:CLOSE\(WSAECONNRESET\)/g, ":CLOSE"],
  // A thread that waits while another closes its socket: Wine says how its server sees the handle.
  [/ ends: (recv|recvfrom|recvex) /, /^-1 WSAEINVAL$/, "-1 WSAEINTR"],
  [/ (endfile|ends: readfile) /, /ERROR_HANDLES_CLOSED/, "ERROR_OPERATION_ABORTED"],
];

/** Messages of one socket come in an order; those of several come as their causes do, of which there may be two at once. */
function bySocket(messages: string): string {
  const socket = (message: string) => message.slice(0, message.indexOf(":"));
  return messages
    .split(" ")
    .sort((one, other) => socket(one).localeCompare(socket(other)))
    .join(" ");
}

/** A transcript in which what is known to differ does not. */
export function inCommonWords(lines: readonly Line[]): Line[] {
  return lines.map((line) => {
    let { gave } = line;
    for (const [of, found, instead] of sameThings) if (of.test(line.what)) gave = gave.replace(found, instead);
    if (/ messages /.test(line.what)) gave = bySocket(gave);
    return { ...line, gave };
  });
}
