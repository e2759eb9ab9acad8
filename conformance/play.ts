import type { Cast } from "./cast.js";
import type { Answer, Player } from "./player.js";
import type { CallStep, Expectation, PartyStep, Step } from "./script.js";

/** One line of a transcript. */
export interface Line {
  /** What was called, in the script's words. */
  what: string;
  /** What it gave. */
  gave: string;
  expected?: Expectation;
}

/** How long to wait for what. */
export interface Patience {
  /** For what was sent to arrive, and before a call counts as blocked. */
  settleMs: number;
  /** For a call that returns. */
  limitMs: number;
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** What a call that did not return in time is said to have given. */
export const stillBlocked = "still blocked";
const processGone = "its process has ended";

/** One performance of a script: the ports that its sockets got, and the calls under way. */
class Performance {
  readonly lines: Line[] = [];
  readonly #cast: Cast;
  readonly #patience: Patience;
  /** Ports by the names of sockets, "l" and "A.l", and counts by what they count. */
  readonly #values = new Map<string, number>();
  readonly #portNames = new Map<number, string>();
  readonly #underWay = new Map<
    string,
    { player: Player; answer: Promise<Answer>; text: string; done: Answer | undefined }
  >();

  constructor(cast: Cast, patience: Patience) {
    this.#cast = cast;
    this.#patience = patience;
  }

  /** Takes a step. @returns false when the script cannot go on. */
  async take(step: Step): Promise<boolean> {
    if (step.kind === "settle") await sleep(this.#patience.settleMs);
    if (step.kind === "settle" || step.kind === "pair") return true;
    if (step.kind === "call") return this.#call(step);
    const name = `${step.party}${step.thread ? `@${step.thread}` : ""}`;
    if (step.kind === "dies") await (await this.#cast.player(step.party)).kill();
    if (step.kind === "leaves") {
      const player = await this.#cast.player(step.party);
      await player.call(this.#cast.threadOf(step.party, 0), step.party, "exit", this.#patience.limitMs);
      this.#say(`${name} leaves`, player.hasEnded ? "ended" : "RUNS ON", step);
      if (!player.hasEnded) await player.kill();
    }
    if (step.kind === "blocked") return this.#blocked(step, name);
    if (step.kind === "ends") return this.#ends(step, name);
    return true;
  }

  #say(what: string, gave: string, step: Step): void {
    const expected = "expected" in step && step.expected ? { expected: step.expected } : {};
    this.lines.push({ what, gave, ...expected });
  }

  async #call(step: CallStep): Promise<boolean> {
    const text = step.text.replace(/\$([\w.]+)/g, (_, name: string) => `${this.#values.get(name) ?? 1}`);
    const name = `${step.party}${step.thread ? `@${step.thread}` : ""}`;
    const { player, answer } = await this.#cast.begin(step.party, step.thread, text);
    if (step.begins) {
      const call = { player, answer, text: step.text, done: undefined as Answer | undefined };
      void answer.then((done) => {
        call.done = done;
      });
      this.#underWay.set(name, call);
      this.#say(`${name} ${step.text} &`, "", step);
      return true;
    }
    const result = await player.awaits(answer, this.#patience.limitMs);
    this.#say(`${name} ${step.text}`, this.#translate(result, player, step.party, step.text), step);
    return result !== undefined;
  }

  async #blocked(step: PartyStep, name: string): Promise<boolean> {
    const call = this.#underWay.get(name);
    if (!call) throw new Error(`"${name} blocked": it has not begun a call with "&"`);
    await sleep(this.#patience.settleMs);
    this.#say(`${name} blocked`, call.done ? "NO, IT HAS RETURNED" : "yes", step);
    return true;
  }

  async #ends(step: PartyStep, name: string): Promise<boolean> {
    const call = this.#underWay.get(name);
    if (!call) throw new Error(`"${name} ends": it has not begun a call with "&"`);
    const result = await call.player.awaits(call.answer, this.#patience.limitMs);
    if (result) this.#underWay.delete(name);
    this.#say(`${name} ends: ${call.text}`, this.#translate(result, call.player, step.party, call.text), step);
    return true;
  }

  /** An answer with ports by name, after noting the ports and counts that it tells. */
  #translate(answer: Answer | undefined, player: Player, party: string, text: string): string {
    if (!answer) return player.hasEnded ? processGone : stillBlocked;
    const [, socket = ""] = text.split(" ");
    for (const [what, value] of answer.values) {
      if (what !== "port") this.#values.set(what, value);
      else if (value !== 0) {
        this.#values.set(socket, value);
        this.#values.set(`${party}.${socket}`, value);
        this.#portNames.set(value, `${party}.${socket}`);
      }
    }
    return answer.text.replace(/<(\d+)>/g, (_, port: string) =>
      port === "0" ? "<0>" : `<${this.#portNames.get(Number(port)) ?? "some port"}>`,
    );
  }
}

/** Plays a script; stops after a call that should have returned and did not. The cast is cleared afterwards. */
export async function play(cast: Cast, steps: readonly Step[], patience: Patience): Promise<Line[]> {
  const performance = new Performance(cast, patience);
  for (const step of steps) {
    if (!(await performance.take(step))) break;
  }
  await cast.clear();
  return performance.lines;
}
