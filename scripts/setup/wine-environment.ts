import { winePrefix } from "./paths.js";

/** What may differ from one program under Wine to the next. */
export interface WineEnvironmentOptions {
  /** Wine prefix; default: the environment's VMMC_WINE_PREFIX, else the checkout's own. */
  prefix?: string;
  /** Base names of DLLs to take from the application's folder before Wine's own, e.g. ["wsock32"]. */
  native?: readonly string[];
  /** Variables for the program itself; they win over everything else. `undefined` removes one. */
  env?: Readonly<Record<string, string | undefined>>;
}

/**
 * Always off: mscoree and mshtml ask whether to download Mono and Gecko when a prefix is made, and
 * winemenubuilder writes menu entries into the user's home folder.
 */
const disabledDlls = ["mscoree=", "mshtml=", "winemenubuilder.exe="];

/** The prefix that programs run in when nothing else is asked for. */
export function defaultWinePrefix(): string {
  return process.env.VMMC_WINE_PREFIX || winePrefix;
}

/**
 * The whole environment of a program under Wine. The caller's own WINE* variables and display are left
 * out, so that results do not depend on who runs the command.
 */
export function wineEnvironment(options: WineEnvironmentOptions = {}): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (!name.startsWith("WINE") && name !== "DISPLAY" && name !== "WAYLAND_DISPLAY") environment[name] = value;
  }
  const native = (options.native ?? []).map((name) => `${name.replace(/\.dll$/i, "")}=n,b`);
  environment.WINEPREFIX = options.prefix ?? defaultWinePrefix();
  environment.WINEDEBUG = "-all";
  environment.WINEDLLOVERRIDES = [...disabledDlls, ...native].join(";");
  for (const [name, value] of Object.entries(options.env ?? {})) {
    if (value === undefined) delete environment[name];
    else environment[name] = value;
  }
  return environment;
}
