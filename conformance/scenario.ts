import type { PlayerProgram } from "./player.js";
import { parseScript, type Step } from "./script.js";

/** One thing that sockets are documented to do. */
export interface Scenario {
  /** A state and an event, or a call and its arguments. */
  name: string;
  group: string;
  steps: readonly Step[];
  /** Which player it needs. */
  program: PlayerProgram;
  /** Why it fails over user-level sockets so far. When it passes, this must go. */
  gap?: string;
  /** The gap shows only after some histories of the processes: it may pass as well. */
  unsteady?: true;
  /** Why no user-level connection comes about in it, or need not. */
  kernelOnly?: string;
}

/** What a scenario may say besides its name and script. */
export interface ScenarioOptions {
  gap?: string;
  unsteady?: true;
  kernelOnly?: string;
}

/** Collects the scenarios of one group of functions. */
export class Group {
  readonly scenarios: Scenario[] = [];
  readonly #name: string;
  readonly #program: PlayerProgram;

  constructor(name: string, program: PlayerProgram = "plain") {
    this.#name = name;
    this.#program = program;
  }

  /** Adds a scenario. The script's language is described in script.ts. */
  readonly add = (name: string, script: string, options: ScenarioOptions = {}): void => {
    this.scenarios.push({ name, group: this.#name, steps: parseScript(script), program: this.#program, ...options });
  };
}
