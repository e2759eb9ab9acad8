import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { digest, readIfThere, writeIfChanged } from "../../wrapgen/io.js";
import { buildDirectory, repositoryRoot } from "../setup/paths.js";

/** One piece of work, which need not be done again while its inputs and outputs are the same. */
export interface Step {
  /** For people, and different for each step. */
  name: string;
  /** Files, and folders with all that is in them. */
  inputs: readonly string[];
  /** Whatever else decides the result: versions of compilers, options. */
  versions?: readonly string[];
  /** Files that are there afterwards. */
  outputs: readonly string[];
  run(): Promise<unknown>;
}

/** Does steps, remembers what each was made from, and tells people what takes time. */
export class Steps {
  private readonly startedAt = Date.now();
  /** Number of steps that had to be done. */
  done = 0;

  /**
   * @param stamps folder for what is remembered
   * @param say takes one line for people
   */
  constructor(
    private readonly stamps: string,
    private readonly say: (line: string) => void,
  ) {}

  /** Does the step unless it was done from the same inputs, and its outputs are as it left them. */
  async run(step: Step): Promise<void> {
    const stamp = join(this.stamps, `${step.name.replace(/\W+/g, "-")}.json`);
    const key = digest(step.name, ownCode(), ...(step.versions ?? []), ...step.inputs.flatMap(contents));
    if (readIfThere(stamp) === stampText(key, step.outputs)) return;
    await this.timed(step.name, async () => {
      await step.run();
      return true;
    });
    writeIfChanged(stamp, stampText(key, step.outputs));
  }

  /** Does something that knows itself whether it is up to date. @param work gives false if there was nothing to do. */
  async timed(name: string, work: () => Promise<boolean>): Promise<void> {
    const startedAt = Date.now();
    if (!(await work())) return;
    this.done++;
    this.say(`  ${name.padEnd(40)} ${seconds(Date.now() - startedAt)}`);
  }

  /** The last line: what is there now. */
  finish(what: string): void {
    this.say(
      this.done === 0 ? `Build: up to date (${what}).` : `Built ${what} in ${seconds(Date.now() - this.startedAt)}.`,
    );
  }
}

/** The steps of `npm run build`. */
export const steps = new Steps(join(buildDirectory, "stamps"), (line) => console.log(line));

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1).padStart(5)} s`;
}

function stampText(key: string, outputs: readonly string[]): string {
  return JSON.stringify({ key, outputs: digest(...outputs.flatMap(contents)) });
}

/** Names and contents of a file, or of all files of a folder. */
function contents(path: string): (string | Uint8Array)[] {
  const status = statSync(path, { throwIfNoEntry: false });
  const name = relative(repositoryRoot, path);
  if (status === undefined) return [name, "absent"];
  if (!status.isDirectory()) return [name, readFileSync(path)];
  return readdirSync(path)
    .sort()
    .flatMap((entry) => contents(join(path, entry)));
}

let ownCodeDigest: string | undefined;

/** A digest of the build's own code: another build may make other things. */
function ownCode(): string {
  if (ownCodeDigest === undefined) {
    const folder = dirname(fileURLToPath(import.meta.url));
    const code = readdirSync(folder).filter((name) => name.endsWith(".js"));
    ownCodeDigest = digest(...code.sort().map((name) => readFileSync(join(folder, name))));
  }
  return ownCodeDigest;
}
