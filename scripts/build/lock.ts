import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout } from "node:timers/promises";

/** No build takes this long: a lock that is older was left by a build that was killed, and its process id used again. */
const OLDEST_MS = 15 * 60_000;
const PERIOD_MS = 100;

/**
 * Does `work` while no other process does work under the same lock: two builds of one checkout would write the same
 * files.
 * @param file exists, and names the process, while the work is done
 * @param say takes a line for people when another process has to be waited for
 */
export async function withLock<T>(file: string, say: (line: string) => void, work: () => Promise<T>): Promise<T> {
  let told = false;
  mkdirSync(dirname(file), { recursive: true });
  while (!take(file)) {
    if (!told) say(`Another build is running here (${file}): waiting for it ...`);
    told = true;
    await setTimeout(PERIOD_MS);
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

function take(file: string): boolean {
  try {
    writeFileSync(file, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  // Its next round finds the file gone.
  if (wasLeftBehind(file)) rmSync(file, { force: true });
  return false;
}

function wasLeftBehind(file: string): boolean {
  try {
    if (Date.now() - statSync(file).mtimeMs > OLDEST_MS) return true;
    const owner = Number(readFileSync(file, "utf8"));
    // Its owner has made the file and is about to write into it.
    if (owner === 0) return false;
    process.kill(owner, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}
