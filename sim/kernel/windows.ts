import { SimFailure } from "../failure.js";
import type { SimProcess } from "../machine/process.js";
import type { WaitQueue } from "../machine/thread.js";
import type { KernelSocket } from "./socket.js";

/** The message that simulated programs ask for. */
export const MESSAGE = 0x405;

/** What has been posted about a socket and not taken yet. */
export interface Box {
  /** Events, with their errors. */
  readonly came: Map<number, number>;
  readonly changed: WaitQueue;
}

/** A message, as it is posted. */
export interface Posted {
  socket: KernelSocket;
  window: number;
  event: number;
  error: number;
}

/** The windows of simulated programs: what `WSAAsyncSelect` posts to them, kept for each socket. */
export class Windows {
  private readonly boxes = new Map<KernelSocket, Box>();
  private readonly owners = new Map<number, SimProcess>();
  private readonly selected = new Map<KernelSocket, number>();
  /** Hears of each message. */
  onPosted: (posted: Posted) => void = () => {};

  constructor(private readonly newQueue: () => WaitQueue) {}

  /** A new window of the process. */
  open(process: SimProcess): number {
    const window = 0x10000 + 2 * this.owners.size;
    this.owners.set(window, process);
    return window;
  }

  exists(window: number): boolean {
    return this.owners.has(window);
  }

  /** The events that its program has asked for, as it knows. */
  asked(socket: KernelSocket): number {
    return this.selected.get(socket) ?? 0;
  }

  ask(socket: KernelSocket, events: number): void {
    this.selected.set(socket, events);
  }

  box(socket: KernelSocket): Box {
    let box = this.boxes.get(socket);
    if (box === undefined) {
      box = { came: new Map(), changed: this.newQueue() };
      this.boxes.set(socket, box);
    }
    return box;
  }

  /** @throws SimFailure when the message is not for an open socket of the window's program */
  post(window: number, message: number, socket: KernelSocket | undefined, event: number, error: number): void {
    if (socket === undefined || message !== MESSAGE || this.owners.get(window) !== socket.process) {
      const about =
        socket === undefined ? "a socket that is closed" : `${socket.process.name}'s socket ${socket.handle}`;
      throw new SimFailure(
        "messages",
        `message ${message} with event ${event} about ${about} is posted to window ${window}`,
      );
    }
    const box = this.box(socket);
    box.came.set(event, error);
    this.onPosted({ socket, window, event, error });
    box.changed.notify();
  }
}
