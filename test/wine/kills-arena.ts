import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cleanFolder, inspectFolders } from "../../cli/shared-folder.js";
import { buildProgram, wrapperDll } from "../../programs/build.js";
import { type Connection, connectionsIn } from "../../programs/log.js";
import { memoryFolder, valuesIn } from "../../programs/stage.js";
import { freePorts } from "../../testbed/ports.js";
import type { RunningProgram } from "../../testbed/process.js";
import { installBeside } from "../../testbed/programs.js";
import { type Arch, spawnProgram, startWineServer, stopWineServer, toWindowsPath } from "../../testbed/wine.js";
import { sleep } from "./helpers.js";
import { type Ledger, readLedger } from "./kills-ledger.js";
import { type Pair, type Round, scenes } from "./kills-scenes.js";

/** How one of the survivor's connections went. */
export interface Outcome {
  slot: number;
  iteration: number;
  started: number;
  received: number;
  wrong: number;
  from: number;
  fromIteration: number;
  /** Each word of the script with its result. */
  text: string;
}

/** What is known after a death. */
export interface Aftermath {
  round: Round;
  outcomes: Outcome[];
  /** What each counted until its end; the host's is only of use when it was ended too. */
  victim: Ledger | undefined;
  host: Ledger | undefined;
  /** The victim's process id as Windows knows it; undefined when it ended before it could say. */
  victimTag: number | undefined;
  /** What the host's wrapper decided about this round's connections. */
  connections: Connection[];
  /** The survivor's kernel connections do not come to their end, so that nothing can be learnt. See `sweptMs`. */
  void: boolean;
}

/** How long anything may take that is known to end: only a hang meets it. */
const hangMs = 60_000;
/**
 * So long after a death the survivor has been told, or never is: Wine 8's server does not always let go of the sockets
 * of a process that is killed while its threads use them (and then watches them for ever, which takes a processor). Over
 * the kernel their peers wait for ever. At user level the wrapper knows of the process's death otherwise: there is no such
 * excuse for connections there, unless Wine says that the process runs on, although the system has ended it.
 */
const sweptMs = 5_000;
/** A victim that should have ended itself by now will not. */
const stuckMs = 2_000;

/** A file that others append to, read on from where it was read last. */
class Tail {
  #at = 0;
  constructor(readonly file: string) {}

  more(): string {
    if (!existsSync(this.file)) return "";
    const bytes = readFileSync(this.file);
    const text = bytes.toString("latin1", this.#at);
    this.#at = bytes.length;
    return text;
  }
}

/** The program that survives its victims. */
interface Host {
  process: RunningProgram;
  tag: number;
  log: Tail;
  /** How often Wine had been started anew when this host was. */
  renewal: number;
}

/** So often has Wine been started anew, which ends the hosts of all arenas. */
let renewals = 0;
/** The folders of shared memory of the arenas that are open. */
const sharedFolders = new Set<string>();

/**
 * Where victims die: a host that survives them, started again when it was ended too, and one victim after the other.
 * With or without the wrapper. Nothing of it is left after `close`.
 */
export class Arena {
  readonly sharedFolder: string;
  readonly #folder: string;
  readonly #programs = new Map<Arch, string>();
  #hostPort = 0;
  #victimPort = 0;
  #host: Host | undefined;
  #started = 0;
  /** What the host has logged since the round began, as far as it was looked at. */
  #logged = "";

  private constructor(
    readonly pair: Pair,
    readonly wrapped: boolean,
  ) {
    this.#folder = mkdtempSync(join(tmpdir(), "vmmc-kills-"));
    this.sharedFolder = mkdtempSync(join(memoryFolder(), "vmmc-kills-"));
    sharedFolders.add(this.sharedFolder);
  }

