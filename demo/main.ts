import Table from "cli-table3";
import { arches, buildPrograms } from "../programs/build.js";
import { shareUserLevel } from "../programs/log.js";
import { renewBusyWineServer } from "../testbed/busy-server.js";
import { withWineServer } from "../testbed/wine.js";
import { type Figures, type Mode, ownPairs, type Pair, relayPair } from "./pairs.js";
import { thirdPartyProgram } from "./third-party.js";

const modes: readonly Mode[] = ["kernel", "wrapped", "removed"];
const modeNames: Readonly<Record<Mode, string>> = {
  kernel: "over the kernel",
  wrapped: "with wsock32.dll beside the programs",
  removed: "with wsock32.dll removed again",
};

interface Result {
  pair: Pair;
  figures: Record<Mode, Figures>;
}

const started = Date.now();

function step(text: string): void {
  process.stderr.write(`[${((Date.now() - started) / 1000).toFixed(1).padStart(5)} s] ${text}\n`);
}

const archName = (pair: Pair) =>
  pair.serverArch === pair.clientArch ? pair.serverArch : `${pair.clientArch} to ${pair.serverArch}`;

async function runPair(pair: Pair): Promise<Result> {
  const figures = {} as Record<Mode, Figures>;
  for (const mode of modes) {
    if (await renewBusyWineServer())
      step("Wine's server was busy with a socket that nobody has any more: started anew");
    step(`${pair.name}, ${archName(pair)}, ${modeNames[mode]} ...`);
    try {
      figures[mode] = await pair.run(mode);
    } catch (error) {
      figures[mode] = { rightBytes: false, connections: [], problem: (error as Error).message };
    }
  }
  return { pair, figures };
}

function show(value: number | undefined): string {
  if (value === undefined) return "-";
  return value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2);
}

function quotient(above: number | undefined, below: number | undefined): string {
  return above === undefined || below === undefined || below === 0 ? "-" : `${show(above / below)} x`;
}

function tableOf(results: readonly Result[]): string {
  const table = new Table({
    head: [
      ...["programs", "arch", "round trip (us)\nkernel", "\nwrapped", "\nremoved", "\nfaster by"],
      ...["MiB/s\nkernel", "\nwrapped", "\nremoved", "\nratio", "user-level\nconnections", "bytes"],
    ],
    style: { head: [], border: [] },
    // No lines between the rows, so that the table fits on a screen.
    chars: { mid: "", "left-mid": "", "mid-mid": "", "right-mid": "" },
    colAligns: [...Array(2).fill("left"), ...Array(8).fill("right"), "right", "left"],
  });
  for (const { pair, figures } of results) {
    const { kernel, wrapped, removed } = figures;
    const right = modes.every((mode) => figures[mode].rightBytes);
    table.push([
      pair.name,
      archName(pair),
      ...[kernel, wrapped, removed].map((each) => show(each.roundTripUs)),
      quotient(kernel.roundTripUs, wrapped.roundTripUs),
      ...[kernel, wrapped, removed].map((each) => show(each.mibPerSecond)),
      quotient(wrapped.mibPerSecond, kernel.mibPerSecond),
      shareUserLevel(wrapped.connections),
      right ? "right" : "see below",
    ]);
  }
  return table.toString();
}

/** What was not as it must be. */
function faultsOf({ pair, figures }: Result): string[] {
  const name = `${pair.name}, ${archName(pair)}`;
  const faults = modes
    .filter((mode) => !figures[mode].rightBytes)
    .map((mode) => `${name}, ${modeNames[mode]}: ${figures[mode].problem ?? "wrong bytes"}`);
  const { connections } = figures.wrapped;
  const kernel = connections.filter((connection) => !connection.userLevel);
  if (connections.length === 0) faults.push(`${name}: the wrapper told of no connection: was it loaded?`);
  for (const reason of new Set(kernel.map((connection) => connection.reason))) {
    const count = kernel.filter((connection) => connection.reason === reason).length;
    faults.push(`${name}: ${count} of ${connections.length} connections stayed on the kernel, reason: ${reason}`);
  }
  for (const mode of ["kernel", "removed"] as const) {
    if (figures[mode].connections.length > 0)
      faults.push(`${name}, ${modeNames[mode]}: a wrapper was loaded all the same`);
  }
  return faults;
}

async function demo(): Promise<number> {
  const available = arches();
  step(`compiling the programs for ${available.join(" and ")} ...`);
  await buildPrograms();
  const pairs = ownPairs(available);
  for (const arch of available) {
    try {
      step(`getting and compiling stone, a third party's TCP repeater, for ${arch} ...`);
      pairs.push(relayPair(await thirdPartyProgram(arch), arch));
    } catch (error) {
      step(
        `stone could not be had, going on without it: ${(error as Error).message.trim().split("\n").slice(0, 3).join(" ")}`,
      );
      break;
    }
  }
  if (!available.includes("ia32")) step("32-bit programs cannot run on this machine: going on with 64-bit only");
  const results: Result[] = [];
  for (const pair of pairs) results.push(await runPair(pair));
  console.log(tableOf(results));
  console.log(
    "kernel: no wrapper; wrapped: wsock32.dll beside both programs; removed: deleted again. One run, this machine.",
  );
  const faults = results.flatMap(faultsOf);
  for (const fault of faults) console.error(`FAULT: ${fault}`);
  return faults.length === 0 ? 0 : 1;
}

process.exitCode = await withWineServer(demo);
