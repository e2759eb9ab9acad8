import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectionsIn, fieldsOf } from "../programs/log.js";
import type { Arch } from "./image.js";
import { atFixedAddresses, wrappedLaunch } from "./launch.js";
import { prebuiltProgram } from "./package.js";
import type { Wine } from "./wine.js";

/** What became of a connection between two small programs. */
export interface Probe {
  arches: [server: Arch, client: Arch];
  /** True when it was user-level on both sides, and all bytes came. */
  userLevel: boolean;
  /** The wrapper's word for why not, or what went wrong. */
  reason: string;
  /** Median of the round trips (us). */
  roundTripUs?: number;
}

const limitMs = 60_000;

/** Connects two programs of the package, each with our DLL, where the user's own programs would meet. */
export async function probe(wine: Wine | undefined, server: Arch, client: Arch): Promise<Probe> {
  const folder = mkdtempSync(join(tmpdir(), "vmmc-doctor-"));
  const children: ChildProcess[] = [];
  // Also when this process is ended meanwhile.
  const clean = () => {
    process.off("exit", clean);
    for (const child of children) child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  };
  process.once("exit", clean);
  const start = (arch: Arch, log: string, args: string[]) => {
    const environment = { ...process.env, VMMC_LOG: join(folder, log) };
    const launch = atFixedAddresses(wrappedLaunch(wine, prebuiltProgram("pingpong", arch), arch, args, environment));
    const child = spawn(launch.command, launch.args, { env: launch.env, stdio: ["ignore", "pipe", "ignore"] });
    children.push(child);
    return new Output(child);
  };
  const result = { arches: [server, client] as [Arch, Arch], userLevel: false };
  try {
    const serving = start(server, "server.txt", ["server"]);
    const port = await serving.value("port");
    if (port === undefined) return { ...result, reason: `the server ended without listening: ${serving.text.trim()}` };
    const playing = start(client, "client.txt", ["client", "--port", port, "--rounds", "300", "--quit", "1"]);
    const good = (await playing.value("bytes_ok")) === "1";
    await serving.value("server");
    // The last connection only tells the server to end: the first one counts.
    const words = ["server.txt", "client.txt"].map((name) => reasonIn(join(folder, name)));
    const reason = good ? (words.find((word) => word !== "") ?? "") : `the client failed: ${playing.text.trim()}`;
    return { ...result, userLevel: reason === "", reason, roundTripUs: Number(playing.find("rtt_median_us")) };
  } finally {
    clean();
  }
}

/** Why a program's first connection was not user-level; empty if it was. */
function reasonIn(file: string): string {
  const log = existsSync(file) ? readFileSync(file, "utf8") : "";
  const [first] = connectionsIn(log);
  if (first !== undefined) return first.userLevel ? "" : first.reason;
  // A process that cannot have user-level connections at all says so when it starts.
  const start = log
    .split("\n")
    .map(fieldsOf)
    .find(({ event }) => event === "started");
  return start === undefined ? "not-wrapped" : (start.reason ?? "unknown");
}

/** The `name=value` lines of a program. */
class Output {
  text = "";
  readonly #ended: Promise<void>;
  #look = () => {};

  constructor(child: ChildProcess) {
    child.stdout?.on("data", (chunk: Buffer) => {
      this.text += chunk.toString();
      this.#look();
    });
    this.#ended = new Promise((resolve) => {
      child.once("close", () => resolve());
      child.once("error", (error) => {
        this.text += error.message;
        resolve();
      });
    });
  }

  find(name: string): string | undefined {
    return new RegExp(`^${name}=([^\\r\\n]*)\\r?\\n`, "m").exec(this.text)?.[1];
  }

  /** The value once it is there; undefined when the program ends without it, or takes too long. */
  async value(name: string): Promise<string | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const seen = new Promise<void>((resolve) => {
      this.#look = () => this.find(name) !== undefined && resolve();
      this.#look();
      timer = setTimeout(resolve, limitMs);
    });
    await Promise.race([seen, this.#ended]);
    clearTimeout(timer);
    return this.find(name);
  }
}
