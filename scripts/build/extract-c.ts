import { BuildError } from "./run.js";

/**
 * Takes from what `wasm2c` wrote the parts that the core needs: the module's struct, its prototypes and its functions.
 * The rest is the WebAssembly runtime's: memory bounds, traps, tables. Here memory is identity-mapped, and
 * native/prelude.h is all the runtime there is.
 * @throws BuildError when the text does not look as the pinned version of `wasm2c` writes it
 */
export function extractC(header: string, source: string): string {
  const struct = /typedef struct w2c_core \{[\s\S]*?\} w2c_core;/.exec(header)?.[0];
  if (!struct) throw new BuildError("Cannot read wasm2c's output: it declares no module. Is wabt the pinned version?");
  const functions = functionsOf(source);
  return [
    "/* Generated from the core by the build. */",
    struct.replaceAll("wasm_rt_memory_t", "core_memory"),
    // For 32 bits wasm2c names the accessors of a memory without bounds checks apart; here there is one kind.
    ...functions.map((text) => `${text.slice(0, text.indexOf(" {"))};`),
    ...functions,
    ...exportsOf(source),
    "",
  ].join("\n\n");
}

/** The module's own functions, private to the translation unit. They follow the last function of the runtime's part. */
function functionsOf(source: string): string[] {
  const start = source.indexOf("wasm2c_core_get_func_type(");
  const functions = source.slice(start).match(/^(?:void|u32|u64) w2c_core_\w+\(w2c_core\*[^;]*?\) \{\n[\s\S]*?^\}/gm);
  if (start < 0 || !functions) throw new BuildError("Cannot read wasm2c's output: it defines no function.");
  return functions.map((text) => `static ${text.replaceAll("_default32(", "(")}`);
}

/** The names under which the native part calls the functions that the module exports. */
function exportsOf(source: string): string[] {
  const names: string[] = [];
  for (const [, name, inner] of source.matchAll(
    /^\/\* export: '(\w+)' \*\/\n[^{]*\{[^}]*?\b(w2c_core_\w+)\(instance/gm,
  )) {
    names.push(`#define w2c_core_${name} ${inner}`);
  }
  if (names.length === 0) throw new BuildError("Cannot read wasm2c's output: it exports no function.");
  return names;
}
