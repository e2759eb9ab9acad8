/** Texts of the diagnostics, for the log that VMMC_LOG asks for, and for the tools that read it. */
import * as layout from "./layout.js";

/** Short names of the reasons why a connection is carried by the kernel. */
export const reasonSlugs: Readonly<Record<number, string>> = {
  [layout.REASON_NONE]: "none",
  [layout.REASON_NO_LISTENER]: "no-wrapped-listener",
  [layout.REASON_PEER_NOT_WRAPPED]: "peer-not-wrapped",
  [layout.REASON_OTHER_HOST]: "other-host",
  [layout.REASON_DISABLED]: "disabled",
  [layout.REASON_MIXED_PROCESS]: "mixed-process",
  [layout.REASON_UNSUPPORTED_CALLS]: "unsupported-calls",
  [layout.REASON_DIRECTORY_UNAVAILABLE]: "directory-unavailable",
  [layout.REASON_DIRECTORY_FOREIGN]: "directory-foreign",
  [layout.REASON_DIRECTORY_VERSION]: "directory-version",
  [layout.REASON_DIRECTORY_FULL]: "directory-full",
  [layout.REASON_SEGMENT_CREATE]: "segment-create-failed",
  [layout.REASON_SEGMENT_IMPORT]: "segment-import-failed",
  [layout.REASON_LATE]: "published-too-late",
  [layout.REASON_CLOSED_BEFORE_ACCEPT]: "closed-before-accept",
  [layout.REASON_LISTENER_GONE]: "listener-gone",
  [layout.REASON_NOT_ACCEPTED]: "not-accepted-in-time",
  [layout.REASON_CONNECT_FAILED]: "connect-failed",
  [layout.REASON_TABLE_FULL]: "descriptor-table-full",
  [layout.REASON_RULE]: "rule",
  [layout.REASON_INHERITED]: "inherited",
};

/** Names of the other events. */
export const eventSlugs: Readonly<Record<number, string>> = {
  [layout.EVENT_STARTED]: "started",
  [layout.EVENT_LISTENER_NOT_PUBLISHED]: "listener-not-published",
  [layout.EVENT_DAMAGED]: "connection-damaged",
  [layout.EVENT_REFUSED_CALL]: "call-refused",
  [layout.EVENT_STALE_SLOT]: "stale-slot-removed",
  [layout.EVENT_RULE_IGNORED]: "rule-ignored",
};
