import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, readFileSync, statfsSync, statSync } from "node:fs";
import { cpus, userInfo } from "node:os";
import { basename, dirname, isAbsolute, relative } from "node:path";
import { reasonAdvice } from "./advice.js";
import { configurationFile, configurationProblems, variables } from "./configuration.js";
import { findTarget } from "./folder.js";
import type { Arch } from "./image.js";
import { prebuiltDll, prebuiltProgram, productVersion } from "./package.js";
import { type Probe, probe } from "./probe.js";
import { cleanFolder, inspectFolders, type SharedFolder, sharedFolders } from "./shared-folder.js";
import { statusOf } from "./status.js";
import { findWine, onPath, onWindows, prefixRefused } from "./wine.js";

/** A path as it is seen from here, where it lies below. */
function shortest(path: string): string {
  const from = relative("", path);
  return from === "" || from.startsWith("..") || isAbsolute(from) ? path : from;
}

/** One thing that was looked at. */
export interface Finding {
  check: "machine" | "package" | "wine" | "settings" | "program" | "connection" | "folder";
  /** A problem keeps connections on the kernel; a note is worth knowing. */
  level: "good" | "note" | "problem";
  what: string;
  /** What to do about it. */
  fix?: string;
}

const arches: readonly Arch[] = ["x64", "ia32"];
const memory = "/dev/shm";
/** So much for each direction of a busy connection, and some for their neighbours. */
const plentyBytes = 64 * 2 ** 20;
/** What this was tested with. */
const testedWine = 8;

export function checkMachine(): Finding[] {
  const cores = cpus().length;
  const found: Finding[] = [
    {
      check: "machine",
      level: "good",
      what: `${process.platform} on ${process.arch}, ${cores} cores, Node ${process.versions.node}`,
    },
  ];
  if (process.arch !== "x64" && process.arch !== "ia32") {
    const fix = "Use a machine with an x86 processor: the DLLs are made for those.";
    found.push({ check: "machine", level: "problem", what: `the processor is ${process.arch}`, fix });
  }
  if (cores < 2) {
    const fix = "Run programs with vmmc run --profile cpu: spinning only keeps the other side from running.";
    found.push({ check: "machine", level: "note", what: "there is one core for both sides of a connection", fix });
  }
  if (onWindows) {
    const fix = "Watch your programs' first runs, with VMMC_LOG set.";
    found.push({
      check: "machine",
      level: "note",
      what: "the DLL has not been tested on Windows yet, only under Wine",
      fix,
    });
  }
  return found;
}

export function checkPackage(): Finding[] {
  const files = (arch: Arch) => [
    prebuiltDll(arch),
    prebuiltProgram("vmmc-launch", arch),
    prebuiltProgram("pingpong", arch),
  ];
  const found = arches.flatMap((arch): Finding[] => {
    const missing = files(arch).filter((file) => !existsSync(file));
    if (missing.length === 0) return [];
    const fix = "Build them with npm run build, or install the package again.";
    return [
      {
        check: "package",
        level: arch === "x64" ? "problem" : "note",
        what: `missing for ${arch}: ${missing.join(", ")}`,
        fix,
      },
    ];
  });
  if (found.length > 0) return found;
  return [{ check: "package", level: "good", what: `vmmc-sockets ${productVersion}, for ${arches.join(" and ")}` }];
}

export function checkWine(): Finding[] {
  if (onWindows) return [];
  const wine = findWine();
  if (wine === undefined) {
    const fix = "Install it (Debian: wine, and wine32:i386 for 32-bit programs).";
    return [{ check: "wine", level: "problem", what: "there is no wine on the PATH", fix }];
  }
  const refused = prefixRefused(wine);
  if (refused !== undefined) return [{ check: "wine", level: "problem", ...refused }];
  const version = spawnSync(wine.command, ["--version"], { encoding: "utf8" }).stdout?.trim() ?? "";
  const number = Number(/^wine-(\d+)/.exec(version)?.[1]);
  const found: Finding[] = [];
  if (!wine.hasPrefix) {
    const fix = "Make it with wineboot -i, or set WINEPREFIX to another one.";
    return [{ check: "wine", level: "problem", what: `${version}; there is no Wine prefix ${wine.prefix} yet`, fix }];
  }
  if (process.getuid !== undefined && statSync(wine.prefix).uid !== process.getuid()) {
    const fix = "Set WINEPREFIX to a prefix of your own: Wine refuses those of others.";
    found.push({
      check: "wine",
      level: "problem",
      what: `the Wine prefix ${wine.prefix} belongs to another user`,
      fix,
    });
  } else found.push({ check: "wine", level: "good", what: `${version}, prefix ${shortest(wine.prefix)}` });
  if (!(number >= testedWine)) {
    const what = `this was tested with Wine ${testedWine}.0; ${version || "the version"} is another one`;
    found.push({ check: "wine", level: "note", what });
  }
  if (!existsSync(`${wine.prefix}/drive_c/windows/syswow64`)) {
    const fix = "For 32-bit programs install wine32 (Debian: wine32:i386) and make the prefix once more.";
    found.push({ check: "wine", level: "note", what: "the prefix runs 64-bit programs only", fix });
  }
  if (onPath("wineserver") === undefined) {
    found.push({
      check: "wine",
      level: "note",
      what: "there is no wineserver on the PATH: a prefix cannot be stopped by hand",
    });
  }
  return found;
}

