import { WrapgenError } from "./errors.js";
import type { WrapperModel } from "./model.js";

/**
 * Writes the module-definition file: every export under its original name and ordinal, led to its stub.
 * The stubs carry undecorated assembler names on both targets, so the file does not depend on calling conventions.
 */
export function emitDef(model: WrapperModel): string {
  const lines = [`LIBRARY ${quote(model.dll, model.dll)}`, "EXPORTS"];
  for (const stub of model.stubs) {
    const name = stub.exportName ?? stub.id;
    const nameless = stub.exportName === undefined ? " NONAME" : "";
    lines.push(`  ${quote(name, model.dll)} = vmmc_stub_${stub.id} @${stub.ordinal}${nameless}`);
  }
  return `${lines.join("\n")}\n`;
}

/** Words that mean something in a .def file, besides everything that is no plain word. */
const KEYWORDS =
  /^(?:NAME|LIBRARY|DESCRIPTION|STACKSIZE|HEAPSIZE|CODE|DATA|SECTIONS|EXPORTS|IMPORTS|VERSION|BASE|CONSTANT|NONAME|PRIVATE|ALIGNCOMM|READ|WRITE|EXECUTE|SHARED|NONSHARED|SINGLE|MULTIPLE|INITINSTANCE|INITGLOBAL|TERMINSTANCE|TERMGLOBAL)$/i;

function quote(name: string, dll: string): string {
  if (!/^[\x21-\x7e]+$/.test(name) || name.includes('"')) {
    throw new WrapgenError(`Cannot wrap ${dll}: a .def file cannot say its export name ${JSON.stringify(name)}.`);
  }
  return /^[A-Za-z_]\w*$/.test(name) && !KEYWORDS.test(name) ? name : `"${name}"`;
}
