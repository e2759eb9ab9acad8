import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { prebuiltProgram } from "../../cli/package.js";
import { connectionsIn } from "../../programs/log.js";
import { repositoryRoot } from "../../scripts/setup/paths.js";
import { defaultWinePrefix } from "../../scripts/setup/wine-environment.js";
import { freePort } from "../../testbed/ports.js";
import { compileProgram } from "../../testbed/programs.js";
import { startWineServer, stopWineServer, toWindowsPath } from "../../testbed/wine.js";
import {
  arches,
  compileSamples,
  emptyFolder,
  prebuilt,
  type Samples,
  vmmcEnvironment,
  vmmcIn,
  vmmcMain,
} from "./vmmc.js";

interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** A program that `vmmc run` started, with all it writes. */
class Running {
  stdout = "";
  stderr = "";
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;
  #look: () => void = () => {};

  constructor(args: readonly string[], options: { cwd?: string; env?: Record<string, string> }) {
    const env = vmmcEnvironment({ WINEPREFIX: defaultWinePrefix(), ...options.env });
    const child = spawn(process.execPath, [vmmcMain, "run", ...args], { ...options, env });
    this.#child = child;
    child.stdout.on("data", (chunk: Buffer) => {
      this.stdout = (this.stdout + chunk.toString()).replaceAll("\r\n", "\n");
      this.#look();
    });
    child.stderr.on("data", (chunk: Buffer) => {
      this.stderr = (this.stderr + chunk.toString()).replaceAll("\r\n", "\n");
    });
    this.ended = new Promise((resolve) => {
      child.once("close", (code, signal) => {
        this.#look();
        resolve({ code, signal, stdout: this.stdout, stderr: this.stderr });
      });
    });
  }

  input(text: string): this {
    this.#child.stdin?.end(text);
    return this;
  }

  async line(wanted: string): Promise<void> {
    const seen = new Promise<void>((resolve) => {
      this.#look = () => this.stdout.split("\n").includes(wanted) && resolve();
      this.#look();
    });
    await Promise.race([seen, this.ended]);
    assert.ok(this.stdout.split("\n").includes(wanted), `no line ${wanted}: ${this.stdout}${this.stderr}`);
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }
}

let stop = false;
const folder = realpathSync(mkdtempSync(join(tmpdir(), "vmmc-run-")));
before(async () => {
  stop = await startWineServer();
});
after(async () => {
  rmSync(folder, { recursive: true, force: true });
  if (stop) await stopWineServer();
});