/** @param target a program or its folder, whose configuration file is looked at too */
export function checkSettings(target?: string): Finding[] {
  const folder = target === undefined ? undefined : findTarget(target).folder;
  const problems = configurationProblems(process.env, folder);
  const found = problems.map(
    ({ name, what, fix }): Finding => ({ check: "settings", level: "problem", what: `${name}: ${what}`, fix }),
  );
  if (process.env.VMMC_DISABLE === "1") {
    const fix = "Unset it.";
    found.push({
      check: "settings",
      level: "problem",
      what: "VMMC_DISABLE=1 keeps all connections on the kernel",
      fix,
    });
  }
  if (found.length > 0) return found;
  const set = Object.keys(process.env).filter((name) => variables.some((variable) => variable.name === name));
  const parts = set.map((name) => `${name}=${process.env[name]}`);
  const file = process.env.VMMC_CONFIG ? undefined : configurationFile(process.env, folder);
  if (file !== undefined) parts.push(`what is in ${file}`);
  const what = parts.length === 0 ? "all at their defaults" : `set: ${parts.join(" ")}`;
  return [{ check: "settings", level: "good", what }];
}

/** @throws CliError when there is no such program or folder */
export function checkProgram(target: string): Finding[] {
  const { folder, dll, programs } = statusOf(target);
  const found: Finding[] = [];
  const say = (level: Finding["level"], what: string, fix?: string) =>
    found.push({ check: "program", level, what, ...(fix === undefined ? {} : { fix }) });
  if (dll !== undefined && !dll.isOurs) {
    say(
      "problem",
      `${dll.path} is not ours: ${dll.is}`,
      "Move it away if the program works without it, then run vmmc install.",
    );
  } else if (dll !== undefined && !dll.isCurrent) {
    say(
      "problem",
      `${dll.path} is ${dll.version ?? "of an unknown version"}, not ${productVersion}`,
      "Run vmmc install once more, for both programs of a connection.",
    );
  }
  if (programs.length === 0)
    say("problem", `there is no Windows program (.exe) in ${folder}`, "Name the folder of the program.");
  for (const { name, arch, wrapped, why } of programs) {
    const hindered = why.map((text) => text.replace(/\.$/, ""));
    if (wrapped && why.length === 0) say("good", `${name} (${arch}) runs with our DLL`);
    else if (dll === undefined && hindered.length === 0) {
      say(
        "note",
        `${name} (${arch}) could use our DLL, which is not installed`,
        `vmmc install ${folder}, or vmmc run ${name}.`,
      );
    } else for (const text of hindered) say("problem", text);
  }
  return found;
}

export async function checkConnection(): Promise<Finding[]> {
  const wine = findWine();
  const both = onWindows || existsSync(`${wine?.prefix}/drive_c/windows/syswow64`);
  const runnable = arches.filter((arch) => (arch === "x64" || both) && existsSync(prebuiltProgram("pingpong", arch)));
  // Each with itself, and the two with one another.
  const pairs =
    runnable.length === 2
      ? [
          ["x64", "x64"],
          ["ia32", "x64"],
        ]
      : [["x64", "x64"]];
  const found: Finding[] = [];
  for (const [server, client] of pairs as [Arch, Arch][]) found.push(findingOf(await probe(wine, server, client)));
  return found;
}

function findingOf({ arches: [server, client], userLevel, reason, roundTripUs }: Probe): Finding {
  const between = server === client ? `between two ${server} programs` : `from ${client} to ${server}`;
  if (userLevel) {
    const what = `user-level ${between}: ${roundTripUs} us for a round trip`;
    return { check: "connection", level: "good", what };
  }
  const fix = reasonAdvice(reason);
  return {
    check: "connection",
    level: "problem",
    what: `not user-level ${between}: ${reason}`,
    ...(fix === undefined ? {} : { fix }),
  };
}

