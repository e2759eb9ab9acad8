import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { TestContext } from "node:test";
import { inspectFolders } from "../../cli/shared-folder.js";
import { arches } from "../../programs/build.js";
import type { Connection } from "../../programs/log.js";
import { type Part, type Played, type Player, Stage } from "../../programs/stage.js";
import { type Arch, startWineServer } from "../../testbed/wine.js";

/** The large figures of the specification instead of those that keep a test run short. */
export const full = process.env.VMMC_TEST_FULL === "1";

/** A stage that goes when the test ends, however it ends. */
export async function stageFor(t: TestContext, name: string): Promise<Stage> {
  await startWineServer();
  const stage = new Stage(name);
  t.after(() => stage.close());
  return stage;
}

/** Each architecture with itself, and, where both run, each with the other: [server, client]. */
export function archPairs(): Array<[Arch, Arch]> {
  const available = arches();
  return available.flatMap((server) => available.map((client): [Arch, Arch] => [server, client]));
}

/** @throws unless the program ended well and saw only right bytes. */
export function assertRight(played: Played, what: string): void {
  assert.equal(
    played.values.bytes_ok,
    "1",
    `${what}: bytes are wrong\n${played.stdout}${played.stderr}\n${played.log}`,
  );
  assert.equal(played.code, 0, `${what}: exit code\n${played.stdout}${played.stderr}`);
}

function listed(connections: readonly Connection[]): string {
  return connections
    .map(({ role, userLevel, reason }) => `${role} ${userLevel ? "user" : "kernel"} ${reason}`)
    .join("\n");
}

/** @throws unless there was a connection and all were user-level. */
export function assertUserLevel(connections: readonly Connection[], what: string): void {
  assert.ok(connections.length > 0, `${what}: the wrapper logged no connection`);
  const wrong = connections.filter((connection) => !connection.userLevel);
  assert.deepEqual(wrong, [], `${what}: ${wrong.length} of ${connections.length} stayed on the kernel`);
}

/** @throws if any connection was user-level. */
export function assertKernel(connections: readonly Connection[], what: string): void {
  assert.ok(!connections.some((connection) => connection.userLevel), `${what}: user-level:\n${listed(connections)}`);
}

/** Processor time (user and system) that a process has used, in clock ticks of 10 ms. */
export function processorTicks(player: Player): number {
  const text = readFileSync(`/proc/${player.process.pid}/stat`, "utf8");
  // The name in brackets may hold spaces; the fields after it begin with the third.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return Number(fields[11]) + Number(fields[12]);
}

/** Resident memory of a process in KiB. */
export function residentKib(player: Player): number {
  const match = readFileSync(`/proc/${player.process.pid}/status`, "utf8").match(/^VmRSS:\s+(\d+)/m);
  return Number(match?.[1]);
}

/** Waits until `condition` gives something; @throws after `timeoutMs`. */
export async function until<T>(what: string, condition: () => T | undefined | false, timeoutMs = 30_000): Promise<T> {
  for (const end = Date.now() + timeoutMs; ; ) {
    const result = condition();
    if (result) return result;
    assert.ok(Date.now() < end, `waited ${timeoutMs} ms for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Files of a folder of shared memory that no process has open. */
export function unusedFiles(folder: string): string[] {
  return inspectFolders([folder])[0]!.leftovers;
}

export const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** A server and a client of one program, to the client's end. */
export async function playPair(
  stage: Stage,
  server: Part,
  client: Part,
  timeoutMs?: number,
): Promise<{ server: Player; client: Played }> {
  const player = await stage.server(server);
  return { server: player, client: await stage.client(client, player.port, timeoutMs) };
}
