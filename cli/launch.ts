import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { CliError } from "./errors.js";
import type { Arch } from "./image.js";
import { prebuiltDll, prebuiltProgram } from "./package.js";
import { onWindows, overrides, type Wine, windowsPath } from "./wine.js";

/** What to start, and in which environment. */
export interface Launch {
  command: string;
  args: string[];
  env: NodeJS.ProcessEnv;
}

/** A Windows program as it is, under Wine where there is one. */
export function plainLaunch(
  wine: Wine | undefined,
  path: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = process.env,
): Launch {
  const env = forWine(wine, environment);
  if (wine === undefined) return { command: path, args: [...args], env };
  return { command: wine.command, args: [windowsPath(path), ...args], env };
}

/**
 * A Windows program with our DLL, which stays where the package has it (see launch/launch.c).
 * @throws CliError when the package lacks what is needed for that
 */
export function wrappedLaunch(
  wine: Wine | undefined,
  path: string,
  arch: Arch,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = process.env,
): Launch {
  const [dll, launcher] = [prebuiltDll(arch), prebuiltProgram("vmmc-launch", arch)];
  for (const needed of [dll, launcher]) {
    if (!existsSync(needed)) throw new CliError(`${needed} is missing: build it with npm run build.`);
  }
  const words = [windowsPath(dll), windowsPath(path), ...args];
  if (wine === undefined) return { command: launcher, args: words, env: environment };
  const env = forWine(wine, environment);
  env.WINEDLLOVERRIDES = overrides(environment.WINEDLLOVERRIDES);
  return { command: wine.command, args: [launcher, ...words], env };
}

/** Whether the system lets us choose: asked once. */
let choosesAddresses: boolean | undefined;

/**
 * The same with a fixed layout of addresses, for programs of ours that must start. Of a 64-bit Wine without its preloader,
 * one start in about a thousand fails otherwise: the kernel happens to put the heap where Windows' own data must lie.
 */
export function atFixedAddresses(launch: Launch): Launch {
  choosesAddresses ??= !onWindows && spawnSync("setarch", ["-R", "true"], { stdio: "ignore" }).status === 0;
  return choosesAddresses ? { ...launch, command: "setarch", args: ["-R", launch.command, ...launch.args] } : launch;
}

/** Unix paths become those that the DLL can open, and Wine keeps its remarks for itself unless they were asked for. */
function forWine(wine: Wine | undefined, environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const env = { ...environment };
  if (wine === undefined) return env;
  for (const name of ["VMMC_LOG", "VMMC_DIR", "VMMC_CONFIG"]) {
    const value = env[name];
    if (value?.startsWith("/")) env[name] = windowsPath(value);
  }
  env.WINEDEBUG ??= "-all";
  return env;
}
