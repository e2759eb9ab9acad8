import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "../../scripts/setup/paths.js";

/**
 * Every file of the repository that is committed or about to be (not ignored), by its path from the top
 * folder, with "/" between names.
 */
export function repositoryFiles(): string[] {
  const listing = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: repositoryRoot,
    encoding: "utf8",
  });
  // A file that was deleted but not yet committed is still listed.
  return [...new Set(listing.split("\0"))]
    .filter((name) => name !== "" && existsSync(join(repositoryRoot, name)))
    .sort();
}

/** A file's text. */
export function readRepositoryFile(name: string): string {
  return readFileSync(join(repositoryRoot, name), "utf8");
}

/** Number of lines as an editor shows them. */
export function countLines(text: string): number {
  return text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
}
