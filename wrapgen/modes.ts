import type { PeExport } from "./pe.js";

/**
 * How an export that is not intercepted may be served:
 * - forward: the loader leads callers to the original; nothing of the wrapper is called;
 * - pass: a stub with the prototype from the headers calls the original;
 * - jump: a stub without prototype jumps to the original, leaving registers and stack alone;
 * - trace: as "pass", and writes a line about the call; without usable prototype as "jump", and writes what it can;
 * - auto: "forward" where the export table can say it, else "pass".
 * Where there is no usable prototype, "pass" becomes "jump". Data can only be forwarded.
 */
export const MODES = ["forward", "pass", "jump", "trace", "auto"] as const;

export type Mode = (typeof MODES)[number];

/** Exports whose name fits `pattern` (`*` stands for any characters, `#12` for an ordinal) are served in this mode. */
export interface ModeRule {
  pattern: string;
  mode: Mode;
}

/** Whether a name fits a pattern in which `*` stands for any characters. */
export function fits(name: string, pattern: string): boolean {
  const parts = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "s").test(name);
}

/** Whether a pattern means this export. */
export function means(pattern: string, entry: PeExport): boolean {
  return [...entry.names, `#${entry.ordinal}`].some((name) => fits(name, pattern));
}

/** Where a wrapper finds the DLL that it stands in front of. */
export type Origin =
  | { kind: "system" }
  /** In the wrapper's own folder, under another name. */
  | { kind: "beside"; file: string }
  | { kind: "absolute"; path: string };

/** Reads what `WrapperConfig.original` says. */
export function originOf(text: string): Origin {
  if (text === "system") {
    return { kind: "system" };
  }
  return /[\\/]/.test(text)
    ? { kind: "absolute", path: text.replaceAll("/", "\\") }
    : { kind: "beside", file: /\.[^.]*$/.test(text) ? text : `${text}.dll` };
}

/** The mode that the rules ask for: that of the last one that fits. */
export function wishedMode(entry: PeExport, rules: readonly ModeRule[], origin: Origin): Exclude<Mode, "auto"> {
  if (entry.kind === "data") {
    return "forward";
  }
  const mode = rules.findLast(({ pattern }) => means(pattern, entry))?.mode ?? "auto";
  if (mode !== "auto") {
    return mode;
  }
  // The system's folder may have another name on the machine on which the wrapper will run; stubs ask for it there.
  return entry.kind === "forwarder" || origin.kind === "beside" ? "forward" : "pass";
}

/**
 * The text of a forwarder to what an export leads to. One to the system's DLL of the wrapper's own name has to name
 * its folder, or the loader would take the wrapper itself.
 */
export function forwarderText(entry: PeExport, dll: string, origin: Origin): string {
  if (entry.forwarder) {
    return entry.forwarder.text;
  }
  const path =
    origin.kind === "system" ? `C:\\Windows\\System32\\${dll}` : origin.kind === "beside" ? origin.file : origin.path;
  // The loader adds ".dll" to a module without a dot, and takes what follows the last dot for the symbol.
  const module = /^[^.]+\.dll$/i.test(path) ? path.slice(0, -4) : path;
  const [name] = entry.names;
  return `${module}.${name === undefined || /^#|\./.test(name) ? `#${entry.ordinal}` : name}`;
}
