import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, isAbsolute, join, resolve } from "node:path";
import { CliError } from "./errors.js";
import { statusOrNone } from "./folder.js";

/** True where Windows programs run by themselves. */
export const onWindows = process.platform === "win32";

/** Wine as the user's own commands would find it. */
export interface Wine {
  /** The program that starts Windows programs. */
  command: string;
  /** WINEPREFIX, or where Wine keeps it otherwise. */
  prefix: string;
  /** Whether the prefix has been made. */
  hasPrefix: boolean;
}

/** The first file of that name in the folders of PATH. */
export function onPath(name: string): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  return folders.map((folder) => join(folder, name)).find((path) => statusOrNone(path)?.isFile());
}

/** Wine, or undefined when it is not installed (or this is Windows). */
export function findWine(): Wine | undefined {
  if (onWindows) return undefined;
  const command = onPath("wine") ?? onPath("wine64");
  if (command === undefined) return undefined;
  const prefix = process.env.WINEPREFIX || join(homedir(), ".wine");
  return { command, prefix, hasPrefix: isAbsolute(prefix) && existsSync(join(prefix, "system.reg")) };
}

/** Why Wine refuses to start with that prefix at all, and what to do; undefined where nothing is wrong with its path. */
export function prefixRefused({ prefix }: Wine): { what: string; fix: string } | undefined {
  if (isAbsolute(prefix)) return undefined;
  return {
    what: `WINEPREFIX is ${prefix}, and Wine takes no path but a full one`,
    fix: `Set it to ${resolve(prefix)}.`,
  };
}

/** @throws CliError when Wine is not there, or would not start */
export function needWine(what: string): Wine {
  const wine = findWine();
  if (wine === undefined) throw new CliError(`Cannot ${what}: Wine is not installed (there is no wine on the PATH).`);
  const refused = prefixRefused(wine);
  if (refused !== undefined) throw new CliError(`Cannot ${what}: ${refused.what}. ${refused.fix}`);
  return wine;
}

/** A path as Windows programs see it: under Wine the root folder is drive Z. */
export function windowsPath(path: string): string {
  return onWindows ? resolve(path) : `Z:${resolve(path).replaceAll("/", "\\")}`;
}

/** WINEDLLOVERRIDES under which a program takes our DLL, from its folder or under its full path, besides the user's own. */
export function overrides(before: string | undefined = process.env.WINEDLLOVERRIDES): string {
  return [...(before ? [before] : []), "wsock32,*wsock32=n,b"].join(";");
}

const registryKey = (program: string) => `HKCU\\Software\\Wine\\AppDefaults\\${program}\\DllOverrides`;

function registry(wine: Wine, ...args: string[]): { ok: boolean; stdout: string } {
  const env = { ...process.env, WINEPREFIX: wine.prefix, WINEDEBUG: "-all" };
  const { status, stdout } = spawnSync(wine.command, ["reg.exe", ...args], {
    env,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  return { ok: status === 0, stdout: stdout ?? "" };
}

/** The load order that a program of that file name has for wsock32.dll in the prefix, for example "native,builtin". */
export function readOverride(wine: Wine, program: string): string | undefined {
  const { ok, stdout } = registry(wine, "query", registryKey(program), "/v", "wsock32");
  return ok ? /^\s*wsock32\s+REG_SZ\s+(\S*)/m.exec(stdout)?.[1] : undefined;
}

/** Sets a program's load order for wsock32.dll, or removes it. @throws CliError */
export function writeOverride(wine: Wine, program: string, order: string | undefined): void {
  const key = registryKey(program);
  const { ok } =
    order === undefined
      ? registry(wine, "delete", key, "/v", "wsock32", "/f")
      : registry(wine, "add", key, "/v", "wsock32", "/d", order, "/f");
  if (!ok) {
    throw new CliError(
      `Cannot change the DLL override of ${program} in the Wine prefix ${wine.prefix}: Wine's reg.exe failed. ` +
        "Does the prefix work (wineboot -u)?",
    );
  }
}
