import { copyFileSync, existsSync, readFileSync, realpathSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { CliError, InputError } from "./errors.js";
import { dllName, findTarget, imagesIn, type NamedImage, presentDll, type Target } from "./folder.js";
import { type Arch, readImage } from "./image.js";
import { prebuiltDll, productVersion } from "./package.js";
import { digestOf, type Installation, installationIn, type RecordedOverride, recordInstallation } from "./record.js";
import { obstacles, usesSockets, whyNot } from "./suitability.js";
import { findWine, onWindows, readOverride, type Wine, writeOverride } from "./wine.js";

/** What was said on the command line. */
interface Options {
  json?: true;
  override: boolean;
}

/** What was done: for people, and as fields. */
interface Done {
  lines: string[];
  result: Record<string, unknown>;
}

const ourOrder = "native,builtin";

/** Adds `vmmc install` and `vmmc uninstall`. */
export function addInstall(program: Command): void {
  const tell = ({ lines, result }: Done, { json }: Pick<Options, "json">) =>
    console.log(json ? JSON.stringify(result, undefined, 2) : lines.join("\n"));
  program
    .command("install")
    .description("put wsock32.dll beside a program")
    .argument("<target>", "a program, or a folder with programs")
    .option("--no-override", "leave the settings of the Wine prefix as they are")
    .option("--json", "tell what was done as JSON")
    .addHelpText(
      "after",
      "\nWhere there is a Wine prefix (WINEPREFIX, or ~/.wine), it is told to take the DLL, for these programs only." +
        "\n\nExamples:\n  vmmc install program.exe\n  vmmc install folder\n  WINEPREFIX=~/games vmmc install program.exe",
    )
    .action((target: string, options: Options) => tell(install(target, options.override), options));
  program
    .command("uninstall")
    .description("remove our wsock32.dll from beside a program, and undo what else install did")
    .argument("<target>", "a program, or a folder with programs")
    .option("--json", "tell what was done as JSON")
    .addHelpText("after", "\nExamples:\n  vmmc uninstall program.exe\n  vmmc uninstall folder")
    .action((target: string, options: Options) => tell(uninstall(target), options));
}

/**
 * Puts our DLL beside the program or programs that the user named, and records what it did.
 * @param path a program, or the folder that holds it
 * @param override whether a Wine prefix may be told to take the DLL
 * @throws CliError when no program there would use it, or another wsock32.dll is in the way
 */
function install(path: string, override: boolean): Done {
  const target = findTarget(path);
  const { arch, programs, warnings } = chooseArch(target);
  const dll = prebuiltDll(arch);
  if (!existsSync(dll)) throw new CliError(`${dll} is missing: build it with npm run build.`);
  const present = presentDll(target.folder);
  if (present !== undefined && !present.isOurs) {
    throw new CliError(`${present.path} is not ours (${present.is}): it stays. Move it away if it may be replaced.`);
  }
  const before = installationIn(target.folder);
  const where = present?.path ?? join(target.folder, dllName);
  const same = present !== undefined && readFileSync(present.path).equals(readFileSync(dll));
  if (!same) {
    attempt(`install ${where}`, () => {
      // In one step: a program that starts meanwhile finds the old file or the new one.
      const temporary = `${where}.${process.pid}.tmp`;
      copyFileSync(dll, temporary);
      renameSync(temporary, where);
    });
  }
  const entry: Installation = {
    folder: realpathSync(target.folder),
    dll: where.slice(where.length - dllName.length),
    arch,
    version: productVersion,
    sha256: digestOf(dll),
    programs: [...new Set([...(before?.programs ?? []), ...programs])],
    installedAt: new Date().toISOString(),
    overrides: before?.overrides ?? [],
  };
  recordInstallation(target.folder, entry);
  const wine = override ? findWine() : undefined;
  const told = wine?.hasPrefix ? setOverrides(wine, programs, entry) : [];
  const done = `${where} (${productVersion}, ${arch}) for ${programs.join(", ")}`;
  const verb = present === undefined ? "Installed" : `Replaced ${present.version ?? "an older version"} by`;
  return {
    lines: [
      same ? `Already there: ${done}.` : `${verb} ${done}.`,
      ...(told.length > 0 ? [`The Wine prefix ${wine!.prefix} takes it for ${told.join(", ")}.`] : []),
      ...(onWindows || told.length > 0
        ? []
        : [`Under Wine, start it with WINEDLLOVERRIDES="wsock32=n,b"; Windows finds it by itself.`]),
      ...warnings.map((warning) => `Note: ${warning}`),
    ],
    result: { done: same ? "nothing" : present === undefined ? "installed" : "replaced", ...entry, warnings },
  };
}

/** Tells the prefix, and the record, program by program: a failure in between leaves both in agreement. */
function setOverrides(wine: Wine, programs: readonly string[], entry: Installation): string[] {
  const prefix = realpathSync(wine.prefix);
  for (const program of programs) {
    const known = entry.overrides.some((other) => other.prefix === prefix && other.program === program);
    const before = readOverride(wine, program);
    if (known && before === ourOrder) continue;
    writeOverride(wine, program, ourOrder);
    if (!known) entry.overrides.push({ prefix, program, ...(before === undefined ? {} : { before }) });
    recordInstallation(entry.folder, entry);
  }
  return [...programs];
}

/**
 * Removes our DLL from beside a program, and undoes what else the record tells.
 * @param path a program, or the folder that holds it
 * @throws CliError when the DLL there is somebody else's
 */
function uninstall(path: string): Done {
  const { folder, program } = findTarget(path);
  // Somebody who names anything else does not mean what lies beside it.
  if (program !== undefined) readImage(path);
  const present = presentDll(folder);
  const entry = installationIn(folder);
  if (present !== undefined && !present.isOurs) {
    throw new CliError(`${present.path} is not ours (${present.is}): it stays.`);
  }
  if (present === undefined && entry === undefined) {
    return {
      lines: [`There is no ${dllName} in ${folder}: nothing to remove.`],
      result: { done: "nothing", folder, overrides: [] },
    };
  }
  if (present !== undefined) attempt(`remove ${present.path}`, () => rmSync(present.path));
  const { undone, left } = undoOverrides(entry?.overrides ?? []);
  recordInstallation(folder, undefined);
  return {
    lines: [
      present === undefined
        ? `There is no ${dllName} in ${folder} any more: somebody else removed it.`
        : `Removed ${present.path}; programs there use the system's sockets again.`,
      ...undone.map(({ prefix, program }) => `The Wine prefix ${prefix} has its former setting for ${program}.`),
      ...left,
    ],
    result: { done: present === undefined ? "nothing" : "removed", folder, overrides: undone },
  };
}

function undoOverrides(overrides: readonly RecordedOverride[]): { undone: RecordedOverride[]; left: string[] } {
  const undone: RecordedOverride[] = [];
  const left: string[] = [];
  for (const override of overrides) {
    const { prefix, program, before } = override;
    const wine = findWine();
    if (wine === undefined || !existsSync(join(prefix, "system.reg"))) {
      left.push(`The Wine prefix ${prefix} cannot be reached any more: its setting for ${program} stays.`);
      continue;
    }
    const place = { ...wine, prefix };
    if (readOverride(place, program) !== ourOrder) {
      left.push(`The Wine prefix ${prefix} has another setting for ${program} by now: it stays.`);
      continue;
    }
    writeOverride(place, program, before);
    undone.push(override);
  }
  return { undone, left };
}

function attempt(what: string, action: () => void): void {
  try {
    action();
  } catch (error) {
    throw new CliError(
      `Cannot ${what}: ${(error as Error).message}. Does a program use it, or is the folder protected?`,
    );
  }
}

/** The architecture to install for, the names of the programs that it is for, and what speaks against hoping for much. */
function chooseArch({ folder, program }: Target): { arch: Arch; programs: string[]; warnings: string[] } {
  const { programs, libraries } = imagesIn(folder);
  const users = programs.filter((candidate) => usesSockets(candidate, libraries));
  let chosen: NamedImage[] = users;
  if (program !== undefined) {
    const image = { name: program, ...readImage(join(folder, program)) };
    if (image.isDll) throw new InputError(`${join(folder, program)} is a DLL: name the program that uses it.`);
    if (!usesSockets(image, libraries)) throw new InputError(`${join(folder, program)} ${whyNot(image)}`);
    chosen = [image];
  }
  const [first] = chosen;
  if (first === undefined) throw new InputError(nothingToServe(folder, programs));
  // One folder holds one wsock32.dll: a program of the other kind that imports it could not start any more.
  const others = users.filter(({ arch }) => arch !== first.arch);
  if (others.length > 0) {
    throw new InputError(
      `${folder} holds ${first.name} for ${first.arch} and ${list(others)} for ${others[0]!.arch}, which both use ` +
        `${dllName}; one DLL cannot serve both: put them into folders of their own.`,
    );
  }
  const warnings = [...new Set(chosen.flatMap((image) => obstacles(image, libraries)))];
  return { arch: first.arch, programs: chosen.map(({ name }) => name), warnings };
}

function nothingToServe(folder: string, programs: readonly NamedImage[]): string {
  const [first] = programs;
  if (first === undefined) return `There is no Windows program (.exe) in ${folder}.`;
  if (programs.length === 1) return `${join(folder, first.name)} ${whyNot(first)}`;
  return `None of the programs in ${folder} (${list(programs)}) imports ${dllName}: they would not use ours.`;
}

function list(images: readonly NamedImage[]): string {
  return images.map(({ name }) => name).join(", ");
}
