import assert from "node:assert/strict";
import { posix } from "node:path";
import { describe, it } from "node:test";
import { readRepositoryFile, repositoryFiles } from "../structure/repository.js";
import { anchorOf, codeWords, tableRows } from "./documents.js";

const documents = repositoryFiles().filter((name) => name.endsWith(".md"));

/** The text without examples of code, which may hold anything. */
const prose = (name: string) => readRepositoryFile(name).replace(/```[\s\S]*?```/g, "");

function anchorsOf(name: string): Set<string> {
  return new Set([...prose(name).matchAll(/^#+ (.*)$/gm)].map((match) => anchorOf(match[1]!)));
}

describe("the documents", () => {
  it("are all there", () => {
    const expected = ["README", "CHANGELOG", "CONTRIBUTING", "docs/architecture", "docs/protocol"];
    for (const name of [...expected, "docs/compatibility", "docs/testing"])
      assert.ok(documents.includes(`${name}.md`), name);
  });

  it("link to files and headings that exist", () => {
    const wrong: string[] = [];
    for (const name of documents) {
      for (const [, link] of prose(name).matchAll(/\]\((?!https?:|mailto:)([^)\s]+)\)/g)) {
        const [path, anchor] = link!.split("#");
        const target = path ? posix.join(posix.dirname(name), path) : name;
        const exists = repositoryFiles().some((file) => file === target || file.startsWith(`${target}/`));
        if (!exists || (anchor && !anchorsOf(target).has(anchor))) wrong.push(`${name}: ${link}`);
      }
    }
    assert.deepEqual(wrong, []);
  });

  it("name files and folders of the repository that exist", () => {
    const files = repositoryFiles();
    const folders = new Set(files.map((file) => file.split("/")[0]!));
    // What the build makes is not in the repository.
    const made = /^(build|dist|prebuilds|node_modules)\//;
    const wrong = documents.flatMap((name) =>
      codeWords(prose(name))
        .filter((word) => /^[\w.-]+\/[\w./-]*$/.test(word) && folders.has(word.split("/")[0]!) && !made.test(word))
        .filter((word) => !files.some((file) => file === word || file.startsWith(word.replace(/\/?$/, "/"))))
        .map((word) => `${name}: ${word}`),
    );
    assert.deepEqual(wrong, []);
  });
});

describe("README.md and core/settings.ts", () => {
  // Read as text: the settings are the build's to import.
  const settings = [...readRepositoryFile("core/settings.ts").matchAll(/name: "(VMMC_\w+)",\s*normal: (\d+)/g)];
  const rows = tableRows(readRepositoryFile("README.md"));

  it("have the same settings and defaults", () => {
    assert.ok(settings.length >= 3, "the settings were found in their source");
    for (const [, name, normal] of settings) {
      const row = rows.find(([first]) => codeWords(first!).some((word) => word.split("=")[0] === name));
      assert.ok(row, `README.md has no row for ${name}`);
      const told = /default (\d+)/.exec(row.join(" "))?.[1] ?? "0";
      assert.equal(told, normal, `default of ${name}`);
    }
  });
});
