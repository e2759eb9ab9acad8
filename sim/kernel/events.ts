import * as ws from "./constants.js";
import type { KernelSocket } from "./socket.js";
import type { Windows } from "./windows.js";

/** What `WSAAsyncSelect` has selected for a kernel socket. */
export interface Selection {
  window: number;
  message: number;
  events: number;
  /** Events that were posted and that no call has enabled since. */
  reported: number;
}

/** The simulated kernel's `WSAAsyncSelect`, as it is documented. */
export class KernelEvents {
  constructor(private readonly windows: Windows) {}

  isWindow(window: number): boolean {
    return this.windows.exists(window);
  }

  /** @param events 0: none any more */
  select(socket: KernelSocket, window: number, message: number, events: number): void {
    socket.selection = events === 0 ? undefined : { window, message, events, reported: 0 };
    this.look(socket);
  }

  /** An accepted socket has what its listener has. */
  inherit(accepted: KernelSocket, listener: KernelSocket): void {
    if (listener.selection === undefined) return;
    accepted.selection = { ...listener.selection, reported: ws.FD_CONNECT };
    this.look(accepted);
  }

  /** A call was made that enables this event. */
  enable(socket: KernelSocket, event: number): void {
    if (socket.selection === undefined || socket.closed) return;
    socket.selection.reported &= ~event;
    this.look(socket);
  }

  /** Posts what is the case, and looks again whenever something about the socket changes. */
  private look(socket: KernelSocket): void {
    for (const queue of socket.queues) queue.onNotify = () => this.look(socket);
    for (const [event, error] of due(socket)) {
      const { selection } = socket;
      if (selection === undefined || socket.closed) return;
      if ((selection.events & event) === 0 || (selection.reported & event) !== 0) continue;
      selection.reported |= event;
      this.windows.post(selection.window, selection.message, socket, event, error);
    }
  }
}

/** What could be told of a socket, with errors, in the order in which it is told. */
function due(socket: KernelSocket): [number, number][] {
  const found: [number, number][] = [];
  if (socket.state === "failed") found.push([ws.FD_CONNECT, socket.error]);
  if (socket.state === "listening" && socket.waiting.length > 0) found.push([ws.FD_ACCEPT, 0]);
  const { end } = socket;
  if (end === undefined || socket.state !== "connected") return found;
  found.push([ws.FD_CONNECT, 0]);
  if (end.writable) found.push([ws.FD_WRITE, 0]);
  const bytes = end.received.length > 0 && !end.stoppedReading;
  if (bytes) found.push([ws.FD_READ, 0]);
  if (end.resetReceived) found.push([ws.FD_CLOSE, ws.WSAECONNRESET]);
  else if (end.finReceived && !bytes) found.push([ws.FD_CLOSE, 0]);
  return found;
}
