import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import * as layout from "../../core/layout.js";
import { type LinuxVariant, linuxBuild } from "../../scripts/build/linux.js";

/** Generous: it only ends a harness that hangs. */
const LIMIT_MS = 600_000;

/** ThreadSanitizer would let each process sleep for a second at its end, in case that others of its threads still race. */
export const tsanOptions = "atexit_sleep_ms=0";

/** The harness of one build of the core, with a folder for shared memory of its own. */
export class Harness {
  readonly folder = mkdtempSync(join(tmpdir(), "vmmc-native-"));
  private readonly log = join(tmpdir(), `${this.folder.split("-").pop()}-vmmc.log`);

  constructor(
    t: TestContext,
    private readonly variant: LinuxVariant,
  ) {
    t.after(() => {
      rmSync(this.folder, { recursive: true, force: true });
      rmSync(this.log, { force: true });
    });
  }

  /**
   * Runs one of the harness's modes (see harness.c) to its end.
   * @returns the values that it printed, by name
   * @throws when it fails, says anything on standard error (as a sanitizer does), or hangs
   */
  async run(args: readonly (string | number)[], environment: Readonly<Record<string, string>> = {}) {
    const { stdout, stderr } = await this.start(args, environment);
    assert.equal(stderr, "", `harness ${args.join(" ")} (${this.variant})`);
    return Object.fromEntries([...stdout.matchAll(/(\w+)=(\d+)/g)].map(([, name, value]) => [name!, Number(value)]));
  }

  /** As `run`, and how many of the connections were user-level and how many stayed in the kernel, on both sides. */
  async runLogged(args: readonly (string | number)[], environment: Readonly<Record<string, string>> = {}) {
    const values = await this.run(args, { ...environment, VMMC_LOG: this.log });
    const decisions = [...readFileSync(this.log, "utf8").matchAll(/event=connection .*mode=([\w-]+)/g)];
    const userLevel = decisions.filter(([, mode]) => mode === "user-level").length;
    return { values, userLevel, kernel: decisions.length - userLevel };
  }

  private start(args: readonly (string | number)[], environment: Readonly<Record<string, string>>) {
    const env = { ...process.env, TSAN_OPTIONS: tsanOptions, VMMC_DIR: this.folder, ...environment };
    return new Promise<{ stdout: string; stderr: string }>((resolve, reject) => {
      const options = { env, timeout: LIMIT_MS, killSignal: "SIGKILL" as const };
      execFile(linuxBuild(this.variant).harness, args.map(String), options, (error, stdout, stderr) => {
        if (error)
          reject(new Error(`harness ${args.join(" ")} (${this.variant}): ${error.message}\n${stdout}${stderr}`));
        else resolve({ stdout, stderr });
      });
    });
  }

  /** @throws if any file but the directory, or any slot in it, is left. */
  assertNothingLeft(): void {
    const name = `directory-v${layout.PROTOCOL_VERSION}`;
    assert.deepEqual(readdirSync(this.folder), [name]);
    const directory = readFileSync(join(this.folder, name));
    const used: number[] = [];
    for (let slot = layout.LISTENERS_OFFSET; slot < layout.DIRECTORY_BYTES; slot += layout.SLOT_BYTES) {
      if (directory.readUInt32LE(slot + layout.SLOT_WORD) !== layout.SLOT_FREE) used.push(slot);
    }
    assert.deepEqual(used, [], "slots of the directory that are in use");
  }
}
