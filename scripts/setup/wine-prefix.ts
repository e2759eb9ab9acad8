import { mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Host } from "./host.js";
import { buildDirectory, repositoryRoot } from "./paths.js";
import type { Reporter } from "./progress.js";
import type { Arch } from "./state.js";
import { mingwCompilers, wineLoaders } from "./tools.js";
import { wineEnvironment } from "./wine-environment.js";

/** Far more than Wine ever needs for these steps; only a hang meets it. */
const makeTimeoutMs = 300_000;
const checkTimeoutMs = 60_000;

/** Written by Wine last of all when a prefix is complete. */
export function prefixMarker(prefix: string): string {
  return join(prefix, "system.reg");
}

/** Exists in prefixes that were made with 32-bit support. */
export function prefixMarker32(prefix: string): string {
  return join(prefix, "drive_c", "windows", "syswow64", "kernel32.dll");
}

/** Whether the prefix is complete and fit for the given architectures. */
export function prefixIsUsable(host: Host, prefix: string, want32Bit: boolean): boolean {
  if (host.fileIdentity(prefixMarker(prefix)) === "absent") return false;
  return !want32Bit || host.fileIdentity(prefixMarker32(prefix)) !== "absent";
}

/** Ends the prefix's programs and wineserver, then waits until they are gone and the registry is on disk. */
async function stopWine(host: Host, env: NodeJS.ProcessEnv): Promise<void> {
  await host.run(["wineserver", "-k"], { env, timeoutMs: checkTimeoutMs });
  await host.run(["wineserver", "-w"], { env, timeoutMs: checkTimeoutMs });
}

/**
 * Makes the prefix from scratch.
 * @returns undefined when it worked, else the reason.
 */
export async function makeWinePrefix(host: Host, reporter: Reporter, prefix: string): Promise<string | undefined> {
  const env = wineEnvironment({ prefix });
  if (host.fileIdentity(prefix) !== "absent") {
    await stopWine(host, env);
    rmSync(prefix, { recursive: true, force: true });
  }
  mkdirSync(dirname(prefix), { recursive: true });
  const made = await reporter.step(host, `making the Wine prefix ${prefix}`, ["wineboot", "-i"], {
    env,
    timeoutMs: makeTimeoutMs,
  });
  if (made.code === 0) await host.run(["wineserver", "-w"], { env, timeoutMs: checkTimeoutMs });
  if (made.code !== 0 || !prefixIsUsable(host, prefix, false)) {
    return `\`wineboot -i\` in ${prefix} ended with code ${made.code}: ${made.output.trim() || "no message"}`;
  }
  return undefined;
}

/**
 * Compiles a tiny program for the architecture and runs it under Wine.
 * @returns undefined when it ran, else the reason.
 */
export async function checkArch(
  host: Host,
  reporter: Reporter,
  prefix: string,
  arch: Arch,
): Promise<string | undefined> {
  const exe = join(buildDirectory, `wine-check-${arch}.exe`);
  const source = join(repositoryRoot, "scripts", "setup", "wine-check.c");
  const compiler = mingwCompilers[arch];
  const bits = arch === "x64" ? 64 : 32;
  mkdirSync(buildDirectory, { recursive: true });
  const compiled = await host.run([compiler, "-O1", "-o", exe, source]);
  if (compiled.code !== 0) return `${compiler} could not compile ${source}: ${compiled.output.trim()}`;
  const env = wineEnvironment({ prefix });
  const ran = await reporter.step(host, `running a ${bits}-bit program under Wine`, [wineLoaders(host)[arch], exe], {
    env,
    timeoutMs: checkTimeoutMs,
  });
  if (ran.code === 0 && ran.stdout.includes(`pointer size ${bits / 8}`)) return undefined;
  return `a ${bits}-bit test program under Wine ended with code ${ran.code}: ${ran.output.trim() || "no message"}`;
}
