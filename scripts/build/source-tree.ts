import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * The core's source as AssemblyScript's own parser sees it, in a shape that does not depend on the parser's classes:
 * every node with its kind, its place in its parent, and its place in the text.
 */

/** One node. `kind` is the parser's `NodeKind`; a literal says which one it is: "StringLiteral", "FloatLiteral", ... */
export interface SyntaxNode {
  kind: string;
  /** The field of the parent that holds it: "expression", "args", "body", ... Empty for a file's own statements. */
  key: string;
  parent: SyntaxNode | undefined;
  children: SyntaxNode[];
  /** An identifier's name or a string literal's value. */
  text: string;
  /** Offsets in the file's text. */
  start: number;
  end: number;
  /** Modifiers that matter here. */
  isStatic: boolean;
  isConstant: boolean;
  isAmbient: boolean;
}

/** One place where the source breaks a rule. */
export interface Violation {
  node: SyntaxNode;
  /** What stands there. */
  what: string;
  /** Which rule that breaks, and what to do instead. */
  why: string;
}

/** One file of the core. */
export interface SourceFile {
  /** From the folder that holds core/, with "/" between names. */
  path: string;
  text: string;
  statements: SyntaxNode[];
}

/** What this file uses of the parser's nodes. They are plain objects whose fields hold other nodes. */
interface ParserNode {
  kind: number;
  range: { start: number; end: number };
  flags?: number;
  literalKind?: number;
  text?: string;
  value?: unknown;
  internalPath?: string | null;
}

/** What this file uses of the package. */
interface AssemblyScript {
  newOptions(): unknown;
  newProgram(options: unknown): { sources: { normalizedPath: string; text: string; statements: ParserNode[] }[] };
  parse(program: unknown, text: string | null, path: string, isEntry: boolean): void;
  nextFile(program: unknown): string | null;
  nextDiagnostic(program: unknown): unknown;
  formatDiagnostic(diagnostic: unknown, useColors: boolean, showContext: boolean): string;
  Node: abstract new () => ParserNode;
  NodeKind: Readonly<Record<number, string>>;
  LiteralKind: Readonly<Record<number, string>>;
  CommonFlags: Readonly<Record<string, number>>;
}

/**
 * Parses the files that are compiled when `entry` is: the entry and whatever it imports, directly or not.
 * Files that cannot be parsed or found are left to the compiler, which says so better.
 * @param root the folder that holds core/
 * @param entry for example "core/index.ts"
 */
export async function parseSources(root: string, entry: string): Promise<SourceFile[]> {
  const assemblyscript = await loadParser();
  const program = assemblyscript.newProgram(assemblyscript.newOptions());
  assemblyscript.parse(program, readFileSync(join(root, entry), "utf8"), entry, true);
  for (let path = assemblyscript.nextFile(program); path !== null; path = assemblyscript.nextFile(program)) {
    const file = [`${path}.ts`, `${path}/index.ts`].find((candidate) => existsSync(join(root, candidate)));
    if (file !== undefined) assemblyscript.parse(program, readFileSync(join(root, file), "utf8"), file, false);
  }
  const convert = converter(assemblyscript);
  return program.sources.map(({ normalizedPath, text, statements }) => ({
    path: normalizedPath,
    text,
    statements: statements.map((statement) => convert(statement, "", undefined)),
  }));
}

/** What the parser has against a file by itself, whatever it imports. */
export async function syntaxErrors(text: string): Promise<string[]> {
  const { newProgram, newOptions, parse, nextDiagnostic, formatDiagnostic } = await loadParser();
  const program = newProgram(newOptions());
  parse(program, text, "core/file.ts", true);
  const found: string[] = [];
  for (let next = nextDiagnostic(program); next !== null; next = nextDiagnostic(program)) {
    found.push(formatDiagnostic(next, false, false));
  }
  return found;
}

/** Loading it takes half a second: only when it is needed. */
async function loadParser(): Promise<AssemblyScript> {
  // Its types would come along with its name, and with them AssemblyScript's own `console` in place of Node's.
  const name: string = "assemblyscript";
  return (await import(name)) as AssemblyScript;
}

type Convert = (node: ParserNode, key: string, parent: SyntaxNode | undefined) => SyntaxNode;

function converter(assemblyscript: AssemblyScript): Convert {
  const { Node, NodeKind, LiteralKind, CommonFlags } = assemblyscript;
  const convert: Convert = (node, key, parent) => {
    const flagged = (flag: string) => ((node.flags ?? 0) & CommonFlags[flag]!) !== 0;
    const converted: SyntaxNode = {
      kind: node.literalKind === undefined ? NodeKind[node.kind]! : `${LiteralKind[node.literalKind]}Literal`,
      key,
      parent,
      children: [],
      text: node.internalPath ?? node.text ?? (typeof node.value === "string" ? node.value : ""),
      start: node.range.start,
      end: node.range.end,
      isStatic: flagged("Static"),
      isConstant: flagged("Const") || flagged("Readonly"),
      isAmbient: flagged("Ambient") || flagged("Declare"),
    };
    for (const [field, value] of Object.entries(node)) {
      if (field === "range") continue;
      for (const child of Array.isArray(value) ? value : [value]) {
        if (child instanceof Node) converted.children.push(convert(child, field, converted));
      }
    }
    return converted;
  };
  return convert;
}

/** The child in that field of the node. */
export function childAt(node: SyntaxNode, key: string): SyntaxNode | undefined {
  return node.children.find((child) => child.key === key);
}

/** The children in that field of the node, for fields that hold several. */
export function childrenAt(node: SyntaxNode, key: string): SyntaxNode[] {
  return node.children.filter((child) => child.key === key);
}

/** The name that a declaration, a decorator or an identifier carries. */
export function nameOf(node: SyntaxNode): string {
  return node.kind === "Identifier" ? node.text : (childAt(node, "name")?.text ?? "");
}

/** The node and all below it, parents first. */
export function* nodesBelow(node: SyntaxNode): Generator<SyntaxNode> {
  yield node;
  for (const child of node.children) yield* nodesBelow(child);
}
