import { installPackages, installWine32, knowsI386, manualCommands } from "./apt.js";
import type { Host } from "./host.js";
import { setupLogFile } from "./paths.js";
import { findPrivilege } from "./privilege.js";
import type { Reporter } from "./progress.js";
import { type Arch, readSetupState, type SetupState, setupVersion, writeSetupState } from "./state.js";
import {
  locate,
  locatedTools,
  missingRequirements,
  requirements,
  wine32Loader,
  wine64Loader,
  wineLoaders,
} from "./tools.js";
import { checkArch, makeWinePrefix, prefixIsUsable } from "./wine-prefix.js";

/** Set-up's own switches and places. */
export interface SetupOptions {
  host: Host;
  reporter: Reporter;
  /** Where the result is kept. */
  stateFile: string;
  /** Where the Wine prefix is made. */
  prefix: string;
}

/** Exit codes of set-up. */
export const exitCodes = { ready: 0, failed: 1, needsRoot: 2 } as const;

/** Setting it to 1 tells set-up to do without 32-bit programs. */
const without32Variable = "VMMC_SETUP_WITHOUT_IA32";

/** What a result rests on: identities of files, and the user's wish. If one changes, set-up looks again. */
function currentBasis(host: Host, prefix: string): Record<string, string> {
  const tools = requirements.map(({ look }) => locate(host, look) ?? look);
  const basis: Record<string, string> = { [without32Variable]: host.env[without32Variable] ?? "" };
  for (const path of [...tools, wine64Loader, wine32Loader]) basis[path] = host.fileIdentity(path);
  // The prefix's files change as programs run; only whether they are there matters.
  for (const want32Bit of [false, true]) {
    const name = `${prefix} (${want32Bit ? "32-bit" : "64-bit"})`;
    basis[name] = prefixIsUsable(host, prefix, want32Bit) ? "present" : "absent";
  }
  return basis;
}

function sameBasis(left: Record<string, string>, right: Record<string, string>): boolean {
  const names = Object.keys(left);
  return names.length === Object.keys(right).length && names.every((name) => left[name] === right[name]);
}

/** Debian's Wine runs 32-bit programs with a package of its own; other builds of Wine may bring that along. */
function wantsWine32(host: Host): boolean {
  if (host.env[without32Variable] === "1") return false;
  const debianOrNone = host.findProgram("wine") === undefined || host.fileIdentity(wine64Loader) !== "absent";
  return debianOrNone && host.fileIdentity(wine32Loader) === "absent";
}

function tellWhatToInstall(
  reporter: Reporter,
  missing: ReturnType<typeof missingRequirements>,
  commands: readonly string[],
): void {
  reporter.say("Set-up needs packages of the system, and may not install them: this user is neither root nor allowed");
  reporter.say("to use sudo without a password. Missing:");
  for (const { look, package: name, purpose } of missing) reporter.say(`  ${look} (package ${name}): ${purpose}`);
  reporter.say("Run these commands, or have them run, then start again:");
  reporter.say("");
  for (const command of commands) reporter.say(`  ${command}`);
  reporter.say("");
}

/** Installs what is missing. @returns an exit code when set-up has to stop, and why 32-bit Wine is missing, if so. */
async function installMissing(options: SetupOptions): Promise<{ stop?: number; why32BitMissing?: string }> {
  const { host, reporter } = options;
  const missing = missingRequirements(host);
  const want32 = wantsWine32(host);
  if (missing.length === 0 && !want32) return {};
  const packages = [...new Set(missing.map((requirement) => requirement.package))];

  if (!host.findProgram("apt-get") || !host.findProgram("dpkg")) {
    if (missing.length === 0)
      return { why32BitMissing: "Wine has no 32-bit support, and there is no apt-get to add it" };
    reporter.say("Set-up installs packages with apt-get, which this machine does not have. Please install by hand:");
    for (const { look, package: name, purpose } of missing) reporter.say(`  ${look} (${name} on Debian): ${purpose}`);
    return { stop: exitCodes.needsRoot };
  }

  const asRoot = await findPrivilege(host);
  if (!asRoot) {
    tellWhatToInstall(reporter, missing, manualCommands(packages, want32, await knowsI386(host)));
    if (want32) {
      reporter.say(`If no i386 packages can be had, leave out wine32:i386 and set ${without32Variable}=1.`);
    }
    return { stop: exitCodes.needsRoot };
  }

  const installer = { host, reporter, asRoot };
  reporter.say(`Set-up installs packages of the system, once; all output goes to ${setupLogFile}`);
  if (packages.length > 0) {
    const failure = await installPackages(installer, packages);
    const still = missingRequirements(host);
    if (failure !== undefined || still.length > 0) {
      reporter.say(
        `Set-up could not install ${packages.join(" ")}: ${failure ?? "apt-get succeeded, but still missing"}`,
      );
      for (const { look, package: name } of still) reporter.say(`  ${look} (package ${name})`);
      reporter.say(`See ${setupLogFile}; when apt-get works again, run the same command once more.`);
      return { stop: exitCodes.failed };
    }
  }
  if (!want32) return {};
  const why32BitMissing = await installWine32(installer);
  return why32BitMissing === undefined ? {} : { why32BitMissing };
}

