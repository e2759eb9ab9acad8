import type { ProgramName } from "../programs/build.js";
import type { Connection } from "../programs/log.js";
import { type Part, type Played, Stage } from "../programs/stage.js";
import { freePort } from "../testbed/ports.js";
import type { Arch } from "../testbed/wine.js";

/** Over what a pair's connection is to run. */
export type Mode = "kernel" | "wrapped" | "removed";

/** The figures of one pair in one mode. Missing ones are not measured by the pair. */
export interface Figures {
  roundTripUs?: number;
  mibPerSecond?: number;
  /** All bytes came, unaltered. */
  rightBytes: boolean;
  /** Of the connections that carry the test, at the connecting ends: all that the wrapper told of. */
  connections: Connection[];
  /** What went wrong, for people. */
  problem?: string;
}

/** Two programs that talk to each other (with a third between them, for a relay). */
export interface Pair {
  name: string;
  serverArch: Arch;
  clientArch: Arch;
  run(mode: Mode): Promise<Figures>;
}

const number = (text: string | undefined) => (text === undefined ? undefined : Number(text));

function figuresOf(played: Played, roundTrip?: string, stream?: string): Figures {
  const roundTripUs = roundTrip === undefined ? undefined : number(played.values[roundTrip]);
  const mibPerSecond = stream === undefined ? undefined : number(played.values[stream]);
  const rightBytes = played.code === 0 && played.values.bytes_ok === "1";
  return {
    ...(roundTripUs === undefined ? {} : { roundTripUs }),
    ...(mibPerSecond === undefined ? {} : { mibPerSecond }),
    rightBytes,
    connections: played.connections.filter(({ role }) => role !== "accept"),
    ...(rightBytes ? {} : { problem: `exit code ${played.code}: ${played.stdout.trim().split("\n").at(-1) ?? ""}` }),
  };
}

/** Runs a server and a client of it, wrapped or not, to the client's end. */
async function play(name: string, mode: Mode, server: Omit<Part, "wrapped">, client: Omit<Part, "wrapped">) {
  const stage = new Stage(`demo-${name}`);
  try {
    const wrapped = mode === "wrapped";
    const { port } = await stage.server({ ...server, wrapped });
    return await stage.client({ ...client, wrapped }, port);
  } finally {
    await stage.close();
  }
}

function simplePair(
  name: string,
  programs: readonly [server: ProgramName, client: ProgramName],
  arches: readonly [server: Arch, client: Arch],
  clientArgs: readonly string[],
  roundTrip?: string,
  stream?: string,
): Pair {
  return {
    name,
    serverArch: arches[0],
    clientArch: arches[1],
    async run(mode) {
      const server = { program: programs[0], arch: arches[0] };
      const client = { program: programs[1], arch: arches[1], args: clientArgs };
      return figuresOf(await play(programs[1], mode, server, client), roundTrip, stream);
    },
  };
}

const meterArgs = ["--rounds", "3000", "--stream-seconds", "0.8"];

/** The project's own programs: ordinary WinSock 1.1 programs, built without any of our headers. */
export function ownPairs(arches: readonly Arch[]): Pair[] {
  const both: Array<readonly [Arch, Arch]> = arches.map((arch) => [arch, arch] as const);
  if (arches.length > 1) both.push(["x64", "ia32"]);
  return both.flatMap((pair) => {
    const meter = simplePair(
      "meter (pingpong)",
      ["pingpong", "pingpong"],
      pair,
      meterArgs,
      "rtt_median_us",
      "stream_mib_s",
    );
    if (pair[0] !== pair[1]) return [meter];
    return [
      meter,
      simplePair("select echo, 100 clients", ["selectserver", "selectclient"], pair, ["--connections", "100"]),
      simplePair("thread per connection", ["threadserver", "threadserver"], pair, [
        ...["--connections", "60", "--threads", "3", "--bytes", "200000", "--reply", "100000"],
      ]),
      simplePair("both ways at once", ["duplex", "duplex"], pair, ["--mib", "64"], undefined, "each_way_mib_s"),
      simplePair("imports by ordinal", ["ordinal", "ordinal"], pair, ["--rounds", "2000"], "rtt_mean_us"),
    ];
  });
}

/** The meter through a relay that somebody else wrote: client -> relay -> server. */
export function relayPair(relay: string, arch: Arch): Pair {
  return {
    name: "meter through stone",
    serverArch: arch,
    clientArch: arch,
    async run(mode) {
      const stage = new Stage("demo-relay");
      const wrapped = mode === "wrapped";
      try {
        const server = await stage.server({ program: "pingpong", arch, wrapped });
        const port = await freePort();
        const args = [`127.0.0.1:${server.port}`, `127.0.0.1:${port}`];
        const player = await stage.start({ program: { exe: relay }, arch, wrapped, args }, port);
        const clientArgs = ["--patience", "15", "--rounds", "500", "--stream-seconds", "0.8"];
        const played = await stage.client({ program: "pingpong", arch, wrapped, args: clientArgs }, port);
        const figures = figuresOf(played, "rtt_median_us", "stream_mib_s");
        const further = player.connections().filter(({ role }) => role !== "accept");
        return { ...figures, connections: [...figures.connections, ...further] };
      } finally {
        await stage.close();
      }
    },
  };
}
