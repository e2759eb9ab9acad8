import { suspending } from "../../scripts/build/sim.js";
import { SimFailure } from "../failure.js";
import type { Bell } from "../kernel/bells.js";
import type { FileHandle } from "../kernel/files.js";
import { BLOCKED, type Machine } from "../machine/machine.js";
import type { Handle, SimProcess } from "../machine/process.js";
import type { SimThread } from "../machine/thread.js";
import type { World } from "../world.js";
import { callOperation } from "./operations.js";

type Value = number | bigint;
type Result = Value | undefined | typeof BLOCKED;
// biome-ignore lint/suspicious/noExplicitAny: the core decides which arguments are numbers and which 64-bit integers.
type Implementation = (thread: SimThread, ...args: any[]) => Result;

/** Calls of `os` that the machine may stop in: a step each. They empty the thread's store buffer, as system calls do. */
function suspendable(m: Machine, name: string, call: Implementation) {
  const operation = callOperation(name);
  if (!suspending.has(`os.${name}`))
    throw new Error(`the core is not built to be stopped in ${name}: see scripts/build/sim.ts`);
  return (...args: Value[]): Value | undefined => {
    let thread = m.current;
    let given = args;
    if (m.rewinding) {
      thread = m.finishRewind();
      given = thread.saved as Value[];
    } else if (--m.budget < 0 && m.decide(false)) {
      thread.saved = args;
      m.unwind();
      return 0;
    }
    thread.buffer.drain(Number.POSITIVE_INFINITY);
    m.now++;
    const result = call(thread, ...given);
    if (result === BLOCKED) {
      m.trace.add(m.steps, thread.id, operation, Number(given[0] ?? 0), Number(given[1] ?? 0), -2);
      thread.saved = given;
      m.unwind();
      return 0;
    }
    thread.retrying = false;
    m.trace.add(m.steps, thread.id, operation, Number(given[0] ?? 0), Number(given[1] ?? 0), Number(result ?? 0));
    return result as Value | undefined;
  };
}

/** Calls of `os` that come back at once: nobody else notices when they are made. */
function plain(m: Machine, call: Implementation) {
  return (...args: Value[]): Value | undefined => call(m.current, ...args) as Value | undefined;
}

/** core/os.ts and the bindings of WinSock, over the simulated kernel. */
export function osDoor(m: Machine, worldNow: () => World): Record<string, (...args: Value[]) => Value | undefined> {
  const sudden: Record<string, Implementation> = {
    thread: (thread) => thread.record,
    set_thread(thread, record) {
      thread.record = record;
      const { core } = worldNow();
      const duty = m.memory.i32[(record + core.records.Thread!.fields.duty!.offset) >> 2];
      thread.carriesOut = thread.daemon && duty === core.constant("DUTY_WORKER");
      return 1;
    },
    alloc: (thread, bytes) => worldNow().heap.allocate(thread.process, bytes),
    free(thread, address) {
      worldNow().heap.free(thread.process, address);
      return undefined;
    },
    now_us() {
      m.now += 1 + m.random.below(3);
      return BigInt(m.now);
    },
    random: () => (BigInt(m.random.next()) << 32n) | BigInt(m.random.next()),
    socket_index: (_thread, socket) => socket >>> 2,
    process_tag: (thread) => thread.process.tag,
    process_start: (thread) => thread.process.start,
    modules_changed: () => 0,
    program_name(thread, text, bytes) {
      const path = Buffer.from(`C:\\folder\\${thread.process.name}.exe`).subarray(0, bytes);
      m.memory.u8.set(path, text >>> 0);
      return path.length;
    },
    rules: () => 0,
    config: (thread, setting) => worldNow().config(thread.process, setting),
    logging: () => 1,
    log_connection(thread, role, localAddress, localPort, peerAddress, peerPort, mode, reason) {
      const [client, server] =
        role === 0
          ? [
              { address: localAddress, port: localPort },
              { address: peerAddress, port: peerPort },
            ]
          : [
              { address: peerAddress, port: peerPort },
              { address: localAddress, port: localPort },
            ];
      worldNow().decided(thread.process, role, client, server, mode, reason);
      return undefined;
    },
    log_event(thread, event, value, reason) {
      worldNow().logged(thread.process, event, Number(value), reason);
      return undefined;
    },
    clear_error(thread) {
      thread.lastError = 0;
      return undefined;
    },
    WSAGetLastError: (thread) => thread.lastError,
    WSASetLastError(thread, error) {
      thread.lastError = error;
      return undefined;
    },
  };

  const doors: Record<string, (...args: Value[]) => Value | undefined> = {};
  for (const [name, call] of Object.entries(sudden)) doors[name] = plain(m, call);
  for (const [name, call] of Object.entries(systemCalls(m, worldNow))) doors[name] = suspendable(m, name, call);
  for (const name of winsockNames) {
    doors[name] = suspendable(m, name, (thread, ...args) => {
      // What the core does by itself, besides what the application has asked it for.
      if (thread.call?.name !== name && !thread.retrying) worldNow().reach(`core's own ${name}`);
      if (name === "PostQueuedCompletionStatus")
        worldNow().tells(thread, ({ overlapped }) => overlapped === args[3]! >>> 0);
      return worldNow().kernelCall(thread, name, args);
    });
  }
  doors.yield = () => {
    if (m.rewinding) {
      m.finishRewind();
      return undefined;
    }
    m.buffer.drain(Number.POSITIVE_INFINITY);
    m.budget--;
    if (m.decide(true)) m.unwind();
    return undefined;
  };
  const unused = [
    ...["AcceptEx", "TransmitFile", "GetAcceptExSockaddrs", "SetFilePointer", "call_hook"],
    ...["wrapper", "module_text", "redirection", "K32EnumProcessModules", "GetModuleHandleA", "GetModuleHandleExA"],
    ...["GetModuleFileNameA", "GetWindowsDirectoryA", "GetProcAddress", "VirtualProtect"],
    ...["CloseHandle", "DuplicateHandle", "GetProcessId", "CreateProcessA", "CreateProcessW", "GetHandleInformation"],
    ...["WSASetBlockingHook", "WSAUnhookBlockingHook", "WSAIsBlocking", "WSACancelBlockingCall", "WSACleanup"],
  ];
  doors.memory_end = plain(m, ({ process }, address) => m.memory.endOf(address >>> 0, process.index));
  for (const name of unused) doors[name] = plain(m, () => 0);
  return doors;
}

