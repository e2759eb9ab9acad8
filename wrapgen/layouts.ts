import { WrapgenError } from "./errors.js";
import type { CType, HeaderIndex } from "./prototypes.js";

/*
 * Sizes, offsets and values are asked of the target's compiler: each question is an integer constant expression in a
 * C function, and the compiler writes its value into the assembly text as the operand of an empty instruction. Nothing
 * needs to run on Windows.
 */

const MARK = "#wrapgen";

/** Turns assembly text of a C source into answers: the compiler of one target. */
export type Compile = (source: string) => string;

/** A type as values of it travel between the core and C. */
export interface ValueKind {
  kind: "void" | "integer" | "pointer" | "real" | "record";
  /** In bytes; 0 for void. */
  size: number;
  /** Meaningful for integers only. */
  signed: boolean;
}

export interface FieldLayout {
  name: string;
  offset: number;
  size: number;
}

export interface RecordLayout {
  name: string;
  size: number;
  fields: FieldLayout[];
}

export interface ConstantValue {
  name: string;
  value: bigint;
  /** In bytes, after C's integer promotion: 4 or 8. */
  size: number;
  signed: boolean;
}

/** Collects questions, then answers them all with one run of the compiler. */
export class Probe {
  private readonly questions: string[][] = [];
  private answers: number[][] = [];

  constructor(private readonly includes: readonly string[]) {}

  /** Asks for 32-bit values of integer constant expressions; returns the number of the question. */
  ask(...expressions: string[]): number {
    return this.questions.push(expressions) - 1;
  }

  /** @throws WrapgenError if the compiler left a question open */
  run(compile: Compile): void {
    const lines = [...this.includes.map((header) => `#include <${header}>`), "void wrapgen_probe(void) {"];
    for (const [number, expressions] of this.questions.entries()) {
      const slots = expressions.map((_, n) => `%c${n}`).join(" ");
      const operands = expressions.map((expression) => `"i"((int)(unsigned)(${expression}))`).join(", ");
      lines.push(`  __asm__ volatile("\\n${MARK} ${number} ${slots}" : : ${operands});`);
    }
    lines.push("}", "");
    const assembly = compile(lines.join("\n"));
    for (const line of assembly.split("\n")) {
      if (line.startsWith(MARK)) {
        const [number, ...values] = line.slice(MARK.length).trim().split(/\s+/).map(Number);
        this.answers[number!] = values;
      }
    }
    for (const [number, expressions] of this.questions.entries()) {
      const answer = this.answers[number];
      if (answer?.length !== expressions.length || !answer.every(Number.isInteger)) {
        throw new WrapgenError(`The compiler gave no value for ${expressions.join(", ")}. Is it a mingw GCC?`);
      }
    }
  }

  answer(number: number): number[] {
    return this.answers[number]!;
  }
}

/** The name of a type, as in a cast. */
export function typeName(type: CType): string {
  return `${type.before}${type.after}`;
}

const SIGNED = ["signed char", "short", "int", "long", "long long"];

const compatible = (type: string, others: string[]) =>
  others.map((other) => `__builtin_types_compatible_p(__typeof__(${type}), ${other})`).join(" || ");

/** `__builtin_classify_type` as GCC numbers the classes of types. */
const CLASSES: Record<number, ValueKind["kind"]> = {
  1: "integer",
  2: "integer",
  3: "integer",
  4: "integer",
  5: "pointer",
  8: "real",
  12: "record",
  13: "record",
};

/** Asks what kind of values a type has. The answer is valid after the probe ran. */
export function askKind(probe: Probe, type: string): () => ValueKind {
  const number = probe.ask(
    compatible(type, ["void"]),
    `sizeof(__typeof__(${type}))`,
    // A void expression cannot be classified, so another type stands in for it.
    `__builtin_classify_type(*__builtin_choose_expr(${compatible(type, ["void"])}, (int *)0, (__typeof__(${type}) *)0))`,
    compatible(type, [...SIGNED, "char"]),
  );
  return () => {
    const [isVoid, size, cls, signed] = probe.answer(number) as [number, number, number, number];
    const kind = isVoid ? "void" : CLASSES[cls];
    if (kind === undefined || (kind !== "record" && size > 8)) {
      throw new WrapgenError(
        `The type "${type}" (class ${cls}, ${size} bytes) cannot be passed on; leave its function out of the wrapper description.`,
      );
    }
    return { kind, size: isVoid ? 0 : size, signed: signed !== 0 };
  };
}

/** Asks for the layout of a record that the headers define. */
export function askRecord(probe: Probe, headers: HeaderIndex, name: string): () => RecordLayout {
  const record = headers.record(name);
  if (record === undefined) {
    throw new WrapgenError(
      `The headers define no struct "${name}". Correct "bindings.structs" or name the header that defines it.`,
    );
  }
  const size = probe.ask(`sizeof(${record.spelling})`);
  const fields = record.fields.map((field) => ({
    field,
    number: probe.ask(
      `__builtin_offsetof(${record.spelling}, ${field})`,
      `sizeof(((${record.spelling} *)0)->${field})`,
    ),
  }));
  return () => ({
    name,
    size: probe.answer(size)[0]!,
    fields: fields.map(({ field, number }) => {
      const [offset, fieldSize] = probe.answer(number) as [number, number];
      return { name: field, offset, size: fieldSize };
    }),
  });
}

/** Asks for the value and the type of an integer constant: a macro or an enumerator. */
export function askConstant(probe: Probe, name: string): () => ConstantValue {
  const wide = `(unsigned long long)(${name})`;
  const number = probe.ask(
    wide,
    `(${wide}) >> 32`,
    `sizeof(__typeof__(${name}))`,
    compatible(`__typeof__(${name})`, SIGNED),
  );
  return () => {
    const [low, high, typeSize, isSigned] = probe.answer(number) as [number, number, number, number];
    const promoted = typeSize < 4;
    const signed = promoted || isSigned !== 0;
    const size = promoted ? 4 : typeSize;
    const bits = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
    return { name, value: signed ? BigInt.asIntN(8 * size, bits) : BigInt.asUintN(8 * size, bits), size, signed };
  };
}
