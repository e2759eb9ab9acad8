import { SimFailure } from "../failure.js";
import type { SimThread } from "../machine/thread.js";
import type { Decision, World, WorldListener } from "../world.js";

/**
 * What holds where everybody is wrapped, nobody dies and no call fails. Who sleeps in a call is woken by the other side: no
 * call comes back because time has passed. The liveness checker cannot ask for that, as a connector must look around for an
 * acceptor that may not be wrapped. And no offer comes to nothing because its segment is not there any more.
 */
export class UndisturbedChecker implements WorldListener {
  /** Woken by the clock. */
  private woken: SimThread | undefined;

  constructor(private readonly world: World) {}

  jump(_to: number, thread: SimThread): void {
    // A pause that nothing can end is for another thread that is at work, as a lock's holder: that has no wake-up to lose.
    const pauses = thread.queues.length === 0;
    this.woken = thread.call?.to === "core" && !pauses ? thread : undefined;
  }

  returned(thread: SimThread, name: string, result: number): void {
    if (this.woken !== thread || this.world.machine.alone !== thread) return;
    throw new SimFailure(
      "liveness",
      `lost wake-up: ${name} of ${thread.label} came back with ${result} only because it looks by itself`,
    );
  }

  decided({ process, role, reason }: Decision): void {
    // An acceptor may say so of a connector that closes its socket just then.
    if (role !== 0 || reason !== this.world.core.constant("REASON_SEGMENT_IMPORT")) return;
    throw new SimFailure("agreement", `${process.name} has offered a segment that the acceptor could not import`);
  }
}