const winsockNames = [
  "socket", "closesocket", "bind", "listen", "accept", "connect", "send", "sendto", "recv", "recvfrom", "select",
  "ioctlsocket", "shutdown", "getsockopt", "setsockopt", "getsockname", "getpeername", "WSARecvEx",
  "WSAAsyncSelect", "ReadFile", "WriteFile", "ResetEvent", "CreateIoCompletionPort", "PostQueuedCompletionStatus",
]; // biome-ignore format: a list of names

function bellName(tag: number, start: bigint, slot: number): string {
  return `${tag}-${BigInt.asUintN(64, start)}-${slot}`;
}

function segmentName(tag: number, start: bigint, key: bigint): string {
  return `${tag >>> 0}-${BigInt.asUintN(64, start)}-${BigInt.asUintN(64, key)}`;
}

function systemCalls(m: Machine, worldNow: () => World): Record<string, Implementation> {
  function get<T>(thread: SimThread, value: number, kind: Handle["kind"]): T {
    const found = thread.process.handles.get(value);
    if (found?.kind === kind) return found.object as T;
    const why = found === undefined ? "not open" : `a ${found.kind}'s`;
    throw new SimFailure("handles", `${thread.label} uses handle ${value} as a ${kind}'s: it is ${why}`);
  }

  return {
    sleep_ms(thread, ms) {
      if (thread.retrying) return undefined;
      if (ms === 0) return undefined;
      return m.block(() => false, m.now + ms * 1000, []);
    },
    process_open(thread, tag, start) {
      const world = worldNow();
      const found = world.processes.find((p) => p.tag === tag && p.start === BigInt.asUintN(64, start) && !p.ended);
      return found === undefined ? 0 : thread.process.newHandle("process", found);
    },
    process_ended: (thread, value) => (get<SimProcess>(thread, value, "process").ended ? 1 : 0),
    handle_close(thread, value) {
      const found = thread.process.handles.get(value);
      if (found === undefined)
        throw new SimFailure("handles", `${thread.label} closes handle ${value}: it is not open`);
      worldNow().closeHandle(thread.process, value);
      return undefined;
    },
    bell_create(thread, slot) {
      const world = worldNow();
      if (world.faults.refuses("bell_create", thread)) return 0;
      const { tag, start } = thread.process;
      return thread.process.newHandle("bell", world.bells.create(bellName(tag, start, slot)));
    },
    bell_open(thread, tag, start, slot) {
      const world = worldNow();
      if (world.faults.refuses("bell_open", thread)) return 0;
      const bell = world.bells.open(bellName(tag, start, slot));
      return bell === undefined ? 0 : thread.process.newHandle("bell", bell);
    },
    bell_ring(thread, value) {
      const bell = get<Bell>(thread, value, "bell");
      worldNow().tells(thread, ({ event }) => event === value);
      bell.ring();
      worldNow().reach("bell rung");
      return undefined;
    },
    bell_wait(thread, value, process, ms) {
      const bell = get<Bell>(thread, value, "bell");
      const peer = process === 0 ? undefined : get<SimProcess>(thread, process, "process");
      const { WAIT_BELL, WAIT_PEER_DEAD, WAIT_TIMEOUT } = worldNow().core.constants;
      if (bell.rung) {
        bell.rung = false;
        return WAIT_BELL;
      }
      if (peer?.ended === true) {
        worldNow().reach("woken by the peer's end");
        return WAIT_PEER_DEAD;
      }
      if (ms === 0 || (thread.retrying && m.now >= thread.deadline)) return WAIT_TIMEOUT;
      const deadline = thread.retrying ? thread.deadline : m.now + ms * 1000;
      worldNow().reach("slept on a bell");
      const queues = peer === undefined ? [bell.changed] : [bell.changed, peer.ending];
      return m.block(() => bell.rung || peer?.ended === true, deadline, queues, ms);
    },
    directory_map(thread, bytes) {
      const world = worldNow();
      return world.faults.refuses("directory_map", thread) ? 0 : world.files.mapDirectory(thread.process, bytes);
    },
    segment_create(thread, tag, start, key, bytes, result) {
      const world = worldNow();
      if (world.faults.refuses("segment_create", thread)) return 0;
      const file = world.files.create(thread.process, segmentName(tag, start, key), bytes);
      if (file === undefined) return 0;
      m.memory.i32[result >>> 2] = file.file.region.address;
      m.memory.i32[(result >>> 2) + 1] = thread.process.newHandle("file", file);
      return 1;
    },
    segment_allocate(thread, value, offset, bytes) {
      const world = worldNow();
      const { file } = get<FileHandle>(thread, value, "file");
      if (world.faults.refuses("segment_allocate", thread)) return 0;
      if (offset + bytes > file.bytes)
        throw new SimFailure("memory", `${thread.label} allocates beyond a segment's end`);
      const inBothRings = offset === 0 || offset === world.core.constant("RINGS_OFFSET") + (file.bytes - 4096) / 2;
      world.reach(inBothRings ? "segment allocated" : "window grown");
      world.files.allocate(file, offset, bytes);
      return 1;
    },
    segment_open(thread, tag, start, key, result) {
      const world = worldNow();
      if (world.faults.refuses("segment_open", thread)) return 0;
      const file = world.files.open(thread.process, segmentName(tag, start, key));
      if (file === undefined) return 0;
      m.memory.i32[result >>> 2] = file.file.region.address;
      m.memory.i32[(result >>> 2) + 1] = thread.process.newHandle("file", file);
      return file.file.bytes;
    },
    segment_close(thread, address, value) {
      const world = worldNow();
      const open = get<FileHandle>(thread, value, "file");
      if (open.file.region.address !== address || !world.files.unmap(thread.process, open.file)) {
        throw new SimFailure("memory", `${thread.label} unmaps ${address}, which is not mapped`);
      }
      world.closeHandle(thread.process, value);
      return undefined;
    },
    segment_remove(_thread, tag, start, key) {
      worldNow().files.remove(segmentName(tag, start, key));
      return undefined;
    },
    page_create(thread, _number, bytes) {
      const world = worldNow();
      if (world.faults.refuses("page_create", thread)) return 0;
      const page = m.memory.allocate("segment", bytes, thread.process.index);
      page.name = `statistics of ${thread.process.name}`;
      world.statistics.push(page);
      return page.address;
    },
    post_message(thread, window, message, socket, event) {
      const world = worldNow();
      world.reach("message posted at user level");
      const about = world.network.find(thread.process, socket >>> 0);
      world.windows.post(window, message, about, event & 0xffff, event >>> 16);
      return 1;
    },
    caretaker_start(thread) {
      const world = worldNow();
      if (world.faults.refuses("caretaker_start", thread)) return 0;
      world.startCaretaker(thread.process);
      return 1;
    },
  };
}
