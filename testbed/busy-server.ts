import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { defaultWinePrefix } from "../scripts/setup/wine-environment.js";
import { startWineServer, stopWineServer } from "./wine.js";

/** So long (ms) the server is watched; a tick of the processor's time is 10 ms. */
const watchMs = 100;
const busyTicks = 5;

function read(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return ""; // it has ended, or is somebody else's
  }
}

/** The process id of the prefix's wineserver. */
function serverOf(prefix: string): string | undefined {
  return readdirSync("/proc").find(
    (entry) =>
      /^\d+$/.test(entry) &&
      read(`/proc/${entry}/comm`).startsWith("wineserver") &&
      read(`/proc/${entry}/environ`).split("\0").includes(`WINEPREFIX=${prefix}`),
  );
}

/** The processor time (ticks) that a process has used. */
function ticksOf(pid: string): number {
  // After the name, which may have anything in it, the third field is the first one; user and system time are 14 and 15.
  const fields = read(`/proc/${pid}/stat`).split(")").at(-1)!.trim().split(" ");
  return Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
}

/**
 * Starts the prefix's wineserver anew if it is busy although none of its programs is: Wine's server sometimes keeps a socket
 * of an ended program, and asks for its bytes without end. A measurement beside that would have one processor less. To be
 * called while no program of ours runs. @returns true when it was started anew.
 */
export async function renewBusyWineServer(prefix: string = defaultWinePrefix()): Promise<boolean> {
  const pid = serverOf(prefix);
  if (pid === undefined) return false;
  const before = ticksOf(pid);
  await sleep(watchMs);
  if (ticksOf(pid) - before < busyTicks) return false;
  await stopWineServer(prefix);
  await startWineServer(prefix);
  return true;
}
