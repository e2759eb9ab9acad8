import type { Mutant } from "./mutant.js";

/** Mistakes in waiting and waking: somebody sleeps on. */
export const wakingMutants: readonly Mutant[] = [
  {
    name: "no-second-look-in-wait",
    breaks: "a waiter arms and sleeps without looking again",
    changes: [{ from: "    if (ready(d, reading)) break;\n", to: "" }],
    by: "liveness",
  },
  {
    name: "no-second-look-in-select",
    breaks: "select arms and sleeps without looking again",
    changes: [
      {
        from: "if (!anyLeaving(call) && !anythingReady(call) && !anyHandedOver(call, call.writes)) {",
        to: "if (!anyHandedOver(call, call.writes)) {",
      },
    ],
    by: "liveness",
  },
  {
    name: "head-not-ordered",
    breaks: "a writer may look at armed before its head is seen",
    changes: [
      { from: "sync.storeSeq(d.remote + layout.BLOCK_HEAD,", to: "sync.storeRelease(d.remote + layout.BLOCK_HEAD," },
    ],
    by: "liveness",
  },
  {
    name: "read-armed-not-ordered",
    breaks: "a reader may look at head before its armed word is seen",
    changes: [
      {
        from: "sync.storeSeq(d.remote + layout.BLOCK_READ_ARMED, word)",
        to: "sync.storeRelease(d.remote + layout.BLOCK_READ_ARMED, word)",
      },
    ],
    by: "liveness",
  },
  {
    name: "write-armed-not-ordered",
    breaks: "a writer may look at credit before its armed word is seen",
    changes: [
      {
        from: "sync.storeSeq(d.remote + layout.BLOCK_WRITE_ARMED, word)",
        to: "sync.storeRelease(d.remote + layout.BLOCK_WRITE_ARMED, word)",
      },
    ],
    by: "liveness",
  },
  {
    name: "flags-not-ordered",
    breaks: "who ends a stream may look at armed before the end is seen",
    changes: [
      { from: "sync.storeSeq(d.remote + layout.BLOCK_FLAGS,", to: "sync.storeRelease(d.remote + layout.BLOCK_FLAGS," },
    ],
    by: "liveness",
  },
  {
    name: "no-fence-after-credit",
    breaks: "a reader may look at armed before its credit is seen",
    changes: [{ from: "    sync.fence();\n    answerWriter(d);\n  }", to: "    answerWriter(d);\n  }" }],
    by: "liveness",
  },
  {
    name: "no-fence-at-a-level's-end",
    breaks: "a reader may overlook that the window has just grown, and not tell the writer",
    changes: [{ from: "  sync.fence();\n  const newest", to: "  const newest" }],
    by: "liveness",
    smallCase: "the window grows at the byte that is read",
  },
  {
    name: "credit-not-announced",
    breaks: "a writer that waits for room is told when the ring is empty only",
    changes: [{ from: "d.unannounced >= d.receiveWindow >> 2", to: "d.unannounced > d.receiveWindow" }],
    by: "liveness",
  },
  {
    name: "armed-without-sequence",
    breaks: "two armings look alike, and the second is not answered",
    changes: [{ from: "if (word != 0) word |= ++d.receiveSequence << layout.ARM_SEQUENCE_SHIFT;", to: "" }],
    by: "liveness",
  },
  {
    name: "next-waiter-not-woken",
    breaks: "of two threads that wait for one connection the second is forgotten",
    changes: [
      {
        from: "if (first != 0) os.bellRing(changetype<Thread>(first).bell);\n    else if (eventsOf(d) != 0)",
        to: "if (first == 0 && eventsOf(d) != 0)",
      },
    ],
    by: "liveness",
  },
  {
    name: "waiters-not-woken-by-close",
    breaks: "a thread sleeps on in a connection that another thread closes",
    changes: [{ from: "  nextGeneration(d);\n  wakeAll(d);", to: "  nextGeneration(d);" }],
    by: "liveness",
  },
  {
    name: "doorbell-left-lying",
    breaks: "a doorbell is never taken, and select comes back at once for ever",
    changes: [
      { from: "      takeDoorbells(socket, call.small, doorbellsTakenOf(d));\n", to: "" },
      { from: "const got = ws.recv(socket, memory, min(bytes, DOORBELLS_AT_ONCE), 0);", to: "const got = 1;" },
    ],
    by: "processor",
  },
  {
    name: "generation-not-compared",
    breaks: "a waiter takes the next connection of its descriptor for its own",
    changes: [{ from: "if (d.generation != generation || d.handle != socket ||", to: "if (d.handle != socket ||" }],
    by: "memory",
    core: "small-strict",
    smallCase: "closed under a thread that receives, and accepted again",
  },
];
