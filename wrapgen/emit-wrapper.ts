import { declareFunction } from "./emit-c.js";
import { asmName, cString } from "./emit-kernel.js";
import { traces } from "./emit-trace.js";
import type { WrapperModel } from "./model.js";
import { RESOLVER_RECORDS, resolver } from "./resolver.js";
import { TARGETS } from "./targets.js";

/** What a wrapper is compiled from besides what is generated. */
export interface BuildInput {
  /** The user's C sources, as the build file shall name them. */
  sources: readonly string[];
  includePaths: readonly string[];
  defines: readonly string[];
  /** Import libraries for the sources, without "-l". */
  libraries: readonly string[];
}

/**
 * Writes wrapper.c: the translation unit with the stubs of a wrapper that stands by itself. It sees the user's headers,
 * and not windows.h, with which they might not get along.
 * @param withModule whether core.c, a module of the user's, is in it
 */
export function emitWrapper(model: WrapperModel, withModule: boolean): string {
  return [
    `/* Generated from ${model.dll} (${model.arch}): compile this file, runtime.c and exports.s. Do not edit. */`,
    ...(withModule ? ['#include "module.h"'] : []),
    '#include "kernel.h"',
    ...(withModule ? ['#include "core.c"', "static w2c_core vmmc_core;"] : []),
    ...(withModule ? ["#define VMMC_CALL(name, ...) w2c_core_##name(&vmmc_core, ##__VA_ARGS__)"] : []),
    ...(traces(model) ? ['#include "trace.h"'] : []),
    '#include "stubs.c"',
    "",
  ].join("\n");
}

/** Writes runtime.c: the translation unit with what finds the original, and with the trace. */
export function emitRuntime(model: WrapperModel, withSources: boolean): string {
  const tracing = traces(model);
  return [
    `/* Generated from ${model.dll} (${model.arch}). Do not edit. */`,
    "#define WIN32_LEAN_AND_MEAN\n#include <windows.h>\n#include <stddef.h>\n#include <stdint.h>",
    asmName(model.arch),
    "#define VMMC_SYMBOL(name) __asm__(VMMC_ASM_NAME(#name))",
    "#define VMMC_PRIVATE",
    RESOLVER_RECORDS,
    resolver(model.origin),
    ...(tracing ? [`#define VMMC_WRAPPED ${cString(model.dll)}`] : []),
    ...(tracing ? ["trace.h", "errors.h", "trace-text.c", "trace.c"].map((name) => `#include "${name}"`) : []),
    // Sources may use the C library, which has a start of its own.
    ...(withSources ? [] : ['#include "start.c"']),
    "",
  ].join("\n");
}

/** The C files of the generator's own that `emitWrapper` includes. */
export function runtimeNames(model: WrapperModel, withSources: boolean, withModule: boolean): string[] {
  return [
    ...(withModule ? ["module.h"] : []),
    ...(traces(model) ? ["trace.h", "trace-text.c", "trace.c"] : []),
    ...(withSources ? [] : ["start.c"]),
  ];
}

/** Writes intercept.h, which the user's C sources include: what they define, and how they reach the original. */
export function emitInterceptHeader(model: WrapperModel): string {
  const p = TARGETS[model.arch].symbolPrefix;
  const lines = [
    `/* Generated from ${model.dll} (${model.arch}). Define wrap_NAME for each of these; real_NAME is the original. */`,
    "#ifndef VMMC_INTERCEPT_H\n#define VMMC_INTERCEPT_H",
    ...(model.headers.length > 0 ? model.headers : ["windows.h"]).map((header) => `#include <${header}>`),
    '#ifdef __cplusplus\nextern "C" {\n#endif',
    "/* For functions of unknown prototype: `int WINAPI wrap_f(int) VMMC_NAMED(wrap_f);`, and so for real_f. */",
    `#define VMMC_NAMED(name) __asm__("${p}" #name)`,
  ];
  for (const { mode, id, finding } of model.stubs) {
    if (mode === "intercept" && finding?.prototype !== undefined) {
      const { prototype } = finding;
      const dots = prototype.variadic;
      for (const name of [`wrap_${id}`, `real_${id}`]) {
        lines.push(`${declareFunction(prototype, name, dots)} __asm__("${p}${name}");`);
      }
    } else if (mode === "intercept") {
      lines.push(`/* ${id}: the headers tell no prototype. */`);
    }
  }
  return `${[...lines, "#ifdef __cplusplus\n}\n#endif", "#endif"].join("\n")}\n`;
}

