import type { Node } from "web-tree-sitter";

/** One step from a declarator towards the name it declares; null at the name, or in an abstract declarator at its core. */
export function innerDeclarator(node: Node): Node | null {
  const field = node.childForFieldName("declarator");
  if (field !== null) {
    return field;
  }
  return node.type.endsWith("parenthesized_declarator") || node.type === "attributed_declarator"
    ? (node.namedChildren.find((child) => child.type.endsWith("declarator") || child.type === "identifier") ?? null)
    : null;
}
