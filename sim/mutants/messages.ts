import type { Mutant } from "./mutant.js";

/** Mistakes in posting messages: one is lost, or one too many comes. */
export const messageMutants: readonly Mutant[] = [
  {
    name: "no-second-look-for-messages",
    breaks: "what comes while the messenger's bell is being armed is never told of",
    changes: [
      {
        from: "!wants(d, true) || armed) break;\n    publishArm(d, true);",
        to: "!wants(d, true)) break;\n    publishArm(d, true);\n    break;",
      },
    ],
    by: "liveness",
    profile: "messages",
  },
  {
    name: "no-second-look-for-room",
    breaks: "room that comes while the messenger's bell is being armed is never told of",
    changes: [
      { from: "    publishArm(d, false);\n    if (!canWrite(d)) {", to: "    publishArm(d, false);\n    if (true) {" },
    ],
    by: "liveness",
    profile: "messages",
  },
  {
    name: "reading-does-not-enable",
    breaks: "FD_READ is posted once and never again",
    changes: [{ from: "  d.readPosted = 0;\n  watchReading(d);", to: "  watchReading(d);" }],
    by: "liveness",
    profile: "messages",
  },
  {
    name: "room-told-to-nobody",
    breaks: "a send that would have blocked does not enable FD_WRITE",
    changes: [{ from: "  if (same) writingEnabled(d);\n", to: "" }],
    by: "liveness",
    profile: "messages",
  },
  {
    name: "messages-after-close",
    breaks: "messages are posted for a socket that is closed",
    changes: [{ from: "  setEvents(d, 0);\n  const kind = kindOf(d);", to: "  const kind = kindOf(d);" }],
    by: "messages",
    profile: "messages",
  },
  {
    name: "inheritance-forgotten",
    breaks: "an accepted socket does not have its listener's events",
    changes: [{ from: "  if (events != 0) inheritEvents(d, window, message, events, smallScratch());\n", to: "" }],
    by: "liveness",
    profile: "messages",
  },
  {
    name: "kernel-not-told-of-hand-over",
    breaks: "a connection that the kernel takes over has no events there",
    changes: [
      { from: "  if (whole) returnEvents(d, memory);\n  else beginEvents(d);", to: "  if (!whole) beginEvents(d);" },
    ],
    by: "liveness",
    profile: "messages",
  },
  {
    name: "end-told-while-bytes-are-unread",
    breaks: "FD_CLOSE comes before the bytes that came before it are read",
    changes: [
      { from: "if (reset || (told != 0 && !bytes)) postClose(d);", to: "if (reset || told != 0) postClose(d);" },
    ],
    by: "messages",
    profile: "messages",
  },
  {
    name: "accepted-without-a-descriptor-has-no-events",
    breaks: "a socket for which there is no memory has what its listener has in the kernel, FD_ACCEPT only",
    changes: [{ from: "    if (events != 0) ws.WSAAsyncSelect(made, window, message, events);\n", to: "" }],
    by: "liveness",
    smallCase: "messages: accepted without memory for the socket",
    once: true,
  },
  {
    name: "waits-for-room-when-all-is-over",
    breaks: "who waits for room is not told that the connection has ended, if another thread sees it first",
    changes: [{ from: "  watchWriting(d);\n  setKind(d, KIND_ENDED);", to: "  setKind(d, KIND_ENDED);" }],
    by: "liveness",
    smallCase: "messages: who waits for room, and another thread finds the end",
    once: true,
  },
  {
    name: "room-asked-for-after-the-end",
    breaks: "who finds no room asks to be told of it, although another thread has found the end meanwhile",
    changes: [
      {
        from: "(eventsOf(d) == 0 || enableWriting(d, generation))) return",
        to: "(enableWriting(d, generation) || true)) return",
      },
    ],
    by: "liveness",
    smallCase: "messages: room is asked for, and another thread finds the end",
    once: true,
  },
];
