import { BuildError } from "./run.js";
import { typeAndNameRules } from "./source-name-rules.js";
import { Names } from "./source-names.js";
import {
  childAt,
  childrenAt,
  nameOf,
  nodesBelow,
  parseSources,
  type SourceFile,
  type SyntaxNode,
  type Violation,
} from "./source-tree.js";

/**
 * What the core's source must keep to, so that it can be compiled to C for identity-mapped memory, without a runtime
 * (docs/architecture.md says why). Checked on the source, so that a message can point at it; what slips through, the
 * check of the compiled module (rules.ts) finds.
 */

const NO_DATA = "the core has no static data";
const NO_HEAP = "the core has no garbage collector and no allocator; use os.alloc and @unmanaged classes";
const NO_CLOSURES = "the core has no function table; declare a function at top level, and call it by its name";
const NO_STATE = "all state hangs off structs in memory, reached from the start-up pointer in core/runtime.ts";
const NO_TRAPS = "the core lives in somebody else's process and must neither trap nor abort; return an error";
const NO_FLOATS = "native/prelude.h has no floating point; use integers";
const DOORS = "the core reaches the world only through core/os.ts, core/sync.ts and core/generated/";

/** Constructs that are wrong wherever they stand. */
const FORBIDDEN: Readonly<Record<string, readonly [what: string, why: string]>> = {
  TemplateLiteral: ["a template literal", `${NO_DATA}; texts belong in core/diagnostics.ts, pass a number instead`],
  RegExpLiteral: ["a regular expression", NO_HEAP],
  ArrayLiteral: ["an array literal", `${NO_DATA}; store the elements one by one`],
  ObjectLiteral: ["an object literal", `${NO_HEAP}; set the fields one by one`],
  FloatLiteral: ["a floating-point number", NO_FLOATS],
  Function: ["a function expression", NO_CLOSURES],
  FunctionType: ["a function type", NO_CLOSURES],
  New: ["new", NO_HEAP],
  InterfaceDeclaration: ["an interface", `${NO_CLOSURES}; use a class with @unmanaged`],
  Throw: ["throw", NO_TRAPS],
  Try: ["try", NO_TRAPS],
};

