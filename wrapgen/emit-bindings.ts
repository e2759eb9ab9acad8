import { declareFunction, parameterNames } from "./emit-c.js";
import { WrapgenError } from "./errors.js";
import type { ConstantValue, RecordLayout, ValueKind } from "./layouts.js";
import type { Signature } from "./signatures.js";
import type { Arch } from "./targets.js";

/** What one target's compiler says about the functions, records and constants of a wrapper description, in its order. */
export interface BindingFacts {
  signatures: Signature[];
  records: RecordLayout[];
  constants: ConstantValue[];
}

/**
 * Writes the AssemblyScript declarations for the core: one file for both targets. Where they differ, the constant is a
 * choice by `sizeof<usize>()`, which the compiler folds. There are no literals that would need a data segment.
 */
export function emitBindings(facts: Readonly<Record<Arch, BindingFacts>>, title: string): string {
  const { x64, ia32 } = facts;
  const lines = [`// Generated from the headers for ${title}. Do not edit.`];
  for (const [n, signature] of x64.signatures.entries()) {
    lines.push("", ...functionLines(signature, ia32.signatures[n]!));
  }
  for (const [n, record] of x64.records.entries()) {
    lines.push("", ...recordLines(record, ia32.records[n]!));
  }
  lines.push("", ...x64.constants.map((constant, n) => constantLine(constant, ia32.constants[n]!)));
  return `${lines.join("\n")}\n`;
}

function functionLines(x64: Signature, ia32: Signature): string[] {
  const { prototype } = x64;
  if (x64.parameters.length !== ia32.parameters.length) {
    throw new WrapgenError(
      `The prototypes of "${prototype.name}" for x64 and ia32 differ in their number of parameters, so one declaration cannot serve both.`,
    );
  }
  const where = `the prototype of "${prototype.name}"`;
  const names = parameterNames(prototype).map((name) => (RESERVED.has(name) ? `${name}_` : name));
  const parameters = x64.parameters.map((kind, n) => `${names[n]}: ${coreType(kind, ia32.parameters[n]!, where)}`);
  const returns = coreType(x64.returns, ia32.returns, where);
  return [
    `/** \`${declareFunction({ ...prototype, convention: undefined }, prototype.name)}\` */`,
    `@external("os", "${prototype.name}")`,
    `export declare function ${prototype.name}(${parameters.join(", ")}): ${returns};`,
  ];
}

/** Words that C lets be parameters and AssemblyScript does not. */
const RESERVED = new Set(
  (
    "abstract any as async await boolean class constructor debugger declare delete export extends false finally from function get " +
    "implements import in instanceof interface is keyof let module namespace new null number object of package private protected " +
    "public readonly require set string super symbol this throw true try type typeof undefined unique unknown var with yield bool"
  ).split(" "),
);

/** The AssemblyScript type for values that are `x64` on one target and `ia32` on the other. */
function coreType(x64: ValueKind, ia32: ValueKind, where: string): string {
  const sizes = `${x64.size},${ia32.size}`;
  if (x64.kind !== ia32.kind) {
    throw new WrapgenError(
      `In ${where}, x64 has a value of kind ${x64.kind} where ia32 has ${ia32.kind}; one declaration cannot serve both.`,
    );
  }
  switch (x64.kind) {
    case "void":
      return "void";
    case "pointer":
    case "record":
      return "usize";
    case "real":
      return `f${x64.size * 8}`;
    case "integer":
      return integerType(sizes, x64.signed, where);
  }
}

function integerType(sizes: string, signed: boolean, where: string): string {
  const width = { "8,4": "size", "8,8": "64", "4,4": "32", "2,2": "16", "1,1": "8" }[sizes];
  if (width === undefined) {
    throw new WrapgenError(
      `In ${where}, an integer has ${sizes.replace(",", " bytes on x64 and ")} on ia32, which no type of the core matches.`,
    );
  }
  return `${signed ? "i" : "u"}${width}`;
}

function recordLines(x64: RecordLayout, ia32: RecordLayout): string[] {
  const lines = [`// struct ${x64.name}`, sizeLine(`${x64.name}_size`, x64.size, ia32.size)];
  for (const field of x64.fields) {
    const other = ia32.fields.find(({ name }) => name === field.name);
    if (other === undefined) {
      throw new WrapgenError(
        `"${x64.name}.${field.name}" exists on x64 only, so one layout cannot serve both targets.`,
      );
    }
    lines.push(sizeLine(`${x64.name}_${field.name}_offset`, field.offset, other.offset));
    lines.push(sizeLine(`${x64.name}_${field.name}_size`, field.size, other.size));
  }
  return lines;
}

function sizeLine(name: string, x64: number, ia32: number): string {
  return `export const ${name}: usize = ${x64 === ia32 ? x64 : `sizeof<usize>() == 8 ? ${x64} : ${ia32}`};`;
}

function constantLine(x64: ConstantValue, ia32: ConstantValue): string {
  const type = integerType(`${x64.size},${ia32.size}`, x64.signed, `the constant "${x64.name}"`);
  const values = [literal(x64, type), literal(ia32, type)];
  const value = values[0] === values[1] ? values[0] : `sizeof<usize>() == 8 ? ${values[0]} : ${values[1]}`;
  return `export const ${x64.name}: ${type} = ${value};`;
}

/** Small values in decimal, flags in hexadecimal, and pointer-sized values with their high bits set as `~n`: right for both sizes. */
function literal({ value, size, signed }: ConstantValue, type: string): string {
  const complement = BigInt.asUintN(8 * size, ~value);
  if (type === "usize" && complement < 0x8000_0000n && value > complement) {
    return `~${complement}`;
  }
  return !signed && value > 0xffffn ? `0x${value.toString(16)}` : `${value}`;
}
