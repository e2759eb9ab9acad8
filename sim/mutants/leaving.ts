import type { Mutant } from "./mutant.js";

/** Mistakes in leaving user level, when another process gets a socket. */
export const leavingMutants: readonly Mutant[] = [
  {
    name: "last-doorbell-not-counted",
    breaks: "the application of who answers reads the doorbell that woke it",
    changes: [{ from: "  publish(d, 1);\n", to: "  publish(d, 0);\n" }],
    by: "stream",
    profile: "leaving",
  },
  {
    name: "doorbells-under-way-left",
    breaks: "doorbells that are under way when a connection leaves are read by the application",
    changes: [
      {
        from: "  if (takeLast(d, memory) == TAKEN_SOME) lose(d, memory);\n  else beginLeft(d, memory);\n",
        to: "  beginLeft(d, memory);\n",
      },
    ],
    by: "stream",
    profile: "leaving",
  },
  {
    name: "all-sent-once-more",
    breaks: "what the leaving side has read already is sent to it once more",
    changes: [
      {
        from: "  d.leftAt = sync.loadAcquire(d.own + layout.BLOCK_CREDIT);\n",
        to: "  d.leftAt = d.head - min(d.head, 1);\n",
      },
    ],
    by: "stream",
    smallCase: "leaves: bytes for it lie unread",
  },
  {
    name: "nothing-sent-once-more",
    breaks: "what the leaving side has not read is lost",
    changes: [{ from: "  d.leftAt = sync.loadAcquire(d.own + layout.BLOCK_CREDIT);\n", to: "  d.leftAt = d.head;\n" }],
    by: "stream",
    profile: "leaving",
  },
  {
    name: "own-ring-forgotten",
    breaks: "who answers reads from the kernel before its ring is read to the end",
    changes: [
      {
        from: "  if (d.leftUnread != 0 && !hasUnread(d) && isDropped(d)) d.leftUnread = 0;\n",
        to: "  d.leftUnread = 0;\n",
      },
    ],
    by: "stream",
    profile: "leaving",
  },
  {
    name: "left-over-overtaken",
    breaks: "the application's bytes overtake those that are to be sent once more",
    changes: [
      {
        from: "  const waits = !settleLeft(d, memory) && d.leftOver != 0 && kindOf(d) == KIND_LEFT;\n",
        to: "  settleLeft(d, memory);\n  const waits = false;\n",
      },
    ],
    by: "stream",
    profile: "leaving",
  },
  {
    name: "left-over-not-looked-after",
    breaks: "what the kernel did not take at once is sent only when the application calls",
    changes: [{ from: "    else if (kindOf(d) == KIND_LEFT) settleLeftEntry(d, memory);\n", to: "" }],
    by: "liveness",
    profile: "leaving",
  },
  {
    name: "level-of-left-over-forgotten",
    breaks: "bytes from before the window grew are looked for where newer ones lie",
    changes: [
      {
        from: "  let level = d.sendBase;\n",
        to: "  let level = d.sendLevel;\n",
      },
    ],
    by: "stream",
    profile: "leaving",
  },
  {
    name: "leaves-a-closed-one",
    breaks: "a doorbell meets a socket that the peer has just closed, and makes a reset of its end",
    changes: [{ from: "  if (kindOf(d) == KIND_USER) closeForLeaving(d, memory);\n", to: "" }],
    by: "stream",
    profile: "leaving",
  },
  {
    name: "caretaker-deaf-to-who-leaves",
    breaks: "a peer whose application does not call never answers",
    changes: [
      {
        from: "  if (isAskedToLeave(d) && d.selectReaders == 0 && d.selectWriters == 0) answerLeaving(d, memory);\n",
        to: "",
      },
    ],
    by: "liveness",
    smallCase: "leaves: the peer does something else",
  },
  {
    name: "operation-overtaken-in-kernel",
    breaks: "a read that begins after the connection has left overtakes one that was begun before",
    changes: [
      {
        from: "(kind < KIND_ENDED && nothingBegun(d, reading))",
        to: "kind < KIND_ENDED",
      },
    ],
    by: "stream",
    profile: "leaving",
  },
  {
    name: "no-message-for-the-ring-left",
    breaks: "nobody is told of bytes that lie in the ring when the peer leaves",
    changes: [{ from: "  if (eventsOf(d) != 0 && hasUnread(d)) watchReading(d);\n", to: "" }],
    by: "liveness",
    profile: "leaving",
  },
  {
    name: "ring-dropped-though-not-shut",
    breaks:
      "bytes that nobody will read are dropped, the kernel does not know of it, and later ones are read in their place",
    changes: [{ from: "!hasUnread(d) && isDropped(d)) d.leftUnread", to: "!hasUnread(d)) d.leftUnread" }],
    by: "stream",
    smallCase: "leaves: the kernel refuses to shut down what the peer has not read",
  },
  {
    name: "lost-connection-given-away",
    breaks: "a connection that has lost bytes is given to another process as one that has ended in order",
    changes: [{ from: "return isReset(d) ? gone :", to: "return isReset(d) ||" }],
    by: "stream",
    smallCase:
      "handed over to the kernel: the kernel refuses its bytes and its reset, and another process is to have it",
  },
  {
    name: "reset-not-tried-again",
    breaks: "a connection that has lost bytes ends in order, because the kernel has once refused to make a reset of it",
    changes: [{ from: "    if (memory != 0 && wasLost(d)) resetOnClose(socket, memory);\n", to: "" }],
    by: "stream",
    smallCase:
      "handed over to the kernel: the kernel refuses its bytes and its reset, and another process is to have it",
  },
];
