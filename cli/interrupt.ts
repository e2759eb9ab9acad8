import { constants } from "node:os";

/** From here on the signals that end this process let it clean up: what was to be done at its exit is done. */
export function cleanUpWhenInterrupted(): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => process.exit(128 + constants.signals[signal]));
  }
}
