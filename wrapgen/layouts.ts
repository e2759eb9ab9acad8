import { WrapgenError } from "./errors.js";
import type { CType, HeaderIndex } from "./prototypes.js";

/*
 * Sizes, offsets and values are asked of the target's compiler: each question is an integer constant expression in a
 * C function, and the compiler writes its value into the assembly text as the operand of an empty instruction. Nothing
 * needs to run on Windows.
 */

const MARK = "#wrapgen";

/** What the compiler of one target makes of a C source. */
export type Compilation =
  | { assembly: string }
  /** The first complaint about each line of the source, by line numbers from 1. */
  | { complaints: Map<number, string> };

/**
 * Turns a C source into assembly text: the compiler of one target.
 * @throws WrapgenError if what is wrong lies outside the source, for example in a header
 */
export type Compile = (source: string) => Compilation;

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

/** What a function asks: one line of C, so that a complaint about a line is one about a question. */
interface Question {
  expressions: string[];
  line: string;
  /** An optional question may be one that makes no sense: then its answer is the compiler's complaint. */
  optional: boolean;
}

/** Collects questions, then answers them all with one run of the compiler, or two if some made no sense. */
export class Probe {
  private readonly questions: Question[] = [];
  private readonly checks: string[] = [];
  private answers: number[][] = [];
  private readonly complaints = new Map<string, string>();

  constructor(private readonly includes: readonly string[]) {}

  /** Asks for 32-bit values of integer constant expressions; returns the number of the question. */
  ask(...expressions: string[]): number {
    return this.add(expressions, false);
  }

  /** Asks what may make no sense: then there is no answer. */
  askIfPossible(...expressions: string[]): number {
    return this.add(expressions, true);
  }

  /** Has the compiler look at declarations in one line; `complaint` gives its opinion. */
  check(line: string): string {
    this.checks.push(line);
    return line;
  }

  /** What is wrong with a line given to `check`; undefined if nothing is. */
  complaint(line: string): string | undefined {
    return this.complaints.get(line);
  }

  private add(expressions: string[], optional: boolean): number {
    const number = this.questions.length;
    const slots = expressions.map((_, n) => `%c${n}`).join(" ");
    const operands = expressions.map((expression) => `"i"((int)(unsigned)(${expression}))`).join(", ");
    const line = `  __asm__ volatile("\\n${MARK} ${number} ${slots}" : : ${operands});`;
    this.questions.push({ expressions, line, optional });
    return number;
  }

  /** @throws WrapgenError if the compiler left a question open that is not optional */
  run(compile: Compile): void {
    const includes = this.includes.map((header) => `#include <${header}>`);
    // One function for all questions: thousands of functions would take the compiler longer than their contents.
    const [begin, end] = ["void wrapgen_probe(void) {", "}"];
    let lines = [...new Set(this.checks), begin, ...this.questions.map(({ line }) => line), end];
    let result = compile([...includes, ...lines, ""].join("\n"));
    // Questions that made no sense are left out the next time.
    for (let round = 0; "complaints" in result && round < MAX_ROUNDS; round++) {
      const { complaints } = result;
      const remaining = lines.filter((line, n) => {
        const complaint = complaints.get(includes.length + n + 1);
        if (complaint !== undefined) {
          this.complaints.set(line, complaint);
        }
        return complaint === undefined || line === begin || line === end;
      });
      if (remaining.length === lines.length) {
        break;
      }
      lines = remaining;
      result = compile([...includes, ...lines, ""].join("\n"));
    }
    this.refuseComplaints();
    this.read("assembly" in result ? result.assembly : "");
  }

  private refuseComplaints(): void {
    for (const { optional, expressions, line } of this.questions) {
      const complaint = this.complaints.get(line);
      if (complaint !== undefined && !optional) {
        throw new WrapgenError(
          `The compiler cannot tell ${expressions.at(-1)}: ${complaint}. ` +
            "Check the names in the wrapper description, and that the headers that define them are listed in it.",
        );
      }
    }
  }

  private read(assembly: string): void {
    for (const line of assembly.split("\n")) {
      if (line.startsWith(MARK)) {
        const [number, ...values] = line.slice(MARK.length).trim().split(/\s+/).map(Number);
        this.answers[number!] = values;
      }
    }
    for (const [number, { expressions, optional }] of this.questions.entries()) {
      const answer = this.answers[number];
      if (!optional && (answer?.length !== expressions.length || !answer.every(Number.isInteger))) {
        throw new WrapgenError(`The compiler gave no value for ${expressions.join(", ")}. Is it a mingw GCC?`);
      }
    }
  }

  /** The values asked for. */
  answer(number: number): number[] {
    return this.answers[number]!;
  }

  /** The values asked for, or undefined if the question made no sense. */
  answerIfAny(number: number): number[] | undefined {
    return this.answers[number];
  }
}

/** Leaving out a line brings no new complaints about others, apart from rare cases of lines that depend on it. */
const MAX_ROUNDS = 5;

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
  const answer = askKindIfPossible(probe, type);
  return () => {
    const kind = answer();
    if (kind === undefined) {
      throw new WrapgenError(
        `The type "${type}" cannot be passed on; leave its function out of the wrapper description.`,
      );
    }
    return kind;
  };
}

/** As `askKind`, with no answer for types that do not travel: vectors, complex and 16-byte numbers, incomplete types. */
export function askKindIfPossible(probe: Probe, type: string): () => ValueKind | undefined {
  const number = probe.askIfPossible(
    compatible(type, ["void"]),
    `sizeof(__typeof__(${type}))`,
    // A void expression cannot be classified, so another type stands in for it.
    `__builtin_classify_type(*__builtin_choose_expr(${compatible(type, ["void"])}, (int *)0, (__typeof__(${type}) *)0))`,
    compatible(type, [...SIGNED, "char"]),
  );
  return () => {
    const answer = probe.answerIfAny(number);
    if (answer === undefined) {
      return undefined;
    }
    const [isVoid, size, cls, signed] = answer as [number, number, number, number];
    const kind = isVoid ? "void" : CLASSES[cls];
    const travels = kind !== undefined && (kind === "record" || size <= 8);
    return travels ? { kind, size: isVoid ? 0 : size, signed: signed !== 0 } : undefined;
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
