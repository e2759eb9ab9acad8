/**
 * The core: what is inside the DLL. From the outside in: `winsock/` (one entry point a call: user level or kernel),
 * `sockets/` (descriptors, rendezvous, streams, waiting, select), `vmmc/` (segments, peers, bells), `os.ts` and `sync.ts`
 * (the only doors to the world).
 */
import { REASON_DISABLED, REASON_NONE, CONFIG_DISABLE, EVENT_STARTED } from "./layout";
import * as os from "./os";
import { makeRuntime, runtime } from "./runtime";
import { openDirectory } from "./sockets/directory";
import { withdrawAll } from "./sockets/rendezvous";
import { readRules } from "./sockets/rules";
import { runOurs } from "./sockets/threads";
import { dropThread } from "./vmmc/bells";

export { WSACancelBlockingCall, WSAIsBlocking, WSASetBlockingHook, WSAUnhookBlockingHook } from "./winsock/hooks";
export { WSACleanup } from "./winsock/starting";
export { accept, bind, closesocket, connect, listen, shutdown, socket } from "./winsock/sockets";
export { CloseHandle, CreateIoCompletionPort, CreateProcessA, CreateProcessW, DuplicateHandle, ReadFile, WriteFile, giveAwaySocket } from "./winsock/handles";
export { WSARecvEx, recv, recvfrom, select, send, sendto } from "./winsock/transfer";
export { receivePieces, sendPieces } from "./winsock/scatter";
export { AcceptEx, TransmitFile } from "./winsock/extensions";
export { WSAAsyncSelect, getsockopt, ioctlsocket, setsockopt } from "./winsock/options";

/** Called once, before any other call, by the native part. False: nothing can be done at user level, use the kernel. */
export function start(): bool {
  if (!makeRuntime()) return false;
  readRules();
  if (os.config(CONFIG_DISABLE) != 0) runtime().reason = REASON_DISABLED;
  if (runtime().reason == REASON_NONE) openDirectory();
  if (os.logging()) os.logEvent(EVENT_STARTED, runtime().tag, runtime().reason);
  return true;
}

/** A thread of ours begins here: the caretaker's, the messenger's, or one that carries out operations. */
export function caretaker(): void {
  runOurs();
}

/** A thread that has a record (see `os.thread`) ends. */
export function threadEnds(record: usize): void {
  dropThread(record);
}

/** The process ends in good order: what it published is withdrawn. Other threads are gone already. */
export function processEnds(): void {
  withdrawAll();
}
