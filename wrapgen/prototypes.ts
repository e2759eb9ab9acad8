import type { Node } from "web-tree-sitter";
import { type BlankedSource, blankAttributes, type Convention, conventionIn } from "./attributes.js";

/**
 * A C type as the text around a name: `before` + NAME + `after` declares a variable, `before` + `after` is the type's own name.
 * For `int (*)[4]` that is `int (*` and `)[4]`.
 */
export interface CType {
  before: string;
  after: string;
}

export interface Parameter {
  /** Undefined where the header names none. */
  name: string | undefined;
  type: CType;
}

export interface Prototype {
  name: string;
  returns: CType;
  /** Undefined if the header names none: the target's own convention. */
  convention: Convention | undefined;
  parameters: Parameter[];
  /** Ends in `...`. */
  variadic: boolean;
}

/** A struct or union with its fields, those of anonymous members included. */
export interface CRecord {
  /** How C code names it: a typedef's name or `struct TAG`. */
  spelling: string;
  /** Bit-fields are left out: they have no offset. */
  fields: string[];
}

/** What the headers declare, by name. */
export interface HeaderIndex {
  prototype(name: string): Prototype | undefined;
  record(name: string): CRecord | undefined;
}

/** Anything that turns C text into a syntax tree of the tree-sitter C grammar. */
export type ParseC = (text: string) => Node;

/**
 * Indexes the functions and records that preprocessed source declares at its top level.
 * Functions without a full prototype (`int f();`, or declared through a typedef of a function type) are left out.
 */
export function indexHeaders(source: string, parseC: ParseC): HeaderIndex {
  const blanked = blankAttributes(source);
  const functions = new Map<string, FunctionPlace>();
  const records = new Map<string, CRecord>();
  visitTopLevel(parseC(blanked.text), (node) => {
    if (node.type === "declaration" || node.type === "function_definition") {
      collectFunctions(node, functions);
    }
    collectRecords(node, records);
  });
  return {
    prototype: (name) => {
      const place = functions.get(name);
      return place === undefined ? undefined : readPrototype(name, place, source, blanked);
    },
    record: (name) => records.get(name),
  };
}

interface FunctionPlace {
  declaration: Node;
  /** The whole declarator of this function: one of several in `int f(int), g(int);`. */
  declarator: Node;
  /** The part of it that is `NAME(PARAMETERS)`. */
  call: Node;
}

/** Constructs that hold declarations instead of being one; where the grammar stumbles, it goes on inside an ERROR. */
const CONTAINERS = new Set(["translation_unit", "linkage_specification", "declaration_list", "ERROR"]);

function visitTopLevel(node: Node, visit: (node: Node) => void): void {
  for (const child of node.namedChildren) {
    if (CONTAINERS.has(child.type)) {
      visitTopLevel(child, visit);
    } else {
      visit(child);
    }
  }
}

function collectFunctions(declaration: Node, functions: Map<string, FunctionPlace>): void {
  for (const declarator of declaration.childrenForFieldName("declarator")) {
    if (declarator.hasError) {
      continue;
    }
    const call = functionPart(declarator);
    const name = call?.childForFieldName("declarator");
    // The first full prototype counts: later ones repeat it.
    if (call && name?.type === "identifier" && !functions.has(name.text) && isPrototype(call)) {
      functions.set(name.text, { declaration, declarator, call });
    }
  }
}

/** Follows a declarator inwards to the function that it declares: the function_declarator directly around the name. */
function functionPart(declarator: Node): Node | undefined {
  let node: Node | null = declarator;
  while (node) {
    const inner: Node | null = innerDeclarator(node);
    if (node.type === "function_declarator" && inner?.type === "identifier") {
      return node;
    }
    node = inner;
  }
  return undefined;
}

/** One step from a declarator towards the name it declares; null at the name, or in an abstract declarator at its core. */
function innerDeclarator(node: Node): Node | null {
  const field = node.childForFieldName("declarator");
  if (field !== null) {
    return field;
  }
  return node.type.endsWith("parenthesized_declarator") || node.type === "attributed_declarator"
    ? (node.namedChildren.find((child) => child.type.endsWith("declarator") || child.type === "identifier") ?? null)
    : null;
}

/** `f()` says nothing about the parameters, so it is no prototype. */
function isPrototype(call: Node): boolean {
  const parameters = call.childForFieldName("parameters");
  return parameters !== null && parameters.namedChildCount > 0;
}

function readPrototype(name: string, place: FunctionPlace, source: string, blanked: BlankedSource): Prototype {
  const { declaration, declarator, call } = place;
  const first =
    declaration.childrenForFieldName("declarator").find((node) => node.type !== "ms_call_modifier") ?? declarator;
  let convention: Convention | undefined;
  // Attributes beside the function's name are the function's; those inside parentheses belong to a type and stay in its text.
  const clean = (start: number, end: number): string => {
    let text = "";
    let at = start;
    for (const attribute of blanked.attributes) {
      if (attribute.start < start || attribute.end > end) {
        continue;
      }
      text += blanked.text.slice(at, attribute.start);
      const spelled = source.slice(attribute.start, attribute.end);
      if (parenthesisDepth(text) > 0) {
        text += spelled;
      } else {
        convention ??= conventionIn(spelled);
      }
      at = attribute.end;
    }
    return text + blanked.text.slice(at, end);
  };
  const before = `${clean(declaration.startIndex, first.startIndex)} ${clean(declarator.startIndex, call.startIndex)}`;
  const after = clean(call.endIndex, declarator.endIndex);
  const keyword = before.match(/\b__(?:cdecl|stdcall|fastcall|thiscall|vectorcall)\b/);
  convention ??= keyword ? conventionIn(keyword[0]) : undefined;

  const parameterNodes = call.childForFieldName("parameters")?.namedChildren ?? [];
  const parameters = parameterNodes
    .filter((node) => node.type === "parameter_declaration")
    .map((node) => readParameter(node, source));
  const onlyVoid =
    parameters.length === 1 && parameters[0]?.name === undefined && parameters[0]?.type.before === "void";
  return {
    name,
    returns: { before: tidy(withoutSpecifiers(before)), after: tidy(after) },
    convention,
    parameters: onlyVoid ? [] : parameters,
    variadic: parameterNodes.some((node) => node.type === "variadic_parameter"),
  };
}

