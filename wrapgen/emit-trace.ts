import { declare, parameterNames } from "./emit-c.js";
import { cString, target } from "./emit-kernel.js";
import { typedStub } from "./emit-stubs.js";
import type { Stub, WrapperModel } from "./model.js";
import type { Arch } from "./targets.js";
import { fileLevel, tracedJump, untypedStub } from "./thunks.js";
import type { TraceSymbol, TraceValue } from "./trace-types.js";

/*
 * What stubs of the mode "trace" look like, and the tables from which runtime/trace.c knows how to write values.
 */

/** A stub that writes a line about the call, and its table. */
export function tracingStub(stub: Stub, arch: Arch): string {
  const { id, trace } = stub;
  const signature = stub.target!.signature;
  const table = functionTable(stub);
  if (signature === undefined) {
    const jump = untypedStub(id, `vmmc_jump_${id}`, arch);
    return `${table}\n${jump}\n${fileLevel(tracedJump(id, arch))}`;
  }
  const { prototype } = signature;
  const names = parameterNames(prototype);
  const isVoid = trace!.returns.kind === "void";
  const list = names.length === 0 ? "NULL" : "vmmc_arguments";
  const call = `${target(stub.target!)}(${names.join(", ")});`;
  return `${table}\n${typedStub(id, prototype, arch, [
    ...(names.length === 0
      ? []
      : [`const void *vmmc_arguments[] = { ${names.map((name) => `&${name}`).join(", ")} };`]),
    "struct vmmc_call vmmc_call;",
    `vmmc_trace_begin(&vmmc_call, &vmmc_function_${id}, ${list});`,
    isVoid ? call : `${declare(prototype.returns, "vmmc_result")} = ${call}`,
    `vmmc_trace_end(&vmmc_call, ${isVoid ? "NULL" : "&vmmc_result"});`,
    ...(isVoid ? [] : ["return vmmc_result;"]),
  ])}`;
}

/** What a trace calls an export. */
function shownName({ names, ordinal }: Stub): string {
  return names[0] ?? `#${ordinal}`;
}

function functionTable(stub: Stub): string {
  const { id, trace } = stub;
  const name = cString(shownName(stub));
  // Assembly code refers to it by this name.
  const linked = stub.target!.signature ? "" : ` __asm__(VMMC_ASM_NAME("vmmc_function_${id}")) __attribute__((used))`;
  const head = `static const struct vmmc_function vmmc_function_${id}${linked}`;
  if (trace === undefined) {
    return `${head} = { ${name}, -1, NULL };`;
  }
  const values = [...trace.parameters, trace.returns];
  const lists = values.map((value, n) => symbolList(value.symbols, `vmmc_symbols_${id}_${n}`));
  return [
    ...lists.filter((list) => list !== ""),
    `static const struct vmmc_value vmmc_values_${id}[] = {`,
    ...values.map((value, n) => `  ${valueRecord(value, lists[n] === "" ? "NULL" : `vmmc_symbols_${id}_${n}`)},`),
    "};",
    `${head} = { ${name}, ${trace.parameters.length}, vmmc_values_${id} };`,
  ].join("\n");
}

function symbolList(symbols: readonly TraceSymbol[], id: string): string {
  return symbols.length === 0 ? "" : `static const struct vmmc_symbol ${id}[] = {\n${symbolLines(symbols)}\n};`;
}

function symbolLines(symbols: readonly TraceSymbol[]): string {
  return symbols.map(({ name, value }) => `  { ${cString(name)}, 0x${value.toString(16)}ULL },`).join("\n");
}

function valueRecord(
  { name, kind, size, signed, failure, isConst, lengthAt, symbols }: TraceValue,
  list: string,
): string {
  const words = [
    `VMMC_${kind.toUpperCase()}`,
    Math.min(size, 255),
    signed ? 1 : 0,
    `VMMC_FAILS_${failure.toUpperCase()}`,
    isConst ? 1 : 0,
    lengthAt,
  ];
  return `{ ${[cString(name), ...words, symbols.length, list].join(", ")} }`;
}

/** Where the codes of sockets' errors begin, as winsock2.h has it. */
const WSABASEERR = 10000;

/** Writes errors.h: the names of Windows' error codes, in the order of their values. */
export function emitErrorNames(macros: ReadonlyMap<string, string>): string {
  const byValue = new Map<number, string>();
  for (const [name, text] of macros) {
    const value = /^(?:__MSABI_LONG\((\d+)\)|(\d+)L?|\(WSABASEERR\s*\+\s*(\d+)\))$/.exec(text);
    const socketError = value?.[3] === undefined ? 0 : WSABASEERR + Number(value[3]);
    const code = socketError || Number(value?.[1] ?? value?.[2] ?? 0);
    if (/^(?:ERROR_|WSA)/.test(name) && code > 0 && !/^WSABASEERR|^ERROR_SEVERITY/.test(name)) {
      const known = byValue.get(code);
      byValue.set(code, known === undefined || name < known ? name : known);
    }
  }
  const symbols = [...byValue].sort(([a], [b]) => a - b).map(([code, name]) => ({ name, value: BigInt(code) }));
  return [
    "/* Generated from winerror.h. Do not edit. */",
    `static const struct vmmc_symbol vmmc_errors[] = {\n${symbolLines(symbols)}\n};`,
    "",
  ].join("\n");
}

/** Whether the runtime for tracing is needed. */
export function traces(model: WrapperModel): boolean {
  return model.stubs.some(({ mode }) => mode === "trace");
}