/** The compiler's arguments, without the compiler. Files are relative to the folder of the generated ones. */
export function compilerArguments(model: WrapperModel, input: BuildInput, out: string): string[] {
  const p = TARGETS[model.arch].symbolPrefix;
  const alone = input.sources.length === 0;
  return [
    ...["-shared", "-O2", "-std=gnu11", "-fno-strict-aliasing"],
    // Warnings about generated code are nothing that its user could do anything about.
    "-w",
    ...["-I", ".", ...input.includePaths.flatMap((path) => ["-I", path]), ...input.defines.map((d) => `-D${d}`)],
    ...["-o", out, "wrapper.c", "runtime.c", "exports.s", ...input.sources],
    // The export directory is exports.s; nothing shall be added to it. Time and output path shall not matter.
    ...["-Wl,--exclude-all-symbols", "-Wl,--no-insert-timestamp", "-Wl,--disable-auto-image-base", "-s"],
    ...(alone ? ["-nostdlib", `-Wl,-e,${p}vmmc_start`] : ["-static-libgcc"]),
    ...input.libraries.map((library) => `-l${library}`),
    ...(alone ? ["-lkernel32", "-lgcc"] : []),
  ];
}

/** Writes a Makefile that builds the wrapper under its own name. */
export function emitMakefile(model: WrapperModel, input: BuildInput): string {
  const args = compilerArguments(model, input, "$@").map(shellWord).join(" ");
  return [
    `# Generated. \`make\` builds ${model.dll} for ${model.arch}.`,
    `CC = ${TARGETS[model.arch].compiler}`,
    `${makeWord(model.dll)}: wrapper.c runtime.c exports.s stubs.c kernel.h ${input.sources.map(makeWord).join(" ")}`,
    `\t$(CC) ${args.replaceAll("'$@'", "$@")}`,
    "",
  ].join("\n");
}

/** Writes a CMakeLists.txt that builds the wrapper under its own name, with a compiler for its architecture. */
export function emitCMake(model: WrapperModel, input: BuildInput): string {
  const arguments_ = compilerArguments(model, { ...input, sources: [] }, "");
  const alone = input.sources.length === 0;
  const stem = model.dll.replace(/\.[^.]*$/, "");
  const q = (text: string) => `"${text.replace(/[\\"$;]/g, "\\$&")}"`;
  const linking = [
    ...arguments_.filter((argument) => argument.startsWith("-Wl,--")),
    ...(alone ? ["-nostdlib", `-Wl,-e,${TARGETS[model.arch].symbolPrefix}vmmc_start`] : ["-static-libgcc"]),
  ];
  return [
    `# Generated. Configure with -DCMAKE_SYSTEM_NAME=Windows -DCMAKE_C_COMPILER=${TARGETS[model.arch].compiler}.`,
    "cmake_minimum_required(VERSION 3.16)",
    "project(wrapper C ASM)",
    // Compiled as C, CMake would leave an assembler file out.
    "set_source_files_properties(exports.s PROPERTIES LANGUAGE ASM)",
    `add_library(wrapper SHARED wrapper.c runtime.c exports.s ${input.sources.map(q).join(" ")})`,
    `set_target_properties(wrapper PROPERTIES PREFIX "" OUTPUT_NAME ${q(stem)} SUFFIX ${q(model.dll.slice(stem.length))})`,
    `target_include_directories(wrapper PRIVATE . ${input.includePaths.map(q).join(" ")})`,
    `target_compile_definitions(wrapper PRIVATE ${input.defines.map(q).join(" ")})`,
    "target_compile_options(wrapper PRIVATE $<$<COMPILE_LANGUAGE:C>:-O2;-std=gnu11;-fno-strict-aliasing;-w>)",
    `target_link_options(wrapper PRIVATE ${linking.map(q).join(" ")} -s)`,
    `target_link_libraries(wrapper PRIVATE ${[...input.libraries, ...(alone ? ["kernel32", "gcc"] : [])].map(q).join(" ")})`,
    "",
  ].join("\n");
}

function shellWord(word: string): string {
  return /^[\w./,=+@:-]+$/.test(word)
    ? word
    : `'${word.replaceAll("'", "'\\''")}'`.replaceAll("$", word === "$@" ? "$" : "$$");
}

function makeWord(word: string): string {
  return word.replace(/[\s#:$\\]/g, (c) => (c === "$" ? "$$" : `\\${c}`));
}
