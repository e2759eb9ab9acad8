import { WrapgenError } from "./errors.js";
import type { Stub, WrapperModel } from "./model.js";

/**
 * Writes the module-definition file: every export under its original name and ordinal, led to its stub.
 * The stubs carry undecorated assembler names on both targets, so the file does not depend on calling conventions.
 */
export function emitDef(model: WrapperModel): string {
  const lines = [`LIBRARY ${quote(model.dll, model.dll)}`, "EXPORTS"];
  for (const stub of model.stubs) {
    if (stub.names.length > 1) {
      throw new WrapgenError(
        `Cannot write a .def file for ${model.dll}: its ordinal ${stub.ordinal} has several names (${stub.names.join(", ")}), which such a file cannot say.`,
      );
    }
    const [name = stub.id] = stub.names;
    const ending = `${stub.names.length === 0 ? " NONAME" : ""}${stub.kind === "data" ? " DATA" : ""}`;
    lines.push(definitionLine(name, leadsTo(stub, model.dll), stub.ordinal, ending, model.dll));
  }
  return `${lines.join("\n")}\n`;
}

/** One line below EXPORTS. */
export function definitionLine(
  name: string,
  target: string | undefined,
  ordinal: number,
  ending: string,
  dll: string,
): string {
  return `  ${quote(name, dll)}${target === undefined ? "" : ` = ${target}`} @${ordinal}${ending}`;
}

function leadsTo(stub: Stub, dll: string): string {
  return stub.mode === "forward" ? quote(stub.forwarder!, dll) : stubSymbol(stub);
}

/** What C calls the code behind an export. */
export function stubSymbol(stub: Stub): string {
  return `${stub.mode === "intercept" ? "wrap" : "vmmc_stub"}_${stub.id}`;
}

/** Words that mean something in a .def file, besides everything that is no plain word. */
const KEYWORDS =
  /^(?:NAME|LIBRARY|DESCRIPTION|STACKSIZE|HEAPSIZE|CODE|DATA|SECTIONS|EXPORTS|IMPORTS|VERSION|BASE|CONSTANT|NONAME|PRIVATE|ALIGNCOMM|READ|WRITE|EXECUTE|SHARED|NONSHARED|SINGLE|MULTIPLE|INITINSTANCE|INITGLOBAL|TERMINSTANCE|TERMGLOBAL)$/i;

/** A name as such a file takes it. @throws WrapgenError if it cannot */
export function quote(name: string, dll: string): string {
  if (!/^[\x21-\x7e]+$/.test(name) || name.includes('"')) {
    throw new WrapgenError(`Cannot write a .def file for ${dll}: it cannot say the name ${JSON.stringify(name)}.`);
  }
  return /^[A-Za-z_]\w*$/.test(name) && !KEYWORDS.test(name) ? name : `"${name}"`;
}
