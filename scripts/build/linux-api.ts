import { BuildError } from "./run.js";

/** A function of core/generated/winsock.ts. */
interface Binding {
  name: string;
  parameters: string[];
  result: string;
}

/** WinSock calls that POSIX has with the same parameters, by their names there. */
const PLAIN: Readonly<Record<string, string>> = {
  bind: "bind",
  listen: "listen",
  recv: "recv",
  recvfrom: "recvfrom",
  shutdown: "shutdown",
  getsockname: "getsockname",
  getpeername: "getpeername",
};
/** Calls that have no counterpart, with what each returns when it fails. */
const REFUSED: Readonly<Record<string, number>> = {
  AcceptEx: 0,
  TransmitFile: 0,
  ReadFile: 0,
  SetFilePointer: -1,
  ResetEvent: 0,
  GetAcceptExSockaddrs: 0,
  WSAAsyncSelect: -1,
  WSARecvEx: -1,
  WSASetBlockingHook: 0,
  WSAUnhookBlockingHook: -1,
  WSAIsBlocking: 0,
  WSACancelBlockingCall: -1,
  WSACleanup: -1,
  WriteFile: 0,
  CloseHandle: 0,
  CreateIoCompletionPort: 0,
  PostQueuedCompletionStatus: 0,
  DuplicateHandle: 0,
  CreateProcessA: 0,
  CreateProcessW: 0,
  GetHandleInformation: 0,
  GetProcessId: 0,
  K32EnumProcessModules: 0,
  GetModuleHandleA: 0,
  GetModuleHandleExA: 0,
  GetModuleFileNameA: 0,
  GetWindowsDirectoryA: 0,
  GetProcAddress: 0,
  VirtualProtect: 0,
};

const C_TYPES: Readonly<Record<string, string>> = { usize: "uint64_t", i32: "int32_t", u32: "uint32_t", void: "void" };

function cType(type: string): string {
  const known = C_TYPES[type];
  if (!known)
    throw new BuildError(`Cannot say "${type}" of the generated bindings in C. Add it to scripts/build/linux.ts.`);
  return known;
}

function functionsOf(bindings: string): Binding[] {
  return [...bindings.matchAll(/^export declare function (\w+)\((.*)\): (\w+);$/gm)].map(([, name, list, result]) => ({
    name: name!,
    parameters: [...list!.matchAll(/: (\w+)/g)].map((match) => match[1]!),
    result: result!,
  }));
}

function prototype({ name, parameters, result }: Binding): string {
  const list = parameters.map((type, n) => `${cType(type)} a${n}`).join(", ");
  return `${cType(result)} vmmc_${name}(${list || "void"})`;
}

/** The header of the shared object: WinSock's constants with the prefix WS_, its calls with the prefix vmmc_. */
export function apiHeader(bindings: string): string {
  // What differs between 32 and 64 bits is written as a choice.
  const here = bindings.replaceAll(/sizeof<usize>\(\) == 8 \? (\w+) : \w+/g, "$1");
  const constants = [...here.matchAll(/^export const (\w+): (\w+) = (.+);$/gm)];
  const named = (prefix: RegExp) => constants.map((match) => match[1]!).filter((name) => prefix.test(name));
  return [
    "/* Generated from the WinSock bindings by the build: what libvmmc-core.so exports. */",
    "#ifndef VMMC_API_H\n#define VMMC_API_H\n#include <stdbool.h>\n#include <stdint.h>",
    ...constants.map(([, name, type, value]) => `#define WS_${name} ((${cType(type!)})${value})`),
    // WinSock's errors and options have the names of the POSIX ones that they were made from.
    pairs("WS_ERROR_PAIRS", named(/^WSAE/), (name) => name.slice("WSA".length)),
    pairs("WS_OPTION_PAIRS", named(/^SO_/), (name) => name),
    "/** Starts the core, unless a call has done so; false when all calls go to the kernel. */\nbool vmmc_start(void);",
    ...functionsOf(bindings).map((binding) => `${prototype(binding)};`),
    "#endif",
    "",
  ].join("\n");
}

/** A list for an X macro: PAIR(WinSock's value, POSIX's value), for names that Linux has. */
function pairs(list: string, names: readonly string[], posix: (name: string) => string): string {
  const known = names.filter((name) => !NOT_ON_LINUX.includes(name));
  return `#define ${list}(PAIR) ${known.map((name) => `PAIR(WS_${name}, ${posix(name)})`).join(" ")}`;
}

const NOT_ON_LINUX = ["SO_DONTLINGER"];

/** The exports of the shared object: each goes to the core if it intercepts the call and runs, else to the kernel. */
export function exportedFunctions(bindings: string, intercepted: readonly string[]): string {
  const functions = functionsOf(bindings).map((binding) => {
    const values = binding.parameters.map((_, n) => `a${n}`).join(", ");
    const kernel = `w2c_os_${binding.name}(NULL${values && `, ${values}`})`;
    const call = intercepted.includes(binding.name) ? `VMMC_CALL(${binding.name}, ${values})` : kernel;
    return `__attribute__((visibility("default"))) ${prototype(binding)} { ${binding.result === "void" ? "" : "return "}${call}; }`;
  });
  return `/* Generated from the WinSock bindings by the build. */\n${functions.join("\n")}\n`;
}

/** `w2c_os_NAME` for the calls that need no more than their parameters' types changed; for the rest see native/. */
export function plainShims(bindings: string): string {
  const functions = functionsOf(bindings).flatMap(({ name, parameters, result }) => {
    const posix = PLAIN[name];
    if (posix === undefined && !(name in REFUSED)) return [];
    const list = parameters.map((type, n) => `, ${cType(type)} a${n}`).join("");
    // The first is the descriptor; wider ones than `int` are addresses.
    const values = parameters.map((type, n) => (n > 0 && type === "usize" ? `(void *)a${n}` : `(int)a${n}`));
    const refused = result === "void" ? "(void)vmmc_refused()" : `return (vmmc_refused(), ${REFUSED[name]})`;
    const call = posix === undefined ? refused : `return vmmc_done(${posix}(${values.join(", ")}))`;
    return `OS ${cType(result).replace(/^int32/, "uint32")} w2c_os_${name}(struct w2c_os *o${list}) { ${call}; }`;
  });
  return `/* Generated from the WinSock bindings by the build. */\n${functions.join("\n")}\n`;
}