function parenthesisDepth(text: string): number {
  let depth = 0;
  for (const c of text) {
    depth += c === "(" ? 1 : c === ")" ? -1 : 0;
  }
  return depth;
}

/** Drops what says how a function is linked or called, and leaves what says which type it returns. */
function withoutSpecifiers(text: string): string {
  return text
    .replace(/\b__declspec\s*\([^)]*\)/g, " ")
    .replace(/\b(?:extern|static|inline|__inline|__inline__|__extension__|_Noreturn|register)\b/g, " ")
    .replace(/\b__(?:cdecl|stdcall|fastcall|thiscall|vectorcall)\b/g, " ");
}

/** A parameter with its name cut out; arrays and functions become the pointers that they are when passed. */
function readParameter(node: Node, source: string): Parameter {
  let outer: Node | null = null;
  let core = node.childForFieldName("declarator");
  while (core) {
    const inner = innerDeclarator(core);
    if (inner === null) {
      break;
    }
    outer = core;
    core = inner;
  }
  const slice = (start: number, end: number) => source.slice(start, end);
  const { startIndex: start, endIndex: end } = node;
  if (core === null) {
    return { name: undefined, type: { before: tidy(slice(start, end)), after: "" } };
  }
  if (core.type === "identifier") {
    const decays = outer?.type === "array_declarator" || outer?.type === "function_declarator";
    const before = slice(start, core.startIndex);
    if (outer?.type === "array_declarator" && decays) {
      return { name: core.text, type: pointerTo(before, slice(outer.endIndex, end)) };
    }
    return {
      name: core.text,
      type: decays
        ? pointerTo(before, slice(core.endIndex, end))
        : { before: tidy(before), after: tidy(slice(core.endIndex, end)) },
    };
  }
  // Abstract declarators: `*` ends at its star, `[4]` and `(int)` begin where a name would have stood.
  if (core.type === "abstract_array_declarator") {
    return { name: undefined, type: pointerTo(slice(start, core.startIndex), slice(core.endIndex, end)) };
  }
  if (core.type === "abstract_function_declarator") {
    return { name: undefined, type: pointerTo(slice(start, core.startIndex), slice(core.startIndex, end)) };
  }
  return {
    name: undefined,
    type: { before: tidy(slice(start, core.endIndex)), after: tidy(slice(core.endIndex, end)) },
  };
}

function pointerTo(before: string, after: string): CType {
  return after.trim() === ""
    ? { before: tidy(`${before} *`), after: "" }
    : { before: tidy(`${before} (*`), after: tidy(`)${after}`) };
}

function collectRecords(node: Node, records: Map<string, CRecord>): void {
  const record = isRecord(node) ? node : node.childForFieldName("type");
  const body = record && isRecord(record) ? record.childForFieldName("body") : null;
  if (!record || !body) {
    return;
  }
  const fields = fieldNames(body);
  const tag = record.childForFieldName("name")?.text;
  if (tag !== undefined && !records.has(tag)) {
    records.set(tag, { spelling: `${record.type === "union_specifier" ? "union" : "struct"} ${tag}`, fields });
  }
  if (node.type === "type_definition") {
    for (const declarator of node.childrenForFieldName("declarator")) {
      if (declarator.type === "type_identifier") {
        records.set(declarator.text, { spelling: declarator.text, fields });
      }
    }
  }
}

function isRecord(node: Node): boolean {
  return node.type === "struct_specifier" || node.type === "union_specifier";
}

function fieldNames(body: Node): string[] {
  const names: string[] = [];
  for (const field of body.namedChildren) {
    if (field.type !== "field_declaration" || field.namedChildren.some((child) => child.type === "bitfield_clause")) {
      continue;
    }
    const declarators = field.childrenForFieldName("declarator");
    const type = field.childForFieldName("type");
    if (declarators.length === 0 && type !== null && isRecord(type)) {
      const inner = type.childForFieldName("body");
      names.push(...(inner === null ? [] : fieldNames(inner)));
    }
    for (const declarator of declarators) {
      let core: Node | null = declarator;
      while (core && core.type !== "field_identifier") {
        core = innerDeclarator(core) ?? core.namedChildren.find((child) => child.type === "field_identifier") ?? null;
      }
      if (core) {
        names.push(core.text);
      }
    }
  }
  return names;
}

/** One line, single blanks, stars together. */
function tidy(text: string): string {
  return text
    .replace(/\s+/g, " ")
    .replace(/\* (?=\*)/g, "*")
    .trim();
}
