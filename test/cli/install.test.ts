import assert from "node:assert/strict";
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { findDll } from "../../wrapgen/io.js";
import { arches, compileSamples, emptyFolder, folderWith, prebuilt, type Samples, vmmc } from "./vmmc.js";

/** The headers of a program for 16-bit Windows, as a file. */
function sixteenBit({ folder }: Samples): string {
  const path = join(folder, "sixteen.exe");
  const bytes = Buffer.alloc(256);
  bytes.write("MZ");
  bytes.writeUInt32LE(128, 0x3c);
  bytes.write("NE", 128);
  writeFileSync(path, bytes);
  return path;
}

for (const arch of arches) {
  describe(`vmmc install for ${arch}`, () => {
    let samples: Samples;
    before(async () => {
      samples = await compileSamples(arch);
    });
    after(() => rmSync(samples.folder, { recursive: true, force: true }));

    const place = (files: Readonly<Record<string, string>>) => folderWith(samples, files);

    function assertInstalled(folder: string): void {
      assert.ok(readFileSync(join(folder, "wsock32.dll")).equals(readFileSync(prebuilt(arch))), "another DLL");
    }

    it("beside a program that imports wsock32.dll: copied, with one line on Wine", () => {
      const folder = place({ "app.exe": samples.wsock32 });
      const { status, stdout, stderr } = vmmc("install", join(folder, "app.exe"));
      assert.equal(status, 0, stderr);
      assertInstalled(folder);
      assert.match(stdout, new RegExp(`^Installed .*wsock32\\.dll \\(\\d.*, ${arch}\\) for app\\.exe\\.\n`));
      assert.match(stdout, /^Under Wine, .*WINEDLLOVERRIDES="wsock32=n,b".*$/m);
      assert.deepEqual(readdirSync(folder).sort(), ["app.exe", "wsock32.dll"]);
    });

    it("a second time: nothing to do", () => {
      const folder = place({ "app.exe": samples.wsock32 });
      assert.equal(vmmc("install", folder).status, 0);
      const { status, stdout } = vmmc("install", folder);
      assert.equal(status, 0);
      assert.match(stdout, /^Already there: /);
    });

    it("over another version of ours: replaced", () => {
      const folder = place({ "app.exe": samples.wsock32 });
      // A byte more makes it another file of the same product.
      writeFileSync(join(folder, "WSOCK32.DLL"), Buffer.concat([readFileSync(prebuilt(arch)), Buffer.alloc(1)]));
      const { status, stdout } = vmmc("install", folder);
      assert.equal(status, 0);
      assert.match(stdout, /^Replaced \d+\.\d+\.\d+ by /);
      assert.deepEqual(readdirSync(folder).sort(), ["WSOCK32.DLL", "app.exe"]);
      assert.ok(readFileSync(join(folder, "WSOCK32.DLL")).equals(readFileSync(prebuilt(arch))));
    });

    it("in a folder: for the programs that import wsock32.dll", () => {
      const folder = place({ "b.EXE": samples.wsock32, "a.exe": samples.wsock32, "other.exe": samples.ws2 });
      const { status, stdout } = vmmc("install", folder);
      assert.equal(status, 0);
      assert.match(stdout, /for a\.exe, b\.EXE\./);
      assertInstalled(folder);
    });

    it("beside a program whose own DLL imports wsock32.dll: copied", () => {
      const folder = place({ "app.exe": samples.plain, "net.dll": samples.library });
      assert.equal(vmmc("install", join(folder, "app.exe")).status, 0);
      assertInstalled(folder);
    });

    const refused: readonly (readonly [
      what: string,
      files: (samples: Samples) => Record<string, string>,
      target: string,
      why: RegExp,
    ])[] = [
      ["a program without sockets", (s) => ({ "app.exe": s.plain }), "app.exe", /does not import wsock32\.dll/],
      ["a WinSock 2 program", (s) => ({ "app.exe": s.ws2 }), "app.exe", /uses WinSock 2 \(ws2_32\.dll\) directly/],
      ["a WinSock 2 program's folder", (s) => ({ "app.exe": s.ws2 }), "", /uses WinSock 2/],
      ["a DLL", (s) => ({ "net.dll": s.library }), "net.dll", /is a DLL: name the program/],
      ["a folder without programs", () => ({}), "", /no Windows program \(\.exe\) in/],
      ["programs without sockets", (s) => ({ "a.exe": s.plain, "b.exe": s.ws2 }), "", /\(a\.exe, b\.exe\) imports/],
      ["no file", () => ({}), "nothing.exe", /There is no folder or program/],
      ["a 16-bit program", (s) => ({ "old.exe": sixteenBit(s) }), "old.exe", /is a 16-bit program/],
    ];
    for (const [what, files, target, why] of refused) {
      it(`named ${what}: refused in one line, and nothing copied`, () => {
        const folder = place(files(samples));
        const { status, stdout, stderr } = vmmc("install", join(folder, target));
        assert.equal(status, 2);
        assert.equal(stdout, "");
        assert.match(stderr, why);
        assert.match(stderr, /^vmmc: [^\n]+\n$/);
        assert.equal(existsSync(join(folder, "wsock32.dll")), false);
      });
    }

    it("named a file that is no program: refused", () => {
      const folder = place({ "app.exe": join(samples.folder, "plain.c") });
      const { status, stderr } = vmmc("install", join(folder, "app.exe"));
      assert.equal(status, 2);
      assert.match(stderr, /app\.exe is not a Windows program or DLL/);
    });

    it("where the system's wsock32.dll lies: refused, and it stays", () => {
      const original = findDll("wsock32.dll", arch);
      const folder = place({ "app.exe": samples.wsock32, "WSock32.dll": original });
      const { status, stderr } = vmmc("install", folder);
      assert.equal(status, 1);
      assert.match(stderr, /WSock32\.dll is not ours \(it .*\): it stays/);
      assert.ok(readFileSync(join(folder, "WSock32.dll")).equals(readFileSync(original)));
    });

    it("where a wsock32.dll lies that cannot be read: refused", () => {
      const folder = place({ "app.exe": samples.wsock32, "wsock32.dll": join(samples.folder, "plain.c") });
      assert.match(vmmc("install", folder).stderr, /is not ours \(it names no product\)/);
    });

    it("and uninstall: as before", () => {
      const folder = place({ "app.exe": samples.wsock32 });
      assert.equal(vmmc("install", folder).status, 0);
      const { status, stdout } = vmmc("uninstall", join(folder, "app.exe"));
      assert.equal(status, 0);
      assert.match(stdout, /^Removed .*wsock32\.dll;/);
      assert.deepEqual(readdirSync(folder), ["app.exe"]);
      const again = vmmc("uninstall", folder);
      assert.equal(again.status, 0);
      assert.match(again.stdout, /nothing to remove/);
    });

    it("uninstall where somebody else's wsock32.dll lies: refused, and it stays", () => {
      const folder = place({ "app.exe": samples.wsock32, "wsock32.dll": findDll("wsock32.dll", arch) });
      const { status, stderr } = vmmc("uninstall", folder);
      assert.equal(status, 1);
      assert.match(stderr, /is not ours/);
      assert.equal(existsSync(join(folder, "wsock32.dll")), true);
    });
  });
}

describe("a folder with 64-bit and 32-bit programs", { skip: arches.length < 2 && "one architecture only" }, () => {
  it("is refused: one DLL would keep the programs of the other kind from starting", async () => {
    const [x64, ia32] = [await compileSamples("x64"), await compileSamples("ia32")];
    try {
      const folder = emptyFolder(x64);
      copyFileSync(x64.wsock32, join(folder, "wide.exe"));
      copyFileSync(ia32.wsock32, join(folder, "narrow.exe"));
      for (const target of [folder, join(folder, "wide.exe")]) {
        const { status, stderr } = vmmc("install", target);
        assert.equal(status, 2);
        assert.match(stderr, /one DLL cannot serve both/);
      }
      // A program of the other kind without sockets is no obstacle.
      copyFileSync(ia32.plain, join(folder, "narrow.exe"));
      assert.equal(vmmc("install", folder).status, 0);
    } finally {
      for (const { folder } of [x64, ia32]) rmSync(folder, { recursive: true, force: true });
    }
  });
});
