import type { Node } from "web-tree-sitter";
import { type BlankedSource, blankAttributes, type Convention, conventionIn } from "./attributes.js";
import { innerDeclarator } from "./declarators.js";
import { type CEnum, type CRecord, collectEnums, collectRecords } from "./records.js";

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

/** A prototype and where it stands. */
export interface Declaration {
  prototype: Prototype;
  /** FILE:LINE, or empty if the source does not tell. */
  where: string;
}

/** What the headers declare, by name. */
export interface HeaderIndex {
  /** The first full prototype. */
  prototype(name: string): Prototype | undefined;
  /** All full prototypes, in their order. */
  declarations(name: string): Declaration[];
  record(name: string): CRecord | undefined;
  /** By a typedef's name or `enum TAG`. */
  enumeration(spelling: string): CEnum | undefined;
}

/** Anything that turns C text into a syntax tree of the tree-sitter C grammar. */
export type ParseC = (text: string) => Node;

/**
 * Indexes the functions and records that preprocessed source declares at its top level.
 * Functions without a full prototype (`int f();`, or declared through a typedef of a function type) are left out.
 */
export function indexHeaders(
  source: string,
  parseC: ParseC,
  whereIs: (offset: number) => string = () => "",
): HeaderIndex {
  const blanked = blankAttributes(source);
  const functions = new Map<string, FunctionPlace[]>();
  const records = new Map<string, CRecord>();
  const enums = new Map<string, CEnum>();
  visitTopLevel(parseC(blanked.text), (node) => {
    if (node.type === "declaration" || node.type === "function_definition") {
      collectFunctions(node, functions);
    }
    collectRecords(node, records);
    collectEnums(node, enums);
  });
  const read = (name: string, place: FunctionPlace) => readPrototype(name, place, source, blanked);
  return {
    prototype: (name) => {
      const place = functions.get(name)?.[0];
      return place && read(name, place);
    },
    declarations: (name) =>
      (functions.get(name) ?? []).map((place) => ({
        prototype: read(name, place),
        where: whereIs(place.call.startIndex),
      })),
    record: (name) => records.get(name),
    enumeration: (spelling) => enums.get(spelling),
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

function collectFunctions(declaration: Node, functions: Map<string, FunctionPlace[]>): void {
  for (const declarator of declaration.childrenForFieldName("declarator")) {
    if (declarator.hasError) {
      continue;
    }
    const call = functionPart(declarator);
    const name = call?.childForFieldName("declarator");
    if (call && name?.type === "identifier" && isPrototype(call)) {
      const known = functions.get(name.text) ?? [];
      known.push({ declaration, declarator, call });
      functions.set(name.text, known);
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

/** One line, single blanks, stars together. */
function tidy(text: string): string {
  return text
    .replace(/\s+/g, " ")
    .replace(/\* (?=\*)/g, "*")
    .trim();
}
