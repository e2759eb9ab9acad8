import { type Probe, typeName } from "./layouts.js";
import type { ModelSources } from "./model.js";
import type { CType, Prototype } from "./prototypes.js";
import type { SignatureSource } from "./signatures.js";
import { symbolPrefix } from "./trace-symbols.js";

/** How the trace writes a value: names of `enum vmmc_kind` in runtime/trace.h, in lower case. */
export type TraceKind =
  | "void"
  | "integer"
  | "hexadecimal"
  | "real"
  | "record"
  | "pointer"
  | "number_pointer"
  | "string"
  | "wide_string"
  | "bytes"
  | "buffer"
  | "sockaddr"
  | "fd_set"
  | "unknown";

/** Names for values. */
export interface TraceSymbol {
  name: string;
  value: bigint;
}

/** One traced value: a parameter or a result. */
export interface TraceValue {
  name: string;
  kind: TraceKind;
  /** In bytes; of what it points to for "number_pointer". */
  size: number;
  signed: boolean;
  /** A result of all bits set or zero tells of failure, according to the type. */
  failure: "none" | "zero" | "minus_one" | "negative";
  /** For pointers: the function does not write there. */
  isConst: boolean;
  /** The index of the parameter that tells how many bytes "bytes" and "buffer" have; -1 if none does. */
  lengthAt: number;
  symbols: TraceSymbol[];
}

export interface TraceTypes {
  parameters: TraceValue[];
  returns: TraceValue;
}

/** What is asked about a type, once for all values of it. */
interface TypeQuestions {
  isText: number;
  pointsTo: number;
  isAddress: number | undefined;
  isSet: number | undefined;
  enumerators: () => TraceSymbol[];
}

/** Puts all questions about how to write the values of functions; the answers are valid after the probe ran. */
export class TraceSource {
  private readonly types = new Map<string, TypeQuestions>();

  constructor(
    private readonly sources: ModelSources,
    private readonly signatures: SignatureSource,
    private readonly probe: Probe,
  ) {}

  /** How the values of one function are written. */
  ask(prototype: Prototype): () => TraceTypes {
    const values = prototype.parameters.map(({ name, type }, n) =>
      this.askValue(type, name ?? `arg${n}`, prototype.name),
    );
    const returns = this.askValue(prototype.returns, "", prototype.name);
    return () => {
      const parameters = values.map((value) => value());
      return { parameters: parameters.map((value, n) => withLength(value, n, parameters)), returns: returns() };
    };
  }

  private askValue(type: CType, name: string, functionName: string): () => TraceValue {
    const { config, macros } = this.sources;
    const text = typeName(type);
    const kind = this.signatures.tolerantKind(text);
    const questions = this.types.get(text) ?? this.askType(text);
    this.types.set(text, questions);
    const named = askSymbols(symbolPrefix(config.symbols, functionName, name), macros, this.probe);
    return () => {
      const { kind: what, size, signed } = kind() ?? { kind: "unknown" as const, size: 0, signed: false };
      const symbols = [...questions.enumerators(), ...named()];
      const isConst = /\bconst\b|\bLPC/.test(text);
      const base = { name, size, signed, failure: "none" as const, isConst, lengthAt: -1, symbols };
      switch (what) {
        case "integer": {
          const failure = BOOLEANS.test(text) ? "zero" : text === "HRESULT" ? "negative" : "minus_one";
          return { ...base, kind: HANDLES.test(text) ? "hexadecimal" : "integer", failure };
        }
        case "pointer":
          return { ...base, ...this.pointer(text, questions), failure: "zero" };
        default:
          return { ...base, kind: what };
      }
    };
  }

