import type { Mutant } from "./mutant.js";

/** Mistakes in the ring: bytes are lost, doubled, or read where none were written. */
export const byteMutants: readonly Mutant[] = [
  {
    name: "head-before-bytes",
    breaks: "the head says that bytes are there, and they are not yet",
    changes: [
      {
        from: "    gather<T>(d, elements, count, done, bytes);\n",
        to: "    sync.storeSeq(d.remote + layout.BLOCK_HEAD, d.head + bytes);\n    gather<T>(d, elements, count, done, bytes);\n",
      },
    ],
    by: "stream",
  },
  {
    name: "credit-before-bytes",
    breaks: "room is given back before its bytes are read",
    changes: [
      {
        from: "scatter<T>(d, elements, count, done, bytes);\n    done += bytes;\n    consumed(d, bytes);\n",
        to: "consumed(d, bytes);\n    d.tail -= bytes;\n    scatter<T>(d, elements, count, done, bytes);\n    done += bytes;\n    d.tail += bytes;\n",
      },
    ],
    by: "stream",
  },
  {
    name: "no-wrap-around-in-writing",
    breaks: "bytes beyond the ring's end are not written to its beginning",
    changes: [{ from: "  if (bytes > first) memory.copy(d.remoteRing, buffer + first, bytes - first);\n", to: "" }],
    by: "stream",
  },
  {
    name: "no-wrap-around-in-reading",
    breaks: "a read goes on beyond the ring's end",
    changes: [{ from: "const first = min(bytes, d.receiveWindow - offset);", to: "const first = bytes;" }],
    by: "stream",
  },
  {
    name: "level-one-byte-late",
    breaks: "the reader reads one byte of a new level by the old rule",
    changes: [{ from: "return min(bytes, rest);", to: "return min(bytes, rest + 1);" }],
    by: "stream",
  },
  {
    name: "level-shift-forgotten",
    breaks: "the reader looks for a new level at another place than the writer",
    changes: [{ from: "    d.receiveShift = d.receiveWindow - begins;\n", to: "" }],
    by: "stream",
  },
  {
    name: "old-half-written-too-early",
    breaks: "a grown window is used in full while its old half is unread",
    changes: [
      {
        from: "if (<i32>(credit - d.sendSwitch) < 0) return",
        to: "if (<i32>(credit - d.sendSwitch) < -1000000) return",
      },
    ],
    by: "stream",
  },
  {
    name: "any-head",
    breaks: "a hostile peer's head is believed",
    changes: [{ from: "if (bytes <= d.receiveWindow) {", to: "if (bytes <= 0xffffffff) {" }],
    by: "memory",
    profile: "hostile",
    core: "normal",
  },
  {
    name: "any-credit",
    breaks: "a hostile peer's credit is believed",
    changes: [{ from: "if (d.head - credit <= d.sendWindow) {", to: "if (d.head - credit <= 0xffffffff) {" }],
    by: "memory",
    profile: "hostile",
    core: "normal",
  },
  {
    name: "any-window",
    breaks: "a hostile peer's window is believed",
    changes: [
      {
        from: "newest > d.receiveWindow && newest <= d.ringBytes && (newest",
        to: "newest > d.receiveWindow && (newest",
      },
    ],
    by: "memory",
    profile: "hostile",
  },
  {
    name: "any-segment-size",
    breaks: "a hostile peer's word for the rings' size is believed",
    changes: [{ from: "bytes == layout.RINGS_OFFSET + 2 * ringBytes;", to: "bytes != 0xffffffff;" }],
    by: "stream",
    smallCase: "the decision: a segment that is smaller than it says",
  },
  {
    name: "end-without-second-look",
    breaks: "bytes that came right before the end are not read",
    changes: [{ from: "      if (hasBytes(d)) continue;\n", to: "" }],
    by: "stream",
  },
  {
    name: "bytes-after-marks",
    breaks: "bytes are counted after the look at marks: one that is marked may be among them unnoticed",
    changes: [
      {
        from: "hasNewMark(d) && noticeMark(d); round++) there = readable(d);",
        to: "hasNewMark(d); round++) {\n    noticeMark(d);\n    there = readable(d);\n  }",
      },
    ],
    by: "stream",
    smallCase: "urgent: passed over by who only reads",
    once: true,
  },
  {
    name: "mark-behind-head",
    breaks: "an urgent byte is published before the word that marks it",
    changes: [
      {
        from: "    if (urgent && (done == length || bytes == room)) markUrgent(d, load<u8>(byteAt<T>(elements, count, done - 1)));\n    sync.storeSeq(d.remote + layout.BLOCK_HEAD, d.head);\n",
        to: "    sync.storeSeq(d.remote + layout.BLOCK_HEAD, d.head);\n    if (urgent && (done == length || bytes == room)) markUrgent(d, load<u8>(byteAt<T>(elements, count, done - 1)));\n",
      },
    ],
    by: "stream",
    smallCase: "urgent: passed over by who only reads",
  },
  {
    name: "except-set-not-armed",
    breaks: "select sleeps for an urgent byte without having armed",
    changes: [
      {
        from: "  if (armed) {\n    armSelect(d, reading);\n",
        to: "  if (armed && set != EXCEPTS) {\n    armSelect(d, reading);\n",
      },
    ],
    by: "liveness",
    smallCase: "urgent: select waits for it, behind a byte that is unread",
  },
  {
    name: "urgent-in-line-dropped",
    breaks: "older urgent bytes are passed over although they are read in line",
    changes: [{ from: "passes <= at - from && d.urgentInLine == 0) {", to: "passes <= at - from) {" }],
    by: "stream",
    profile: "urgent",
  },
  {
    name: "send-owner-ignored",
    breaks: "two threads' blocking sends are mixed up with each other",
    changes: [{ from: "if (d.sendOwner == 0 || d.sendOwner == os.thread()) {", to: "if (true) {" }],
    by: "stream",
  },
  {
    name: "released-too-early",
    breaks: "the acceptor lets go of a segment, and then writes into it once more",
    changes: [
      {
        from: "  tellPeer(d, layout.FLAG_FIN | layout.FLAG_CLOSED",
        to: "  if (d.side == 1) sync.storeRelease(d.segment.address + layout.SEGMENT_RELEASED, d.segment.generation);\n  tellPeer(d, layout.FLAG_FIN | layout.FLAG_CLOSED",
      },
    ],
    by: "stream",
    smallCase: "a close crosses the next connection",
  },
];