/** Runs a program of each architecture. @returns for each, why it did not run, or undefined. */
async function checkArches(options: SetupOptions, arches: readonly Arch[]): Promise<Map<Arch, string | undefined>> {
  const results = new Map<Arch, string | undefined>();
  for (const arch of arches) results.set(arch, await checkArch(options.host, options.reporter, options.prefix, arch));
  return results;
}

/** Makes the prefix if need be and finds out which programs really run. */
async function prepareWine(
  options: SetupOptions,
  why32BitMissing: string | undefined,
): Promise<SetupState | undefined> {
  const { host, reporter, prefix } = options;
  const unwanted = host.env[without32Variable] === "1" ? `${without32Variable} is set` : undefined;
  const known = unwanted ?? why32BitMissing;
  const arches: Arch[] = known === undefined ? ["x64", "ia32"] : ["x64"];

  const make = async () => {
    const failure = await makeWinePrefix(host, reporter, prefix);
    if (failure !== undefined) reporter.say(`Set-up could not make a Wine prefix: ${failure}`);
    return failure === undefined;
  };
  // A prefix that was made before wine32 came cannot run 32-bit programs: it is made again.
  let fresh = false;
  if (!prefixIsUsable(host, prefix, arches.includes("ia32"))) {
    fresh = await make();
    if (!fresh) return undefined;
  }
  let results = await checkArches(options, arches);
  // An old prefix may have been damaged, or made by another version of Wine.
  if (!fresh && [...results.values()].some((failure) => failure !== undefined)) {
    if (!(await make())) return undefined;
    results = await checkArches(options, arches);
  }

  const failure64 = results.get("x64");
  if (failure64 !== undefined) {
    reporter.say(`Set-up installed everything, but Wine does not work: ${failure64}`);
    reporter.say(`See ${setupLogFile}; try \`wine --version\` by hand.`);
    return undefined;
  }
  const why = known ?? results.get("ia32");
  return {
    setupVersion,
    arches: why === undefined ? ["x64", "ia32"] : ["x64"],
    ...(why === undefined ? {} : { why32BitMissing: why }),
    tools: locatedTools(host),
    loaders: wineLoaders(host),
    basis: currentBasis(host, prefix),
  };
}

/**
 * Brings this machine to the state that building and testing need, and records it.
 * @returns the exit code: see `exitCodes`.
 */
export async function setUp(options: SetupOptions): Promise<number> {
  const { host, reporter, stateFile, prefix } = options;
  const known = readSetupState(stateFile);
  if (known && sameBasis(known.basis, currentBasis(host, prefix))) return exitCodes.ready;

  const { stop, why32BitMissing } = await installMissing(options);
  if (stop !== undefined) return stop;
  const state = await prepareWine(options, why32BitMissing);
  if (!state) return exitCodes.failed;
  writeSetupState(state, stateFile);
  if (state.why32BitMissing !== undefined) {
    reporter.say(`32-bit support could not be had: ${state.why32BitMissing}`);
    reporter.say(`Going on with 64-bit programs only. To try again, remove ${stateFile}.`);
  }
  reporter.say(
    `Set-up is complete: Wine runs ${state.arches.map((arch) => (arch === "x64" ? "64-bit" : "32-bit")).join(" and ")} programs.`,
  );
  return exitCodes.ready;
}
