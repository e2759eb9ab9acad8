import type { Mutant } from "./mutant.js";

/** Mistakes in operations that go on after their calls. */
export const operationMutants: readonly Mutant[] = [
  {
    name: "idle-worker-not-rung",
    breaks: "an idle worker is given a queue and sleeps on",
    changes: [{ from: "    os.bellRing(worker.bell);\n    return true;\n", to: "    return true;\n" }],
    by: "liveness",
    smallCase: "operations: the next one finds a worker that is about to sleep",
  },
  {
    name: "worker-never-used-again",
    breaks: "each operation that finds nobody at work takes a new thread",
    changes: [{ from: "    runtime().idleWorkers = changetype<usize>(thread);\n", to: "" }],
    by: "leaks",
    profile: "operations",
  },
  {
    name: "queue-left-without-the-lock",
    breaks: "an operation comes after its worker's last look, and before the worker says that it has gone",
    changes: [
      { from: "    if (changetype<usize>(operation) == 0) queue.taken = 0;\n", to: "" },
      {
        from: "    if (changetype<usize>(operation) == 0) return;\n    carryOut(operation);",
        to: "    if (changetype<usize>(operation) == 0) {\n      os.yieldProcessor();\n      queue.taken = 0;\n      return;\n    }\n    carryOut(operation);",
      },
    ],
    by: "liveness",
    smallCase: "operations: two reads, one after the other",
  },
  {
    name: "operation-taken-out-first",
    breaks: "an operation does not stand in its queue while it is carried out, and the next one overtakes it",
    changes: [
      {
        from: "    if (changetype<usize>(operation) == 0) queue.taken = 0;\n",
        to: "    if (changetype<usize>(operation) == 0) queue.taken = 0;\n    else queue.first = operation.next;\n",
      },
      { from: "    lock(operationsLock);\n    queue.first = operation.next;\n    unlock(operationsLock);\n", to: "" },
    ],
    by: "stream",
    smallCase: "operations: two reads are carried out in their order",
  },
  {
    name: "status-before-bytes",
    breaks: "an operation is through before it says how many bytes it has moved",
    changes: [
      {
        from: "  changetype<Overlapped>(overlapped).internalHigh = bytes;\n  sync.storePointer(overlapped, status);\n",
        to: "  sync.storePointer(overlapped, status);\n  os.yieldProcessor();\n  changetype<Overlapped>(overlapped).internalHigh = bytes;\n",
      },
    ],
    by: "operations",
    smallCase: "operations: one is looked at while it goes on",
  },
  {
    name: "event-before-status",
    breaks: "the event is set before the OVERLAPPED says that the operation is through",
    changes: [
      {
        from: "  sync.storePointer(overlapped, status);\n  if (event != 0) os.bellRing(event);\n",
        to: "  if (event != 0) os.bellRing(event);\n  sync.storePointer(overlapped, status);\n",
      },
    ],
    by: "operations",
    smallCase: "operations: two reads are carried out in their order",
  },
  {
    name: "closed-is-success",
    breaks: "an operation whose socket was closed ends well",
    changes: [{ from: "KIND_UNUSED) error = ERROR_OPERATION_ABORTED;", to: "KIND_UNUSED) error = 0;" }],
    by: "operations",
    smallCase: "operations: closed while one waits",
  },
  {
    name: "worker-looks-anew-whose-handle-it-is",
    breaks: "a read whose socket was closed takes bytes of the next connection of its handle",
    changes: [
      { from: "receive<u8>(d, socket, generation, buffer, most, 0, begun)", to: "receive<u8>(d, socket, generationOf(d), buffer, most, 0, begun)" }, // biome-ignore format: short
    ],
    by: "operations",
    smallCase: "operations: closed while one waits, and accepted again",
    once: true,
  },
  {
    name: "told-to-the-next-port",
    breaks: "an operation whose socket was closed is told of to the port of its handle's next socket",
    changes: [
      {
        from: "complete(operation.port, operation.portKey, operation.overlapped, bytes, error);",
        to: "complete(operation.descriptor.port, operation.descriptor.portKey, operation.overlapped, bytes, error);",
      },
    ],
    by: "liveness",
    smallCase: "operations: closed while one waits, and accepted again",
    once: true,
  },
  {
    name: "closing-is-not-closed",
    breaks: "a read that ends while its socket is being closed does not say that it was aborted",
    changes: [
      {
        from: "if (error != 0 && kindOfSocket(d, generation) == KIND_UNUSED) error",
        to: "if (error != 0 && generationOf(d) != generation) error",
      },
    ],
    by: "operations",
    smallCase: "operations: closed while one waits, and accepted again",
    once: true,
  },
  {
    name: "waits-in-scratch-memory",
    breaks: "a call that waits gives select the memory that select works with",
    changes: [
      {
        from: 'import { receive, wasResetMeanwhile } from "./receive";\nimport { anyUserLevel',
        to: 'import { smallScratch } from "./stream";\nimport { receive, wasResetMeanwhile } from "./receive";\nimport { anyUserLevel',
      },
      { from: "const memory = os.alloc(SET_BYTES);", to: "const memory = smallScratch();" },
      { from: "  os.free(memory);\n  if (found < 0) os.sleepMs(1);", to: "  if (found < 0) os.sleepMs(1);" },
    ],
    by: "memory",
    profile: "operations",
    once: true,
  },
  {
    name: "overtakes-without-memory",
    breaks: "an operation for which there is no memory is carried out before those that have begun",
    changes: [
      { from: "      if (!nothingBegun(d, reading)) return failedInSystem(systemError(ws.WSAENOBUFS));\n", to: "" },
    ],
    by: "liveness",
    smallCase: "operations: no memory for the second one",
    once: true,
  },
  {
    name: "part-of-a-write-forgotten",
    breaks: "a write that has sent a part fails, as its thread cannot sleep",
    changes: [{ from: "    else if (ws.WSAGetLastError() == ws.WSAENOBUFS && done != 0) os.sleepMs(1);\n", to: "" }],
    by: "stream",
    smallCase: "operations: a write whose thread cannot sleep",
    once: true,
  },
  {
    name: "file-taken-for-a-closed-socket",
    breaks: "what is written into a file fails, because an operation of a socket that had its handle is not through",
    changes: [{ from: "return kind == KIND_UNUSED || (kind < KIND_ENDED", to: "return (kind < KIND_ENDED" }],
    by: "operations",
    smallCase: "operations: closed while one waits, and the handle is a file's",
  },
];