  static async open(pair: Pair, wrapped: boolean): Promise<Arena> {
    await startWineServer();
    const arena = new Arena(pair, wrapped);
    for (const arch of new Set([pair.host, pair.victim])) {
      const folder = join(arena.#folder, arch);
      mkdirSync(folder);
      const exe = await buildProgram("mortal", arch);
      arena.#programs.set(arch, await installBeside(exe, wrapped ? wrapperDll(arch) : undefined, folder));
    }
    [arena.#hostPort, arena.#victimPort] = (await freePorts(2)) as [number, number];
    return arena;
  }

  /** The host's process id as Windows knows it, while there is one. */
  get hostTag(): number | undefined {
    return this.#host?.tag;
  }

  get hostPid(): number | undefined {
    return this.#host?.process.pid;
  }

  /** One death. @throws an Error with all that is known when somebody hangs, or the host ends without being asked to. */
  async run(round: Round): Promise<Aftermath> {
    const host = await this.start();
    const scene = scenes[round.scene]!;
    const ledgers = { host: this.#ledgerFile("host"), victim: this.#ledgerFile("victim") };
    rmSync(ledgers.victim, { force: true });
    host.log.more();
    this.#logged = "";
    const mark = host.process.stdout.length;
    const victimIsServer = round.role === "server";
    const common = ["--id", round.id, "--mode", round.mode, "--connections", round.connections, "--seed", round.seed];
    const order = (words: string, server: boolean) => [
      ...["--role", server ? "server" : "client", "--port", victimIsServer ? this.#victimPort : this.#hostPort],
      ...["--script", words.replaceAll(" ", "_"), ...common],
    ];
    const give = () => host.process.write(`round ${order(scene.survivor, !victimIsServer).join(" ")}\n`);
    const { moment } = round;
    const own =
      moment.kind === "step"
        ? ["--step", moment.step, "--how", moment.how]
        : moment.kind === "us"
          ? ["--us", moment.us, "--how", moment.how]
          : [];

    if (!victimIsServer) give();
    const args = [...order(scene.victim, victimIsServer), "--ledger", toWindowsPath(ledgers.victim), ...own];
    const victim = await this.#spawn(this.pair.victim, ["victim", ...args.map(String)], "victim");
    if (victimIsServer) {
      // A client that comes before the listener is there learns nothing but that.
      await this.#until(
        () => /^port=/m.test(victim.stdout) || victim.exit !== undefined,
        "the victim's listener",
        victim,
      );
      give();
    }
    await this.#moment(round, victim, ledgers);
    const gap = round.both;
    if (gap !== undefined && gap <= 0) host.process.kill();
    if (gap !== undefined && gap < 0) await sleep(-gap);
    victim.kill();
    if (gap !== undefined && gap > 0) {
      await sleep(gap);
      host.process.kill();
    }
    await victim.exited;
    const victimTag = Number(valuesIn(victim.stdout).pid ?? Number.NaN) || undefined;
    const known = { round, victimTag, victim: readLedger(ledgers.victim), void: false };
    const connections = () => {
      this.#logged += host.log.more();
      return connectionsIn(this.#logged);
    };
    if (gap !== undefined) {
      await host.process.exited;
      this.#host = undefined;
      // It may have ended before it has begun this round.
      const ledger = readLedger(ledgers.host);
      const own = ledger?.round === round.id ? ledger : undefined;
      return { ...known, outcomes: [], host: own, connections: connections() };
    }
    host.process.write("dead\n");
    const done = new RegExp(`^done id=${round.id} `, "m");
    const ended = () => done.test(host.process.stdout.slice(mark));
    const dead = Date.now();
    const said = () => outcomesIn(host.process.stdout.slice(mark));
    let asked = false;
    const kept = () => {
      const waited = Date.now() - dead;
      if (!this.wrapped) return waited > sweptMs;
      if (waited <= 2 * sweptMs) return false;
      if (!asked) host.process.write(`runs ${victimTag}\n`);
      asked = true;
      const runs = host.process.stdout.slice(mark).includes(`\nruns=${victimTag} 1`);
      return runs || onlyTheKernelWaits(connections(), said());
    };
    await this.#until(() => ended() || kept(), "the survivor's connections to end", victim);
    const after = { ...known, void: !ended(), host: undefined, connections: connections() };
    const outcomes = said();
    if (after.void) await this.#renewWine();
    return { ...after, outcomes: after.void ? [] : outcomes };
  }

  /** Comes back when the victim should be killed, or has ended itself. */
  async #moment(round: Round, victim: RunningProgram, ledgers: { host: string; victim: string }): Promise<void> {
    if (round.moment.kind === "outside") return sleep(round.moment.ms);
    const scene = scenes[round.scene]!;
    const wanted = (script: string) => (script.split(" ").includes("gate") ? round.connections : 0);
    const there = (ledger: Ledger | undefined, script: string) =>
      ledger?.round === round.id && ledger.gates >= wanted(script);
    let progress = "";
    let since = Date.now();
    const still = () => {
      const now = [ledgers.host, ledgers.victim].map((file) => progressOf(readLedger(file))).join();
      if (now !== progress) since = Date.now();
      progress = now;
      return Date.now() - since;
    };
    const steady = () => still() > 40;
    await this.#until(
      () => {
        if (victim.exit) return true;
        // It may be stuck in its own end: Wine's processes sometimes are, when one of several threads ends them.
        if (round.moment.kind !== "gate" && still() > stuckMs) return true;
        if (!there(readLedger(ledgers.victim), scene.victim)) return false;
        if (scene.moving || round.moment.kind !== "gate") return steady();
        if (!there(readLedger(ledgers.host), scene.survivor)) return false;
        // A survivor that goes on after its gate, writing or reading, comes to its own halt.
        return /gate (write|read)/.test(scene.survivor) ? steady() : true;
      },
      `the moment of ${JSON.stringify(round)}`,
      victim,
    );
    if (round.moment.kind === "gate") await sleep(round.moment.delayMs);
  }

  /** The host, started if there is none. */
  async start(): Promise<Host> {
    if (this.#host?.renewal === renewals) return this.#host;
    // Its server has ended, and it should have with it; a process that was being made then may keep it from noticing.
    this.#host?.process.kill();
    await this.#host?.process.exited;
    const args = ["host", "--port", `${this.#hostPort}`, "--ledger", toWindowsPath(this.#ledgerFile("host"))];
    const begin = () => this.#spawn(this.pair.host, args, "host");
    const named = (program: RunningProgram) => program.waitForLine(/^pid=(\d+)/);
    let process = await begin();
    const [, tag] = await named(process).catch(async (error: unknown) => {
      // Wine's server may still hold the listener of a host that was killed.
      if (!/^error=bind: WSAE(ACCES|ADDRINUSE)/m.test(process.stdout)) throw error;
      await this.#renewWine();
      process = await begin();
      return named(process);
    });
    this.#host = { process, renewal: renewals, tag: Number(tag), log: new Tail(this.#logFile("host", this.#started)) };
    return this.#host;
  }

  /** A server that holds dead programs' sockets watches them for ever: ends it, and all that runs on it. */
  async #renewWine(): Promise<void> {
    const host = this.#host;
    this.#host = undefined;
    host?.process.kill();
    await host?.process.exited;
    renewals++;
    await stopWineServer();
    // A server that is ended does not remove the files that were to go with its programs' handles, in whichever arena.
    for (const folder of inspectFolders([...sharedFolders])) cleanFolder(folder);
    await startWineServer();
  }

  /** How many handles the host has open. */
  async handles(): Promise<number> {
    const host = await this.start();
    const number = ++this.#started;
    host.process.write(`count ${number}\n`);
    const [, handles] = await host.process.waitForLine(new RegExp(`^count=${number} handles=(\\d+)`));
    return Number(handles);
  }

  /** Lets the host end in good order. */
  async stop(): Promise<void> {
    const host = await this.start();
    this.#host = undefined;
    host.process.endInput();
    const exit = await Promise.race([host.process.exited, sleep(hangMs)]);
    assert.deepEqual(exit, { code: 0, signal: null }, host.process.describe("the host should end when it is told to"));
  }

  /** Ends what still runs, and removes the files. */
  async close(): Promise<void> {
    this.#host?.process.kill();
    await this.#host?.process.exited;
    rmSync(this.#folder, { recursive: true, force: true });
    rmSync(this.sharedFolder, { recursive: true, force: true });
    sharedFolders.delete(this.sharedFolder);
  }

  #ledgerFile(who: string): string {
    return join(this.#folder, `${who}.ledger`);
  }

  #logFile(who: string, number: number): string {
    return join(this.#folder, `${who}-${number}.txt`);
  }

  #spawn(arch: Arch, args: string[], who: string): Promise<RunningProgram> {
    const log = this.#logFile(who, ++this.#started);
    return spawnProgram(this.#programs.get(arch)!, args, {
      cwd: join(this.#folder, arch),
      native: ["wsock32"],
      env: { VMMC_DIR: toWindowsPath(this.sharedFolder), VMMC_LOG: toWindowsPath(log) },
    });
  }

  async #until(condition: () => boolean, what: string, victim: RunningProgram): Promise<void> {
    for (const end = Date.now() + hangMs; ; ) {
      if (condition()) return;
      const host = this.#host?.process;
      if (host?.exit) throw new Error(host.describe(`waited for ${what}, but the host ended`));
      if (Date.now() > end) {
        const ledgers = ["host", "victim"].map((who) => progressOf(readLedger(this.#ledgerFile(who))));
        const words = [
          `waited ${hangMs} ms for ${what}`,
          victim.describe("victim"),
          ...ledgers,
          `the host's process is ${host?.pid}; its last words:`,
          ...(host?.stdout.trimEnd().split("\n").slice(-10) ?? []),
          "what it has logged since the round began:",
          ...(this.#logged + (this.#host?.log.more() ?? "")).trimEnd().split("\n").slice(-30),
        ];
        victim.kill();
        throw new Error(words.join("\n"));
      }
      await sleep(4);
    }
  }
}

/** True when no more connections are without an outcome than are on the kernel, and some are. */
function onlyTheKernelWaits(connections: readonly Connection[], outcomes: readonly Outcome[]): boolean {
  const begun = connections.filter(({ reason }) => reason !== "connect-failed");
  const without = begun.length - outcomes.filter(({ text }) => /\bopen=ok\b/.test(text)).length;
  return without > 0 && without <= begun.filter(({ userLevel }) => !userLevel).length;
}

/** What has been sent and received: a program that polls makes steps all the time, but no progress. */
function progressOf(ledger: Ledger | undefined): string {
  if (!ledger) return "(no ledger)";
  const used = ledger.accounts.filter(({ started, received }) => started !== 0 || received !== 0);
  return JSON.stringify(used.map(({ iteration, acked, received }) => [iteration, acked, received]));
}

function outcomesIn(stdout: string): Outcome[] {
  return [...stdout.matchAll(/^outcome (.*?) text=(.*)$/gm)].map(([, fields, text]) => {
    const values = valuesIn(fields!);
    const number = (name: string) => Number(values[name]);
    return {
      slot: number("slot"),
      iteration: number("iteration"),
      started: number("started"),
      received: number("received"),
      wrong: number("wrong"),
      from: number("from"),
      fromIteration: number("from_iteration"),
      text: text!.trimEnd(),
    };
  });
}
