import { Api, type Steps } from "../app/api.js";
import type { StreamChecker } from "../checkers/stream.js";
import type { SimProcess } from "../machine/process.js";
import type { Program, SimThread } from "../machine/thread.js";
import type { Random } from "../random.js";
import type { World } from "../world.js";

/** What the programs of one run have in common. */
export interface Stage {
  world: World;
  streams: StreamChecker;
  random: Random;
  bufferBytes: number;
}

/** Starts a thread of a program, which ends as threads of the process do. */
export function startThread(
  stage: Stage,
  process: SimProcess,
  name: string,
  body: (api: Api) => Steps<void>,
): SimThread {
  let thread: SimThread | undefined;
  const api = new Api(stage.world, process, stage.streams, () => thread!, stage.bufferBytes);
  thread = stage.world.machine.spawn(process, name, run(api, body));
  return thread;
}

function* run(api: Api, body: (api: Api) => Steps<void>): Program {
  yield* body(api);
  const { thread } = api;
  const { record } = thread;
  if (!api.process.usesCore || record === 0) return;
  thread.record = 0;
  yield { to: "core", name: "threadEnds", args: [record] };
}

/** Starts a process: first the core, if it is wrapped, then its main thread. */
export function startProcess(
  stage: Stage,
  name: string,
  wrapped: boolean,
  main: (api: Api) => Steps<void>,
): SimProcess {
  const process = stage.world.makeProcess(name, wrapped);
  startThread(stage, process, "main", function* (api) {
    if (wrapped) process.usesCore = (yield { to: "core", name: "start", args: [] }) !== 0;
    api.thread.buffer.drain(Number.POSITIVE_INFINITY);
    process.started = true;
    stage.world.changed.notify();
    yield* main(api);
  });
  return process;
}
