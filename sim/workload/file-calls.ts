import type { Api, Steps } from "../app/api.js";
import { type Begun, begin, end, isThrough, type Told } from "../app/file-calls.js";

/** How a program waits for the end of an operation that it has begun. */
function* waitForEnd(api: Api, begun: Begun): Steps<void> {
  const { random } = api.world.machine;
  if (!begun.goesOn || !random.oneIn(3)) return;
  // Does something else meanwhile, and looks now and then.
  for (let round = random.below(20); round > 0 && !(yield* isThrough(api, begun)); round--)
    yield* api.sleep(random.pick([0.001, 1, 3]));
}

/** The most bytes of one operation, which has memory of its own. */
const MOST_BYTES = 4096;

/**
 * Moves up to so many bytes with `ReadFile` or `WriteFile`: in one call or two, with an OVERLAPPED or without. Gives what `recv` or
 * `send` would have given.
 * @param port the socket's completion port, or 0
 * @param two whether the second may be begun before the first is through
 */
export function* moveBytes(
  api: Api,
  socket: number,
  reading: boolean,
  most: number,
  port: number,
  two: boolean,
  sender = 0,
): Steps<number> {
  const { random } = api.world.machine;
  const bytes = Math.min(most, MOST_BYTES);
  const ways: Told[] = port === 0 ? ["event"] : ["event", "port"];
  const told = random.oneIn(4) ? random.pick(["at once", "nobody"] as const) : random.pick(ways);
  const parts = two && bytes > 1 && random.oneIn(2) ? [random.between(1, bytes - 1)] : [];
  parts.push(bytes - (parts[0] ?? 0));
  const under: Begun[] = [];
  let ahead = 0;
  for (const part of parts) {
    const begun = yield* begin(api, socket, reading, part, told, port, sender, reading ? 0 : ahead);
    if (begun === undefined) break;
    under.push(begun);
    ahead += part;
    // Nothing is begun behind one that was refused.
    if (begun.error !== 0) break;
  }
  if (under.length === 0) return -1;
  const results: { result: number; error: number }[] = [];
  for (const begun of under) {
    yield* waitForEnd(api, begun);
    results.push({ result: yield* end(api, begun), error: api.error });
  }
  const total = results.reduce((sum, { result }) => sum + Math.max(0, result), 0);
  if (total > 0) return total;
  api.error = results[0]!.error;
  return results[0]!.result;
}
