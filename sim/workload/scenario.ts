import type { Api, Steps } from "../app/api.js";
import * as ws from "../kernel/constants.js";
import type { SimProcess } from "../machine/process.js";
import type { Program, SimThread } from "../machine/thread.js";
import type { SimOptions } from "../options.js";
import { type ConnectionPlan, planConnection, withMessages } from "./plan.js";
import { type Stage, startProcess, startThread } from "./program.js";
import { transfer, transferEvents } from "./transfer.js";

const FIRST_PORT = 7000;
/** So often a client tries to connect before it gives up. */
const TRIES = 6;

/** A server: listens, and serves each connection in a thread of its own or one after the other. */
interface Server {
  port: number;
  address: number;
  /** Its process now: another one after a restart. */
  process: SimProcess | undefined;
  listener: number;
  stopped: boolean;
}

/** Servers and clients of one run. */
export class Scenario {
  private readonly servers: Server[] = [];
  readonly plans = new Map<number, ConnectionPlan>();
  /** Threads whose work must come to an end by itself. */
  private readonly workers: SimThread[] = [];
  /** Threads that end when their listener is closed. */
  private readonly acceptors: SimThread[] = [];
  refused = 0;

  constructor(
    private readonly stage: Stage,
    private readonly options: SimOptions,
  ) {}

  begin(): void {
    const { options } = this;
    for (let index = 0; index < options.servers; index++) {
      const address = this.stage.random.pick([0, ws.LOOPBACK]);
      const server: Server = {
        port: ws.swapPort(FIRST_PORT + index),
        address,
        process: undefined,
        listener: -1,
        stopped: false,
      };
      this.servers.push(server);
      this.startServer(server, !(options.unwrappedServer && index === 0));
    }
    for (let index = 0; index < options.clients; index++)
      this.startClient(index, !(options.unwrappedClient && index === 0));
  }

  /** Every client and every connection has come to its end. */
  get done(): boolean {
    return this.workers.every((thread) => thread.state === "ended");
  }

  /** No acceptor runs any more. */
  get closed(): boolean {
    return this.done && this.acceptors.every((thread) => thread.state === "ended");
  }

  startServer(server: Server, wrapped: boolean): void {
    const { stage } = this;
    const { random } = stage;
    const threads = random.weighted([[1, 3], [2, 1]] as const); // biome-ignore format: short
    const inline = random.oneIn(3);
    const nonBlocking = random.oneIn(4);
    const name = `server${this.servers.indexOf(server)}`;
    server.process = startProcess(stage, name, wrapped, (api) => this.serve(api, server, threads, inline, nonBlocking));
    this.acceptors.push(server.process.threads[0]!);
  }

  private *serve(api: Api, server: Server, threads: number, inline: boolean, nonBlocking: boolean): Steps<void> {
    let listener = yield* this.listen(api, server, nonBlocking);
    if (listener < 0) return;
    for (let index = 1; index < threads; index++) {
      const other = startThread(this.stage, api.process, `acceptor${index}`, (own) =>
        this.acceptAll(own, server, inline),
      );
      this.acceptors.push(other);
    }
    for (;;) {
      // A server that listens anew now and then: what waits in its queue is reset.
      const again = threads === 1 && this.stage.random.oneIn(6);
      yield* this.acceptAll(api, server, inline, again ? 1 + this.stage.random.below(3) : Number.POSITIVE_INFINITY);
      if (server.stopped || !again) return;
      server.listener = -1;
      yield* api.close(listener);
      listener = yield* this.listen(api, server, nonBlocking);
      if (listener < 0) return;
    }
  }

  /** A listener for that server; negative if there is none to be had. */
  private *listen(api: Api, server: Server, nonBlocking: boolean): Steps<number> {
    const listener = yield* api.socket();
    if (listener < 0) return -1;
    // What it accepts has it too, as the listener had it when the kernel connected.
    if (this.options.urgent) yield* api.inLine(listener);
    const listens =
      (yield* api.bind(listener, server)) === 0 &&
      (yield* api.listen(listener, this.stage.random.pick([1, 5, 50]))) === 0;
    if (!listens || server.stopped) {
      yield* api.close(listener);
      return -1;
    }
    server.listener = listener;
    // From here on only the kernel knows what a socket has that it accepts.
    if (this.options.urgent) yield* api.linger(listener, 5);
    const { random } = this.stage;
    if (this.options.messages && random.oneIn(2)) {
      yield* api.messages(listener, ws.FD_ACCEPT | (random.oneIn(2) ? transferEvents : 0));
    } else if (nonBlocking) yield* api.nonBlocking(listener, true);
    return listener;
  }

  /** @param most connections, then it ends; else when the listener is closed */
  private *acceptAll(api: Api, server: Server, inline: boolean, most = Number.POSITIVE_INFINITY): Steps<void> {
    for (let count = 0; !server.stopped && count < most; count++) {
      const socket = yield* api.accept(server.listener, this.stage.random.oneIn(2));
      if (socket < 0) {
        if (api.error !== ws.WSAEWOULDBLOCK && !mayPass(api.error)) return;
        if (mayPass(api.error)) yield* api.sleep(1);
        const kernel = api.kernel(server.listener);
        if (kernel !== undefined && this.stage.world.windows.asked(kernel) !== 0) {
          if (api.error === ws.WSAEWOULDBLOCK) yield* api.message(kernel, ws.FD_ACCEPT);
          continue;
        }
        yield* api.select([[server.listener], [], []], this.stage.random.pick([-1, 30]));
        continue;
      }
      const plan = this.plans.get(api.kernel(socket)!.end!.connection.id);
      if (plan === undefined) throw new Error("a connection that no client has made");
      if (inline) yield* transfer(this.stage, api, socket, plan.sides[1], plan.sides[0], true);
      else {
        const thread = startThread(this.stage, api.process, `handler${count}`, (own) =>
          transfer(this.stage, own, socket, plan.sides[1], plan.sides[0], true),
        );
        this.workers.push(thread);
      }
    }
  }

