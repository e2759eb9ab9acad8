import type { Node } from "web-tree-sitter";
import { innerDeclarator } from "./declarators.js";

/** A struct or union with its fields, those of anonymous members included. */
export interface CRecord {
  /** How C code names it: a typedef's name or `struct TAG`. */
  spelling: string;
  /** Bit-fields are left out: they have no offset. */
  fields: string[];
}

/** An enumeration's names of values, in their order. */
export interface CEnum {
  enumerators: string[];
}

/** Adds the struct or union that a top-level node defines, by its tag and its typedef names. */
export function collectRecords(node: Node, records: Map<string, CRecord>): void {
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

/** Adds the enumeration that a top-level node defines, by its typedef names and `enum TAG`. */
export function collectEnums(node: Node, enums: Map<string, CEnum>): void {
  const found = node.type === "enum_specifier" ? node : node.childForFieldName("type");
  const body = found?.type === "enum_specifier" ? found.childForFieldName("body") : null;
  if (!found || !body) {
    return;
  }
  const names = body.namedChildren.filter((child) => child.type === "enumerator");
  const value = { enumerators: names.map((child) => child.childForFieldName("name")?.text ?? "") };
  const tag = found.childForFieldName("name")?.text;
  if (tag !== undefined) {
    enums.set(`enum ${tag}`, value);
  }
  if (node.type === "type_definition") {
    for (const declarator of node.childrenForFieldName("declarator")) {
      enums.set(declarator.text, value);
    }
  }
}
