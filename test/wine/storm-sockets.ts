import { readFileSync } from "node:fs";

/** States of a socket that its owner has not closed: TCP_ESTABLISHED and TCP_CLOSE_WAIT. */
const openStates: readonly string[] = ["01", "08"];

/**
 * The local ports of sockets that are connected to `port` and still open. Once all clients have ended these are sockets
 * that Wine 8's server keeps of processes that were killed while their threads used them: it does not always let go of
 * them, and then watches them for ever (which takes a processor). Over the kernel their peers wait for ever.
 */
export function clientsLeftOpen(port: number): number[] {
  const lines = readFileSync("/proc/net/tcp", "latin1").split("\n").slice(1);
  return lines.flatMap((line) => {
    const match = line.match(/^\s*\d+: [0-9A-F]{8}:([0-9A-F]{4}) [0-9A-F]{8}:([0-9A-F]{4}) ([0-9A-F]{2})/);
    if (!match || !openStates.includes(match[3]!) || Number.parseInt(match[2]!, 16) !== port) return [];
    return [Number.parseInt(match[1]!, 16)];
  });
}