/** Statements that may stand at a file's top level; any other would be start-up code. */
const TOP_LEVEL = /^(?:Import|Export|Variable|Empty|(?:Function|Class|Enum|Type|Namespace|Interface)Declaration)$/;
/** Decorators that change nothing that the rules are about. */
const DECORATORS = ["inline", "unmanaged", "external", "unsafe", "final"];
/** What the initial value of a global may call: known when compiling. */
const CONSTANT_CALLS = ["sizeof", "offsetof", "alignof"];
/** Who may import from outside WebAssembly, and from which module. */
const IMPORTERS: readonly (readonly [file: RegExp, module: string])[] = [
  [/^core\/os\.ts$/, "os"],
  [/^core\/sync\.ts$/, "sync"],
  [/^core\/generated\//, "os"],
];
const START_UP_FILE = "core/runtime.ts";

/**
 * Checks the source of the core.
 * @param root the folder that holds core/
 * @throws BuildError with every place that breaks a rule: file, line, column, and the line itself
 */
export async function checkSources(root: string, entry = "core/index.ts"): Promise<void> {
  const sources = await parseSources(root, entry);
  const places = findViolations(sources);
  if (places.length === 0) return;
  const count = places.length === 1 ? "at one place" : `at ${places.length} places`;
  throw new BuildError(`The core breaks its rules ${count}:\n\n${places.join("\n\n")}`);
}

/** All violations, each as text with its place. */
export function findViolations(sources: readonly SourceFile[]): string[] {
  const names = new Names(sources);
  const places: string[] = [];
  for (const source of sources) {
    const inCore = source.path.startsWith("core/");
    if (!inCore) continue;
    const found = source.statements.flatMap((statement) => violationsIn(statement, source.path, names));
    if (source.path === START_UP_FILE) found.push(...pointersAfterTheFirst(source));
    found.sort((a, b) => a.node.start - b.node.start);
    places.push(...found.map((violation) => describe(source, violation)));
  }
  // A decorator of a variable belongs to the statement as well as to the variable.
  return [...new Set(places)];
}

/** The violation with its place: `core/a.ts:3:5: WHAT: WHY`, the line, and a mark below it. */
function describe({ path, text }: SourceFile, { node, what, why }: Violation): string {
  const begin = text.lastIndexOf("\n", node.start - 1) + 1;
  const newline = text.indexOf("\n", node.start);
  const end = newline < 0 ? text.length : newline;
  const line = text.slice(0, node.start).split("\n").length;
  const margin = `${line} | `.padStart(8);
  const mark = "^".repeat(Math.max(1, Math.min(node.end, end) - node.start));
  // Tabs stay tabs, so that the mark is below what it marks.
  const blank = text.slice(begin, node.start).replace(/[^\t]/g, " ");
  return [
    `${path}:${line}:${node.start - begin + 1}: ${what}: ${why}.`,
    `${margin}${text.slice(begin, end).trimEnd()}`,
    `${"| ".padStart(margin.length)}${blank}${mark}`,
  ].join("\n");
}

function violationsIn(statement: SyntaxNode, path: string, names: Names): Violation[] {
  const found: Violation[] = [];
  if (!TOP_LEVEL.test(statement.kind)) {
    found.push({
      node: statement,
      what: "a statement outside any function",
      why: `start-up code is not run; ${NO_STATE}`,
    });
  }
  for (const node of nodesBelow(statement)) {
    found.push(...constructRules(node), ...globalRules(node, path), ...importRules(node, path));
    found.push(...typeAndNameRules(node, path, names));
  }
  return found;
}

function constructRules(node: SyntaxNode): Violation[] {
  // A function's own signature is a function type too, and a function expression holds a declaration.
  const isSignature = node.kind === "FunctionType" && node.key === "signature";
  const forbidden = isSignature ? undefined : FORBIDDEN[node.kind];
  if (forbidden !== undefined) return [{ node, what: forbidden[0], why: forbidden[1] }];
  if (node.kind === "StringLiteral" && !stringIsForTheCompiler(node)) {
    const what = `the string literal "${node.text}"`;
    return [{ node, what, why: `${NO_DATA}; texts belong in core/diagnostics.ts, pass a number instead` }];
  }
  if (node.kind === "ClassDeclaration") {
    const unmanaged = childrenAt(node, "decorators").some((decorator) => nameOf(decorator) === "unmanaged");
    if (!unmanaged)
      return [{ node, what: `the managed class ${nameOf(node)}`, why: `${NO_HEAP}: write @unmanaged before it` }];
  }
  if (node.kind === "Decorator" && !DECORATORS.includes(nameOf(node))) {
    const why = `only ${DECORATORS.map((name) => `@${name}`).join(", ")} are known to be harmless`;
    return [{ node, what: `the decorator @${nameOf(node)}`, why }];
  }
  return [];
}

/** Strings that only the compiler reads: of imports, decorators, and the field's name in `offsetof<T>("field")`. */
function stringIsForTheCompiler(node: SyntaxNode): boolean {
  const { parent } = node;
  if (parent === undefined) return false;
  if (["Import", "Export", "Decorator"].includes(parent.kind)) return true;
  return parent.kind === "Call" && node.key === "args" && childAt(parent, "expression")?.text === "offsetof";
}

/** Nothing but constants outside of functions, whose value is known when compiling. */
function globalRules(node: SyntaxNode, path: string): Violation[] {
  if (node.kind === "FieldDeclaration" && node.isStatic && !node.isConstant) {
    return [{ node, what: `the static field ${nameOf(node)}`, why: `it is a global variable; ${NO_STATE}` }];
  }
  if (node.kind === "VariableDeclaration" && isGlobal(node)) {
    if (node.isAmbient) return [{ node, what: `the imported variable ${nameOf(node)}`, why: DOORS }];
    if (!node.isConstant && path !== START_UP_FILE) {
      return [{ node, what: `the global variable ${nameOf(node)}`, why: NO_STATE }];
    }
  }
  if (node.kind === "Call" && isInGlobalInitializer(node)) {
    const called = childAt(node, "expression")!;
    if (!CONSTANT_CALLS.includes(called.text)) {
      const why = "the core has no start-up code: a global's value must be known when compiling";
      return [{ node, what: "a call outside any function", why }];
    }
  }
  return [];
}

function pointersAfterTheFirst(source: SourceFile): Violation[] {
  const variables = source.statements
    .flatMap((statement) => (statement.kind === "Variable" ? childrenAt(statement, "declarations") : []))
    .filter((variable) => !variable.isConstant && !variable.isAmbient);
  const why = `${START_UP_FILE} has one start-up pointer, and the core no other variable; ${NO_STATE}`;
  return variables.slice(1).map((node) => ({ node, what: `the global variable ${nameOf(node)}`, why }));
}

function isGlobal(declaration: SyntaxNode): boolean {
  for (let outer = declaration.parent; outer !== undefined; outer = outer.parent) {
    if (outer.kind !== "Variable" && outer.kind !== "NamespaceDeclaration") return false;
  }
  return true;
}

function isInGlobalInitializer(node: SyntaxNode): boolean {
  for (let inner = node, outer = node.parent; outer !== undefined; inner = outer, outer = outer.parent) {
    if (outer.kind === "VariableDeclaration") return inner.key === "initializer" && isGlobal(outer);
    if (outer.kind === "FieldDeclaration") return outer.isStatic;
  }
  return false;
}

function importRules(node: SyntaxNode, path: string): Violation[] {
  if ((node.kind === "Import" || node.kind === "Export") && node.text !== "" && !node.text.startsWith("core/")) {
    return [{ node, what: `an import of ${node.text}`, why: "the core imports nothing outside of core/" }];
  }
  if (node.kind !== "FunctionDeclaration" || !node.isAmbient) return [];
  const module = IMPORTERS.find(([file]) => file.test(path))?.[1];
  const what = `the imported function ${nameOf(node)}`;
  if (module === undefined) return [{ node, what, why: DOORS }];
  const external = childrenAt(node, "decorators").find((decorator) => nameOf(decorator) === "external");
  const [from, name] = external === undefined ? [] : childrenAt(external, "args");
  if (from?.text === module && name !== undefined) return [];
  return [
    {
      node: from ?? node,
      what,
      why: `write @external("${module}", NAME) before it: ${path} is the door to "${module}"`,
    },
  ];
}
