import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { compileProgram } from "../../testbed/programs.js";

const folder = mkdtempSync(join(tmpdir(), "vmmc-programs-"));
after(() => rmSync(folder, { recursive: true, force: true }));

describe("compiling a program", () => {
  const source = join(folder, "small.c");
  const header = join(folder, "small.h");
  const compile = (flags: string[] = []) => compileProgram(source, "x64", join(folder, "out"), { libs: [], flags });
  /** The inode changes whenever the program is made anew. */
  const identity = (exe: string) => statSync(exe).ino;

  it("happens again only when an input changed", async () => {
    writeFileSync(header, "#define CODE 1\n");
    writeFileSync(source, '#include "small.h"\nint main(void) { return CODE; }\n');
    const exe = await compile();
    const first = identity(exe);
    assert.equal(identity(await compile()), first);

    writeFileSync(header, "#define CODE 2\n");
    const second = identity(await compile());
    assert.notEqual(second, first);
    assert.notEqual(identity(await compile(["-DOTHER"])), second);
  });

  it("that fails shows the compiler's messages and leaves no program behind", async () => {
    const broken = join(folder, "broken.c");
    writeFileSync(broken, "int main(void) { return nonsense; }\n");
    await assert.rejects(
      compileProgram(broken, "ia32", join(folder, "out")),
      /compiling .*broken\.c for ia32.*nonsense/s,
    );
    assert.throws(() => statSync(join(folder, "out", "ia32", "broken.exe")), /ENOENT/);
  });
});
