import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectionsIn } from "../programs/log.js";
import {
  bothPaths,
  type Distribution,
  type Path,
  type PathFigures,
  parseDistribution,
  pathNames,
  type SizeFigures,
} from "./results.js";

/** How to start one of the measuring programs. The suite does not know where they are, or under what they run. */
export type Start = (
  program: "gauge" | "cacheline",
  args: readonly string[],
  options: { wrapped: boolean; variables: Readonly<Record<string, string>> },
) => { command: string; args: readonly string[]; env: NodeJS.ProcessEnv };

/** Told before each measure. */
export type Progress = (step: { title: string; allSeconds: number }) => void;

export const messageSizes = [1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576] as const;
export const manyConnections = 200;
/** Less than this says nothing: a measure would be over before the programs are warm. */
export const leastSeconds = 10;

/** One call of the measuring client, and which share of the time it gets. */
interface Measure {
  title: string;
  args: readonly string[];
  share: number;
}

const measures: readonly Measure[] = [
  { title: "round trips", args: ["--measure", "trips"], share: 3 },
  { title: "paced round trips", args: ["--measure", "paced"], share: 3 },
  { title: "connections", args: ["--measure", "rate"], share: 2 },
  { title: "many connections", args: ["--measure", "many", "--count", String(manyConnections)], share: 2 },
  ...messageSizes.map((bytes) => ({
    title: `messages of ${bytes} B`,
    args: ["--measure", "stream", "--size", String(bytes)],
    share: 1,
  })),
];

/** What starting and ending a program takes, until it is known: the rest of the time is measured in. */
const firstOverheadSeconds = 0.35;
/** However late it is, each measure gets this. */
const leastMeasureSeconds = 0.05;

/** Deals out the time that is left: what programs take to start is known better with each of them. */
class Budget {
  readonly #started = performance.now();
  #calls = measures.length * bothPaths.length;
  #shares = measures.reduce((sum, { share }) => sum + share, 0) * bothPaths.length;
  #overheads: number[] = [];

  constructor(readonly seconds: number) {}

  /** Runs a measure for its share of what is left. */
  async spend<Result>(share: number, measure: (seconds: number) => Promise<Result>): Promise<Result> {
    const begun = performance.now();
    const left = this.seconds - (begun - this.#started) / 1000 - this.#calls * this.#overhead();
    const seconds = Math.max(leastMeasureSeconds, (left * share) / this.#shares);
    const result = await measure(seconds);
    this.#overheads.push((performance.now() - begun) / 1000 - seconds);
    this.#calls--;
    this.#shares -= share;
    return result;
  }

  #overhead(): number {
    if (this.#overheads.length === 0) return firstOverheadSeconds;
    return this.#overheads.reduce((sum, value) => sum + value, 0) / this.#overheads.length;
  }
}

/** What the suite found. */
export interface Measured {
  cacheLineNs: number;
  paths: Record<Path, PathFigures>;
  astray: string[];
}

/**
 * Measures both paths, in turns, so that both meet the same moods of the machine.
 * @param seconds about how long it may take in all, at least `leastSeconds`
 * @throws an Error when a program failed, or bytes were wrong
 */
export async function measureAll(start: Start, seconds: number, progress: Progress): Promise<Measured> {
  const budget = new Budget(seconds);
  const step = (title: string) => progress({ title, allSeconds: seconds });
  const folder = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), `vmmc-bench-${process.pid}-`));
  const run = new Run(start, folder);
  try {
    step("bare cache line");
    const bare: number[] = [];
    // A limit is the least that is found: where a machine's processors are just far from each other, it takes longer.
    for (let attempt = 0; attempt < 5; attempt++) {
      bare.push(Number((await run.alone("cacheline", ["--rounds", "50000"])).cacheline_median_us));
    }
    const ports = { kernel: "", user: "" };
    for (const path of bothPaths) ports[path] = await run.server(path);
    const found: Record<Path, Map<Measure, Record<string, string>>> = { kernel: new Map(), user: new Map() };
    for (const measure of measures) {
      for (const path of bothPaths) {
        step(`${measure.title}, ${pathNames[path]}`);
        const client = (time: number) => run.client(path, ports[path], [...measure.args, "--seconds", time.toFixed(3)]);
        found[path].set(measure, await budget.spend(measure.share, client));
      }
    }
    for (const path of bothPaths) await run.client(path, ports[path], ["--measure", "quit"]);
    return {
      cacheLineNs: Math.min(...bare) * 1000,
      paths: { kernel: figures(found.kernel), user: figures(found.user) },
      astray: run.astray(),
    };
  } finally {
    run.end();
  }
}

