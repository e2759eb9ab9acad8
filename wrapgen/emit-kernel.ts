import {
  agreement,
  carrier,
  declareFunction,
  failureStatement,
  fromCore,
  parameterNames,
  stubDeclaration,
  toCore,
} from "./emit-c.js";
import type { Import, Library } from "./imports-table.js";
import type { WrapperModel } from "./model.js";
import { RESOLVER_DECLARATIONS, RESOLVER_RECORDS, resolver } from "./resolver.js";
import type { Signature } from "./signatures.js";
import { type Arch, TARGETS } from "./targets.js";

/**
 * Writes kernel.h: the resolver, a pointer for every function behind the wrapper, and the shims through which the core
 * calls some of them. It is included first; stubs.c relies on it. The prelude before it defines u32, u64, uptr, f32, f64.
 * @param apart whether the resolver is in a translation unit of its own: then windows.h is not needed here, with which
 * not all headers get along
 */
export function emitKernel(model: WrapperModel, apart = false): string {
  // windows.h is for the resolver; it comes last, because some headers must come before it.
  const headers = [...model.headers, ...(apart ? [] : ["windows.h"]), "stddef.h"];
  const own = apart
    ? [RESOLVER_RECORDS, RESOLVER_DECLARATIONS]
    : [`${RESOLVER_RECORDS}\n\n#define VMMC_PRIVATE static`, resolver(model.origin)];
  const parts = [
    `/* Generated from ${model.dll} (${model.arch}) and its headers. Do not edit. */`,
    "#ifndef VMMC_KERNEL_H\n#define VMMC_KERNEL_H",
    headers.map((header) => `#include <${header}>`).join("\n"),
    asmName(model.arch),
    ...own,
    ...model.libraries.map(library),
    ...model.imports.map((entry) => importRecord(entry, model)),
    "/* How the core calls the operating system. */\nstruct w2c_os;",
    ...model.bindings.map((entry) => shim(entry, model)),
    ...redirections(model),
    "#endif",
  ];
  return `${parts.join("\n\n")}\n`;
}

/** The functions that take the place of imports of the program's modules, by the names of those. */
function redirections({ redirects, arch }: WrapperModel): string[] {
  if (redirects.length === 0) return [];
  return [
    redirects.map(({ id, signature }) => stubDeclaration(id, signature.prototype, arch)).join("\n"),
    "static const struct vmmc_redirection { const char *name; void *function; } vmmc_redirections[] = {",
    ...redirects.map(({ id }) => `  { ${cString(id)}, (void *)vmmc_stub_${id} },`),
    "};",
  ];
}

/** A macro that makes the assembler's name of a C name. */
export function asmName(arch: Arch): string {
  return `#define VMMC_ASM_NAME(name) "${TARGETS[arch].symbolPrefix}" name`;
}

function library({ id, dll, isOriginal }: Library): string {
  return `static struct vmmc_library vmmc_library_${id} = { ${cString(dll)}, ${isOriginal ? 1 : 0}, NULL };`;
}

/** The record the resolver works on, and the pointer through which calls go: first to the resolver, then to the function. */
function importRecord(entry: Import, model: WrapperModel): string {
  const { id, library, symbol, signature } = entry;
  const reference = typeof symbol === "number" ? `(const char *)(__UINTPTR_TYPE__)${symbol}` : cString(symbol);
  const label = typeof symbol === "number" ? `${library.dll} ordinal ${symbol}` : `${library.dll}!${symbol}`;
  const record = `struct vmmc_import vmmc_import_${id} = { &vmmc_library_${library.id}, ${reference}, ${cString(label)} };`;
  if (signature === undefined) {
    // Assembly code refers to these two (see stubs.c), so they need names that it can say, and must not be optimised away.
    const prefix = TARGETS[model.arch].symbolPrefix;
    return [
      `static struct vmmc_import vmmc_import_${id} __asm__("${prefix}vmmc_import_${id}") __attribute__((used));`,
      `static ${record}`,
      `extern void vmmc_first_${id}(void) __asm__("${prefix}vmmc_first_${id}");`,
      `static void *vmmc_target_${id} __asm__("${prefix}vmmc_target_${id}") __attribute__((used)) = (void *)vmmc_first_${id};`,
    ].join("\n");
  }
  const { prototype } = signature;
  const call = `target(${parameterNames(prototype).join(", ")})`;
  return [
    `static ${record}`,
    `typedef ${declareFunction(prototype, `vmmc_type_${id}`)};`,
    `static vmmc_type_${id} vmmc_first_${id};`,
    `static vmmc_type_${id} *vmmc_target_${id} __attribute__((unused)) = vmmc_first_${id};`,
    `static ${declareFunction(prototype, `vmmc_first_${id}`)} {`,
    `  vmmc_type_${id} *target = (vmmc_type_${id} *)vmmc_resolve(&vmmc_import_${id});`,
    `  if (target == NULL) ${failureStatement(signature)}`,
    `  __atomic_store_n(&vmmc_target_${id}, target, __ATOMIC_RELEASE);`,
    signature.returns.kind === "void" ? `  ${call};` : `  return ${call};`,
    "}",
    agreement(`vmmc_first_${id}`, prototype.name),
  ].join("\n");
}

/** `w2c_os_NAME`, which wasm2c's output calls for the core's import `os.NAME`. */
function shim(entry: Import & { signature: Signature }, { arch }: WrapperModel): string {
  const { prototype, returns, parameters } = entry.signature;
  const names = parameterNames(prototype);
  const list = ["struct w2c_os *os", ...parameters.map((kind, n) => `${carrier(kind, arch)} ${names[n]}`)];
  const values = parameters.map((kind, n) => fromCore(names[n]!, prototype.parameters[n]!.type, kind));
  const call = `${target(entry)}(${values.join(", ")})`;
  return [
    `static inline ${carrier(returns, arch)} w2c_os_${wasm2cName(prototype.name)}(${list.join(", ")}) {`,
    "  (void)os;",
    returns.kind === "void" ? `  ${call};` : `  return ${toCore(call, returns, arch)};`,
    "}",
  ].join("\n");
}

/** How wasm2c writes a name: underscores at either end and every second one in a row as `0x5F`, to keep `__` out of C. */
export function wasm2cName(name: string): string {
  let written = "";
  for (const [n, c] of [...name].entries()) {
    const escaped = c === "_" && (n === 0 || n === name.length - 1 || written.endsWith("_"));
    written += escaped ? "0x5F" : c;
  }
  return written;
}

/** The function pointer of a typed import, as an expression to call. */
export function target(entry: Import): string {
  return `__atomic_load_n(&vmmc_target_${entry.id}, __ATOMIC_RELAXED)`;
}

export function cString(text: string): string {
  // Octal escapes have a fixed length, unlike hexadecimal ones, so no following character can become part of them.
  const escaped = text.replace(/[^\x20-\x7e]|["\\?]/g, (c) => `\\${c.charCodeAt(0).toString(8).padStart(3, "0")}`);
  return `"${escaped}"`;
}
