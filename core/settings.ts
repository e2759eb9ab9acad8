/** What a user can set, and which calls of a process decide whether it can have user-level connections at all. */
import * as layout from "./layout.js";

/** One environment variable with a number. A value that is not one, or is out of range, counts as not set. */
export interface Setting {
  index: number;
  name: string;
  normal: number;
  least: number;
  most: number;
  powerOfTwo?: boolean;
  /** What it does, with its unit. */
  meaning: string;
}

export const settings: readonly Setting[] = [
  { index: layout.CONFIG_DISABLE, name: "VMMC_DISABLE", normal: 0, least: 0, most: 1, meaning: "1: all connections stay in the kernel" },
  { index: layout.CONFIG_SPIN_US, name: "VMMC_SPIN_US", normal: 100, least: 0, most: 1000000, meaning: "longest spin before a thread sleeps (us)" },
  {
    index: layout.CONFIG_RING_BYTES,
    name: "VMMC_RING",
    normal: 2097152,
    least: layout.WINDOW_BYTES_MIN,
    most: layout.RING_BYTES_MAX,
    powerOfTwo: true,
    meaning: "largest size of a receive ring (bytes, a power of two)",
  },
  { index: layout.CONFIG_STATISTICS, name: "VMMC_STATISTICS", normal: 1, least: 0, most: 1, meaning: "0: tells `vmmc top` nothing" },
  { index: layout.CONFIG_INHERIT, name: "VMMC_INHERIT", normal: 1, least: 0, most: 1, meaning: "0: connections stay at user level although a child process inherits their sockets" },
];

/** What `os.moduleText()` gives on Windows, before the calls: TEXT_ numbers. */
export const moduleTexts: readonly string[] = ["ws2_32.dll", "kernel32.dll", "kernelbase.dll", "msvcr", "ucrtbase", "crtdll"];

/** Calls of ws2_32.dll, besides the intercepted ones, with which another module could use a socket behind the wrapper. */
export const callsBehindTheWrapper: readonly string[] = [
  "WSASend", "WSARecv", "WSASendTo", "WSARecvFrom", "WSASocketA", "WSASocketW", "WSAConnect", "WSAAccept",
  "WSAEventSelect", "WSAEnumNetworkEvents", "WSAIoctl", "WSADuplicateSocketA", "WSADuplicateSocketW", "WSAPoll",
  "WSASendDisconnect", "WSARecvDisconnect",
];
