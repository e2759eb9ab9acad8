import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { dllName, findTarget, imagesIn, presentDll } from "./folder.js";
import { type Arch, readImage } from "./image.js";
import { prebuiltDll, productVersion } from "./package.js";
import { digestOf, type Installation, installationIn } from "./record.js";
import { obstacles, usesSockets, whyNot } from "./suitability.js";
import { plainTable } from "./table.js";
import { findWine, onWindows, readOverride } from "./wine.js";

/** A program in the folder, and what it will do. */
export interface ProgramStatus {
  name: string;
  arch: Arch;
  /** Whether it will run with our DLL. */
  wrapped: boolean;
  /** Why not, or why its connections stay on the kernel all the same: sentences. */
  why: string[];
  /** Under Wine: what the prefix says of it. */
  override?: string;
}

/** What is installed in a folder. */
export interface FolderStatus {
  folder: string;
  dll?: {
    path: string;
    isOurs: boolean;
    /** Whose it is, if not ours. */
    is: string;
    version?: string;
    arch?: Arch;
    /** Whether it is the very file that this version would install. */
    isCurrent: boolean;
  };
  programs: ProgramStatus[];
  /** What install did here, if it was us. */
  record?: Installation;
  /** The Wine prefix that the overrides are of. */
  prefix?: string;
}

/** Adds `vmmc status`. */
export function addStatus(program: Command): void {
  program
    .command("status")
    .description("tell what is installed beside a program, and whether the program will use it")
    .argument("<target>", "a program, or a folder with programs")
    .option("--json", "as JSON")
    .addHelpText("after", "\nExamples:\n  vmmc status program.exe\n  vmmc status folder --json")
    .action((target: string, { json }: { json?: true }) => {
      const status = statusOf(target);
      console.log(json ? JSON.stringify(status, undefined, 2) : describe(status));
    });
}

/** @throws CliError when there is no such folder or program */
export function statusOf(path: string): FolderStatus {
  const { folder, program } = findTarget(path);
  const { programs, libraries } = imagesIn(folder);
  const chosen =
    program === undefined
      ? programs
      : [programs.find(({ name }) => name === program) ?? { name: program, ...readImage(join(folder, program)) }];
  const dll = dllStatus(folder);
  const record = installationIn(folder);
  const wine = findWine();
  return {
    folder,
    ...(dll === undefined ? {} : { dll }),
    programs: chosen.map((image): ProgramStatus => {
      const uses = usesSockets(image, libraries);
      const override = wine?.hasPrefix && uses ? readOverride(wine, image.name) : undefined;
      const fits = dll?.isOurs === true && dll.arch === image.arch;
      const taken =
        onWindows || /^n/.test(override ?? "") || /\bwsock32\b[^;]*=n/.test(process.env.WINEDLLOVERRIDES ?? "");
      const why = uses ? obstacles(image, libraries) : [`${image.name} ${whyNot(image)}`];
      if (uses && dll?.isOurs && !fits)
        why.unshift(`${dll.path} is for ${dll.arch}, and ${image.name} for ${image.arch}.`);
      if (uses && fits && !taken) {
        why.unshift(
          `Wine will not take the DLL for ${image.name}: install it once more, or start with WINEDLLOVERRIDES="wsock32=n,b".`,
        );
      }
      return {
        name: image.name,
        arch: image.arch,
        wrapped: uses && fits && taken,
        why,
        ...(override === undefined ? {} : { override }),
      };
    }),
    ...(record === undefined ? {} : { record }),
    ...(wine?.hasPrefix ? { prefix: wine.prefix } : {}),
  };
}

function dllStatus(folder: string): FolderStatus["dll"] {
  const present = presentDll(folder);
  if (present === undefined) return undefined;
  const { path, version, isOurs, is, arch } = present;
  const ours = arch === undefined ? undefined : prebuiltDll(arch);
  return {
    path,
    isOurs,
    is: isOurs ? "ours" : is,
    ...(version === undefined ? {} : { version }),
    ...(arch === undefined ? {} : { arch }),
    isCurrent: isOurs && ours !== undefined && existsSync(ours) && digestOf(path) === digestOf(ours),
  };
}

function describe({ folder, dll, programs, record }: FolderStatus): string {
  const lines: string[] = [];
  if (dll === undefined) lines.push(`No ${dllName} in ${folder}: programs there use the system's sockets.`);
  else if (!dll.isOurs) lines.push(`${dll.path} is not ours: ${dll.is}.`);
  else {
    const equal = dll.isCurrent ? "the same file as this version's" : `not the file of this version, ${productVersion}`;
    lines.push(`${dll.path}: ours, ${dll.version ?? "of an unknown version"}, ${dll.arch}; ${equal}.`);
  }
  if (record !== undefined) {
    const when = record.installedAt.slice(0, 16).replace("T", " ");
    lines.push(`Installed by vmmc ${record.version} at ${when} UTC for ${record.programs.join(", ")}.`);
    lines.push(...record.overrides.map((o) => `It set an override for ${o.program} in the Wine prefix ${o.prefix}.`));
    if (dll === undefined) lines.push("The DLL is gone since: vmmc uninstall undoes the rest.");
  } else if (dll?.isOurs)
    lines.push("There is no record of its installation: it was copied by hand, or by another user.");
  if (programs.length > 0) {
    const rows = programs.map(({ name, arch, wrapped, override }) => [
      name,
      arch,
      wrapped ? "yes" : "no",
      override ?? "none",
    ]);
    const head = ["program", "for", "with our DLL", "Wine override"];
    lines.push("", plainTable(head, rows, ["left", "left", "left", "left"]));
    lines.push(...[...new Set(programs.flatMap(({ why }) => why))].map((why) => `Note: ${why}`));
  } else lines.push(`There is no Windows program (.exe) in ${folder}.`);
  return lines.join("\n");
}