function figures(found: Map<Measure, Record<string, string>>): PathFigures {
  const [trips, paced, rate, many, ...streams] = measures.map((measure) => found.get(measure)!);
  const distribution = (values: Record<string, string> | undefined): Distribution =>
    parseDistribution(values?.trips ?? "");
  const perSecond = (values: Record<string, string> | undefined, name: string, time = "seconds") =>
    Number(values?.[name]) / Number(values?.[time]);
  return {
    trips: distribution(trips),
    paced: distribution(paced),
    many: {
      connections: Number(many?.connections),
      connectsPerS: perSecond(many, "connections", "connect_seconds"),
      trips: distribution(many),
    },
    connectionsPerS: perSecond(rate, "count"),
    sizes: streams.map((values, index): SizeFigures => {
      const cpuUs = Number(values.cpu_us);
      return {
        bytes: messageSizes[index]!,
        mibPerS: perSecond(values, "bytes") / 2 ** 20,
        messagesPerS: perSecond(values, "sends"),
        cpuNsPerByte: cpuUs > 0 ? (cpuUs * 1000) / Number(values.bytes) : undefined,
      };
    }),
  };
}

/** No measure is given more than this beyond its time (ms): only a hang meets it. */
const patienceMs = 60_000;

/** The programs of one run. */
class Run {
  readonly #children = new Set<ChildProcess>();
  readonly #log: string;
  #logs = 0;

  constructor(
    private readonly start: Start,
    private readonly folder: string,
  ) {
    this.#log = join(folder, "log");
    process.once("exit", this.end);
  }

  /** Starts the server of a path and gives its port. */
  async server(path: Path): Promise<string> {
    const { child, text } = this.#spawn("gauge", ["server"], path, false);
    return new Promise((resolve, reject) => {
      const look = () => {
        const port = /^port=(\d+)/m.exec(text())?.[1];
        if (port !== undefined) resolve(port);
      };
      child.stdout?.on("data", look);
      child.once("close", () => reject(new Error(`the measuring server ended without listening: ${text().trim()}`)));
      child.once("error", reject);
    });
  }

  /** Runs a client to its end. */
  client(path: Path, port: string, args: readonly string[]): Promise<Record<string, string>> {
    // A line for each connection would be a part of what is measured where there are very many.
    const logged = args.includes("trips") || args.includes("stream") || args.includes("paced");
    return this.#finish("gauge", ["client", "--port", port, ...args], path, path === "user" && logged);
  }

  alone(program: "cacheline", args: readonly string[]): Promise<Record<string, string>> {
    return this.#finish(program, args, "kernel", false);
  }

  /** What was measured over the kernel although it was to be user-level. */
  astray(): string[] {
    const texts = Array.from({ length: this.#logs }, (_, n) => `${this.#log}-${n}`).map((file) =>
      existsSync(file) ? readFileSync(file, "utf8") : "",
    );
    const connections = texts.map(connectionsIn);
    const unwrapped = connections.filter((list) => list.length === 0).length;
    const kernel = connections.flat().filter(({ userLevel }) => !userLevel);
    return [
      ...(unwrapped > 0 ? [`${unwrapped} measures without any connection through the wrapper`] : []),
      ...[...new Set(kernel.map(({ reason }) => reason))].map(
        (reason) => `connections on the kernel, reason: ${reason}`,
      ),
    ];
  }

  /** Ends the programs and removes the files, also when this process is ended meanwhile. */
  readonly end = (): void => {
    process.off("exit", this.end);
    for (const child of this.#children) child.kill("SIGKILL");
    rmSync(this.folder, { recursive: true, force: true });
  };

  #spawn(program: "gauge" | "cacheline", args: readonly string[], path: Path, logged: boolean) {
    const variables = {
      VMMC_DIR: this.folder,
      ...(logged ? { VMMC_LOG: `${this.#log}-${this.#logs++}` } : {}),
    };
    const launch = this.start(program, args, { wrapped: path === "user", variables });
    const child = spawn(launch.command, launch.args, { env: launch.env, stdio: ["ignore", "pipe", "pipe"] });
    this.#children.add(child);
    child.once("close", () => this.#children.delete(child));
    let output = "";
    // Errors too: Wine may have its own reasons why a program does not run.
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => {
        output += chunk.toString();
      });
    }
    return { child, text: () => output };
  }

  #finish(
    program: "gauge" | "cacheline",
    args: readonly string[],
    path: Path,
    logged: boolean,
  ): Promise<Record<string, string>> {
    const { child, text } = this.#spawn(program, args, path, logged);
    const seconds = Number(args[args.indexOf("--seconds") + 1]) || 1;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => child.kill("SIGKILL"), seconds * 2000 + patienceMs);
      child.once("error", reject);
      child.once("close", (code) => {
        clearTimeout(timer);
        const values = Object.fromEntries(
          [...text().matchAll(/^(\w+)=(.*?)\r?$/gm)].map(([, name, value]) => [name, value]),
        );
        const right = program === "cacheline" || values.bytes_ok === "1";
        if (code === 0 && right) resolve(values);
        else
          reject(
            new Error(
              `${program} ${args.join(" ")} (${pathNames[path]}) failed with exit code ${code}: ${text().trim()}`,
            ),
          );
      });
    });
  }
}
