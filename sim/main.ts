/**
 * `npm run sim`: the core under a scheduler whose every decision follows from a seed.
 *
 * From the bottom up:
 *
 * - `machine/`   one processor and one memory for all simulated threads: which thread runs (`machine.ts`, `policy.ts`),
 *                what it may touch (`memory.ts`), when its stores become visible (`store-buffer.ts`), what it did (`trace.ts`)
 * - `kernel/`    the simulated system: TCP (`tcp.ts`, `network.ts`), WinSock calls on it (`winsock.ts`, `select.ts`),
 *                segment files and bells
 * - `doors/`     core/sync.ts and core/os.ts over the two
 * - `world.ts`   machine, kernel and processes of one run; `faults.ts` says what the system refuses
 * - `app/`       the sockets as a simulated program calls them: through the core or, unwrapped, the kernel's
 * - `workload/`  programs: servers, clients, what passes between them
 * - `checkers/`  what must hold, whatever the programs do
 * - `exhaustive/` small cases, of which every order of steps is tried
 * - `mutants/`   known mistakes, planted in the core to see whether all this finds them (`npm run mutants`)
 * - `options.ts` everything that a seed decides beforehand; `run.ts` one run from a seed to its result
 *
 * The core comes built by scripts/build/sim.ts, in several sizes (build/sim/).
 */
import { parseArguments } from "./arguments.js";
import { enumerateAll } from "./exhaustive/enumerate.js";
import { report } from "./report.js";
import { runSeeds } from "./seeds.js";

const wanted = parseArguments(process.argv.slice(2));
if ("say" in wanted) {
  console.log(wanted.say);
  process.exitCode = wanted.code;
} else if (wanted.exhaustive !== undefined) {
  process.exitCode = enumerateAll({ ...wanted, only: wanted.exhaustive }, (line) => console.log(line)) ? 0 : 1;
} else {
  const summary = await runSeeds(wanted, (line) => console.log(line));
  report(summary, wanted, (line) => console.log(line));
  process.exitCode = summary.failures.length > 0 ? 1 : 0;
}
