import { posix } from "node:path";
import { SyntaxKind } from "typescript/unstable/ast";
import { createScanner } from "typescript/unstable/ast/scanner";

/** After one of these, "/" divides; after anything else it begins a regular expression. */
const operandEnds = new Set<SyntaxKind>([
  SyntaxKind.Identifier,
  SyntaxKind.NumericLiteral,
  SyntaxKind.BigIntLiteral,
  SyntaxKind.StringLiteral,
  SyntaxKind.NoSubstitutionTemplateLiteral,
  SyntaxKind.TemplateTail,
  SyntaxKind.RegularExpressionLiteral,
  SyntaxKind.CloseParenToken,
  SyntaxKind.CloseBracketToken,
  SyntaxKind.CloseBraceToken,
  SyntaxKind.ThisKeyword,
  SyntaxKind.SuperKeyword,
]);

interface Token {
  kind: SyntaxKind;
  value: string;
}

/** The tokens of a TypeScript, AssemblyScript or JavaScript text, without comments. */
function tokens(text: string): Token[] {
  const scanner = createScanner(true, undefined, text);
  const found: Token[] = [];
  // For each open brace, whether it belongs to a template's `${`.
  const braces: boolean[] = [];
  let previous = SyntaxKind.Unknown;
  for (let kind = scanner.scan(); kind !== SyntaxKind.EndOfFile; kind = scanner.scan()) {
    const divides = operandEnds.has(previous);
    if ((kind === SyntaxKind.SlashToken || kind === SyntaxKind.SlashEqualsToken) && !divides) {
      kind = scanner.reScanSlashToken();
    }
    if (kind === SyntaxKind.OpenBraceToken) braces.push(false);
    else if (kind === SyntaxKind.TemplateHead) braces.push(true);
    else if (kind === SyntaxKind.CloseBraceToken && braces.pop()) {
      kind = scanner.reScanTemplateToken(false);
      if (kind === SyntaxKind.TemplateMiddle) braces.push(true);
    }
    found.push({ kind, value: scanner.getTokenValue() });
    previous = kind;
  }
  return found;
}

/** What a source text imports or re-exports, as written: `from "x"`, `import "x"`, `import("x")`. */
export function importSpecifiers(text: string): string[] {
  const found: string[] = [];
  const list = tokens(text);
  for (const [index, token] of list.entries()) {
    if (token.kind !== SyntaxKind.StringLiteral) continue;
    const before = list[index - 1]?.kind;
    const isCall = before === SyntaxKind.OpenParenToken && list[index - 2]?.kind === SyntaxKind.ImportKeyword;
    if (before === SyntaxKind.FromKeyword || before === SyntaxKind.ImportKeyword || isCall) found.push(token.value);
  }
  return found;
}

/** The files that a C text includes by a quoted name, as written. */
export function includedNames(text: string): string[] {
  return [...text.matchAll(/^[ \t]*#[ \t]*include[ \t]*"([^"\n]+)"/gm)].map((match) => match[1]!);
}

/**
 * The repository's files that `file` refers to, as paths from the top folder without an ending.
 * Packages and Node's own modules are left out.
 */
export function internalImports(file: string, text: string): string[] {
  const isC = /\.[ch]$/.test(file);
  const relative = isC ? includedNames(text) : importSpecifiers(text).filter((name) => name.startsWith("."));
  return relative.map((name) => posix.join(posix.dirname(file), name).replace(/\.(js|mjs|ts|d\.ts)$/, ""));
}
