import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { after, before, describe, it } from "node:test";
import { compileDll, type DllSource, dllSource, prebuiltDll } from "../../scripts/build/dll.js";
import { paths } from "../../scripts/build/paths.js";
import { repositoryRoot } from "../../scripts/setup/paths.js";
import { readSetupState } from "../../scripts/setup/state.js";

const arches = readSetupState()!.arches;

function objdump(...args: string[]): string {
  return execFileSync("objdump", args, { encoding: "utf8", maxBuffer: 1 << 28 });
}

for (const arch of arches) {
  describe(`wsock32.dll for ${arch}`, () => {
    const folder = join(paths.generated, "wsock32", arch);
    const parts = {
      kernel: join(folder, "kernel.h"),
      stubs: join(folder, "stubs.c"),
      def: join(folder, "wsock32.def"),
      constants: join(paths.generated, "native-constants.h"),
      core: join(paths.out, `wasm${arch === "x64" ? 64 : 32}`, "core.c"),
    };
    const source: DllSource = dllSource("wsock32.dll", parts);
    const temporary = mkdtempSync(join(tmpdir(), "vmmc-dll-"));
    const built: Buffer[] = [];

    // Two more checkouts, with names of different length, and every warning an error.
    before(async () => {
      for (const name of ["one", "another-checkout"]) {
        const root = join(temporary, name);
        for (const path of [paths.native, ...Object.values(parts)]) {
          cpSync(path, join(root, relative(repositoryRoot, path)), { recursive: true });
        }
        const out = join(root, "out", "wsock32.dll");
        await compileDll(arch, root, source, join(root, "objects"), out, ["-Werror"]);
        built.push(readFileSync(out));
      }
    });
    after(() => rmSync(temporary, { recursive: true, force: true }));

    it("comes out the same from the same source, in every checkout, without a warning", () => {
      const [one, another] = built;
      assert.ok(one!.equals(another!), "two checkouts, two results");
      assert.ok(one!.equals(readFileSync(prebuiltDll(arch))), "the prebuilt DLL is different");
    });

    it("names no folder of this machine", () => {
      const bytes = readFileSync(prebuiltDll(arch));
      for (const path of [repositoryRoot, temporary, tmpdir()]) {
        assert.equal(bytes.includes(`${path}/`), false, path);
        assert.equal(bytes.includes(Buffer.from(`${path}/`, "utf16le")), false, path);
      }
    });

    it("is stripped", () => {
      assert.match(objdump("-t", prebuiltDll(arch)), /no symbols/);
      assert.doesNotMatch(objdump("-h", prebuiltDll(arch)), /\.debug/);
    });

    it("imports nothing but DLLs that every Windows has", () => {
      const names = [...objdump("-p", prebuiltDll(arch)).matchAll(/DLL Name: (\S+)/g)].map((match) => match[1]!);
      const system = ["advapi32.dll", "kernel32.dll", "msvcrt.dll"];
      assert.ok(names.length > 0);
      assert.deepEqual(
        names.filter((name) => !system.includes(name.toLowerCase())),
        [],
      );
    });
  });
}
