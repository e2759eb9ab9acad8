import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, it } from "node:test";
import { repositoryRoot } from "../../scripts/setup/paths.js";
import { availableArches, runProgram, startWineServer } from "../../testbed/wine.js";
import { TARGETS } from "../../wrapgen/targets.js";

/*
 * examples/prices, done as its README says: the commands are taken from there.
 */

const folder = mkdtempSync(join(tmpdir(), "vmmc-examples-"));
after(() => rmSync(folder, { recursive: true, force: true }));
before(() => startWineServer());

const example = join(repositoryRoot, "examples", "prices");
const readme = readFileSync(join(example, "README.md"), "utf8");
const commands = /^```\n([\s\S]*?)^```$/m.exec(readme)![1]!.trim().split("\n");

for (const arch of await availableArches()) {
  for (const source of ["discount.c", "discount.ts"]) {
    it(`the example with ${source} for ${arch} does what its README says`, async () => {
      const place = join(folder, `${arch}-${source}`);
      cpSync(example, place, { recursive: true });
      const vmmc = `"${process.execPath}" "${join(repositoryRoot, "dist", "cli", "main.js")}"`;
      const inShell = commands
        .filter((command) => !command.startsWith("wine "))
        .map((command) => command.replaceAll(TARGETS.x64.compiler, TARGETS[arch].compiler))
        .map((command) => command.replace(/^vmmc/, vmmc).replace("--source discount.c", `--source ${source}`));
      execFileSync("sh", ["-e", "-c", inShell.join("\n")], { cwd: place, stdio: ["ignore", "ignore", "inherit"] });
      const expected = "apple 40\r\nbread 250\r\ncomet -1\r\n3 apples 120\r\n".replaceAll("\r", "");
      const plain = await runProgram(join(place, "shop.exe"));
      assert.equal(plain.stdout, expected);
      const behind = await runProgram(join(place, "shop", "shop.exe"));
      assert.equal(behind.stdout, expected.replace("bread 250", "bread 125"));
    });
  }
}

const hasMake = spawnSync("make", ["--version"]).error === undefined;

for (const arch of await availableArches()) {
  it(`the Makefile for ${arch} builds the very DLL that --build builds`, { skip: !hasMake }, () => {
    const wrapped = join(folder, `${arch}-discount.c`, "wrapped");
    const before = readFileSync(join(wrapped, "prices.dll"));
    writeFileSync(join(wrapped, "prices.dll"), "");
    execFileSync("make", ["-B", "-C", wrapped], { stdio: ["ignore", "ignore", "inherit"] });
    assert.ok(readFileSync(join(wrapped, "prices.dll")).equals(before));
  });
}
