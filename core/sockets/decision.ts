/** Saying what became of a connection, and why. */
import * as layout from "../layout";
import * as os from "../os";
import { Descriptor } from "./descriptor";
import { noteConnection } from "./statistics";

/** Tells tools of the decision, and the log, if one is kept. */
export function logDecision(d: Descriptor, role: u32, mode: u32, reason: u32): void {
  d.reason = reason;
  noteConnection(d, role, mode, reason);
  if (!os.logging()) return;
  if (role == layout.ROLE_CONNECT) {
    os.logConnection(role, d.clientAddress, d.clientPort, d.serverAddress, d.serverPort, mode, reason);
  } else os.logConnection(role, d.serverAddress, d.serverPort, d.clientAddress, d.clientPort, mode, reason);
}