for (const arch of arches) {
  describe(`vmmc run for ${arch}`, () => {
    let witness: string;
    before(async () => {
      witness = await compileProgram(join(repositoryRoot, "test", "cli", "witness.c"), arch, folder);
    });
    const run = (args: string[], options = {}) => new Running(args, options);

    it("hands on arguments, folder, input, output and exit code, and loads our DLL from the package", async () => {
      const before = readdirSync(dirname(witness)).sort();
      const args = ["echo", "two words", "", 'a "quote"', "back\\slash\\", "--option", "*"];
      const { code, stdout, stderr } = await run([witness, ...args], { cwd: folder }).input("one\ntwo\n").ended;
      assert.equal(code, 43, stderr);
      const values = (name: string) => [...stdout.matchAll(new RegExp(`^${name}=(.*)$`, "gm"))].map(([, text]) => text);
      assert.deepEqual(values("sockets"), [toWindowsPath(prebuilt(arch))]);
      assert.deepEqual(values("program"), [toWindowsPath(witness)]);
      assert.deepEqual(values("folder"), [toWindowsPath(folder)]);
      assert.deepEqual(
        values("argument"),
        args.map((text) => `[${text}]`),
      );
      assert.deepEqual(values("input"), ["one", "two"]);
      assert.equal(stderr, "to standard error\n");
      assert.deepEqual(readdirSync(dirname(witness)).sort(), before, "something was left beside the program");
    });

    it("by a relative name, after --, with a profile and without", async () => {
      const spin = async (...words: string[]) =>
        (await run([...words, "--", basename(witness)], { cwd: dirname(witness) }).ended).stdout.match(
          /^spin=(.*)$/m,
        )?.[1];
      assert.equal(await spin(), "");
      assert.equal(await spin("--profile", "latency"), "10000");
      assert.equal(await spin("--profile", "cpu"), "0");
      const own = { cwd: dirname(witness), env: { VMMC_SPIN_US: "7" } };
      assert.match((await run(["--profile", "cpu", `./${basename(witness)}`], own).ended).stdout, /^spin=7$/m);
    });

    it("hands on a break and a request to end, and the program goes with it", async () => {
      for (const [argument, signal, code] of [
        ["wait-for-break", "SIGINT", 77],
        ["wait", "SIGTERM", 143],
      ] as const) {
        const program = run([witness, argument]);
        await program.line("ready");
        program.signal(signal);
        const ended = await program.ended;
        assert.deepEqual([ended.code, ended.signal], [code, null], `${signal}: ${ended.stdout}${ended.stderr}`);
        if (signal === "SIGINT") assert.match(ended.stdout, /^event=0$/m);
      }
      assert.deepEqual(processesOf(witness), []);
    });

    it("connects two programs at user level, and logs it", async () => {
      const log = join(folder, `log-${arch}.txt`);
      const meter = prebuiltProgram("pingpong", arch);
      const shared = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "vmmc-run-"));
      try {
        const port = await freePort();
        const env = { VMMC_DIR: shared };
        const server = run(["--log", log, meter, "server", "--port", `${port}`], { env });
        await server.line(`port=${port}`);
        const client = await run([meter, "client", "--port", `${port}`, "--rounds", "100", "--quit", "1"], { env })
          .ended;
        assert.match(client.stdout, /^bytes_ok=1$/m, client.stderr);
        assert.equal((await server.ended).code, 0);
        // The last connection's client may have gone before the server saw where it came from.
        const [first] = connectionsIn(readFileSync(log, "utf8"));
        assert.deepEqual([first?.role, first?.userLevel], ["accept", true]);
      } finally {
        rmSync(shared, { recursive: true, force: true });
      }
    });

    it("warns of settings that do nothing, and goes on", async () => {
      const env = { VMMC_SPIN_US: "soon", VMMC_SPINN_US: "1" };
      const { code, stderr } = await run([witness], { env }).ended;
      assert.equal(code, 0);
      assert.match(stderr, /^vmmc: VMMC_SPIN_US: "soon" is not valid, and counts as 100\. Set it to /m);
      assert.match(stderr, /^vmmc: VMMC_SPINN_US: there is no such setting\. Did you mean VMMC_SPIN_US\?/m);
      assert.doesNotMatch((await run(["--quiet", witness], { env }).ended).stderr, /vmmc:/);
    });
  });
}

/** Unix processes whose first word is this program, as Wine shows it. */
function processesOf(exe: string): string[] {
  return readdirSync("/proc").filter((entry) => {
    if (!/^\d+$/.test(entry)) return false;
    try {
      return readFileSync(`/proc/${entry}/cmdline`, "latin1").startsWith(toWindowsPath(exe));
    } catch {
      return false;
    }
  });
}

describe("vmmc run given what it cannot run", () => {
  let samples: Samples;
  before(async () => {
    samples = await compileSamples(arches[0]!);
  });
  after(() => rmSync(samples.folder, { recursive: true, force: true }));

  /** The program in a folder of its own: a DLL beside it that uses wsock32.dll would make it suitable. */
  const alone = (s: Samples, exe: string) => {
    const copy = join(emptyFolder(s), basename(exe));
    copyFileSync(exe, copy);
    return copy;
  };

  const wrong: readonly (readonly [what: string, args: (samples: Samples) => string[], why: RegExp])[] = [
    ["no such program", () => ["nothing.exe"], /There is no program nothing\.exe\./],
    ["a folder", (s) => [s.folder], /is not a program/],
    ["a DLL", (s) => [s.library], /is a DLL/],
    ["a text", (s) => [join(s.folder, "plain.c")], /is not a Windows program/],
    ["a WinSock 2 program", (s) => [alone(s, s.ws2)], /uses WinSock 2/],
    ["an unknown profile", (s) => ["--profile", "fast", s.wsock32], /argument 'fast' is invalid/],
    ["a log in no folder", (s) => ["--log", join(s.folder, "no", "log.txt"), s.wsock32], /there is no folder/],
  ];
  for (const [what, args, why] of wrong) {
    it(`${what}: a line, exit code 2`, () => {
      const { status, stdout, stderr } = vmmcIn({}, "run", ...args(samples));
      assert.deepEqual([status, stdout], [2, ""]);
      assert.match(stderr, why);
    });
  }

  it("a machine without Wine: a line, exit code 1", () => {
    const { status, stderr } = vmmcIn({ PATH: "" }, "run", samples.wsock32);
    assert.equal(status, 1);
    assert.match(stderr, /^vmmc: Cannot run .*: Wine is not installed \(there is no wine on the PATH\)\.\n$/);
  });
});
