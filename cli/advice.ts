import { reasonSlugs } from "../core/diagnostics.js";
import * as layout from "../core/layout.js";

const folder = "Look at the findings about the folder, and at VMMC_DIR.";
const again = "Try again: it can happen on a machine that is very busy.";

/** What to do about each reason for which a connection is carried by the kernel. */
const advice: Readonly<Record<number, string>> = {
  [layout.REASON_NO_LISTENER]: "Start the server with our DLL too, as the same user, in the same Wine prefix.",
  [layout.REASON_PEER_NOT_WRAPPED]: "Start the client with our DLL too, as the same user, in the same Wine prefix.",
  [layout.REASON_OTHER_HOST]: "Nothing: only connections within one machine can be user-level.",
  [layout.REASON_DISABLED]: "Unset VMMC_DISABLE.",
  [layout.REASON_MIXED_PROCESS]: "vmmc status PROGRAM.exe says which module uses ws2_32.dll.",
  [layout.REASON_UNSUPPORTED_CALLS]:
    "Nothing yet: AcceptEx was called without an event in its OVERLAPPED, and without a completion port.",
  [layout.REASON_DIRECTORY_UNAVAILABLE]: folder,
  [layout.REASON_DIRECTORY_FOREIGN]: folder,
  [layout.REASON_DIRECTORY_VERSION]: "Use the same version for all programs: run vmmc install once more.",
  [layout.REASON_DIRECTORY_FULL]: "Fewer listeners or connections at a time; vmmc doctor --clean when no program runs.",
  [layout.REASON_SEGMENT_CREATE]: `${folder} Is there memory left?`,
  [layout.REASON_SEGMENT_IMPORT]: `${folder} Is there memory left?`,
  [layout.REASON_LATE]: again,
  [layout.REASON_CLOSED_BEFORE_ACCEPT]: again,
  [layout.REASON_LISTENER_GONE]: "The server ended: see its output.",
  [layout.REASON_NOT_ACCEPTED]: again,
  [layout.REASON_CONNECT_FAILED]: "The kernel refused the connection: is there a firewall for 127.0.0.1?",
  [layout.REASON_TABLE_FULL]: "The process has too many sockets, or no memory.",
  [layout.REASON_RULE]: "Look at the rules: VMMC_RULES, in the environment or in vmmc.conf.",
};

/** What to do about a reason, by its short word in the log. */
export function reasonAdvice(slug: string): string | undefined {
  if (slug === "not-wrapped") return "The DLL was not loaded: is WINEDLLOVERRIDES set against it?";
  return Object.entries(reasonSlugs)
    .filter(([, word]) => word === slug)
    .map(([number]) => advice[Number(number)])[0];
}
