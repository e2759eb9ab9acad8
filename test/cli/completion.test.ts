import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { readRepositoryFile } from "../structure/repository.js";
import { vmmc } from "./vmmc.js";

const folder = mkdtempSync(join(tmpdir(), "vmmc-completion-"));
after(() => rmSync(folder, { recursive: true, force: true }));

function script(shell: string): string {
  const { status, stdout, stderr } = vmmc("completion", shell);
  assert.deepEqual([status, stderr], [0, ""]);
  const file = join(folder, `vmmc.${shell}`);
  writeFileSync(file, stdout);
  return file;
}

const has = (program: string) => spawnSync(program, ["--version"]).status === 0;

/** Commands as --help lists them. */
const commands = vmmc("--help")
  .stdout.split("\nCommands:\n")[1]!
  .split("\n\n")[0]!
  .split("\n")
  .flatMap((line) => /^ {2}(\w+)/.exec(line)?.[1] ?? [])
  .filter((name) => name !== "help");

/** What bash offers for the last of the words. */
function inBash(...words: string[]): string[] {
  const list = ["vmmc", ...words].map((word) => `'${word}'`).join(" ");
  const text = `source '${script("bash")}'; COMP_WORDS=(${list}); COMP_CWORD=${words.length}; _vmmc; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr, status } = spawnSync("bash", ["--norc", "-uc", text], {
    encoding: "utf8",
  });
  assert.deepEqual([status, stderr], [0, ""]);
  return stdout.split("\n").filter((word) => word !== "");
}

describe("completion in bash", () => {
  it("offers all commands, and those that fit", () => {
    assert.deepEqual(
      inBash("")
        .filter((word) => !word.startsWith("-"))
        .sort(),
      [...commands].sort(),
    );
    assert.deepEqual(inBash("un"), ["uninstall"]);
    assert.deepEqual(inBash("trace", "s"), ["show"]);
  });

  it("offers the options of a command, also after others with values", () => {
    assert.deepEqual(inBash("bench", "--c"), ["--compare"]);
    assert.deepEqual(inBash("bench", "--seconds", "60", "--q"), ["--quiet"]);
    assert.deepEqual(inBash("trace", "show", "--su"), ["--summary"]);
  });

  it("offers what an option or an argument may be", () => {
    assert.deepEqual(inBash("run", "--profile", ""), ["latency", "balanced", "cpu"]);
    assert.deepEqual(inBash("completion", "p"), ["powershell"]);
  });

  it("leaves files and other programs' arguments to the shell", () => {
    assert.deepEqual(inBash("install", ""), []);
    assert.deepEqual(inBash("bench", "--json", ""), []);
    assert.deepEqual(inBash("run", "program.exe", "--j"), []);
    assert.deepEqual(inBash("run", "--", "--j"), []);
  });
});

describe("completion in zsh", { skip: !has("zsh") && "zsh is not installed" }, () => {
  it("is understood, and offers commands, options and choices", () => {
    // zsh completes at a terminal only: it is given one of its own, in which Tab is pressed, and what it shows is read.
    const offered = (typed: string, fits: string) => {
      const text = [
        "zmodload zsh/zpty",
        "zpty z zsh -f",
        // The prompt is shown when the line editor is there; what is typed before is echoed, and must not look like it.
        `zpty -w z "autoload -Uz compinit; compinit -u -d ${folder}/dump; source ${script("zsh")}; PS1=re''ady:"`,
        "zpty -r z line '*ready:*'",
        `zpty -w -n z $'${typed}\\t'`,
        `zpty -r z answer '*${fits}*' && print -r -- $answer`,
        "zpty -d z",
      ].join("\n");
      return spawnSync("zsh", ["-fc", text], { encoding: "utf8", timeout: 60_000 }).stdout;
    };
    assert.match(offered("vmmc unins", "all"), /all/);
    assert.match(offered("vmmc run --profile lat", "ency"), /ency/);
    assert.match(offered("vmmc bench --comp", "are"), /are/);
  });
});

describe("completion in PowerShell", () => {
  it("has every command and option that --help has", () => {
    const { stdout } = vmmc("completion", "powershell");
    for (const command of commands) assert.ok(stdout.includes(`'${command}' = @(`), command);
    assert.ok(stdout.includes("'run --profile' = @('latency', 'balanced', 'cpu')"));
  });
});

describe("completion for another shell", () => {
  it("is refused, exit code 2", () => {
    const { status, stderr } = vmmc("completion", "tcsh");
    assert.equal(status, 2);
    assert.match(stderr, /Allowed choices are bash, zsh, powershell/);
  });
});

describe("the manual page", () => {
  const { stdout } = vmmc("man");

  it("is the one that comes with the package", () => {
    assert.equal(readRepositoryFile("docs/vmmc.1"), stdout, "write it again: node dist/cli/main.js man > docs/vmmc.1");
  });

  it("tells of every command, with its examples", () => {
    for (const command of commands) {
      assert.match(stdout, new RegExp(`^\\.SS vmmc ${command}$`, "m"));
    }
    assert.equal(
      stdout.match(/^Examples:$/gm)?.length,
      commands.length + 2,
      "those of vmmc and of vmmc trace show, too",
    );
  });

  it("is understood by groff without a word", { skip: !has("groff") && "groff is not installed" }, () => {
    const { stderr, stdout: text } = spawnSync("groff", ["-ww", "-man", "-Tutf8"], { input: stdout, encoding: "utf8" });
    assert.equal(stderr, "");
    assert.match(text, /vmmc bench/);
  });
});
