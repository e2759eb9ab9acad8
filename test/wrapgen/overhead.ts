import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Arch, availableArches, runProgram, withWineServer } from "../../testbed/wine.js";
import { defaultConfig } from "../../wrapgen/config.js";
import type { Mode } from "../../wrapgen/modes.js";
import { wrap } from "../../wrapgen/wrap.js";
import { compile, sources } from "./build.js";

/*
 * What a call through each kind of stub costs: `node dist/test/wrapgen/overhead.js`. A measurement, not a test. All
 * figures are of one run, as those of different ones differ by more than what is measured.
 */

const folder = mkdtempSync(join(tmpdir(), "vmmc-overhead-"));
const source = (name: string) => join(sources, "overhead", name);

async function measure(place: string, rounds: string[]): Promise<number> {
  const { stdout, stderr, code } = await runProgram(join(place, "caller.exe"), rounds);
  if (code !== 0) throw new Error(`the caller ended with code ${code}: ${stderr}`);
  return Number(stdout);
}

async function measureAll(arch: Arch): Promise<void> {
  const plain = join(folder, arch);
  mkdirSync(plain);
  compile(arch, ["-shared", "-o", join(plain, "callee.dll"), source("callee.c")]);
  compile(arch, ["-o", join(plain, "caller.exe"), source("caller.c"), join(plain, "callee.dll")]);
  const places = new Map([["direct", plain]]);
  for (const mode of ["forward", "pass", "jump", "trace"] as Mode[]) {
    const { dll } = await wrap({
      config: {
        ...defaultConfig(join(plain, "callee.dll")),
        headers: ["callee.h"],
        includePaths: [join(sources, "overhead")],
        original: "real_callee.dll",
        modes: [{ pattern: "*", mode }],
      },
      arch,
      outDir: join(plain, mode),
      sources: [],
      libraries: [],
      build: true,
    });
    const place = join(plain, mode, "run");
    mkdirSync(place);
    copyFileSync(dll!, join(place, "callee.dll"));
    copyFileSync(join(plain, "callee.dll"), join(place, "real_callee.dll"));
    copyFileSync(join(plain, "caller.exe"), join(place, "caller.exe"));
    places.set(mode, place);
  }
  const best = new Map<string, number>();
  // Taking turns, so that a slower minute of the machine is one for all.
  for (let turn = 0; turn < 3; turn++) {
    for (const [name, place] of places) {
      const ns = await measure(place, name === "trace" ? ["20", "200"] : ["200", "100000"]);
      best.set(name, Math.min(ns, best.get(name) ?? Number.POSITIVE_INFINITY));
    }
  }
  const direct = best.get("direct")!;
  for (const [name, ns] of best) {
    const more = name === "direct" ? "" : `, ${(ns - direct).toFixed(2)} ns more than a direct call`;
    console.log(`${arch} ${name}: ${ns.toFixed(2)} ns${more}`);
  }
}

try {
  await withWineServer(async () => {
    for (const arch of await availableArches()) await measureAll(arch);
  });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
