import { sendingCalls } from "../app/api.js";
import { SimFailure } from "../failure.js";
import { Inspector, KIND_PENDING } from "../inspector.js";
import { FD_READ, FD_WRITE, WSAEWOULDBLOCK } from "../kernel/constants.js";
import type { KernelSocket } from "../kernel/socket.js";
import type { Posted } from "../kernel/windows.js";
import type { SimProcess } from "../machine/process.js";
import type { SimThread } from "../machine/thread.js";
import type { Operation, World, WorldListener } from "../world.js";

/** So long (us) nothing may come back from a call while programs wait for something. Longer than every limit of the core. */
const STALL_US = 30_000_000;

/** While nothing comes back for so long (us), a thread may do so many steps: it looks around, and a caretaker walks its tables. */
const IDLE_US = 10_000_000;
const IDLE_STEPS = 16_000;

/** Who gives a socket away, or is told of it by a message, comes no further by that alone, however often. */
const noProgress = ["giveAwaySocket", "message"];

/**
 * Nobody sleeps while there is something to do: programs get on; and what wakes a sleeper is the other side, not the
 * look that the core has once a second for ends that no bell announces.
 */
export class LivenessChecker implements WorldListener {
  private readonly inspector: Inspector;
  private lastReturn: number;
  private lastCall = 0;
  /** Woken by the clock from a sleep of that look's length; nobody else has run since. */
  private rescued: SimThread | undefined;
  rescues = 0;
  /** The same for threads of the core's own. */
  private own: SimThread | undefined;
  /** Nothing has come back for so long: true if something has been done about it, once. */
  onStall: () => boolean = () => false;
  private stepsThen = 0;
  private timeThen = 0;
  /** A fault has taken bells or doorbells away: the look once a second is what helps then. */
  bellsLost = false;
  /** Nobody waits for anything any more. */
  over = false;

  constructor(
    private readonly world: World,
    private readonly recheckMs: number,
  ) {
    this.lastReturn = world.machine.now;
    this.inspector = new Inspector(world);
  }

  jump(to: number, thread: SimThread): void {
    const looks = thread.timeoutMs === this.recheckMs && !thread.daemon;
    this.rescued = looks && !this.waitsForMoreRoom(thread) ? thread : undefined;
    // Of the threads that are the core's own, those look around that often that post messages and carry out operations.
    this.own = thread.daemon && thread.timeoutMs === this.recheckMs ? thread : undefined;
    this.checkIdle(to);
    if (this.over || to - this.lastReturn < STALL_US) return;
    const sleeping = this.world.machine.threads.filter((other) => other.state === "blocked" && !other.daemon);
    if (sleeping.length === 0) {
      this.lastReturn = to;
      return;
    }
    if (this.onStall()) {
      this.lastReturn = to;
      return;
    }
    this.hangs(sleeping);
  }

  idle(): boolean {
    if (this.onStall()) return true;
    const sleeping = this.world.machine.threads.filter((other) => other.state === "blocked" && !other.daemon);
    if (sleeping.length > 0) this.hangs(sleeping);
    return false;
  }

  private hangs(sleeping: readonly SimThread[]): never {
    const list = sleeping.map((other) => `${other.label} in ${other.doing || "a pause"}`).join("; ");
    throw new SimFailure("liveness", `nothing has come back for ${STALL_US / 1e6} seconds: ${list}`);
  }

  /**
   * A writer that sleeps is woken when a quarter of the window has been read, as more than that was unread when it fell
   * asleep: while that much is unread the call is still to come, and room that there is already is nobody's concern. But
   * where a level ends it is woken at once: all of its larger window may be used then.
   */
  private waitsForMoreRoom(thread: SimThread): boolean {
    const { call } = thread;
    if (call?.to !== "core") return false;
    const sockets =
      call.name === "select"
        ? this.world.setAt(call.args[2]!)
        : sendingCalls.includes(call.name)
          ? [call.args[0]!]
          : [];
    return sockets.some((socket) => this.hasMoreRoomToCome(thread.process, socket));
  }

