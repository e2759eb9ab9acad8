import { WrapgenError } from "./errors.js";

/** What a person writes down about a DLL to wrap (`wrapper/NAME.json`); everything else is read from the DLL and its headers. */
export interface WrapperConfig {
  /** The DLL's file name, looked for among the system's DLLs, or a path to it. */
  dll: string;
  /** Headers that declare its functions, in the order in which a program would include them. */
  headers: string[];
  /** Folders in which the compiler looks for them, besides its own. */
  includePaths: string[];
  /** Exports that go to the core instead of to the original. */
  intercept: string[];
  bindings: {
    /** Functions that the core calls: exports of the DLL, or of one of `libraries`. */
    functions: string[];
    /** Structs whose sizes and offsets the core needs: typedef names or tags. */
    structs: string[];
    /** Macros or enumerators with integer values. */
    constants: string[];
    /** Where functions that the DLL itself does not export are looked for, in this order. */
    libraries: string[];
  };
}

/**
 * Checks the text of a wrapper description and gives it a type.
 * @throws WrapgenError naming `label` and the entry that is missing or has the wrong type.
 */
export function parseConfig(text: string, label: string): WrapperConfig {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new WrapgenError(
      `Cannot read the wrapper description ${label}: it is not JSON (${(error as Error).message}).`,
    );
  }
  const top = object(value, "", label);
  const bindings = top.bindings === undefined ? {} : object(top.bindings, "bindings", label);
  refuseUnknown(top, ["dll", "headers", "includePaths", "intercept", "bindings"], "", label);
  refuseUnknown(bindings, ["functions", "structs", "constants", "libraries"], "bindings.", label);
  if (typeof top.dll !== "string" || top.dll === "") {
    throw wrong(label, "dll", 'the name of a DLL, for example "wsock32.dll"');
  }
  const headers = strings(top.headers, "headers", label);
  if (headers.length === 0) {
    throw wrong(label, "headers", "a list of at least one header");
  }
  return {
    dll: top.dll,
    headers,
    includePaths: strings(top.includePaths ?? [], "includePaths", label),
    intercept: strings(top.intercept ?? [], "intercept", label),
    bindings: {
      functions: strings(bindings.functions ?? [], "bindings.functions", label),
      structs: strings(bindings.structs ?? [], "bindings.structs", label),
      constants: strings(bindings.constants ?? [], "bindings.constants", label),
      libraries: strings(bindings.libraries ?? ["kernel32.dll"], "bindings.libraries", label),
    },
  };
}

function object(value: unknown, where: string, label: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw wrong(label, where === "" ? "the whole file" : where, "an object");
  }
  return value as Record<string, unknown>;
}

function strings(value: unknown, where: string, label: string): string[] {
  if (!Array.isArray(value) || value.some((item) => typeof item !== "string" || item === "")) {
    throw wrong(label, where, "a list of names");
  }
  const seen = new Set<string>();
  for (const name of value as string[]) {
    if (seen.has(name)) {
      throw new WrapgenError(`${label}: "${name}" stands twice in "${where}". Remove one of the two.`);
    }
    seen.add(name);
  }
  return value as string[];
}

function refuseUnknown(value: Record<string, unknown>, known: string[], prefix: string, label: string): void {
  for (const key of Object.keys(value)) {
    if (!known.includes(key)) {
      throw new WrapgenError(`${label}: unknown entry "${prefix}${key}". Known ones: ${known.join(", ")}.`);
    }
  }
}

function wrong(label: string, where: string, expected: string): WrapgenError {
  return new WrapgenError(`${label}: "${where}" must be ${expected}.`);
}
