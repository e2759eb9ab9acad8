import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { CliError } from "./errors.js";
import type { Arch } from "./image.js";

/** A load order that an installation has set in a Wine prefix. */
export interface RecordedOverride {
  prefix: string;
  /** The program's file name, for which alone it holds. */
  program: string;
  /** What stood there before; none if nothing did. */
  before?: string;
}

/** What `vmmc install` did in one folder: what `vmmc uninstall` undoes, and `vmmc status` tells. */
export interface Installation {
  /** Without links in it. */
  folder: string;
  /** The DLL's file name, as it was written there. */
  dll: string;
  arch: Arch;
  version: string;
  sha256: string;
  /** The programs that it was installed for. */
  programs: string[];
  installedAt: string;
  overrides: RecordedOverride[];
}

const formatVersion = 1;

/** The user's list of installations. It is nowhere near the programs: their folders hold the DLL and nothing else of ours. */
export function recordFile(): string {
  const { XDG_STATE_HOME, LOCALAPPDATA } = process.env;
  const state =
    process.platform === "win32"
      ? LOCALAPPDATA || join(homedir(), "AppData", "Local")
      : XDG_STATE_HOME || join(homedir(), ".local", "state");
  return join(state, "vmmc-sockets", "installs.json");
}

/** @throws CliError when the list is damaged: what cannot be read must not be overwritten */
export function readInstallations(): Installation[] {
  const file = recordFile();
  if (!existsSync(file)) return [];
  try {
    const { version, installs } = JSON.parse(readFileSync(file, "utf8")) as { version: number; installs: unknown };
    if (version !== formatVersion || !Array.isArray(installs) || !installs.every(isInstallation)) {
      throw new Error("it is of another version, or damaged");
    }
    return installs;
  } catch (error) {
    throw new CliError(
      `Cannot read the list of installations ${file}: ${(error as Error).message}. Move it away to go on without it.`,
    );
  }
}

function isInstallation(value: unknown): value is Installation {
  const { folder, dll, programs, overrides } = (value ?? {}) as Partial<Installation>;
  return typeof folder === "string" && typeof dll === "string" && Array.isArray(programs) && Array.isArray(overrides);
}

/** The installation in a folder, if there is a record of one. */
export function installationIn(folder: string): Installation | undefined {
  const place = realpathSync(folder);
  return readInstallations().find((entry) => entry.folder === place);
}

/** Replaces the record of a folder, or removes it. */
export function recordInstallation(folder: string, entry: Installation | undefined): void {
  const file = recordFile();
  const place = realpathSync(folder);
  const others = readInstallations().filter((other) => other.folder !== place);
  const installs = entry === undefined ? others : [...others, entry];
  try {
    if (installs.length === 0) {
      rmSync(file, { force: true });
      return;
    }
    mkdirSync(dirname(file), { recursive: true });
    // In one step: a reader finds the old list or the new one.
    const temporary = `${file}.${process.pid}.tmp`;
    writeFileSync(temporary, `${JSON.stringify({ version: formatVersion, installs }, null, 2)}\n`, { mode: 0o600 });
    renameSync(temporary, file);
  } catch (error) {
    throw new CliError(`Cannot write the list of installations ${file}: ${(error as Error).message}.`);
  }
}

/** The digest by which a file is recognised. */
export function digestOf(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}
