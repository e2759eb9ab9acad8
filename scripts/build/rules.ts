import { BuildError } from "./run.js";
import { readModule, type WasmModule } from "./wasm-module.js";

/** The one mutable global that the core may have: the pointer that is set once, at start-up (core/runtime.ts). */
const START_UP_POINTER = /^core\/runtime\/|^global \d+$/;
const DOORS = ["os", "sync"];
/** What AssemblyScript's allocator and garbage collector are called, in every variant. */
const ALLOCATOR = /^~lib\/(?:rt|memory|string|array|staticarray|typedarray|map|set)\//;

/**
 * Checks on the compiled core what its source must keep to, so that identity-mapped memory works: no static data, no
 * tables, no start-up code, no state but the start-up pointer, no world but `os` and `sync`. source-rules.ts tells of
 * most of this with the place in the source; this is the net under it, for what only the compiler knows.
 * @throws BuildError naming the rule that is broken, and the function, global or import if the module tells
 */
export function checkModule(wasm: Uint8Array): void {
  const broken = brokenRules(readModule(wasm));
  if (broken.length === 0) return;
  throw new BuildError(`The compiled core breaks its rules:\n  ${broken.join("\n  ")}`);
}

function brokenRules(module: WasmModule): string[] {
  const broken: string[] = [];
  for (const { module: from, field, kind } of module.imports) {
    if (!DOORS.includes(from)) broken.push(`it imports "${field}" from "${from}", not from os or sync`);
    else if (kind !== 0) broken.push(`what it imports as "${field}" from "${from}" is not a function`);
  }
  const mutable = module.globals.filter((global) => global.mutable).map(({ name }) => name);
  const allowed = mutable.find((name) => START_UP_POINTER.test(name));
  for (const name of mutable.filter((name) => name !== allowed)) {
    broken.push(`it has the mutable global ${name}; only the start-up pointer in core/runtime.ts may be one`);
  }
  if (module.elements !== undefined || module.tables > 0) {
    const names = module.elements?.length ? `: ${module.elements.join(", ")}` : "";
    broken.push(`it has a table: it uses functions as values, closures or callbacks${names}`);
  }
  if (module.start !== undefined) {
    broken.push(`it has start-up code (${module.start}): it computes something outside any function`);
  }
  if (module.data.length > 0) {
    const contents = module.data.map(preview).join(", ");
    broken.push(`it has static data, of a string literal, an array literal or memory.data: ${contents}`);
  }
  const helpers = module.functions.filter((name) => ALLOCATOR.test(name));
  if (helpers.length > 0) broken.push(`it allocates with AssemblyScript's own runtime: ${helpers.join(", ")}`);
  return broken;
}

/** What the data says, if it is text as AssemblyScript stores it; else its first bytes. */
function preview(data: Uint8Array): string {
  // The compiler leaves zeros at the end away, even half a character.
  const text = Buffer.concat([data, new Uint8Array(data.length % 2)]).toString("utf16le");
  const words = text.match(/[\x20-\x7e]{2,}/g);
  if (words !== null) return JSON.stringify(words.join(" ").slice(0, 60));
  return `${data.length} bytes (${Buffer.from(data.subarray(0, 16)).toString("hex")})`;
}
