import type { WrapperConfig } from "./config.js";
import { agreement, declareFunction } from "./emit-c.js";
import { WrapgenError } from "./errors.js";
import { askKind, askKindIfPossible, type Probe, typeName, type ValueKind } from "./layouts.js";
import type { Declaration, HeaderIndex, Prototype } from "./prototypes.js";
import type { Arch } from "./targets.js";

/** A prototype with what the target's compiler says about its types. */
export interface Signature {
  prototype: Prototype;
  returns: ValueKind;
  parameters: ValueKind[];
}

/** What the headers say about an export. */
export interface Finding {
  status: "found" | "ambiguous" | "not found" | "unusable";
  /** FILE:LINE of the prototype; empty if there is none. */
  where: string;
  /** Why it cannot be used, or which others there are. */
  note: string;
  /** Undefined if the status is "not found" or "unusable". */
  prototype: Prototype | undefined;
  /** Undefined, too, if a type of the prototype does not travel between languages; it can be passed on all the same. */
  returns: ValueKind | undefined;
}

/** Looks prototypes up and asks the probe about their types; all answers are valid after the probe ran. */
export class SignatureSource {
  private readonly known = new Map<string, () => ValueKind>();
  private readonly tolerated = new Map<string, () => ValueKind | undefined>();

  constructor(
    private readonly probe: Probe,
    private readonly config: WrapperConfig,
    private readonly headers: HeaderIndex,
    private readonly arch: Arch,
  ) {}

  /**
   * The signature of a function whose values travel between languages.
   * @param purpose what it is wanted for, as a past participle
   * @throws WrapgenError if there is none, or it takes any number of arguments, or a struct is returned
   */
  require(name: string, purpose: "intercepted" | "called by the core"): () => Signature {
    const prototype = this.headers.prototype(name);
    if (prototype === undefined || prototype.variadic) {
      const why =
        prototype === undefined
          ? `the headers (${this.config.headers.join(", ")}) declare no prototype for it`
          : "it takes a variable number of arguments";
      throw new WrapgenError(
        `"${name}" cannot be ${purpose}: ${why}. Add the header that declares it, or take it off the list.`,
      );
    }
    const returns = this.kind(typeName(prototype.returns));
    const parameters = prototype.parameters.map(({ type }) => this.kind(typeName(type)));
    return () => {
      if (returns().kind === "record") {
        throw new WrapgenError(`"${name}" cannot be ${purpose}: it returns a struct by value. Take it off the list.`);
      }
      return { prototype, returns: returns(), parameters: parameters.map((kind) => kind()) };
    };
  }

  /** The declaration that stands for an export with these names: the first one of the likeliest spelling. */
  chosen(names: readonly string[]): Declaration | undefined {
    return this.declarations(names)[0];
  }

  private declarations(names: readonly string[]): (Declaration & { spelling: Spelling })[] {
    for (const spelling of names.flatMap((name) => spellings(name, this.arch)).filter(isWord)) {
      const found = this.headers.declarations(spelling.name);
      if (found.length > 0) {
        return found.map((declaration) => ({ ...declaration, spelling }));
      }
    }
    return [];
  }

  /** What the headers say about an export that has these names. */
  find(names: readonly string[]): () => Finding {
    const declarations = this.declarations(names);
    const [chosen] = declarations;
    if (chosen === undefined) {
      return () => ({ status: "not found", where: "", note: "", prototype: undefined, returns: undefined });
    }
    const shape = (prototype: Prototype) => declareFunction(withoutNames(prototype), prototype.name, true);
    const others = declarations.filter(({ prototype }) => shape(prototype) !== shape(chosen.prototype));
    const variants = [chosen.prototype, withoutNames(chosen.prototype)].map((prototype) => ({
      prototype,
      check: this.probe.check(checkLine(prototype, chosen.spelling)),
    }));
    const returns = this.tolerantKind(typeName(chosen.prototype.returns));
    return () => {
      const { where } = chosen;
      const good = variants.find(({ check }) => this.probe.complaint(check) === undefined);
      if (good === undefined) {
        const note = this.probe.complaint(variants[1]!.check)!;
        return { status: "unusable", where, note, prototype: undefined, returns: undefined };
      }
      const found = { where, prototype: good.prototype, returns: returns() };
      return others.length === 0
        ? { status: "found", note: "", ...found }
        : { status: "ambiguous", note: others.map(describe).join("; "), ...found };
    };
  }

  /** What kind of values a type has; none if it does not travel between languages. */
  tolerantKind(type: string): () => ValueKind | undefined {
    const answer = this.tolerated.get(type) ?? askKindIfPossible(this.probe, type);
    this.tolerated.set(type, answer);
    return answer;
  }

  private kind(type: string): () => ValueKind {
    const answer = this.known.get(type) ?? askKind(this.probe, type);
    this.known.set(type, answer);
    return answer;
  }
}

function describe({ prototype, where }: Declaration): string {
  return `${declareFunction(prototype, prototype.name, true)}${where === "" ? "" : ` (${where})`}`;
}

/** How a header may spell an export's name, and what its decoration says about the prototype. */
interface Spelling {
  name: string;
  convention: "stdcall" | "fastcall" | undefined;
  argumentBytes: number | undefined;
}

/** The name itself, and on ia32 what it is without its decoration: `_NAME@12`, `NAME@12`, `@NAME@12`, `_NAME`. */
function spellings(name: string, arch: Arch): Spelling[] {
  const plain = { name, convention: undefined, argumentBytes: undefined };
  if (arch !== "ia32") {
    return [plain];
  }
  const decorated = /^([_@]?)(\w+)@(\d+)$/.exec(name);
  if (decorated) {
    const convention = decorated[1] === "@" ? "fastcall" : "stdcall";
    return [{ name: decorated[2]!, convention, argumentBytes: Number(decorated[3]) }];
  }
  return /^_\w/.test(name) ? [plain, { ...plain, name: name.slice(1) }] : [plain];
}

function isWord({ name }: Spelling): boolean {
  return /^[A-Za-z_]\w*$/.test(name);
}

function withoutNames(prototype: Prototype): Prototype {
  return { ...prototype, parameters: prototype.parameters.map(({ type }) => ({ name: undefined, type })) };
}

/** A line of C that the compiler takes only if the prototype is what the headers declare, and fits the decoration. */
function checkLine(prototype: Prototype, { convention, argumentBytes }: Spelling): string {
  const ours = `wrapgen_check_${prototype.name}`;
  const parts = [`extern ${declareFunction(prototype, ours, true)};`, agreement(ours, prototype.name)];
  if (argumentBytes !== undefined) {
    const sizes = prototype.parameters.map(({ type }) => `((sizeof(${typeName(type)}) + 3) & ~3)`);
    const says = prototype.convention === convention;
    parts.push(
      `_Static_assert(${says ? 1 : 0}, "the export is decorated as ${convention}, the prototype is not");`,
      `_Static_assert(${sizes.join(" + ") || "0"} == ${argumentBytes}, "the export is decorated with ${argumentBytes} bytes of arguments, the prototype has another number");`,
    );
  }
  return parts.join(" ");
}
