import assert from "node:assert/strict";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { compileProgram } from "../../testbed/programs.js";
import { type Arch, availableArches, runProgram, startWineServer } from "../../testbed/wine.js";
import { defaultConfig } from "../../wrapgen/config.js";
import { findDll } from "../../wrapgen/io.js";
import type { Mode } from "../../wrapgen/modes.js";
import { wrap } from "../../wrapgen/wrap.js";
import { sources } from "./build.js";
import { readTables } from "./objdump.js";

/*
 * Wrappers of DLLs that nobody here wrote, made from nothing but the DLL: their export tables are the originals', as an
 * independent reader sees it, and a program that uses them all does the same as without.
 */

const full = process.env.VMMC_TEST_FULL === "1";

/** Those that the program calls; with VMMC_TEST_FULL all of them. */
const used = [
  ...["msvcrt", "version", "ws2_32", "winmm", "dinput8", "oleaut32"],
  ...(full
    ? ["shlwapi", "setupapi", "userenv", "iphlpapi", "wininet", "bcrypt", "crypt32", "ole32", "imagehlp", "netapi32"]
    : []),
  ...(full ? ["advapi32"] : []),
];

/** Those of which only the tables are compared: C++ names, exports without names, data, stdcall decoration, thousands of exports. */
const others = [
  "msvcp140",
  "mapi32",
  ...(full
    ? [
        "mswsock",
        "wsock32",
        "xinput1_3",
        "psapi",
        "msvcr100",
        "comctl32",
        "shell32",
        "avifil32",
        "uxtheme",
        "rpcrt4",
        "wldap32",
      ]
    : []),
  ...(full ? ["mstask", "riched20", "kernel32", "user32", "gdi32", "ntdll", "ucrtbase", "msi", "x3daudio1_0"] : []),
];

/** DLLs that others built with mingw, where they are installed. */
const thirdParty: Readonly<Record<Arch, string[]>> = {
  x64: [
    "/usr/x86_64-w64-mingw32/lib/zlib1.dll",
    "/usr/x86_64-w64-mingw32/lib/libwinpthread-1.dll",
    "/usr/lib/gcc/x86_64-w64-mingw32/12-win32/libgcc_s_seh-1.dll",
    ...(full ? ["/usr/lib/gcc/x86_64-w64-mingw32/12-win32/libstdc++-6.dll"] : []),
  ],
  ia32: [
    "/usr/i686-w64-mingw32/lib/zlib1.dll",
    "/usr/i686-w64-mingw32/lib/libwinpthread-1.dll",
    "/usr/lib/gcc/i686-w64-mingw32/12-win32/libgcc_s_dw2-1.dll",
    ...(full ? ["/usr/lib/gcc/i686-w64-mingw32/12-win32/libstdc++-6.dll"] : []),
  ],
};

const libraries = [
  ...["ws2_32", "version", "winmm", "dinput8", "dxguid", "shlwapi", "setupapi", "userenv", "iphlpapi", "wininet"],
  ...["bcrypt", "crypt32", "oleaut32", "ole32", "psapi", "imagehlp", "netapi32"],
];

const folder = mkdtempSync(join(tmpdir(), "vmmc-dlls-"));
after(() => rmSync(folder, { recursive: true, force: true }));
before(() => startWineServer());

async function build(dll: string, arch: Arch, original: string, mode: Mode): Promise<string> {
  const result = await wrap({
    config: { ...defaultConfig(dll), original, modes: [{ pattern: "*", mode }] },
    arch,
    outDir: join(folder, arch, `${basename(dll)}-${mode}`),
    sources: [],
    libraries: [],
    build: true,
  });
  return result.dll!;
}

for (const arch of await availableArches()) {
  describe(`wrapper of a DLL for ${arch} that nobody here wrote`, () => {
    const built = new Map<string, string>();
    const here = thirdParty[arch].filter((path) => existsSync(path));
    for (const name of [...used, ...others, ...here]) {
      it(`${basename(name)}: has the original's export table`, async () => {
        const isSystem = !name.includes("/");
        const original = isSystem ? findDll(`${name}.dll`, arch) : name;
        const path = await build(original, arch, isSystem ? "system" : `real_${basename(name)}`, "auto");
        built.set(basename(path), path);
        const [theirs, ours] = [readTables(original), readTables(path)];
        assert.ok(theirs.addresses.length >= 2);
        assert.equal(ours.base, theirs.base);
        assert.deepEqual(ours.names, theirs.names, "names, their hints and ordinals");
        assert.deepEqual(
          ours.addresses.map(({ ordinal }) => ordinal),
          theirs.addresses.map(({ ordinal }) => ordinal),
        );
        // What the original forwards is forwarded to the same place.
        for (const [n, { forwarder }] of theirs.addresses.entries()) {
          if (forwarder !== undefined) assert.equal(ours.addresses[n]!.forwarder, forwarder);
        }
      });
    }

    it("a program that uses many of them does the same as without", async () => {
      const program = await compileProgram(join(sources, "users.c"), arch, join(folder, "programs"), {
        libs: libraries,
      });
      const run = async (name: string, dlls: readonly string[]) => {
        const place = join(folder, arch, name);
        mkdirSync(place, { recursive: true });
        copyFileSync(program, join(place, "users.exe"));
        const zlib = here.find((path) => path.endsWith("zlib1.dll"));
        const isWrapped = dlls.includes("zlib1.dll");
        if (zlib) copyFileSync(zlib, join(place, isWrapped ? "real_zlib1.dll" : "zlib1.dll"));
        for (const dll of dlls) copyFileSync(built.get(dll)!, join(place, dll));
        return runProgram(join(place, "users.exe"), [], { native: dlls });
      };
      const wrapped = [...used.map((name) => `${name}.dll`), ...(built.has("zlib1.dll") ? ["zlib1.dll"] : [])];
      const plain = await run("plain", []);
      const behind = await run("wrapped", wrapped);
      assert.equal(plain.code, 0);
      assert.match(plain.stdout, /^msvcrt: -1 3 5, UPPER/);
      assert.equal(behind.stdout, plain.stdout);
      const loaded = behind.stderr.trim().split(/\r?\n/);
      for (const dll of wrapped) assert.ok(loaded.includes(dll), `${dll} was not taken from the program's folder`);
    });
  });
}
