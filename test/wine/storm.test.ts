import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { arches, buildProgram, wrapperDll } from "../../programs/build.js";
import { connectionsIn } from "../../programs/log.js";
import { memoryFolder, Stage, valuesIn } from "../../programs/stage.js";
import { freePort } from "../../testbed/ports.js";
import { finish, type RunningProgram } from "../../testbed/process.js";
import { installBeside } from "../../testbed/programs.js";
import { type Arch, spawnProgram, startWineServer, stopWineServer, toWindowsPath } from "../../testbed/wine.js";
import { assertRight, assertUserLevel, full, playPair, sleep, until } from "./helpers.js";
import { filesIn, usedSlots } from "./kills-folder.js";
import { clientsLeftOpen } from "./storm-sockets.js";

/** Another number, another storm: VMMC_STORM_SEED. */
const seed = Number(process.env.VMMC_STORM_SEED ?? 1);
const seconds = Number(process.env.VMMC_STORM_SECONDS ?? (full ? 600 : 12));
const nodes = 4;
const threads = 3;
/** More than any connection takes to come to its end, once all are told to. */
const patienceMs = 60_000;
/** The same, when it is known that some will not. */
const keptMs = 10_000;

/** Programs that run from that folder: the nodes' children and grandchildren, whom nobody here has started. */
function programsIn(folder: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        return readFileSync(`/proc/${name}/cmdline`, "latin1")
          .split("\0")
          .some((word) => word.includes(`${toWindowsPath(folder)}\\`));
      } catch {
        return false; // it has ended meanwhile
      }
    })
    .map(Number);
}

/** As many ports in a row as the storm needs, that nobody uses. */
async function portsInARow(): Promise<number> {
  return Math.min(await freePort(), 31_900);
}

test(`a storm of ${nodes} servers that are clients, and their children that die, ${seconds} s, seed ${seed}`, {
  timeout: (seconds + 600) * 1000,
}, async (t) => {
  await startWineServer();
  const folder = mkdtempSync(join(tmpdir(), "vmmc-storm-"));
  const shared = mkdtempSync(join(memoryFolder(), "vmmc-storm-"));
  const running: RunningProgram[] = [];
  t.after(async () => {
    for (const program of running) program.kill();
    await Promise.all(running.map((program) => program.exited));
    await until("the children to end", () => programsIn(folder).length === 0, patienceMs).catch(() => {});
    rmSync(folder, { recursive: true, force: true });
    rmSync(shared, { recursive: true, force: true });
  });
  const exes = new Map<Arch, string>();
  for (const arch of arches()) {
    mkdirSync(join(folder, arch));
    exes.set(arch, await installBeside(await buildProgram("storm", arch), wrapperDll(arch), join(folder, arch)));
  }
  const kinds = arches();
  const windows = (arch: Arch) => toWindowsPath(exes.get(arch) ?? exes.get("x64")!);
  const complaints = join(folder, "complaints.txt");
  const log = join(folder, "log.txt");
  const port = await portsInARow();
  for (let own = 0; own < nodes; own++) {
    const arch = kinds[own % kinds.length]!;
    const options = {
      ...{ port, nodes, ports: 2 * nodes, own, seconds, threads, seed: seed * 100 + own },
      ...{ x64: windows("x64"), ia32: windows("ia32"), complaints: toWindowsPath(complaints) },
    };
    const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, `${value}`]);
    const program = await spawnProgram(exes.get(arch)!, ["node", ...args], {
      cwd: join(folder, arch),
      native: ["wsock32"],
      env: { VMMC_DIR: toWindowsPath(shared), VMMC_LOG: toWindowsPath(log) },
    });
    running.push(program);
    await program.waitForLine(/^port=/);
  }
  for (const program of running) program.write("go\n");
  for (const program of running) await program.waitForLine(/^clients-done/, seconds * 1000 + patienceMs);
  // Grandchildren live for a second, whatever became of their parents; only then may the servers go.
  await until("all children to end", () => programsIn(folder).length === nodes, patienceMs);
  const told = () => (existsSync(complaints) ? readFileSync(complaints, "latin1") : "");
  assert.equal(told(), "", "what the programs complained about");
  // Of a connection that is the kernel's the server hears from the kernel alone: see clientsLeftOpen. Not so of ours.
  const accepted = connectionsIn(readFileSync(log, "latin1")).filter(({ role }) => role === "accept");
  const isUserLevel = (own: number, client: number) =>
    accepted.findLast(({ local, peer }) => local.endsWith(`:${port + own}`) && peer.endsWith(`:${client}`))?.userLevel;
  const kept = running.map(
    (_, own) => clientsLeftOpen(port + own).filter((client) => !isUserLevel(own, client)).length,
  );
  const sums: Record<string, number> = {};
  for (const program of running) program.endInput();
  let waiting = 0;
  for (const [own, program] of running.entries()) {
    if (kept[own]! > 0 && (await Promise.race([program.exited, sleep(keptMs)])) === undefined) {
      waiting++;
      program.kill();
      continue;
    }
    const { stdout, code } = await finish(program, patienceMs);
    assert.equal(code, 0, stdout);
    for (const [name, value] of Object.entries(valuesIn(stdout))) sums[name] = (sums[name] ?? 0) + Number(value);
  }
  t.diagnostic(`${JSON.stringify(sums)}; ${waiting} servers waited for a client whose socket Wine kept`);
  assert.equal(told(), "", "what the programs complained about");
  assert.ok(sums.stuck! <= 2 + sums.children! / 10, "children that did not end by themselves");
  assert.ok(sums.good! > 100 * nodes, "connections that were right to the end");
  assert.ok(sums.cut! > nodes && sums.children! > nodes, "children that were cut off");
  if (waiting > 0) await stopWineServer();
  await startWineServer();
  // Who starts next removes what the dead have left, in the directory and beside it, and works at once.
  const names = () => [...filesIn(shared).segments.map(({ name }) => name), ...filesIn(shared).others];
  const left = names();
  const stage = new Stage("after-storm");
  t.after(() => stage.close());
  for (const arch of kinds) {
    const part = { program: "pingpong", arch, wrapped: true, env: { VMMC_DIR: toWindowsPath(shared) } } as const;
    const { client } = await playPair(stage, part, { ...part, args: ["--rounds", "100"] });
    assertRight(client, "the next client");
    assertUserLevel(client.connections, "the next client");
  }
  const used = usedSlots(shared).filter(({ kind }) => kind === "pending");
  assert.deepEqual(used, [], "pending slots");
  assert.deepEqual(
    names().filter((name) => left.includes(name)),
    [],
    "files",
  );
});
