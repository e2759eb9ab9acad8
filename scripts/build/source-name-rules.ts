import { isLocal, isUse, type Names } from "./source-names.js";
import { childAt, type SyntaxNode, type Violation } from "./source-tree.js";

/** The numbers that native/prelude.h can carry. */
const NUMBER_TYPES = ["i8", "i16", "i32", "i64", "isize", "u8", "u16", "u32", "u64", "usize", "bool"];
/** The built-in functions that become plain C, or nothing at all. */
const BUILT_INS = [
  "load",
  "store",
  "changetype",
  "sizeof",
  "offsetof",
  "alignof",
  "min",
  "max",
  "memory.copy",
  "memory.fill",
];

const NO_FLOATS = "native/prelude.h has no floating point; use integers";
/** Built-ins whose rule is worth more words; by their name, or its part before the dot. */
const REFUSED: Readonly<Record<string, string>> = {
  heap: "the core has no allocator; use os.alloc and os.free",
  "memory.data": "the core has no static data; use os.alloc",
  memory: "memory is the process's own: only memory.copy and memory.fill make sense",
  atomic: "words that others write are touched through core/sync.ts, which names the memory order",
  table: "the core has no function table",
  call_indirect: "the core has no function table",
  assert: "the core lives in somebody else's process and must not abort; return an error",
  abort: "the core lives in somebody else's process and must not abort; return an error",
  unreachable: "the core lives in somebody else's process and must not trap; return an error",
  trace: "the core lives in somebody else's process and must not print; use os.logEvent",
  f32: NO_FLOATS,
  f64: NO_FLOATS,
  NaN: NO_FLOATS,
  Infinity: NO_FLOATS,
};

/** Checks which types and names are used: numbers, @unmanaged classes, own functions by calling them, few built-ins. */
export function typeAndNameRules(node: SyntaxNode, path: string, names: Names): Violation[] {
  if (node.kind === "NamedType") return typeRules(node, path, names);
  if (!isUse(node)) return [];
  if (isLocal(node, node.text)) return [];
  const meaning = names.inFile(path, node.text);
  if (meaning === undefined) return builtInRules(node);
  if (meaning.kind === "file") {
    const { parent } = node;
    if (parent?.kind !== "PropertyAccess") return [];
    const property = childAt(parent, "property")!.text;
    return names.inFile(meaning.path, property)?.kind === "function" ? valueRules(parent, property) : [];
  }
  return meaning.kind === "function" ? valueRules(node, node.text) : [];
}

/** A function may be called, and nothing else. */
function valueRules(node: SyntaxNode, name: string): Violation[] {
  if (node.parent?.kind === "Call" && node.key === "expression") return [];
  const why = "the core has no function table; call a function by its name, or pass a number that says which one";
  return [{ node, what: `the function ${name} as a value`, why }];
}

function typeRules(node: SyntaxNode, path: string, names: Names): Violation[] {
  const typeName = childAt(node, "name")!;
  const name = childAt(typeName, "identifier")!.text;
  // Omitted types are empty names; `void` and `this` are no values.
  if (["", "void", "this"].includes(name) || NUMBER_TYPES.includes(name)) return [];
  if (isLocal(node, name) || names.inFile(path, name) !== undefined) return [];
  const known = REFUSED[name];
  return [
    {
      node,
      what: `the type ${name}`,
      why: known ?? "the core knows whole numbers, bool and its own @unmanaged classes",
    },
  ];
}

function builtInRules(node: SyntaxNode): Violation[] {
  const { parent } = node;
  const property =
    parent?.kind === "PropertyAccess" && node.key === "expression" ? childAt(parent, "property")!.text : undefined;
  const name = property === undefined ? node.text : `${node.text}.${property}`;
  // `u32(x)` and `u32.MAX_VALUE`; switches of the compiler.
  const isNumber = NUMBER_TYPES.includes(node.text) && (property === undefined || /^M(?:IN|AX)_VALUE$/.test(property));
  if (isNumber || BUILT_INS.includes(name) || node.text.startsWith("ASC_")) return [];
  const call = (property === undefined ? node : parent!).parent?.kind === "Call";
  const what = call ? `a call of ${name}` : name;
  const atomic =
    property?.startsWith("atomic") || parent?.parent?.kind === "PropertyAccess" ? REFUSED.atomic : undefined;
  const why =
    REFUSED[name] ??
    REFUSED[node.text] ??
    atomic ??
    `the core does not declare it; built-ins that it may use: ${BUILT_INS.join(", ")}`;
  return [{ node: property === undefined ? node : parent!, what, why }];
}
