import { Language, type Node, Parser } from "web-tree-sitter";
import { WrapgenError } from "./errors.js";
import { type HeaderIndex, indexHeaders, type ParseC } from "./prototypes.js";

let parser: Promise<Parser> | undefined;

/**
 * Loads the C grammar, once for the process.
 * @param load gives the WebAssembly of the grammar and of the parser
 */
export async function cParser(load: () => { grammar: Uint8Array; parser: Uint8Array }): Promise<ParseC> {
  parser ??= (async () => {
    const bytes = load();
    await Parser.init({ wasmBinary: bytes.parser });
    const fresh = new Parser();
    fresh.setLanguage(await Language.load(bytes.grammar));
    return fresh;
  })();
  const ready = await parser;
  return (text) => rootOf(ready, text);
}

function rootOf(parser: Parser, text: string): Node {
  const tree = parser.parse(text);
  if (tree === null) {
    throw new WrapgenError("The C parser gave up on the preprocessed headers.");
  }
  return tree.rootNode;
}

/** Indexes preprocessed headers, each text once for the process: parsing the Windows headers takes a second or two. */
export function headerCache(): (text: string, parseC: ParseC, whereIs: (offset: number) => string) => HeaderIndex {
  const known = new Map<string, HeaderIndex>();
  return (text, parseC, whereIs) => {
    const index = known.get(text) ?? indexHeaders(text, parseC, whereIs);
    known.set(text, index);
    return index;
  };
}