  private askType(text: string): TypeQuestions {
    const { headers } = this.sources;
    const same = (other: string) => `__builtin_types_compatible_p(__typeof__(${text}), ${other})`;
    const isA = (record: string) =>
      headers.record(record) &&
      this.probe.askIfPossible(`${same(`struct ${record} *`)} || ${same(`const struct ${record} *`)}`);
    return {
      isText: this.probe.askIfPossible(`${same("char *")} || ${same("const char *")}`),
      pointsTo: this.probe.askIfPossible(
        `sizeof(*(__typeof__(${text}))0)`,
        `__builtin_classify_type(*(__typeof__(${text}))0)`,
      ),
      isAddress: isA("sockaddr"),
      isSet: isA("fd_set"),
      enumerators: askEach(headers.enumeration(text)?.enumerators ?? [], this.probe),
    };
  }

  private pointer(text: string, { isText, pointsTo, isAddress, isSet }: TypeQuestions) {
    const yes = (question: number | undefined) => question !== undefined && this.probe.answerIfAny(question)?.[0] === 1;
    const [size = 0, cls = 0] = this.probe.answerIfAny(pointsTo) ?? [];
    // A function counts as a pointer of one byte.
    const isFunction = cls === POINTERS && size === 1;
    const isNumber = INTEGERS_AND_POINTERS.includes(cls) && size <= 8 && !isFunction && !HANDLES.test(text);
    const kinds: [boolean, TraceKind][] = [
      [yes(isAddress), "sockaddr"],
      [yes(isSet), "fd_set"],
      [yes(isText), CONST_TEXT.test(text) ? "string" : "buffer"],
      [WIDE.test(text) && size === 2, "wide_string"],
      [isNumber, "number_pointer"],
    ];
    const kind = kinds.find(([is]) => is)?.[1] ?? "pointer";
    return kind === "number_pointer" ? { kind, size } : { kind };
  }
}

/** `const char *data, int len` are bytes, not a string; where the length comes first, it is not taken for one. */
function withLength(value: TraceValue, index: number, all: TraceValue[]): TraceValue {
  if (value.kind !== "string" && value.kind !== "buffer") {
    return value;
  }
  const next = all[index + 1];
  const isLength = next?.kind === "integer" && /len|size|count|^cb|^cch|^n$/i.test(next.name);
  const kind = isLength && value.kind === "string" ? "bytes" : value.kind;
  return { ...value, kind, lengthAt: isLength ? index + 1 : -1 };
}

const BOOLEANS = /^(?:WINBOOL|BOOL|BOOLEAN)$/;
const HANDLES = /^(?:SOCKET|H[A-Z]{2,}|[A-Z_]*HANDLE)$/;
const WIDE = /\b(?:wchar_t|WCHAR|OLECHAR|LPC?WSTR|PC?WSTR|LPC?OLESTR|BSTR)\b/;
const CONST_TEXT = /\bconst\b|\b(?:LPC|PC)STR\b/;

/** `__builtin_classify_type` as GCC numbers the classes of types. */
const POINTERS = 5;
const INTEGERS_AND_POINTERS = [1, 2, 3, 4, POINTERS];

function askEach(names: readonly string[], probe: Probe): () => TraceSymbol[] {
  const questions = names.map((name) => {
    const wide = `(unsigned long long)(${name})`;
    return { name, number: probe.askIfPossible(wide, `(${wide}) >> 32`) };
  });
  return () =>
    questions.flatMap(({ name, number }) => {
      const answer = probe.answerIfAny(number);
      return answer ? [{ name, value: (BigInt(answer[1]! >>> 0) << 32n) | BigInt(answer[0]! >>> 0) }] : [];
    });
}

function askSymbols(
  prefix: string | undefined,
  macros: () => ReadonlyMap<string, string>,
  probe: Probe,
): () => TraceSymbol[] {
  if (prefix === undefined) {
    return () => [];
  }
  // Only what may be a constant is asked for: a macro may stand for anything.
  const names = [...macros()].filter(([name, text]) => name.startsWith(prefix) && /^[\w\s()|+~<-]+$/.test(text));
  return askEach(
    names.map(([name]) => name),
    probe,
  );
}
