import { WrapgenError } from "./errors.js";
import { MODES, type Mode, type ModeRule } from "./modes.js";

/** What a person writes down about a DLL to wrap (`wrapper/NAME.json`); everything else is read from the DLL and its headers. */
export interface WrapperConfig {
  /** The DLL's file name, looked for among the system's DLLs, or a path to it. */
  dll: string;
  /** Headers that declare its functions, in the order in which a program would include them. */
  headers: string[];
  /** Folders in which the compiler looks for them, besides its own. */
  includePaths: string[];
  /** Macros defined before the headers are read: NAME or NAME=VALUE. */
  defines: string[];
  /** Where the wrapper finds the original when it runs: "system", the name of a file beside it, or an absolute path. */
  original: string;
  /** Exports that go to other code instead of to the original. */
  intercept: string[];
  /**
   * Functions of other DLLs, among `bindings.functions`: where the program's modules import them, they are to call the
   * core's function of that name. The code that changes the imports when the program runs is not the generator's.
   */
  redirect: string[];
  /** Whose code that is: the core's, or C functions `wrap_NAME` that are linked with the wrapper. */
  interceptor: "core" | "c";
  /** How exports are served that are not intercepted; the last rule that fits an export decides. */
  modes: ModeRule[];
  /** Which macros name the values of traced parameters: "PARAMETER" or "FUNCTION.PARAMETER" to a prefix such as "MSG_". */
  symbols: Record<string, string>;
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

/** A description with nothing asked for: the DLL is passed on as it is. */
export function defaultConfig(dll: string): WrapperConfig {
  return {
    dll,
    headers: [],
    includePaths: [],
    defines: [],
    original: "system",
    intercept: [],
    redirect: [],
    interceptor: "core",
    modes: [{ pattern: "*", mode: "pass" }],
    symbols: {},
    bindings: { functions: [], structs: [], constants: [], libraries: ["kernel32.dll"] },
  };
}

const ENTRIES = [
  ...["dll", "headers", "includePaths", "defines", "original", "intercept", "redirect", "interceptor"],
  ...["modes", "symbols", "bindings"],
];

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
  refuseUnknown(top, ENTRIES, "", label);
  refuseUnknown(bindings, ["functions", "structs", "constants", "libraries"], "bindings.", label);
  if (typeof top.dll !== "string" || top.dll === "") {
    throw wrong(label, "dll", 'the name of a DLL, for example "wsock32.dll"');
  }
  const defaults = defaultConfig(top.dll);
  const { original = defaults.original, interceptor = defaults.interceptor } = top;
  if (typeof original !== "string" || original === "") {
    throw wrong(label, "original", '"system", the name of a file beside the wrapper, or an absolute path');
  }
  if (interceptor !== "core" && interceptor !== "c") {
    throw wrong(label, "interceptor", '"core" or "c"');
  }
  return {
    dll: top.dll,
    headers: strings(top.headers ?? [], "headers", label),
    includePaths: strings(top.includePaths ?? [], "includePaths", label),
    defines: strings(top.defines ?? [], "defines", label),
    original,
    intercept: strings(top.intercept ?? [], "intercept", label),
    redirect: strings(top.redirect ?? [], "redirect", label),
    interceptor,
    modes: [...defaults.modes, ...modeRules(top.modes ?? {}, label)],
    symbols: symbols(top.symbols ?? {}, label),
    bindings: {
      functions: strings(bindings.functions ?? [], "bindings.functions", label),
      structs: strings(bindings.structs ?? [], "bindings.structs", label),
      constants: strings(bindings.constants ?? [], "bindings.constants", label),
      libraries: strings(bindings.libraries ?? defaults.bindings.libraries, "bindings.libraries", label),
    },
  };
}

function modeRules(value: unknown, label: string): ModeRule[] {
  return Object.entries(object(value, "modes", label)).map(([pattern, mode]) => {
    if (!MODES.includes(mode as Mode)) {
      throw wrong(label, `modes.${pattern}`, `one of ${MODES.join(", ")}`);
    }
    return { pattern, mode: mode as Mode };
  });
}

function symbols(value: unknown, label: string): Record<string, string> {
  const found = object(value, "symbols", label);
  for (const [name, prefix] of Object.entries(found)) {
    if (typeof prefix !== "string" || !/^\w+$/.test(prefix)) {
      throw wrong(label, `symbols.${name}`, 'the beginning of macro names, for example "MSG_"');
    }
  }
  return found as Record<string, string>;
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