  private startClient(index: number, wrapped: boolean): void {
    const { stage, options } = this;
    const parallel = stage.random.oneIn(2);
    const process = startProcess(stage, `client${index}`, wrapped, (api) => {
      return this.connectAll(api, parallel ? 1 : options.connectionsPerClient);
    });
    this.workers.push(process.threads[0]!);
    for (let thread = 1; parallel && thread < options.connectionsPerClient; thread++) {
      const main = process.threads[0]!;
      const body = function* (this: Scenario, api: Api): Steps<void> {
        yield* stage.world.until(() => main.state === "ended" || process.started);
        yield* this.connectAll(api, 1);
      };
      this.workers.push(startThread(stage, process, `thread${thread}`, body.bind(this)));
    }
  }

  private *connectAll(api: Api, count: number): Steps<void> {
    const { random } = this.stage;
    for (let index = 0; index < count; index++) {
      const server = random.pick(this.servers);
      for (let attempt = 0; attempt < TRIES; attempt++) {
        if (yield* this.connectOne(api, server)) break;
        this.refused++;
        yield* api.sleep(1 + 5 * attempt);
      }
    }
  }

  /** False: nobody listens yet. */
  private *connectOne(api: Api, server: Server): Steps<boolean> {
    const socket = yield* api.socket();
    if (socket < 0) return true;
    const { random } = this.stage;
    const calm = planConnection(random, this.options.mostBytes);
    const plan = this.options.messages ? withMessages(random, calm) : calm;
    if (this.options.urgent) {
      for (const side of plan.sides) side.urgent = random.oneIn(2);
      yield* api.inLine(socket);
    }
    if (this.options.pieces) for (const side of plan.sides) side.pieces = random.oneIn(2);
    if (this.options.operations) for (const side of plan.sides) side.operations = random.oneIn(2);
    if (this.options.leaving) for (const side of plan.sides) side.leaves = random.oneIn(2);
    this.plans.set(api.kernel(socket)!.id, plan);
    if (plan.connecting === "messages") yield* api.messages(socket, ws.FD_CONNECT | transferEvents);
    if (plan.connecting !== "blocking") yield* api.nonBlocking(socket, true);
    const name = { address: ws.LOOPBACK, port: server.port };
    let result = yield* api.connect(socket, name);
    if (result < 0 && api.error === ws.WSAEWOULDBLOCK) result = yield* this.finishConnect(api, socket, plan);
    if (result < 0) {
      yield* api.close(socket);
      return false;
    }
    yield* transfer(this.stage, api, socket, plan.sides[0], plan.sides[1], result === 0);
    return true;
  }

  /** Waits for a connect in one of the ways in which programs do. 0: connected; 1: goes on without having waited. */
  private *finishConnect(api: Api, socket: number, plan: ConnectionPlan): Steps<number> {
    const kernel = api.kernel(socket);
    if (kernel !== undefined && (this.stage.world.windows.asked(kernel) & ws.FD_CONNECT) !== 0) {
      return (yield* api.message(kernel, ws.FD_CONNECT)) === ws.FD_CONNECT ? 0 : -1;
    }
    if (plan.connecting === "poll" && plan.sides[0].style !== "blocking") return 1;
    for (;;) {
      const ready = yield* api.select([[], [socket], [socket]], this.stage.random.pick([-1, 40]));
      if (ready === undefined) return -1;
      if (ready[1]!.length > 0) return 0;
      if (ready[2]!.length > 0) return -1;
    }
  }

  /** The process has been killed or has ended: if it was a server, another one may take its place, wrapped or not. */
  lost(process: SimProcess): void {
    const server = this.servers.find((other) => other.process === process);
    if (server === undefined || server.stopped || this.stage.random.oneIn(3)) return;
    server.listener = -1;
    const { world, random } = this.stage;
    const operator = world.machine.spawn(
      world.processes[0]!,
      "operator",
      this.restart(server, random.pick([0, 1, 40, 2000])),
    );
    this.workers.push(operator);
  }

  private *restart(server: Server, ms: number): Program {
    if (ms > 0) yield { to: "kernel", name: "sleep", args: [ms] };
    // Lost twice: it was ending by itself when it was killed.
    if (!server.stopped && server.process?.ended !== false) this.startServer(server, !this.stage.random.oneIn(4));
  }

  /** Closes the listeners: their acceptors end. */
  stop(): void {
    for (const server of this.servers) {
      server.stopped = true;
      const { process } = server;
      if (process === undefined || process.ended || server.listener < 0) continue;
      const thread = startThread(this.stage, process, "closer", function* (api) {
        yield* api.close(server.listener);
      });
      this.workers.push(thread);
    }
  }

  /** The processes that programs of this run have started and that still run. */
  get processes(): SimProcess[] {
    return this.stage.world.processes.filter((process) => !process.ended && process.name !== "kernel");
  }
}

/** Errors of `accept` after which a server tries again. */
function mayPass(error: number): boolean {
  return error === ws.WSAEMFILE || error === ws.WSAENOBUFS || error === ws.WSAENETDOWN;
}
