import { SimFailure } from "../failure.js";
import { Bell } from "../kernel/bells.js";
import * as ws from "../kernel/constants.js";
import * as file from "../kernel/file-calls.js";
import type { Region } from "../machine/memory.js";
import type { Operation } from "../world.js";
import type { Api, Steps } from "./api.js";

/** How a program learns of the end of an operation: by its event, by the socket's completion port, not at all, or by the call itself. */
export type Told = "event" | "port" | "nobody" | "at once";

/** Where the parts of an operation's memory are: an OVERLAPPED, what the call says of bytes at once, and the bytes. */
const DONE = 32;
const BYTES = 64;

/** An operation that a program has begun. */
export interface Begun {
  readonly operation: Operation;
  readonly told: Told;
  readonly memory: Region;
  readonly bytes: number;
  readonly sender: number;
  /** Its stream was at its end already. */
  readonly over: boolean;
  /** The completion port; 0 unless `told` by one. */
  readonly port: number;
  /** The error with which the call has refused it, as WinSock calls that; 0: none. */
  error: number;
  /** It goes on after the call. */
  goesOn: boolean;
}

/** Has the socket's completion port told of all its operations, from now on. Gives the port. */
export function* makePort(api: Api, socket: number): Steps<number> {
  const port = api.process.newHandle("port", new file.Port(api.world.machine.queue()));
  yield* api.call("CreateIoCompletionPort", socket, port, keyOf(port), 0);
  return port;
}

function keyOf(port: number): number {
  return port + 1;
}

/**
 * `ReadFile` of up to so many bytes, or `WriteFile` of the next bytes of the socket's stream.
 * @param port the socket's completion port, 0 if it has none
 * @param ahead bytes of writes that this sender has begun before, and not seen the end of
 */
export function* begin(
  api: Api,
  socket: number,
  reading: boolean,
  bytes: number,
  told: Told,
  port = 0,
  sender = 0,
  ahead = 0,
): Steps<Begun | undefined> {
  const { world, process, streams } = api;
  const kernel = api.kernel(socket);
  if (kernel === undefined) {
    api.error = ws.WSAENOTSOCK;
    return undefined;
  }
  const memory = world.machine.memory.allocate("application", BYTES + bytes, process.index);
  const { i32, u8 } = world.machine.memory;
  const at = memory.address + BYTES;
  const { out } = streams.flowsOf(kernel);
  if (!reading) streams.prepare(out, u8.subarray(at, at + bytes), sender, ahead);
  const event = told === "event" ? process.newHandle("bell", new Bell("", world.machine.queue())) : 0;
  // The lowest bit keeps it from the port.
  i32[(memory.address + file.EVENT) >> 2] = told === "port" || port === 0 ? event : event | 1;
  const operation = { socket: kernel, reading, overlapped: memory.address, event };
  const begun: Begun = {
    operation,
    told,
    memory,
    bytes,
    sender,
    over: out.over,
    port: told === "port" ? port : 0,
    error: 0,
    goesOn: false,
  };
  world.begins(operation);
  const overlapped = told === "at once" ? 0 : memory.address;
  const result = yield* api.call(
    reading ? "ReadFile" : "WriteFile",
    socket,
    at,
    bytes,
    memory.address + DONE,
    overlapped,
  );
  // Who has stored something sees it.
  api.thread.buffer.drain(Number.POSITIVE_INFINITY);
  if (result !== 0) return begun;
  const error = api.thread.lastError;
  begun.goesOn = error === file.ERROR_IO_PENDING;
  if (!begun.goesOn) begun.error = file.errorOfSystem(error);
  else if (told === "nobody" || told === "at once") fail(api, begun, "goes on, and nobody can be told of it");
  if (begun.goesOn) world.reach(`operation begun: ${reading ? "read" : "write"}`);
  return begun;
}

/** True when its OVERLAPPED says that it is through: then that says all. */
export function* isThrough(api: Api, begun: Begun): Steps<boolean> {
  yield* api.sleep(0.001);
  const { i32 } = api.world.machine.memory;
  const { address } = begun.memory;
  if (i32[(address + file.INTERNAL) >> 2] === file.STATUS_PENDING) return false;
  const moved = i32[(address + file.INTERNAL_HIGH) >> 2];
  yield* api.sleep(0.001);
  if (i32[(address + file.INTERNAL_HIGH) >> 2] !== moved)
    fail(api, begun, "is through before it says how many bytes it has moved");
  return true;
}

/** Waits for the operation's end. Gives what `recv`, or a `send` that waits, would have given, with its error. */
export function* end(api: Api, begun: Begun): Steps<number> {
  const { streams } = api;
  const { socket, reading } = begun.operation;
  if (begun.error === 0) yield* awaitEnd(api, begun);
  const [moved, error] = outcome(api, begun);
  const result = error === 0 ? moved : ws.SOCKET_ERROR;
  const flows = streams.flowsOf(socket);
  const who = api.thread.label;
  api.error = error;
  if (error === file.ERROR_OPERATION_ABORTED && !flows.in.readerClosed)
    fail(api, begun, "is aborted, and its socket is open");
  if (!reading) streams.sent(flows.out, begun.bytes, result, who, begun.sender, begun.over);
  else if (result > 0) {
    const at = begun.memory.address + BYTES;
    streams.received(
      flows,
      api.world.machine.memory.u8.subarray(at, at + Math.max(begun.bytes, result)),
      result,
      false,
      who,
    );
  } else if (result === 0 && begun.bytes > 0) streams.ended(flows, who);
  if (result < 0) streams.broken(flows, error, who);
  forget(api, begun);
  return result;
}

function* awaitEnd(api: Api, begun: Begun): Steps<void> {
  const { event, overlapped } = begun.operation;
  if (begun.told === "event") yield* api.kernelCall("awaitEvent", event);
  if (begun.told !== "port") return;
  const key = yield* api.kernelCall("awaitPacket", begun.port, overlapped);
  if (key !== keyOf(begun.port)) fail(api, begun, `is told of with the key ${key}`);
}

/** Bytes and error of an operation that is through. */
function outcome(api: Api, begun: Begun): [moved: number, error: number] {
  const { i32 } = api.world.machine.memory;
  const { address } = begun.memory;
  if (begun.error !== 0) return [0, begun.error];
  if (begun.told === "at once") return [i32[(address + DONE) >> 2]!, 0];
  const status = i32[(address + file.INTERNAL) >> 2]!;
  if (status === file.STATUS_PENDING) fail(api, begun, "is told of, and its OVERLAPPED says that it goes on");
  const error = status === 0 ? 0 : file.errorOfStatus(status);
  if (!begun.goesOn && error !== 0)
    fail(api, begun, `was carried out at once, and its OVERLAPPED says ${status >>> 0}`);
  if (begun.goesOn) api.world.reach(error === 0 ? "operation through" : `operation ended with ${error}`);
  return [i32[(address + file.INTERNAL_HIGH) >> 2]!, error];
}

/** The program uses neither its memory nor its event any more: who still touches them is found. */
function forget(api: Api, begun: Begun): void {
  const { world, process } = api;
  world.operations.delete(begun.operation);
  world.machine.memory.free(begun.memory);
  if (begun.operation.event !== 0) world.closeHandle(process, begun.operation.event);
}

function fail(api: Api, begun: Begun, what: string): never {
  const name = begun.operation.reading ? "read" : "write";
  throw new SimFailure("operations", `${api.thread.label}: a ${name} of ${begun.bytes} bytes ${what}`);
}
