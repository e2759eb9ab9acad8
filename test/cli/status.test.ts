import assert from "node:assert/strict";
import { appendFileSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { FolderStatus } from "../../cli/status.js";
import { defaultWinePrefix } from "../../scripts/setup/wine-environment.js";
import { startWineServer, stopWineServer } from "../../testbed/wine.js";
import { findDll } from "../../wrapgen/io.js";
import { arches, compileSamples, emptyFolder, folderWith, type Result, type Samples, vmmc, vmmcIn } from "./vmmc.js";

function parsed({ status, stdout, stderr }: Result): FolderStatus {
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout) as FolderStatus;
}

const [arch] = arches as [(typeof arches)[number]];

describe("vmmc status", () => {
  let samples: Samples;
  before(async () => {
    samples = await compileSamples(arch);
  });
  after(() => rmSync(samples.folder, { recursive: true, force: true }));

  const place = (files: Readonly<Record<string, string>>) => folderWith(samples, files);

  it("before an installation: nothing there", () => {
    const folder = place({ "app.exe": samples.wsock32 });
    assert.match(vmmc("status", folder).stdout, /^No wsock32\.dll in .*: programs there use the system's sockets\.\n/);
    const { dll, record, programs } = parsed(vmmc("status", folder, "--json"));
    assert.deepEqual([dll, record], [undefined, undefined]);
    assert.deepEqual(
      programs.map(({ name, wrapped }) => [name, wrapped]),
      [["app.exe", false]],
    );
  });

  it("after an installation: version, architecture, the same file, and what install did", () => {
    const folder = place({ "app.exe": samples.wsock32 });
    assert.equal(vmmc("install", folder).status, 0);
    const { dll, record } = parsed(vmmc("status", join(folder, "app.exe"), "--json"));
    assert.deepEqual([dll?.isOurs, dll?.isCurrent, dll?.arch], [true, true, arch]);
    assert.deepEqual(record?.programs, ["app.exe"]);
    assert.match(vmmc("status", folder).stdout, /ours, \d+\.\d+\.\d+, \w+; the same file as this version's\./);
    assert.equal(vmmc("uninstall", folder).status, 0);
    assert.equal(parsed(vmmc("status", folder, "--json")).record, undefined);
  });

  it("where the DLL was changed since: not this version's file", () => {
    const folder = place({ "app.exe": samples.wsock32 });
    assert.equal(vmmc("install", folder).status, 0);
    appendFileSync(join(folder, "wsock32.dll"), "x");
    assert.equal(parsed(vmmc("status", folder, "--json")).dll?.isCurrent, false);
  });

  it("where the DLL was removed by hand: said, and uninstall ends the record", () => {
    const folder = place({ "app.exe": samples.wsock32 });
    assert.equal(vmmc("install", folder).status, 0);
    rmSync(join(folder, "wsock32.dll"));
    assert.match(vmmc("status", folder).stdout, /The DLL is gone since: vmmc uninstall undoes the rest\./);
    assert.match(vmmc("uninstall", folder).stdout, /somebody else removed it/);
    assert.match(vmmc("uninstall", folder).stdout, /nothing to remove/);
  });

  it("where somebody else's wsock32.dll lies: whose", () => {
    const folder = place({ "app.exe": samples.wsock32, "wsock32.dll": findDll("wsock32.dll", arch) });
    const { dll, programs } = parsed(vmmc("status", folder, "--json"));
    assert.equal(dll?.isOurs, false);
    assert.equal(programs[0]?.wrapped, false);
  });

  it("of a WinSock 2 program: why it does not use the DLL", () => {
    const folder = place({ "app.exe": samples.ws2 });
    assert.match(vmmc("status", folder).stdout, /Note: app\.exe does not import wsock32\.dll: it uses WinSock 2/);
  });

  it("of a program whose DLL calls WinSock 2: why its connections stay on the kernel", () => {
    const folder = place({ "app.exe": samples.wsock32 });
    copyFileSync(samples.library2, join(folder, "net.dll"));
    assert.match(
      vmmc("status", folder).stdout,
      /Note: net\.dll imports closesocket from ws2_32\.dll: its process stays/,
    );
    assert.match(vmmc("install", folder).stdout, /Note: net\.dll imports closesocket/);
  });

  it("with a damaged list of installations: one line, and install changes nothing", () => {
    const folder = place({ "app.exe": samples.wsock32 });
    const state = emptyFolder(samples);
    const list = join(state, "vmmc-sockets", "installs.json");
    mkdirSync(join(state, "vmmc-sockets"));
    writeFileSync(list, "{");
    const { status, stderr } = vmmcIn({ XDG_STATE_HOME: state }, "install", folder);
    assert.equal(status, 1);
    assert.match(stderr, /^vmmc: Cannot read the list of installations [^\n]+\n$/);
    assert.equal(existsSync(join(folder, "wsock32.dll")), false);
    assert.equal(readFileSync(list, "utf8"), "{");
  });
});

describe("vmmc install with a Wine prefix", () => {
  let samples: Samples;
  let stop = false;
  const variables = { WINEPREFIX: defaultWinePrefix() };
  before(async () => {
    samples = await compileSamples(arch);
    stop = await startWineServer();
  });
  after(async () => {
    rmSync(samples.folder, { recursive: true, force: true });
    if (stop) await stopWineServer();
  });

  it("sets the override for that program, and uninstall removes it", () => {
    const folder = emptyFolder(samples);
    copyFileSync(samples.wsock32, join(folder, "vmmc-override-test.exe"));
    const { status, stdout, stderr } = vmmcIn(variables, "install", folder);
    assert.equal(status, 0, stderr);
    assert.match(stdout, /The Wine prefix .* takes it for vmmc-override-test\.exe\./);
    const program = parsed(vmmcIn(variables, "status", folder, "--json")).programs[0];
    assert.deepEqual([program?.wrapped, program?.override], [true, "native,builtin"]);
    assert.match(vmmcIn(variables, "uninstall", folder).stdout, /has its former setting for vmmc-override-test\.exe\./);
    const after = parsed(vmmcIn(variables, "status", folder, "--json")).programs[0];
    assert.deepEqual([after?.wrapped, after?.override], [false, undefined]);
  });

  it("told to leave it alone: no override", () => {
    const folder = emptyFolder(samples);
    copyFileSync(samples.wsock32, join(folder, "vmmc-override-test.exe"));
    assert.equal(vmmcIn(variables, "install", "--no-override", folder).status, 0);
    const program = parsed(vmmcIn(variables, "status", folder, "--json")).programs[0];
    assert.deepEqual([program?.wrapped, program?.override], [false, undefined]);
    assert.match(program!.why.join(), /Wine will not take the DLL for vmmc-override-test\.exe/);
    assert.equal(vmmcIn(variables, "uninstall", folder).status, 0);
  });
});