  private hasMoreRoomToCome(process: SimProcess, socket: number): boolean {
    const d = this.inspector.descriptor(process, socket);
    // Whatever the words of a connection say that the kernel carries now.
    if (d === undefined || d.own === 0 || d.kind! < KIND_PENDING) return false;
    const credit = this.world.machine.memory.i32[(d.own! + this.world.core.constant("BLOCK_CREDIT")) >> 2]!;
    if (d.sendSwitching !== 0 && credit - d.sendSwitch! >= 0) return false;
    const unread = (d.head! - credit) >>> 0;
    return unread > 0 && unread >= d.sendWindow! >> 2;
  }

  /** A message that comes only because the messenger looks around: somebody should have woken it. */
  posted({ socket, event }: Posted, thread: SimThread): void {
    if (event !== FD_READ && event !== FD_WRITE) return;
    this.toldBy(thread, socket, event === FD_READ, `event ${event} is posted`);
  }

  /** The same of an operation. */
  tells({ socket, reading }: Operation, thread: SimThread): void {
    this.toldBy(thread, socket, reading, `the end of a ${reading ? "read" : "write"} is told of`);
  }

  private toldBy(thread: SimThread, socket: KernelSocket, reading: boolean, what: string): void {
    if (this.own !== thread || this.world.machine.alone !== thread) return;
    if (this.bellsLost || this.hasHostilePeer(thread) || socket.closed) return;
    // Who dies between publishing and ringing is noticed within a second.
    if (socket.end?.connection.owners.some((owner) => owner?.ended)) return;
    if (!reading && this.hasMoreRoomToCome(socket.process, socket.handle)) return;
    const where = `${socket.process.name}'s socket ${socket.handle}`;
    throw new SimFailure("liveness", `lost wake-up: ${what} for ${where} only because ${thread.label} looks by itself`);
  }

  /** Whoever was looking around by itself just then has been woken all the same. */
  processEnds(): void {
    this.rescued = undefined;
    this.own = undefined;
  }

  returned(thread: SimThread, name: string, result: number): void {
    const inVain =
      name === "select"
        ? result === 0
        : noProgress.includes(name) || (result < 0 && thread.lastError === WSAEWOULDBLOCK);
    this.lastCall = this.world.machine.now;
    if (!inVain) this.lastReturn = this.lastCall;
    if (this.rescued !== thread || this.world.machine.alone !== thread) return;
    this.rescued = undefined;
    this.rescues++;
    // A jump of the clock may have ended the application's time as well: who has found nothing was not rescued.
    if (name === "select" && result === 0) return;
    if (this.bellsLost || this.hasHostilePeer(thread)) return;
    const what = `${name} of ${thread.label} came back with ${result}`;
    throw new SimFailure(
      "liveness",
      `lost wake-up: ${what} only because it looks by itself every ${this.recheckMs} ms`,
    );
  }

  private hasHostilePeer(thread: SimThread): boolean {
    for (const { process, end } of this.world.network.sockets) {
      if (process === thread.process && end?.connection.owners.some((owner) => owner?.hostile)) return true;
    }
    return false;
  }

  /** Idle means asleep: in ten seconds in which nothing comes back, threads may look around now and then, and no more. */
  private checkIdle(to: number): void {
    const { machine } = this.world;
    if (this.timeThen < this.lastCall) {
      this.timeThen = machine.now;
      this.stepsThen = machine.steps;
    }
    if (to - this.timeThen < IDLE_US) return;
    const steps = machine.steps - this.stepsThen;
    const threads = machine.threads.filter((thread) => thread.state !== "ended").length;
    this.timeThen = to;
    this.stepsThen = machine.steps;
    if (steps <= threads * IDLE_STEPS) return;
    throw new SimFailure(
      "processor",
      `${steps} steps in ${IDLE_US / 1e6} seconds in which ${threads} threads were idle`,
    );
  }
}
