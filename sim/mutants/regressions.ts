import type { Mutant } from "./mutant.js";

/** Mistakes that the core has had and the simulation has found: they shall be found again. */
export const regressions: readonly Mutant[] = [
  {
    name: "select-overlooks-the-decision",
    breaks: "select sleeps for room on a connection that was decided while it armed",
    changes: [
      {
        from: "const settle = looking && !changed && kindOf(d) == KIND_PENDING && decided(d);",
        to: "const settle = false;",
      },
    ],
    by: "liveness",
    smallCase: "the decision: nothing else wakes a select",
    once: true,
  },
  {
    name: "caretaker-overlooks-idle-segments",
    breaks: "the caretaker sleeps while a segment is left that nobody uses",
    changes: [{ from: "if (nothingPending() && !anyIdleSegment()) {", to: "if (nothingPending()) {" }],
    by: "leaks",
    once: true,
  },
  {
    name: "send-overtaken-by-connect",
    breaks: "a send whose connect another thread finishes goes to the kernel",
    changes: [
      {
        from: "  if (kind == KIND_CONNECTING) {\n    if (!nowConnected",
        to: "  if (kindOf(d) == KIND_CONNECTING) {\n    if (!nowConnected",
      },
    ],
    by: "stream",
    once: true,
  },
  {
    name: "slot-claimed-before-it-counts",
    breaks: "a process that dies in its claim leaves a slot that nobody looks at",
    changes: [
      { from: "    raiseUsed(usedField, index + 1);\n    const sequence", to: "    const sequence" },
      { from: "    claimed = index;\n", to: "    raiseUsed(usedField, index + 1);\n    claimed = index;\n" },
    ],
    by: "leaks",
    profile: "kills",
    once: true,
  },
  {
    name: "select-overlooks-the-hand-over",
    breaks: "select for writing learns late that its connection was handed over to the kernel",
    changes: [
      {
        from: "(anyOfOurs(call.writes) ? layout.CARETAKER_PERIOD_MS : layout.RECHECK_MS)",
        to: "layout.RECHECK_MS",
      },
    ],
    by: "liveness",
    smallCase: "handed over to the kernel: select waits for room",
    once: true,
  },
  {
    name: "bytes-forgotten-by-an-error",
    breaks: "a send that has no memory left says that nothing was sent",
    changes: [
      {
        from: "if (smallScratch() == 0) return finishSend(d, lockWord, ws.WSAENOBUFS, done);",
        to: "if (smallScratch() == 0) return finishSend(d, lockWord, ws.WSAENOBUFS, 0);",
      },
    ],
    by: "stream",
    profile: "refusals",
    once: true,
  },
  {
    name: "import-kept-after-a-lost-race",
    breaks: "a segment that was imported in vain stays mapped",
    changes: [{ from: "    keepImport(segment);\n    wakeCaretaker();\n", to: "    keepImport(segment);\n" }],
    by: "leaks",
    once: true,
  },
  {
    name: "kind-before-hand-over",
    breaks: "a send overtakes the bytes that are being handed over to the kernel",
    changes: [{ from: "  const whole = handOver(", to: "  setKind(d, KIND_KERNEL);\n  const whole = handOver(" }],
    by: "stream",
    smallCase: "handed over to the kernel: while another thread sends",
    once: true,
  },
  {
    name: "shutdown-not-handed-over",
    breaks: "an acceptor that is not wrapped never hears of a shutdown before which nothing was written",
    changes: [{ from: "(d.head != 0 || d.shutdownSend != 0) &&", to: "d.head != 0 &&" }],
    by: "liveness",
    smallCase: "handed over to the kernel: a shutdown and nothing else",
    once: true,
  },
  {
    name: "shutdown-overtaken-by-connect",
    breaks: "a shutdown during a connect ends the kernel connection of a user-level one",
    changes: [
      {
        from: "if (kindOf(d) == KIND_CONNECTING && !nowConnected(d, socket)) return fail(ws.WSAENOTCONN);\n  return well(shutdownStream",
        to: "if (kindOf(d) == KIND_CONNECTING && !nowConnected(d, socket)) return ws.shutdown(socket, how);\n  return well(shutdownStream",
      },
    ],
    by: "stream",
    smallCase: "a shutdown crosses the end of the connect",
    once: true,
  },
  {
    name: "doorbells-given-to-the-application",
    breaks: "doorbells that come before a connection's end are read as its bytes",
    changes: [
      {
        from: "return kind == KIND_ENDED ? receiveEnded(d, socket, generation, flags) : receiveThere<T>(socket, elements, count, flags);",
        to: "return receiveThere<T>(socket, elements, count, flags);",
      },
    ],
    by: "stream",
    once: true,
  },
  {
    name: "offer-not-taken-from-a-closed-listener",
    breaks: "what a connector wrote and then died is lost when the listener is closed meanwhile",
    changes: [
      {
        from: "  takeOffer(d, made, peer);\n",
        to: "  if (kindOf(listener) == 2) takeOffer(d, made, peer);\n",
      },
    ],
    by: "stream",
    smallCase: "one that has died, while the listener is closed",
    once: true,
  },
  {
    name: "owner-waits-behind-others",
    breaks: "of two threads that send the one is woken that cannot go on",
    changes: [{ from: "if (first == 0 || (!reading && d.sendOwner == os.thread())) {", to: "if (first == 0) {" }],
    by: "liveness",
    once: true,
  },
  {
    name: "half-done-send-overtaken",
    breaks: "another thread's bytes get into a send that meanwhile learns of the decision",
    changes: [
      {
        from: "if (!isNonBlocking(d) && d.sendOwner == 0 &&",
        to: "if (!isNonBlocking(d) && !(kindOf(d) == KIND_PENDING && decided(d)) && d.sendOwner == 0 &&",
      },
    ],
    by: "stream",
    once: true,
  },
  {
    name: "doorbell-taken-by-a-reader",
    breaks: "a thread that only reads takes the doorbell of one that is about to sleep in select",
    changes: [
      { from: "const selected = d.selectReaders != 0 || d.selectWriters != 0;", to: "const selected = false;" },
    ],
    by: "liveness",
    smallCase: "select waits for room beside a thread that waits for bytes",
    once: true,
  },
  {
    name: "doorbell-taken-by-another-select",
    breaks: "a thread in select takes the doorbell of another one that is about to sleep there",
    changes: [
      {
        from: "if (d.selectReaders == 0 && d.selectWriters == 0) {\n        takeDoorbells",
        to: "if (d.selectReaders == 0) {\n        takeDoorbells",
      },
    ],
    by: "liveness",
    smallCase: "two threads select for room",
    once: true,
  },
  {
    name: "doorbell-keeps-several-awake",
    breaks: "threads in select leave a doorbell to each other, and look at it without end",
    changes: [{ from: "  if (left && !anythingReady(call)) os.sleepMs(1);\n", to: "" }],
    by: "processor",
    once: true,
  },
  {
    name: "sleeper-ends-another-connection",
    breaks: "a thread whose peer has died ends the connection that has its socket's handle by now",
    changes: [
      {
        from: "d.handle == socket && d.generation == generation && kindOf(d) == KIND_USER;",
        to: "d.handle == socket && kindOf(d) == KIND_USER;",
      },
    ],
    by: "liveness",
    smallCase: "closed under a thread whose peer has died, and accepted again",
    once: true,
  },
  {
    name: "hand-over-goes-on-after-an-error",
    breaks: "the kernel refuses bytes that are handed over to it, and later ones are sent all the same",
    changes: [
      {
        from: "if (hasFailed(error)) break;",
        to: "if (error != ws.WSAEWOULDBLOCK) break;",
      },
    ],
    by: "stream",
    profile: "kernel-errors",
    once: true,
  },
  {
    name: "offer-of-a-dead-process-taken",
    breaks: "a connection gets what a process has offered that died, because its kernel connection had the same names",
    changes: [
      {
        from: "const fits = lives || (isForListener(slot, d) && (hasEnded(socket) || isHandedOver(d, slot, socket)));",
        to: "const fits = true;",
      },
      { from: "    dropNamesakes(d);\n", to: "" },
    ],
    by: "stream",
    smallCase: "one that has died, and one of the same names",
    once: true,
  },
  {
    name: "select-disarms-another",
    breaks: "a select that began while its socket was connecting takes back another thread's wish to be woken",
    changes: [
      {
        from: "const same = d.handle == socket && wasArmed(call, set, index, d.generation);",
        to: "const same = true;",
      },
    ],
    by: "liveness",
    smallCase: "two threads select, one since before the connection",
    once: true,
  },
  {
    name: "select-waits-for-another-send",
    breaks: "a select for room sleeps on because another thread's send is half done, whose end wakes nobody",
    changes: [
      {
        from: "  return (\n    hasRoom(d) ||",
        to: "  if (d.sendOwner != 0 && d.sendOwner != os.thread()) return false;\n  return (\n    hasRoom(d) ||",
      },
    ],
    by: "liveness",
    smallCase: "select waits for room beside a send that waits for it",
    once: true,
  },
  {
    name: "recv-goes-on-with-the-next-connection",
    breaks: "a recv that finds its connection ended reads the bytes of the next one that has its handle",
    changes: [
      {
        from: "if (generationOf(d) != generation) return fail(ws.WSAENOTSOCK); // it was closed, and is another socket now\n",
        to: "",
      },
      {
        from: "while (d.generation == generation && d.handle == socket && kindOf(d) >= KIND_PENDING) {\n    // Before anything is read",
        to: "while (d.handle == socket && kindOf(d) >= KIND_PENDING) {\n    // Before anything is read",
      },
    ],
    by: "stream",
    smallCase: "closed under a thread whose peer has died, and accepted again",
    once: true,
  },
  {
    name: "offer-for-an-older-listener",
    breaks: "a connection gets what a process has offered that died, for a listener of the same name that is gone",
    changes: [{ from: "isForListener(slot, d) && ", to: "" }],
    by: "stream",
    smallCase: "two that die, with the same names",
    once: true,
  },
  {
    name: "handed-over-in-part",
    breaks: "a connection goes on in the kernel although the kernel has not taken all that was written before",
    changes: [{ from: "    whole = false;\n", to: "" }],
    by: "stream",
    profile: "kernel-errors",
    once: true,
  },
  {
    name: "pending-looked-after-by-the-caretaker-alone",
    breaks: "bytes wait for ever where an acceptor without memory cannot refuse them, and no caretaker can be had",
    changes: [{ from: "else if ((d.head != 0 || d.shutdownSend != 0) &&", to: "else if (false &&" }],
    by: "liveness",
    profile: "refusals",
    once: true,
  },
  {
    name: "cut-off-hand-over-not-taken",
    breaks: "what a connector wrote is lost when it dies before the kernel has it, although the ring is there",
    changes: [{ from: "if (!isCutOff(segment, peer, socket)) return false;", to: "if (state != 0) return false;" }],
    by: "stream",
    smallCase: "killed: while it hands over to the kernel, and is accepted later",
    once: true,
  },
  {
    name: "cut-off-hand-over-left-to-the-kernel",
    breaks:
      "who accepts a connection whose connector died while it handed over waits for an end that the kernel does not tell",
    changes: [{ from: " || isHandedOver(d, slot, socket)", to: "" }],
    by: "liveness",
    smallCase: "killed: while it hands over to the kernel, and its socket stays open",
    once: true,
  },
  {
    name: "peer-without-a-record-never-asked-for",
    breaks: "who only polls, and had no memory for its peer's record, does not learn of the peer's death",
    changes: [
      {
        from: "  if (kindOf(d) != KIND_USER || isPeerGone(d)) return false;\n  const now",
        to: "  if (kindOf(d) != KIND_USER || isPeerGone(d) || changetype<usize>(d.peer) == 0) return false;\n  const now",
      },
    ],
    by: "liveness",
    smallCase: "killed: the peer of one who had no memory for its record, and polls",
    once: true,
  },
];
