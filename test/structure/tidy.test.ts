import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { homedir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { repositoryRoot } from "../../scripts/setup/paths.js";
import { countLines, readRepositoryFile, repositoryFiles } from "./repository.js";

const files = repositoryFiles();
const textFiles = files.filter((name) => /\.(ts|mjs|js|json|c|h|def|md|yml|sh)$|^\.|\/run$/.test(name));

describe("hand-written C", () => {
  /** Policy belongs in the core, where it is simulated; C only does what TypeScript cannot say. */
  const nativeLimit = 800;

  it(`under native/ is shorter than ${nativeLimit} lines in all`, () => {
    const sources = files.filter((name) => /^native\/.*\.[ch]$/.test(name));
    const lines = sources.map((name) => countLines(readRepositoryFile(name)));
    const total = lines.reduce((sum, count) => sum + count, 0);
    assert.ok(total < nativeLimit, `${total} lines in ${sources.join(", ")}`);
  });
});

describe("source files", () => {
  /** What can be read in one sitting. */
  const fileLimit = 400;
  /** Files that are allowed to be longer, with the reason. */
  const exceptions: Readonly<Record<string, string>> = {};

  it(`have at most ${fileLimit} lines`, () => {
    const long = files
      .filter((name) => /\.(ts|mjs|c|h)$/.test(name) && !(name in exceptions))
      .map((name) => `${name}: ${countLines(readRepositoryFile(name))} lines`)
      .filter((text) => Number(/(\d+) lines$/.exec(text)![1]) > fileLimit);
    assert.deepEqual(long, []);
  });

  it("that are excepted exist and need the exception", () => {
    for (const name of Object.keys(exceptions)) assert.ok(countLines(readRepositoryFile(name)) > fileLimit, name);
  });
});

it("the formatter and linter have nothing to say", () => {
  const biome = spawnSync(
    join(repositoryRoot, "node_modules", ".bin", "biome"),
    ["check", "--max-diagnostics=20", "--colors=off"],
    {
      cwd: repositoryRoot,
      encoding: "utf8",
    },
  );
  assert.equal(biome.status, 0, `npm run format repairs most of this:\n${biome.stdout}${biome.stderr}`);
});

describe("text files", () => {
  it("name no home or work folder of some machine", () => {
    // Put together here, so that this file does not find itself.
    const someHome = new RegExp(`/(${["home", "Users"].join("|")})/[a-z]|[A-Z]:\\\\+Users\\\\+[a-z]`);
    const literal = (path: string) => path.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    // Only as the beginning of a path: a checkout may lie in a folder such as /build.
    const here = [repositoryRoot, homedir()]
      .filter((path) => path !== "/" && path !== "/root")
      .map((path) => new RegExp(`(?<![\\w.$}*-])${literal(path)}/`));
    const wrong = textFiles.filter((name) => {
      const text = readRepositoryFile(name);
      return someHome.test(text) || here.some((path) => path.test(text));
    });
    assert.deepEqual(wrong, []);
  });

  it("end in a line feed and have no carriage returns", () => {
    const wrong = textFiles.filter((name) => {
      const text = readRepositoryFile(name);
      return text.includes("\r") || (text !== "" && !text.endsWith("\n"));
    });
    assert.deepEqual(wrong, []);
  });
});

describe("package-lock.json", () => {
  interface Package {
    dependencies?: Record<string, string>;
    optionalDependencies?: Record<string, string>;
    resolved?: string;
  }
  const { packages } = JSON.parse(readRepositoryFile("package-lock.json")) as { packages: Record<string, Package> };

  it("has every package that another one asks for, those for other systems too", () => {
    // A lock made where a registry has only some of the optional packages is accepted by `npm install`, and
    // refused by the `npm ci` of every fresh checkout.
    const missing = Object.entries(packages).flatMap(([path, { dependencies, optionalDependencies }]) =>
      Object.keys({ ...dependencies, ...optionalDependencies }).filter(
        (name) => !(`node_modules/${name}` in packages) && !(`${path}/node_modules/${name}` in packages),
      ),
    );
    assert.deepEqual(missing, []);
  });

  it("names no registry", () => {
    assert.deepEqual(
      Object.entries(packages).filter(([, { resolved }]) => resolved !== undefined),
      [],
    );
  });
});

describe("the documents", () => {
  const scripts = Object.keys((JSON.parse(readRepositoryFile("package.json")) as { scripts: object }).scripts);

  for (const name of files.filter((file) => file.endsWith(".md"))) {
    it(`${name} speaks only of npm commands that exist`, () => {
      const text = readRepositoryFile(name);
      const mentioned = [...text.matchAll(/\bnpm (?:run ([\w:-]+)|(test|start)\b)/g)].map(
        (match) => match[1] ?? match[2]!,
      );
      const unknown = mentioned.filter((script) => !scripts.includes(script));
      assert.deepEqual(unknown, []);
    });
  }

  it("link only to files that exist", () => {
    const wrong: string[] = [];
    for (const name of files.filter((file) => file.endsWith(".md"))) {
      for (const match of readRepositoryFile(name).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)) {
        const target = new URL(match[1]!, `file:///${name}`).pathname.slice(1).replace(/\/$/, "");
        if (!files.some((file) => file === target || file.startsWith(`${target}/`))) wrong.push(`${name}: ${match[1]}`);
      }
    }
    assert.deepEqual(wrong, []);
  });
});
