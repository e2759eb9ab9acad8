import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { type Setting, settings } from "../core/settings.js";
import { statusOrNone } from "./folder.js";
import { ruleProblems } from "./rules.js";

/** One environment variable that the wrapper reads in every program. */
export interface Variable {
  name: string;
  meaning: string;
  /** For numbers: what is valid, and what holds when nothing is set. */
  setting?: Setting;
}

/** All that the wrapper reads; docs/configuration.md explains them. */
export const variables: readonly Variable[] = [
  ...settings.map((setting) => ({ name: setting.name, meaning: setting.meaning, setting })),
  { name: "VMMC_LOG", meaning: "a file for one line about each connection, or `debugger`" },
  { name: "VMMC_DIR", meaning: "the folder of the shared memory's files" },
  { name: "VMMC_RULES", meaning: "which connections may be user-level" },
  { name: "VMMC_CONFIG", meaning: "a file with the others" },
];

/** The file that is read where VMMC_CONFIG names none: beside the program. */
const fileBeside = "vmmc.conf";
/** As much as the wrapper reads of it. */
const fileLimit = 16383;

/** What the project's own tests and tools read. Nobody else needs them; they are no mistake either. */
export const developmentVariables: readonly string[] = [
  ...["VMMC_WINE_PREFIX", "VMMC_SETUP_WITHOUT_IA32", "VMMC_TEST_FULL", "VMMC_TEST_SEED"],
  ...["VMMC_KILLS", "VMMC_KILLS_SEED", "VMMC_STORM_SECONDS", "VMMC_STORM_SEED"],
];

/** Which program a tool started: set by `vmmc run`, read by nobody else. */
export const runMarker = "VMMC_RUN";

/** A variable whose value does nothing, or not what was meant. */
export interface Problem {
  name: string;
  what: string;
  fix: string;
}

/**
 * What is wrong with the variables that begin with VMMC_, and with the configuration file.
 * @param folder the program's, if there is one
 */
export function configurationProblems(environment: NodeJS.ProcessEnv = process.env, folder?: string): Problem[] {
  const names = Object.keys(environment).filter((name) => name.startsWith("VMMC_"));
  const ofVariables = names.sort().flatMap((name) => problemOf(name, environment[name] ?? "") ?? []);
  const file = configurationFile(environment, folder);
  return [...ofVariables, ...(file === undefined ? [] : fileProblems(file))];
}

/** The configuration file that a program in that folder reads, if it is there and can be looked at from here. */
export function configurationFile(environment: NodeJS.ProcessEnv, folder: string | undefined): string | undefined {
  const beside = folder === undefined ? "" : resolve(folder, fileBeside);
  const file = environment.VMMC_CONFIG || beside;
  return isLocal(file) && isFile(file) ? file : undefined;
}

