import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { wrapperDll } from "../programs/build.js";
import { connectionsIn } from "../programs/log.js";
import { memoryFolder } from "../programs/stage.js";
import type { Arch } from "../testbed/wine.js";
import { type Answer, Player, type PlayerProgram } from "./player.js";

/** How long a player may take for what never waits. */
const startLimitMs = 60_000;
const startAttempts = 3;
/** Threads of a process that one party may use. */
const threadsOfParty = 5;

/** Who is on the stage: which program, for which processor, over which sockets. */
export interface CastOptions {
  program: PlayerProgram;
  /** The processor of each party; the last one for all that follow. */
  arches: readonly Arch[];
  /** Over the wrapper, rather than the kernel's sockets. */
  wrapped: boolean;
  /** All parties are threads of one process. */
  together?: boolean;
}

/** The processes that play the parties of scripts. They live from script to script, unless one of them breaks them. */
export class Cast {
  readonly options: CastOptions;
  readonly #folder: string;
  readonly #sharedFolder: string;
  readonly #players = new Map<string, Player>();
  /** Connections that the wrapper logged in processes that are gone. */
  #leftLogs = "";

  constructor(options: CastOptions) {
    this.options = options;
    this.#folder = mkdtempSync(join(tmpdir(), "vmmc-conformance-"));
    this.#sharedFolder = mkdtempSync(join(memoryFolder(), "vmmc-conformance-"));
  }

  #key(party: string): string {
    return this.options.together ? "A" : party;
  }

  /** The thread of the process that is `thread` of the party. The process's first thread is the first party's own. */
  threadOf(party: string, thread: number): number {
    return this.options.together ? (party.charCodeAt(0) - 65) * threadsOfParty + thread : thread;
  }

  /** The process of a party, started if there is none. */
  async player(party: string): Promise<Player> {
    const key = this.#key(party);
    const known = this.#players.get(key);
    if (known && !known.hasEnded) return known;
    if (known) this.#leftLogs += known.newLog();
    const player = await this.#start(key, party);
    this.#players.set(key, player);
    return player;
  }

  /** Starts a process, once more if it does not come up: a wineserver that was just ending takes programs with it. */
  async #start(key: string, party: string): Promise<Player> {
    const { arches, program, wrapped } = this.options;
    const arch = arches[Math.min(key.charCodeAt(0) - 65, arches.length - 1)]!;
    for (let attempt = 0; attempt < startAttempts; attempt++) {
      const player = await Player.start({
        arch,
        program,
        wrapper: wrapped ? wrapperDll(arch) : undefined,
        folder: join(this.#folder, key),
        sharedFolder: this.#sharedFolder,
      });
      if (await player.call(0, party, "ready", startLimitMs)) return player;
      await player.kill();
    }
    throw new Error(
      `started the player for ${party} (${arch}) ${startAttempts} times, and it never answered: is Wine's prefix whole?`,
    );
  }

  /** Begins a call. */
  async begin(party: string, thread: number, text: string): Promise<{ player: Player; answer: Promise<Answer> }> {
    const player = await this.player(party);
    return { player, answer: player.begin(this.threadOf(party, thread), party, text) };
  }

  /** Closes everything for the next script; processes that still wait in a call are ended. */
  async clear(): Promise<void> {
    await Promise.all(
      [...this.#players].map(async ([key, player]) => {
        if (player.hasEnded) return;
        const answer = await player.call(0, key, "reset", 3000);
        if (answer?.text !== "clean") await player.kill();
      }),
    );
  }

  /** How many connections' ends the wrapper has made user-level, of how many, since the last question. */
  connections(): { userLevel: number; all: number } {
    const logs = [this.#leftLogs, ...[...this.#players.values()].map((player) => player.newLog())].join("\n");
    this.#leftLogs = "";
    const connections = connectionsIn(logs);
    return { userLevel: connections.filter((connection) => connection.userLevel).length, all: connections.length };
  }

  /** Ends all processes and removes their files. */
  async close(): Promise<void> {
    await Promise.all([...this.#players.values()].map((player) => player.kill()));
    rmSync(this.#folder, { recursive: true, force: true });
    rmSync(this.#sharedFolder, { recursive: true, force: true });
  }
}
