import { childAt, childrenAt, nameOf, nodesBelow, type SourceFile, type SyntaxNode } from "./source-tree.js";

/** What a name of a file stands for: a function, another declaration, or a whole file (`import * as`). */
export type Meaning = { kind: "function" | "class" | "other" } | { kind: "file"; path: string };

/** What the top-level names of each file mean, imported ones included. */
export class Names {
  private readonly files = new Map<string, SourceFile>();
  private readonly known = new Map<string, Map<string, Meaning>>();

  constructor(sources: readonly SourceFile[]) {
    for (const source of sources) this.files.set(source.path.replace(/\.ts$/, ""), source);
  }

  /** The meaning of a top-level name of that file; undefined if it is neither declared nor imported there. */
  inFile(path: string, name: string): Meaning | undefined {
    return this.namesOf(path.replace(/\.ts$/, "")).get(name);
  }

  private namesOf(path: string): Map<string, Meaning> {
    const known = this.known.get(path);
    if (known !== undefined) return known;
    const names = new Map<string, Meaning>();
    // Entered before it is filled: files may import each other.
    this.known.set(path, names);
    for (const statement of this.files.get(path)?.statements ?? []) this.declare(statement, names);
    return names;
  }

  private declare(statement: SyntaxNode, names: Map<string, Meaning>): void {
    switch (statement.kind) {
      case "FunctionDeclaration":
        names.set(nameOf(statement), { kind: "function" });
        break;
      case "ClassDeclaration":
        names.set(nameOf(statement), { kind: "class" });
        break;
      case "Variable":
        for (const variable of childrenAt(statement, "declarations")) names.set(nameOf(variable), { kind: "other" });
        break;
      case "Import":
        this.declareImports(statement, names);
        break;
      case "Export":
        // `export { a } from "./b"`: no name of this file, but others may import it from here.
        for (const member of childrenAt(statement, "members")) {
          const local = childAt(member, "localName")!.text;
          const exported = childAt(member, "exportedName")!.text;
          const meaning = statement.text === "" ? names.get(local) : this.namesOf(statement.text).get(local);
          if (meaning !== undefined && !names.has(exported)) names.set(exported, meaning);
        }
        break;
      default:
        if (nameOf(statement) !== "") names.set(nameOf(statement), { kind: "other" });
    }
  }

  private declareImports(statement: SyntaxNode, names: Map<string, Meaning>): void {
    const whole = childAt(statement, "namespaceName");
    if (whole !== undefined) names.set(whole.text, { kind: "file", path: statement.text });
    for (const declaration of childrenAt(statement, "declarations")) {
      const foreign = this.namesOf(statement.text).get(childAt(declaration, "foreignName")!.text);
      names.set(nameOf(declaration), foreign ?? { kind: "other" });
    }
  }
}

const declaredIn = new WeakMap<SyntaxNode, ReadonlySet<string>>();

/** True when a function or class around the node declares that name: a parameter, variable or type parameter. */
export function isLocal(node: SyntaxNode, name: string): boolean {
  for (let outer: SyntaxNode | undefined = node; outer !== undefined; outer = outer.parent) {
    if (/^(?:Function|Method|Class|Type)Declaration$/.test(outer.kind) && declarationsIn(outer).has(name)) return true;
  }
  return false;
}

/** Blocks are not told apart: a name that is declared anywhere in a function counts as local in all of it. */
function declarationsIn(node: SyntaxNode): ReadonlySet<string> {
  const known = declaredIn.get(node);
  if (known !== undefined) return known;
  const names = new Set<string>();
  for (const below of nodesBelow(node)) {
    if (["TypeParameter", "Parameter", "VariableDeclaration"].includes(below.kind)) names.add(nameOf(below));
  }
  declaredIn.set(node, names);
  return names;
}

/** True for an identifier that is read as a value or called; false where it only names something. */
export function isUse(node: SyntaxNode): boolean {
  if (node.kind !== "Identifier" || node.text === "" || node.parent === undefined) return false;
  if (["name", "property", "identifier", "label"].includes(node.key)) return false;
  return !["Import", "ImportDeclaration", "ExportMember", "Decorator", "TypeName"].includes(node.parent.kind);
}
