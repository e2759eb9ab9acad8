import { SimFailure } from "../failure.js";
import { Inspector, KIND_PENDING } from "../inspector.js";
import * as ws from "../kernel/constants.js";
import type { KernelSocket } from "../kernel/socket.js";
import type { Posted } from "../kernel/windows.js";
import type { SimThread } from "../machine/thread.js";
import type { World, WorldListener } from "../world.js";

/** What a program has asked for, as far as it can know. */
interface Asked {
  /** While a call is under way, what was selected before may still be posted. */
  before: number;
  now: number;
  /** Events that were posted and that no call has enabled since. */
  posted: number;
  /** Calls that enable something and have not come back. */
  underWay: number;
}

/** What an accepted socket has from its listener may be anything. */
const INHERITED = -1;

const enabling: Readonly<Record<string, number>> = {
  recv: ws.FD_READ,
  receivePieces: ws.FD_READ,
  accept: ws.FD_ACCEPT,
};

/**
 * Messages come for events that are selected, and once: again only after the call that enables them. FD_WRITE and
 * FD_CONNECT may be told twice: what is handed over to the kernel begins anew there; and so may FD_READ for bytes that are sent
 * once more. That none is missing, liveness tells.
 */
export class MessageChecker implements WorldListener {
  /** Calls of the kernel fail, or somebody spoils what is shared: nothing can be expected. */
  off = false;
  private readonly asked = new Map<KernelSocket, Asked>();
  private readonly inspector: Inspector;

  constructor(private readonly world: World) {
    this.inspector = new Inspector(world);
  }

  calls(thread: SimThread, name: string, args: readonly number[]): void {
    const socket = this.world.network.find(thread.process, args[0]!);
    if (socket === undefined) return;
    if (name === "WSAAsyncSelect") {
      const known = this.asked.get(socket);
      this.asked.set(socket, {
        before: known === undefined ? INHERITED : known.now | known.before,
        now: args[3]!,
        posted: 0,
        underWay: known?.underWay ?? 0,
      });
    }
    const asked = this.asked.get(socket);
    const enabled = enabling[name];
    if (asked === undefined || enabled === undefined) return;
    asked.posted &= ~enabled;
    asked.underWay++;
  }

  returned(thread: SimThread, name: string, _result: number, args: readonly number[]): void {
    const socket = this.world.network.find(thread.process, args[0]!);
    const asked = socket === undefined ? undefined : this.asked.get(socket);
    if (asked === undefined) return;
    if (name === "WSAAsyncSelect") asked.before = 0;
    if (enabling[name] !== undefined) asked.underWay--;
  }

  private hasLeft(socket: KernelSocket): boolean {
    const d = this.inspector.descriptor(socket.process, socket.handle);
    return d?.reason === this.world.core.constant("REASON_INHERITED");
  }

  /** An orderly end is told of when all before it is read. */
  private checkEnd(socket: KernelSocket, error: number): void {
    const d = this.inspector.descriptor(socket.process, socket.handle);
    if (error !== 0 || d === undefined || d.kind! < KIND_PENDING || d.shutdownReceive !== 0) return;
    const head = this.world.machine.memory.i32[(d.own! + this.world.core.constant("BLOCK_HEAD")) >> 2]!;
    if (head === d.tail) return;
    const bytes = `${head - d.tail!} bytes of ${socket.process.name}'s socket ${socket.handle}`;
    throw new SimFailure("messages", `FD_CLOSE is posted while ${bytes} are unread`);
  }

  posted({ socket, event, error }: Posted): void {
    const asked = this.asked.get(socket);
    if (this.off || asked === undefined || socket.process.hostile) return;
    if (event === ws.FD_CLOSE) this.checkEnd(socket, error);
    const who = `${socket.process.name}'s socket ${socket.handle}`;
    if (((asked.now | asked.before) & event) === 0) {
      throw new SimFailure("messages", `event ${event} is posted for ${who}, which asked for ${asked.now}`);
    }
    // What was posted while the call was under way may belong to what was selected before. And a call that enables an event
    // may see it come about before and after it has done so.
    if (asked.before !== 0 || asked.underWay > 0 || (event & (ws.FD_WRITE | ws.FD_CONNECT)) !== 0) return;
    if ((asked.posted & event) !== 0 && !(event === ws.FD_READ && this.hasLeft(socket))) {
      throw new SimFailure("messages", `event ${event} is posted again for ${who}, and nothing has enabled it`);
    }
    asked.posted |= event;
  }
}
