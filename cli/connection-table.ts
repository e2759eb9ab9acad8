import type { ConnectionStatistics } from "./statistics.js";

/** A connection, and what it did per second since the last look. */
export interface Watched extends ConnectionStatistics {
  sentPerS: number;
  receivedPerS: number;
  /** Calls that sent or received something. */
  callsPerS: number;
}

/** One thing to tell of a connection. */
export interface Column {
  /** How it is asked for: `--sort sent`. */
  name: string;
  head: string;
  align: "left" | "right";
  text(connection: Watched): string;
  /** By what it is sorted: the largest number first, or by the alphabet. */
  key(connection: Watched): number | string;
  /** Where there is not room for all columns, those with the largest number go first. */
  dispensable: number;
}

function text(name: string, head: string, dispensable: number, of: (connection: Watched) => string): Column {
  return { name, head, align: "left", text: of, key: of, dispensable };
}

/** Counters tell of user level only: elsewhere the kernel counts, and not for us. */
function counter(
  name: string,
  head: string,
  dispensable: number,
  of: (connection: Watched) => number,
  show: (value: number) => string = shortNumber,
): Column {
  const shown = (connection: Watched) => (connection.path === "kernel" ? "-" : show(of(connection)));
  return { name, head, align: "right", text: shown, key: of, dispensable };
}

export const columns: readonly Column[] = [
  {
    ...text("pid", "PID", 2, ({ pid, windowsPid }) => `${pid ?? windowsPid}`),
    align: "right",
    key: ({ pid, windowsPid }) => pid ?? windowsPid,
  },
  text("program", "PROGRAM", 0, ({ program }) => program),
  text("local", "LOCAL", 0, ({ local, role }) => (role === "connect" ? `${local} >` : `${local} <`)),
  text("peer", "PEER", 1, ({ peer }) => peer),
  text("path", "PATH", 0, ({ path, reason }) => (reason === "" ? path : `${path}: ${reason}`)),
  counter("rate", "SENT/s", 0, ({ sentPerS }) => sentPerS, shortBytes),
  counter("received-rate", "RECV/s", 0, ({ receivedPerS }) => receivedPerS, shortBytes),
  counter("calls-rate", "CALLS/s", 3, ({ callsPerS }) => callsPerS),
  counter("sent", "SENT", 3, ({ sentBytes }) => sentBytes, shortBytes),
  counter("received", "RECV", 3, ({ receivedBytes }) => receivedBytes, shortBytes),
  counter("sends", "SENDS", 5, ({ sends }) => sends),
  counter("receives", "RECVS", 5, ({ receives }) => receives),
  counter("spins", "SPINS", 6, ({ spins }) => spins),
  counter("sleeps", "SLEEPS", 4, ({ sleeps }) => sleeps),
  counter("doorbells", "BELLS", 7, ({ doorbells }) => doorbells),
  { ...text("age", "AGE", 2, ({ ageS }) => duration(ageS)), align: "right", key: ({ ageS }) => ageS },
];

/** What rates are there need two looks: a table of one look goes without them. */
export const columnsOfOneLook: readonly Column[] = columns.filter(({ head }) => !head.endsWith("/s"));

export const sortNames: readonly string[] = columns.map(({ name }) => name);

/** The largest first, or by the alphabet; those that are alike stay as they were. */
export function sorted(connections: readonly Watched[], by: string, reverse = false): Watched[] {
  const { key } = columns.find(({ name }) => name === by)!;
  const compare = (a: Watched, b: Watched) => {
    const [x, y] = [key(a), key(b)];
    if (typeof x === "number" && typeof y === "number") return y - x;
    return `${x}`.localeCompare(`${y}`, "en", { numeric: true });
  };
  return [...connections].sort((a, b) => (reverse ? compare(b, a) : compare(a, b)));
}

/** Those in whose program, process, names, path or reason the words stand: all of them, in whatever case. */
export function matching<T extends ConnectionStatistics>(connections: readonly T[], filter: string): T[] {
  const words = filter
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
  return connections.filter(({ program, pid, windowsPid, local, peer, path, reason }) => {
    const all = [program, pid ?? windowsPid, local, peer, path, reason].join(" ").toLowerCase();
    return words.every((word) => all.includes(word));
  });
}

/** With what each did per second since `before`, which was `seconds` ago. New ones: since they began. */
export function withRates(
  now: readonly ConnectionStatistics[],
  before: readonly ConnectionStatistics[],
  seconds: number,
): Watched[] {
  const known = new Map(before.map((connection) => [connection.id, connection]));
  return now.map((connection) => {
    const then = known.get(connection.id);
    const span = Math.max(then === undefined ? connection.ageS : seconds, 0.001);
    const rate = (of: (c: ConnectionStatistics) => number) =>
      Math.max(0, of(connection) - (then === undefined ? 0 : of(then))) / span;
    return {
      ...connection,
      sentPerS: rate(({ sentBytes }) => sentBytes),
      receivedPerS: rate(({ receivedBytes }) => receivedBytes),
      callsPerS: rate(({ sends, receives }) => sends + receives),
    };
  });
}

/** At most five characters, for example 999, 12.3k, 4.56M. */
export function shortNumber(value: number): string {
  return scaled(value, 1000, ["", "k", "M", "G", "T", "P"]);
}

/** At most six characters, for example 999, 1.23K, 45.6M: K is 1,024, M is 1,024 K, and so on. */
export function shortBytes(value: number): string {
  return scaled(value, 1024, ["", "K", "M", "G", "T", "P"]);
}

function scaled(value: number, step: number, units: readonly string[]): string {
  let unit = 0;
  let rest = value;
  while (rest >= 999.5 && unit < units.length - 1) {
    rest /= step;
    unit++;
  }
  if (unit === 0) return `${Math.round(rest)}`;
  return `${rest.toFixed(rest < 9.995 ? 2 : rest < 99.95 ? 1 : 0)}${units[unit]}`;
}

/** For example 42s, 3m05s, 2h10m, 4d03h. */
export function duration(seconds: number): string {
  const whole = Math.floor(seconds);
  const two = (value: number) => `${value}`.padStart(2, "0");
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m${two(whole % 60)}s`;
  if (whole < 86400) return `${Math.floor(whole / 3600)}h${two(Math.floor((whole % 3600) / 60))}m`;
  return `${Math.floor(whole / 86400)}d${two(Math.floor((whole % 86400) / 3600))}h`;
}
