import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The checkout's top folder. This file is compiled to dist/scripts/setup/, three folders below it. */
export const repositoryRoot = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");

/** Everything made on this machine that is not TypeScript output; safe to delete at any time. */
export const buildDirectory = join(repositoryRoot, "build");

/** Wine's files for this checkout, so that the user's own ~/.wine is never touched. */
export const winePrefix = join(buildDirectory, "wine-prefix");

/** What set-up found out about this machine (see state.ts). */
export const setupStateFile = join(buildDirectory, "setup.json");

/** Full output of the programs that set-up ran, newest run last. */
export const setupLogFile = join(buildDirectory, "setup.log");
