import { spawn } from "node:child_process";
import { createWriteStream, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { run } from "../scripts/build/run.js";
import { buildDirectory, repositoryRoot } from "../scripts/setup/paths.js";
import { program, type Target } from "./build.js";

/** The committed inputs of a target: few, and between them they reach whatever was ever reached. */
export function committedCorpus(target: Target): string {
  return join(repositoryRoot, "fuzz", "corpus", target);
}

function workFolder(target: Target, ...names: string[]): string {
  const folder = join(buildDirectory, "fuzz", "work", target, ...names);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** What one run of a fuzzer found out. */
export interface Result {
  executions: number;
  /** Edges of the program that some input has passed. */
  edges: number;
  /** Edges, and how often and by which values: libFuzzer's "features". */
  features: number;
  inputs: number;
  /** One line for each finding: what it is, and the file that shows it. */
  findings: { what: string; file: string }[];
  logs: string[];
}

/** No input takes this long (s) that does not hang. */
const INPUT_LIMIT_S = 20;
/** A longer program of steps shows nothing that a shorter one does not. */
const INPUT_BYTES = 2048;

/**
 * Runs a target's fuzzer, in several processes if wanted, from the committed inputs and those of earlier runs here.
 * @param say takes a line for people now and then
 */
export async function fuzz(
  target: Target,
  seconds: number,
  jobs: number,
  say: (line: string) => void,
  variant = "",
): Promise<Result> {
  // Another core's inputs are not to be kept.
  const corpus = variant === "" ? workFolder(target, "corpus") : workFolder(target, variant);
  if (variant !== "") rmSync(corpus, { recursive: true, force: true });
  mkdirSync(corpus, { recursive: true });
  const findings = workFolder(target, variant === "" ? "findings" : `${variant}-findings`);
  if (variant !== "") for (const name of readdirSync(findings)) rmSync(join(findings, name));
  // An input that was found before and still fails is written again, under the same name.
  const began = Date.now();
  const args = [
    `-max_total_time=${seconds}`,
    `-max_len=${INPUT_BYTES}`,
    `-timeout=${INPUT_LIMIT_S}`,
    "-reload=1",
    "-print_final_stats=1",
    `-artifact_prefix=${findings}/`,
    corpus,
    ...(variant === "" ? [committedCorpus(target)] : []),
  ];
  const logs = Array.from({ length: jobs }, (_, job) => join(workFolder(target), `job-${job}${variant}.log`));
  await Promise.all(logs.map((log) => runToEnd(program(target, "fuzzer", variant), args, log, say)));
  const texts = logs.map((log) => readFileSync(log, "utf8"));
  const most = (pattern: RegExp) =>
    Math.max(0, ...texts.flatMap((text) => [...text.matchAll(pattern)]).map((m) => Number(m[1])));
  const what = texts.map(
    (text) =>
      /FINDING: .*|ERROR: AddressSanitizer: .*|runtime error: .*|ERROR: libFuzzer: (?!deadly).*/.exec(text)?.[0],
  );
  const isNew = (name: string) => statSync(join(findings, name)).mtimeMs >= began;
  const files = readdirSync(findings).filter((name) => !name.startsWith("slow-unit") && isNew(name));
  return {
    executions: texts.reduce((sum, text) => sum + Number(/number_of_executed_units: (\d+)/.exec(text)?.[1] ?? 0), 0),
    edges: most(/cov: (\d+)/g),
    features: most(/ ft: (\d+)/g),
    inputs: most(/ corp: (\d+)/g),
    findings: files.map((name, n) => ({
      what: what.filter(Boolean)[n] ?? what.find(Boolean) ?? "see the log",
      file: join(findings, name),
    })),
    logs,
  };
}

function runToEnd(file: string, args: string[], log: string, say: (line: string) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const out = createWriteStream(log);
    const child = spawn(file, args, { stdio: ["ignore", "pipe", "pipe"] });
    let told = Date.now();
    const take = (chunk: Buffer) => {
      out.write(chunk);
      const line = chunk
        .toString()
        .split("\n")
        .findLast((text) => /^#\d+/.test(text));
      if (line === undefined || Date.now() - told < 30_000) return;
      told = Date.now();
      say(line.replace(/ MS:.*/, "").replaceAll(/\s+/g, " "));
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.once("error", reject);
    // With a finding it ends with another code than 0; the file tells of it.
    child.once("close", () => out.end(resolve));
  });
}

/** Makes the committed inputs anew: as few as still pass every edge that all known inputs pass, and those with names of their own. */
export async function minimise(target: Target): Promise<{ files: number }> {
  const committed = committedCorpus(target);
  const fresh = workFolder(target, "minimised");
  for (const name of readdirSync(fresh)) rmSync(join(fresh, name));
  mkdirSync(committed, { recursive: true });
  // Without counters only edges count.
  const args = [
    "-merge=1",
    "-use_counters=0",
    `-max_len=${INPUT_BYTES}`,
    fresh,
    committed,
    workFolder(target, "corpus"),
  ];
  await run(program(target, "fuzzer"), args, `minimise the inputs of ${target}`);
  // What people wrote has a name; libFuzzer's have a digest.
  for (const name of readdirSync(committed)) if (/^[0-9a-f]{40}$/.test(name)) rmSync(join(committed, name));
  await run("cp", ["-r", `${fresh}/.`, committed], "take over the minimised inputs");
  return { files: readdirSync(committed).length };
}

/** The command with which a person sees a finding again, step by step. */
export function replayCommand(target: Target, file: string): string {
  return `npm run fuzz -- --target ${target} --replay ${relative(repositoryRoot, file)}`;
}