/** What is wrong with the lines of a configuration file. */
function fileProblems(file: string): Problem[] {
  const text = readFileSync(file, "latin1");
  const known = new Set<string>();
  const problems = text.split(/\r\n|[\r\n]/).flatMap((line, index): Problem[] => {
    const place = `${file}, line ${index + 1}`;
    if (/^[ \t]*(?:#.*)?$/.test(line)) return [];
    const [, name, value] = /^[ \t]*(\w+)[ \t]*=[ \t]*(.*?)[ \t]*$/.exec(line) ?? [];
    if (name === undefined) {
      return [{ name: place, what: "it is left out", fix: "Write NAME = value, or # before a comment." }];
    }
    if (name === "VMMC_CONFIG")
      return [{ name: place, what: "a file cannot name another one", fix: "Remove the line." }];
    if (known.has(name)) {
      return [{ name: place, what: `${name} stands above already, and that counts`, fix: "Remove one of them." }];
    }
    known.add(name);
    const problem = problemOf(name, value!);
    return problem === undefined ? [] : [{ ...problem, name: `${place}, ${name}` }];
  });
  if (text.length <= fileLimit) return problems;
  const what = `only its first ${fileLimit} bytes are read`;
  return [{ name: file, what, fix: "Make it shorter." }, ...problems];
}

function isFile(path: string): boolean {
  return statusOrNone(path)?.isFile() === true;
}

function problemOf(name: string, value: string): Problem | undefined {
  const variable = variables.find((candidate) => candidate.name === name);
  if (variable === undefined) {
    if (developmentVariables.includes(name) || name === runMarker) return undefined;
    const near = variables.find((candidate) => distance(candidate.name, name) <= 2)?.name;
    const fix = near === undefined ? "Remove it; docs/configuration.md lists what there is." : `Did you mean ${near}?`;
    return { name, what: "there is no such setting", fix };
  }
  // The wrapper takes an empty variable for one that is not set.
  if (value === "") return undefined;
  if (variable.setting !== undefined) return numberProblem(variable.setting, value);
  return ofText[name]!(value);
}

const ofText: Readonly<Record<string, (value: string) => Problem | undefined>> = {
  VMMC_LOG: logProblem,
  VMMC_DIR: folderProblem,
  VMMC_RULES: (text) => {
    const problems = ruleProblems(text);
    if (problems.length === 0) return undefined;
    return { name: "VMMC_RULES", what: problems.join("; "), fix: "docs/configuration.md tells how rules are written." };
  },
  VMMC_CONFIG: (path) => {
    if (!isLocal(path) || isFile(path)) return undefined;
    return { name: "VMMC_CONFIG", what: `${path} is no file: nothing is read`, fix: "Name a file." };
  },
};

/** The number that a text stands for, as C reads it: decimal, hexadecimal with 0x, octal with 0. */
export function parseNumber(text: string): number | undefined {
  if (/^0[0-7]+$/.test(text)) return Number.parseInt(text, 8);
  return /^(?:0|[1-9]\d*|0[xX][\da-fA-F]+)$/.test(text) ? Number(text) : undefined;
}

function numberProblem({ name, normal, least, most, powerOfTwo }: Setting, text: string): Problem | undefined {
  const value = parseNumber(text);
  const fits = value !== undefined && value >= least && value <= most;
  if (fits && !(powerOfTwo && (value & (value - 1)) !== 0)) return undefined;
  const valid = `${powerOfTwo ? "a power of two" : "a whole number"} from ${least} to ${most}`;
  return { name, what: `"${text}" is not valid, and counts as ${normal}`, fix: `Set it to ${valid}.` };
}

/** True for a path that means a file of this system: under Wine, Windows' own paths are looked up by Wine alone. */
function isLocal(path: string): boolean {
  return process.platform === "win32" || path.startsWith("/");
}

function logProblem(path: string): Problem | undefined {
  if (path === "debugger" || !isLocal(path)) return undefined;
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  if (!isFolder && existsSync(dirname(path))) return undefined;
  const what = isFolder ? `${path} is a folder` : `there is no folder ${dirname(path)}`;
  return { name: "VMMC_LOG", what: `${what}: nothing is logged`, fix: "Name a file in a folder that exists." };
}

function folderProblem(path: string): Problem | undefined {
  if (!isLocal(path)) return undefined;
  const status = statSync(path, { throwIfNoEntry: false });
  const kernel = "all connections stay on the kernel";
  if (status === undefined) {
    if (existsSync(dirname(path))) return undefined;
    return {
      name: "VMMC_DIR",
      what: `there is no folder ${dirname(path)} to make it in: ${kernel}`,
      fix: "Name a folder whose parent exists.",
    };
  }
  const own = process.getuid === undefined || status.uid === process.getuid();
  if (status.isDirectory() && own) return undefined;
  const what = status.isDirectory() ? `${path} belongs to another user` : `${path} is not a folder`;
  return { name: "VMMC_DIR", what: `${what}: ${kernel}`, fix: "Name a folder of your own." };
}

/** How many characters two names differ by (insertions, deletions, replacements). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, n) => n);
  for (const [i, character] of [...a].entries()) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const same = character === b[j] ? 0 : 1;
      next.push(Math.min(row[j]! + same, row[j + 1]! + 1, next[j]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}

/** Ready-made settings for `vmmc run`: what is fast for one program wastes another one's processor. */
export const profiles: Readonly<Record<string, { meaning: string; variables: Readonly<Record<string, string>> }>> = {
  latency: {
    meaning:
      "spin up to 10 ms before sleeping: the shortest waits, at the price of a processor for each waiting thread",
    variables: { VMMC_SPIN_US: "10000" },
  },
  balanced: { meaning: "the defaults", variables: {} },
  cpu: { meaning: "never spin: an idle or slow peer costs no processor time", variables: { VMMC_SPIN_US: "0" } },
};
