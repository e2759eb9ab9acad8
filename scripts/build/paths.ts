import { join } from "node:path";
import { buildDirectory, repositoryRoot } from "../setup/paths.js";

/** What the build reads and writes, relative to the checkout. */
export const paths = {
  root: repositoryRoot,
  core: join(repositoryRoot, "core"),
  coreEntry: join(repositoryRoot, "core", "index.ts"),
  bindings: join(repositoryRoot, "core", "generated", "winsock.ts"),
  native: join(repositoryRoot, "native"),
  harness: join(repositoryRoot, "test", "native"),
  wrapper: join(repositoryRoot, "wrapper", "wsock32.json"),
  wasm64: join(repositoryRoot, "scripts", "build", "wasm64.mjs"),
  bin: join(repositoryRoot, "node_modules", ".bin"),
  generated: join(buildDirectory, "gen"),
  out: join(buildDirectory, "core"),
  linux: join(buildDirectory, "linux"),
  sim: join(buildDirectory, "sim"),
  programs: join(repositoryRoot, "programs"),
  prebuilds: join(repositoryRoot, "prebuilds"),
} as const;
