import { typeName, type ValueKind } from "./layouts.js";
import type { CType, Prototype } from "./prototypes.js";
import type { Signature } from "./signatures.js";
import { type Arch, TARGETS } from "./targets.js";

/** Names that generated C functions use for themselves, and that no parameter may have. */
const TAKEN = new Set(["os", "target"]);

/** Names for all parameters: the header's where it gives one, made up where it does not. */
export function parameterNames(prototype: Prototype): string[] {
  const used = new Set(TAKEN);
  return prototype.parameters.map(({ name }, index) => {
    let free = name ?? `arg${index}`;
    while (used.has(free)) {
      free += "_";
    }
    used.add(free);
    return free;
  });
}

/** A declaration of `name` with a type: `declare({before: "int (*", after: ")[4]"}, "p")` is `int (*p)[4]`. */
export function declare(type: CType, name: string): string {
  const gap = /\w$/.test(type.before) && name !== "" ? " " : "";
  return `${type.before}${gap}${name}${type.after}`;
}

/** The declarator of a function with this prototype, under another name; calling convention included, `...` if asked for. */
export function declareFunction(prototype: Prototype, name: string, withDots = false): string {
  const names = parameterNames(prototype);
  const parameters = prototype.parameters.map(({ type }, index) => declare(type, names[index]!));
  const convention = prototype.convention ? `__attribute__((${prototype.convention})) ` : "";
  const list = withDots && prototype.variadic ? [...parameters, "..."] : parameters;
  return declare(prototype.returns, `${convention}${name}(${list.join(", ") || "void"})`);
}

/** Declares the function `vmmc_stub_ID`. Its assembler's name is given outright: so it is free of stdcall decoration, and the .def is the same for all targets. */
export function stubDeclaration(id: string, prototype: Prototype, arch: Arch): string {
  return `${declareFunction(prototype, `vmmc_stub_${id}`)} __asm__("${TARGETS[arch].symbolPrefix}vmmc_stub_${id}");`;
}

/** How a value of a C type travels to and from the core: the name of the prelude's type, or void. */
export function carrier(kind: ValueKind, arch: Arch): "void" | "uptr" | "u32" | "u64" | "f32" | "f64" {
  switch (kind.kind) {
    case "void":
      return "void";
    case "pointer":
    case "record": // by its address
      return "uptr";
    case "real":
      return kind.size === 4 ? "f32" : "f64";
    case "integer":
      if (kind.size < 8) {
        return "u32";
      }
      return arch === "x64" ? "uptr" : "u64";
  }
}

/** Turns a C value into what the core takes. */
export function toCore(expression: string, kind: ValueKind, arch: Arch): string {
  const type = carrier(kind, arch);
  if (kind.kind === "record") {
    return `(uptr)&${expression}`;
  }
  // Narrow integers are widened as C does it: by their sign.
  return type === "u32" && kind.signed && kind.size < 4 ? `(u32)(int)${expression}` : `(${type})${expression}`;
}

/** Turns what the core gives into a value of a C type. */
export function fromCore(expression: string, type: CType, kind: ValueKind): string {
  return kind.kind === "record" ? `*(${typeName(type)} *)${expression}` : `(${typeName(type)})${expression}`;
}

/** Windows' names for truth values, for which all bits set would mean success. */
const BOOLEANS = /^(?:WINBOOL|BOOL|BOOLEAN|_Bool|bool)$/;

/**
 * What a function returns if it cannot be reached: what callers of its type take for failure. NULL for pointers and
 * handles, FALSE for truth values, all bits set for integers (SOCKET_ERROR, INVALID_SOCKET), zeros for structs.
 */
export function failureStatement(signature: Pick<Signature, "prototype" | "returns">): string {
  const { returns } = signature;
  const type = typeName(signature.prototype.returns);
  switch (returns.kind) {
    case "void":
      return "return;";
    case "record":
      return `return (${type}){0};`;
    case "pointer":
      return "return NULL;";
    default:
      return BOOLEANS.test(type) ? "return 0;" : `return (${type})-1;`;
  }
}

/** Lets the compiler confirm that a prototype was read from the headers as it stands there. */
export function agreement(ours: string, theirs: string): string {
  return `_Static_assert(__builtin_types_compatible_p(__typeof__(${ours}), __typeof__(${theirs})), "wrapgen misread the prototype of ${theirs}");`;
}
