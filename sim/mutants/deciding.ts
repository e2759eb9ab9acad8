import type { Mutant } from "./mutant.js";

/** Mistakes in how two processes come together: the decision, the directory, what is left behind. */
export const decidingMutants: readonly Mutant[] = [
  {
    name: "acceptor-does-not-ask",
    breaks: "the acceptor decides for USER, whatever was decided before",
    changes: [
      {
        from: "if (sync.compareSwap(state, layout.STATE_PENDING, layout.STATE_USER) == layout.STATE_PENDING) return true;",
        to: "sync.storeSeq(state, layout.STATE_USER);\n  if (state != 0) return true;",
      },
    ],
    by: "agreement",
  },
  {
    name: "connector-does-not-ask",
    breaks: "the connector decides for KERNEL, whatever was decided before",
    changes: [
      {
        from: "if (sync.compareSwap(state, layout.STATE_PENDING, layout.STATE_KERNEL) != layout.STATE_PENDING) {\n    adopt(d);",
        to: "sync.storeSeq(state, layout.STATE_KERNEL);\n  if (false) {\n    adopt(d);",
      },
    ],
    by: "agreement",
  },
  {
    name: "answer-before-adopt",
    breaks: "a connector that does not know its peer yet believes that it has woken it",
    changes: [
      {
        from: "if (armed == answered || kindOf(d) != KIND_USER) return answered;",
        to: "if (armed == answered) return answered;",
      },
    ],
    by: "liveness",
  },
  {
    name: "reader-not-answered-when-adopting",
    breaks: "an acceptor that sleeps for bytes written before the decision is not woken",
    changes: [
      {
        from: "  answerReader(d);\n  answerWriter(d);\n  logDecision(d, layout.ROLE_CONNECT, layout.MODE_USER",
        to: "  answerWriter(d);\n  logDecision(d, layout.ROLE_CONNECT, layout.MODE_USER",
      },
    ],
    by: "liveness",
  },
  {
    name: "writer-not-answered-when-adopting",
    breaks: "an acceptor that sleeps for room is not woken when the connector learns of the decision",
    changes: [
      {
        from: "  answerReader(d);\n  answerWriter(d);\n  logDecision(d, layout.ROLE_CONNECT, layout.MODE_USER",
        to: "  answerReader(d);\n  logDecision(d, layout.ROLE_CONNECT, layout.MODE_USER",
      },
    ],
    by: "liveness",
    equivalent:
      "an acceptor sleeps for room only until this side reads, which it does not before it has adopted; whatever it reads then is answered in the usual way",
  },
  {
    name: "connector-not-answered-by-decision",
    breaks: "a connector that sleeps is not woken by the acceptor's decision",
    changes: [
      {
        from: "  answerReader(d);\n  answerWriter(d);\n  unlockBoth(d);",
        to: "  unlockBoth(d);",
      },
    ],
    by: "liveness",
    smallCase: "the decision: nothing else wakes a sender",
  },
  {
    name: "intent-not-waited-for",
    breaks: "an acceptor does not wait for an offer that is about to be made",
    changes: [{ from: "      waitForIntents(d);\n", to: "" }],
    by: "agreement",
  },
  {
    name: "offer-not-looked-for-again",
    breaks: "an acceptor that waited for an offer does not take it",
    changes: [{ from: "        slot = findOffer(d, socket);\n", to: "" }],
    by: "agreement",
  },
  {
    name: "slot-freed-without-sequence",
    breaks: "a slot is freed by somebody whose use of it is over",
    changes: [
      {
        from: "  while (slotSequence(slot) == sequence) {\n    const word = slotWord(slot);\n    if (slotTag(word) != runtime().tag || swapSlot(slot, word, sequence, layout.SLOT_FREE)) return;\n  }",
        to: "  const word = slotWord(slot);\n  if (slotTag(word) == runtime().tag) swapSlot(slot, word, slotSequence(slot), layout.SLOT_FREE);",
      },
    ],
    by: "agreement",
  },
  {
    name: "sweep-takes-the-living",
    breaks: "who starts removes what running processes have in the directory",
    changes: [
      {
        from: "if (word == layout.SLOT_FREE || ownerRuns(slot, word)) return;",
        to: "if (word == layout.SLOT_FREE) return;",
      },
    ],
    by: "agreement",
  },
  {
    name: "unmapped-not-looked-at",
    breaks: "a segment is used again that the acceptor has unmapped",
    changes: [
      { from: "  if (sync.loadAcquire(unmapped) != 0) return false;\n", to: "" },
      { from: "  sync.fence();\n  return sync.loadAcquire(unmapped) == 0;", to: "  return true;" },
    ],
    by: "liveness",
    smallCase: "segments: more than the acceptor keeps, and then another connection",
  },
  {
    name: "released-not-looked-at",
    breaks: "a segment is used again while the acceptor uses it",
    changes: [
      {
        from: "      sync.loadAcquire(segment.address + layout.SEGMENT_RELEASED) == segment.generation &&\n",
        to: "",
      },
    ],
    by: "stream",
  },
  {
    name: "stale-slots-stay",
    breaks: "what dead processes leave in the directory is not removed",
    changes: [
      {
        from: "if (!pending || state != layout.SLOT_PENDING || withoutListener(slot)) removeStale",
        to: "if (false) removeStale",
      },
    ],
    by: "leaks",
    profile: "kills",
  },
  {
    name: "peer-not-released",
    breaks: "a peer is counted as used after its connections have ended",
    changes: [{ from: "  releasePeer(d.peer);\n  d.peer =", to: "  d.peer =" }],
    by: "leaks",
  },
  {
    name: "record-not-given-back",
    breaks: "tools are told of a connection that is closed",
    changes: [{ from: "  forgetConnection(d);\n  setKind(d, KIND_UNUSED);", to: "  setKind(d, KIND_UNUSED);" }],
    by: "leaks",
  },
];
