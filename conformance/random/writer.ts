import { type End, Model } from "./model.js";
import { Random } from "./random.js";

/** What a program may be like. */
export interface ProgramOptions {
  /** Processes that may end need to be processes. */
  together: boolean;
}

/** How much may be under way to an end that does not read: no buffer of any implementation is smaller. */
export const mostUnread = 1500;

/**
 * What a program is fond of. Each seed has some of it only: programs that do a little of everything seldom come deep into
 * anything.
 */
export interface Tastes {
  urgent: boolean;
  messages: boolean;
  handles: boolean;
  extensions: boolean;
  addresses: boolean;
  deaths: boolean;
}

/** A program under way: its lines so far, what is known of its sockets, and the chance that chooses the next line. */
export class Writer {
  readonly lines: string[] = [];
  readonly model: Model;
  readonly options: ProgramOptions;
  readonly tastes: Tastes;
  /** Another one for each step: a step does much the same when others are left out. */
  random: Random;
  /** Something is under way that a call would see or not see, depending on time. */
  #unsettled = false;
  #names = 0;

  constructor(seed: number, options: ProgramOptions) {
    const random = new Random(seed);
    this.random = random;
    this.options = options;
    this.model = new Model(
      random.weighted([
        [6, ["A", "B"]],
        [2, ["A", "B", "C"]],
        [1, ["A", "B", "C", "D"]],
      ]),
    );
    this.tastes = {
      urgent: random.chance(0.35),
      messages: random.chance(0.35),
      handles: random.chance(0.35),
      extensions: random.chance(0.25),
      addresses: random.chance(0.3),
      deaths: random.chance(0.4),
    };
  }

  /** Adds a line. */
  say(line: string): void {
    this.lines.push(line);
  }

  /** Adds a line of an end's own party: "NAME" stands for its name. */
  call(end: End, text: string): void {
    this.say(`${end.party} ${text.replace("NAME", end.name!)}`);
  }

  /** What was just said is seen by others a little later. */
  disturb(): void {
    this.#unsettled = true;
  }

  /** Before a call that does not wait and sees what others have done. */
  settle(): void {
    if (this.#unsettled) this.say("settle");
    this.#unsettled = false;
  }

  /** A name for a new socket. */
  name(): string {
    return `s${++this.#names}`;
  }
}
