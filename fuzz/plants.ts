import type { Change, Target } from "./build.js";

/** A check that the core needs, taken out: the target's inputs must show that it is missing. */
export interface Plant {
  name: string;
  target: Target;
  changes: readonly Change[];
  /** Needs several things to come together: the fuzzer finds it from the committed inputs only. */
  hard?: true;
}

export const plants: readonly Plant[] = [
  {
    name: "any-head",
    target: "segment",
    changes: [{ file: "sockets/window.ts", from: "if (bytes <= d.receiveWindow) {", to: "if (bytes <= 0xffffffff) {" }],
  },
  {
    name: "any-window",
    target: "segment",
    changes: [{ file: "sockets/window.ts", from: "newest <= d.ringBytes", to: "newest <= 0x40000000" }],
  },
  {
    name: "any-segment-size",
    hard: true,
    target: "import",
    changes: [
      { file: "vmmc/segments.ts", from: "bytes == layout.RINGS_OFFSET + 2 * ringBytes;", to: "bytes != 0xffffffff;" },
    ],
  },
  {
    name: "reset-taken-for-doorbells",
    hard: true,
    target: "segment",
    changes: [
      {
        file: "vmmc/kernel-connection.ts",
        from: "if (got == 0 || (got < 0 && hasFailed(ws.WSAGetLastError()))) return true;",
        to: "",
      },
    ],
  },
  {
    name: "segment-kept-by-an-end",
    target: "import",
    changes: [
      {
        file: "sockets/connection.ts",
        from: "else releaseImport(segment, keep);",
        to: "else if (d.tail == 0) releaseImport(segment, keep);",
      },
    ],
  },
  {
    name: "any-number-of-offers",
    target: "directory",
    changes: [
      {
        file: "sockets/directory.ts",
        from: "min(sync.loadAcquire(runtime().directory + layout.DIRECTORY_PENDING_USED), <u32>layout.PENDING_SLOTS)",
        to: "sync.loadAcquire(runtime().directory + layout.DIRECTORY_PENDING_USED)",
      },
    ],
  },
];
