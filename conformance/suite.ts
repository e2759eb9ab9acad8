import type { Arch } from "../testbed/wine.js";
import { Cast } from "./cast.js";
import { judge, type Verdict } from "./judge.js";
import { type Line, type Patience, play } from "./play.js";
import type { PlayerProgram } from "./player.js";
import type { Scenario } from "./scenario.js";
import { castScript, type Role, rolesOf } from "./script.js";

/** A scenario with the role in which it is played. */
export interface Playing {
  scenario: Scenario;
  role: Role;
}

/** What came of it, over the kernel's sockets and over the wrapper's. */
export interface Played extends Playing {
  kernel: readonly Line[];
  wrapped: readonly Line[];
  verdict: Verdict;
  /** Connections' ends that the wrapper logged in the last performance. */
  connections: { userLevel: number; all: number };
  /** It needed more time than the first performance gave it. */
  slow: boolean;
  milliseconds: number;
}

/** How the suite is played. */
export interface SuiteOptions {
  /** The processor of party A, and of the others. */
  arches: readonly Arch[];
  /** Scripts that are played at the same time, each by processes of its own. */
  lanes: number;
  /** Also with all parties as threads of one process. */
  together?: boolean;
  onPlayed?: (played: Played) => void;
}

/** The first performance is quick; what differs in it gets all the time in the world before it counts. */
const quick: Patience = { settleMs: 12, limitMs: 3000 };
const patient: Patience = { settleMs: 250, limitMs: 15_000 };
/** A known gap often hangs: no need to wait for it. */
const brief: Patience = { settleMs: 12, limitMs: 800 };
const briefAgain: Patience = { settleMs: 250, limitMs: 4000 };

/** Every scenario in each of its roles. */
export function playings(scenarios: readonly Scenario[], together = false): Playing[] {
  return scenarios.flatMap((scenario) => {
    if (!together) return rolesOf(scenario.steps).map((role) => ({ scenario, role }));
    // Processes that end, and what WinSock counts for a process, need processes of their own.
    const alone = scenario.steps.some((step) => ["dies", "leaves"].includes(step.kind));
    return alone || rolesOf(scenario.steps).length === 1 ? [] : [{ scenario, role: "together" as const }];
  });
}

/** Why a played scenario fails, or undefined. */
export function objection({ scenario, verdict, connections }: Played): string | undefined {
  const { unexpected, differences } = verdict;
  if (unexpected.length > 0)
    return `the kernel's sockets do not behave as the scenario says:\n${unexpected.join("\n")}`;
  const same = differences.length === 0;
  const isUserLevel = connections.userLevel > 0 || scenario.kernelOnly !== undefined;
  if (scenario.gap !== undefined) {
    if (!same || !isUserLevel || scenario.unsteady) return undefined;
    return `is listed as a known gap (${scenario.gap}) and passes now: take it off the list`;
  }
  if (!same) return `over user-level sockets:\n${differences.join("\n")}`;
  if (!isUserLevel) return `none of ${connections.all} connections' ends was user-level`;
  return undefined;
}

/** Casts for both ways, made when they are first needed. */
class Lane {
  readonly #casts = new Map<string, Cast>();
  readonly #options: SuiteOptions;

  constructor(options: SuiteOptions) {
    this.#options = options;
  }

  #cast(program: PlayerProgram, wrapped: boolean): Cast {
    const key = `${program} ${wrapped}`;
    let cast = this.#casts.get(key);
    if (!cast) {
      cast = new Cast({ program, wrapped, arches: this.#options.arches, together: this.#options.together === true });
      this.#casts.set(key, cast);
    }
    return cast;
  }

  async play(playing: Playing): Promise<Played> {
    const { scenario } = playing;
    const settled = (played: Played) =>
      scenario.gap !== undefined ? played.verdict.unexpected.length === 0 : objection(played) === undefined;
    const first = await this.#perform(playing, scenario.gap === undefined ? quick : brief);
    if (settled(first)) return first;
    const again = scenario.gap === undefined ? patient : briefAgain;
    const second = { ...(await this.#perform(playing, again)), slow: true };
    if (settled(second)) return second;
    // Wine's processes and sockets get stuck now and then, the kernel's way too: what counts is what new ones do.
    await this.close();
    this.#casts.clear();
    return { ...(await this.#perform(playing, again)), slow: true };
  }

  async #perform(playing: Playing, patience: Patience): Promise<Played> {
    const steps = castScript(playing.scenario.steps, playing.role);
    const kernelCast = this.#cast(playing.scenario.program, false);
    const wrappedCast = this.#cast(playing.scenario.program, true);
    wrappedCast.connections();
    const began = Date.now();
    const [kernel, wrapped] = await Promise.all([
      play(kernelCast, steps, patience),
      play(wrappedCast, steps, patience),
    ]);
    const connections = wrappedCast.connections();
    return {
      ...playing,
      kernel,
      wrapped,
      verdict: judge(kernel, wrapped),
      connections,
      slow: false,
      milliseconds: Date.now() - began,
    };
  }

  async close(): Promise<void> {
    await Promise.all([...this.#casts.values()].map((cast) => cast.close()));
  }
}

/** Plays everything over both, in lanes that take the next scenario when they are through with one. */
export async function playSuite(all: readonly Playing[], options: SuiteOptions): Promise<Played[]> {
  const results: Played[] = new Array(all.length);
  let next = 0;
  const run = async () => {
    const lane = new Lane(options);
    try {
      for (let index = next++; index < all.length; index = next++) {
        const played = await lane.play(all[index]!);
        results[index] = played;
        options.onPlayed?.(played);
      }
    } finally {
      await lane.close();
    }
  };
  await Promise.all(Array.from({ length: options.lanes }, run));
  return results;
}