export function checkSharedFolders(clean: boolean): Finding[] {
  if (process.platform !== "linux") return [];
  const own = ownFolderName();
  const folders = inspectFolders(sharedFolders());
  const ours = folders.filter(({ path }) => process.env.VMMC_DIR !== undefined || basename(path) === own);
  const others = folders.filter((folder) => !ours.includes(folder));
  return [
    ...memoryFindings(),
    ...ours.flatMap((folder) => folderFindings(folder, clean)),
    ...otherFindings(others, clean),
  ];
}

/** The folder of the Wine prefix is named after the number of its drive C. */
function ownFolderName(): string | undefined {
  const drive = statSync(`${findWine()?.prefix}/drive_c`, { bigint: true, throwIfNoEntry: false });
  if (drive === undefined) return undefined;
  return `vmmc-sockets-${userInfo().username}-${drive.ino.toString(16).padStart(16, "0")}`;
}

/** The folders of other prefixes, which may have gone, in a line. */
function otherFindings(folders: readonly SharedFolder[], clean: boolean): Finding[] {
  const unused = folders.filter(
    ({ users, leftovers, directory }) => users === 0 && (leftovers.length > 0 || directory !== "none"),
  );
  if (folders.length === 0) return [];
  const what = `${folders.length} folders of other Wine prefixes, ${unused.length} of them with files that nobody uses`;
  if (unused.length === 0) return [{ check: "folder", level: "good", what }];
  if (!clean) return [{ check: "folder", level: "note", what, fix: "vmmc doctor --clean removes them." }];
  const removed = unused.reduce((sum, folder) => sum + cleanFolder(folder), 0);
  return [{ check: "folder", level: "good", what: `${what}: removed ${removed} files` }];
}

function memoryFindings(): Finding[] {
  const base = process.env.VMMC_DIR?.startsWith("/") ? dirname(process.env.VMMC_DIR) : memory;
  if (!existsSync(base)) {
    const fix = "Mount a tmpfs there, or set VMMC_DIR: files on a disk are slower.";
    return [
      {
        check: "folder",
        level: "note",
        what: `there is no ${base}: shared memory is kept in files of the prefix`,
        fix,
      },
    ];
  }
  try {
    accessSync(base, constants.W_OK);
  } catch {
    return [
      {
        check: "folder",
        level: "problem",
        what: `${base} is not writable`,
        fix: "Set VMMC_DIR to a folder of your own.",
      },
    ];
  }
  const { bavail, bsize } = statfsSync(base);
  const mount = readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .find((line) => line.split(" ")[1] === memory);
  const free = bavail * bsize;
  const found: Finding[] = [];
  if (free < plentyBytes) {
    const fix = `Enlarge it (mount -o remount,size=1G ${base}), or set VMMC_RING to less.`;
    found.push({ check: "folder", level: "problem", what: `${base} has ${Math.round(free / 2 ** 20)} MiB left`, fix });
  }
  if (base === memory && mount !== undefined && !/^\S+ \S+ tmpfs /.test(mount)) {
    found.push({
      check: "folder",
      level: "note",
      what: `${memory} is no tmpfs: shared memory may be written to a disk`,
    });
  }
  return found;
}

function folderFindings(folder: SharedFolder, clean: boolean): Finding[] {
  const { path, trouble, directory, users, listeners, pending, leftovers, deadOwners } = folder;
  const found: Finding[] = [];
  const say = (level: Finding["level"], what: string, fix?: string) =>
    found.push({ check: "folder", level, what, ...(fix === undefined ? {} : { fix }) });
  if (trouble === "lets other users in") {
    say("note", `${path} ${trouble}, who could read and change what programs send`, `chmod 700 ${path}`);
  } else if (trouble !== undefined) {
    say("problem", `${path} ${trouble}: programs there stay on the kernel`, "Set VMMC_DIR to a folder of your own.");
    return found;
  }
  if (directory === "damaged") {
    say(
      "problem",
      `the directory in ${path} is damaged`,
      `End the programs that use it, then remove the folder: rm -r ${path}`,
    );
    return found;
  }
  if (clean && (leftovers.length > 0 || (users === 0 && directory === "good"))) {
    say("good", `${path}: removed ${cleanFolder(folder)} files that nobody used`);
    return found;
  }
  say(
    "good",
    `${path}: ${users} ${users === 1 ? "process" : "processes"}, ${listeners} listening, ${pending} waiting for an acceptor`,
  );
  if (leftovers.length > 0) {
    say(
      "note",
      `files that nobody uses: ${leftovers.length}, for example ${leftovers[0]}`,
      "vmmc doctor --clean removes them.",
    );
  }
  if (deadOwners > 0) {
    say(
      "note",
      `entries of ${deadOwners} or more ended processes are left in it`,
      "Nothing: the next program that meets them removes them.",
    );
  }
  return found;
}
