import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { repositoryRoot } from "../../scripts/setup/paths.js";

/** Paths of all files below the top folder that .gitignore does not name, for checkouts without git. */
function walk(): string[] {
  const ignored = readRepositoryFile(".gitignore").split("\n").filter(Boolean);
  const isIgnored = (path: string, name: string) =>
    name === ".git" ||
    ignored.some((pattern) =>
      pattern.startsWith("*") ? name.endsWith(pattern.slice(1)) : [path, name].includes(pattern.replace(/\/$/, "")),
    );
  const below = (folder: string): string[] =>
    readdirSync(join(repositoryRoot, folder), { withFileTypes: true }).flatMap((entry) => {
      const path = posix.join(folder, entry.name);
      if (isIgnored(path, entry.name)) return [];
      return entry.isDirectory() ? below(path) : [path];
    });
  return below("");
}

/** What git knows, or undefined when git or its folder is not there. */
function listedByGit(): string[] | undefined {
  const listing = spawnSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: repositoryRoot,
    encoding: "utf8",
  });
  return listing.status === 0 ? listing.stdout.split("\0").filter(Boolean) : undefined;
}

/**
 * Every file of the repository that is committed or about to be (not ignored), by its path from the top
 * folder, with "/" between names.
 */
export function repositoryFiles(): string[] {
  // A file that was deleted but not yet committed is still listed.
  const names = (listedByGit() ?? walk()).filter((name) => existsSync(join(repositoryRoot, name)));
  return [...new Set(names)].sort();
}

/** A file's text. */
export function readRepositoryFile(name: string): string {
  return readFileSync(join(repositoryRoot, name), "utf8");
}

/** Number of lines as an editor shows them. */
export function countLines(text: string): number {
  return text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
}
