import { existsSync } from "node:fs";
import { basename, dirname, relative, resolve } from "node:path";
import type { Command } from "commander";
import { defaultConfig, type WrapperConfig } from "../wrapgen/config.js";
import type { Mode, ModeRule } from "../wrapgen/modes.js";
import type { OutputFile } from "../wrapgen/output.js";
import { totals } from "../wrapgen/report.js";
import type { Arch } from "../wrapgen/targets.js";
import { chooseDll, wrap } from "../wrapgen/wrap.js";
import { compileModule } from "./assemblyscript.js";
import { InputError } from "./errors.js";

/** What was said on the command line. */
interface Options {
  out: string;
  arch?: string;
  header: string[];
  include: string[];
  define: string[];
  original: string;
  build?: true;
  json?: true;
  trace?: string | true;
  intercept: string[];
  source: string[];
  library: string[];
  forward: string[];
  pass: string[];
  jump: string[];
  symbols: string[];
}

const examples = `
Examples:
  vmmc wrap version.dll --out wrapped --build                    passes every call on
  vmmc wrap version.dll --header windows.h --header winver.h --trace --out traced --build
  vmmc wrap plugin.dll --original plugin_real.dll --out wrapped --build
  vmmc wrap small.dll --header small.h --intercept small_add --source mine.c --out wrapped --build
  vmmc wrap ws2_32.dll --arch ia32 --header winsock2.h --trace 'send*,recv*' --out traced`;

const list = (value: string, before: string[]) => [...before, ...value.split(",").filter((name) => name !== "")];

/** Adds `vmmc wrap`. */
export function addWrap(program: Command): void {
  program
    .command("wrap")
    .description("make a DLL that can take another one's place: passing on, tracing, or with functions of your own")
    .argument("<dll>", "the DLL to wrap: a file, or the name of a system DLL")
    .requiredOption("--out <folder>", "where everything is written")
    .option("--build", "compile it, and leave the DLL under its own name in the folder")
    .option("--header <names>", "headers that declare its functions, in the order to include them", list, [])
    .option("-I, --include <folders>", "where the compiler looks for headers", list, [])
    .option("-D, --define <macros>", "macros to define before the headers: NAME or NAME=VALUE", list, [])
    .option("--original <name>", "the original when it runs: a file's name beside the wrapper, or a path", "system")
    .option("--trace [names]", "write a line about each call of these (* stands for anything); all without names")
    .option("--symbols <pairs>", "macros that name a traced parameter: [FUNCTION.]PARAMETER=PREFIX", list, [])
    .option("--intercept <names>", "call your own wrap_NAME instead; see intercept.h in the folder", list, [])
    .option("--source <files>", "C files with your functions, or one in AssemblyScript (.ts)", list, [])
    .option("-l, --library <names>", "import libraries that your files need, for example user32", list, [])
    .option("--forward <names>", "let the loader lead callers of these to the original", list, [])
    .option("--pass <names>", "let a stub call the original of these, with the prototype from the headers", list, [])
    .option("--jump <names>", "let a stub jump to the original of these, whatever the headers say", list, [])
    .option("--arch <arch>", "x64 or ia32, for a system DLL (default: x64)")
    .option("--json", "tell what was written as JSON")
    .addHelpText("after", examples)
    .action(async (dll: string, options: Options) => {
      const { lines, result } = await wrapDll(dll, options);
      console.log(options.json ? JSON.stringify(result, undefined, 2) : lines.join("\n"));
    });
}

async function wrapDll(
  dll: string,
  options: Options,
): Promise<{ lines: string[]; result: Readonly<Record<string, unknown>> }> {
  const { path, arch } = chooseDll(dll, archOf(options.arch));
  const {
    model,
    files,
    dll: built,
  } = await wrap({
    config: configOf(path, options),
    arch,
    outDir: options.out,
    sources: options.source.filter((name) => !isModule(name)).map(existing),
    module: moduleOf(options, arch),
    libraries: options.library,
    build: options.build === true,
  });
  const out = relative("", options.out) || ".";
  const lines = [
    ...totals(model),
    `Written to ${out}: ${files.join(", ")}. What became of each export is in report.txt.`,
    built === undefined
      ? `Build it with: make -C ${out}`
      : `Under Wine, start programs with WINEDLLOVERRIDES="${model.dll.replace(/\.dll$/i, "")}=n,b" to have ${model.dll} beside them taken.`,
    ...(model.origin.kind === "beside" ? [`It loads the original as ${model.origin.file} from its own folder.`] : []),
  ];
  return { lines, result: { dll: model.dll, arch, folder: options.out, files, built, summary: totals(model) } };
}

/** A source in AssemblyScript, compiled as the core of the sockets wrapper is. */
function isModule(name: string): boolean {
  return name.endsWith(".ts");
}

function moduleOf({ source }: Options, arch: Arch): ((bindings: string) => Promise<OutputFile[]>) | undefined {
  const [first, ...others] = source.filter(isModule);
  if (first === undefined) return undefined;
  if (others.length > 0 || source.length > 1) {
    throw new InputError(
      `Cannot use ${source.join(" and ")} together: name one .ts file (it may import others), or C files.`,
    );
  }
  const path = existing(first);
  return (bindings) => compileModule(path, bindings, arch);
}

function archOf(text: string | undefined): Arch | undefined {
  if (text !== undefined && text !== "x64" && text !== "ia32") {
    throw new InputError(`There is no architecture "${text}": say x64 or ia32.`);
  }
  return text;
}

function configOf(dll: string, options: Options): WrapperConfig {
  const headers = options.header.map(placeHeader);
  if (options.intercept.length > 0 && options.source.length === 0 && options.build) {
    throw new InputError(
      `Cannot build with interception of ${options.intercept.join(", ")} without your code: name it with --source.`,
    );
  }
  const defaults = defaultConfig(dll);
  return {
    ...defaults,
    headers: headers.map(({ name }) => name),
    includePaths: [...options.include.map((path) => resolve(path)), ...headers.flatMap(({ folder }) => folder)],
    defines: options.define,
    original: options.original,
    intercept: options.intercept,
    interceptor: options.source.some(isModule) ? "core" : "c",
    bindings: { ...defaults.bindings, functions: options.source.some(isModule) ? options.intercept : [] },
    modes: rules(options),
    symbols: Object.fromEntries(options.symbols.map(pair)),
  };
}

/** A header that exists as a file is included from its folder; others are the compiler's. */
function placeHeader(header: string): { name: string; folder: string[] } {
  return existsSync(header)
    ? { name: basename(header), folder: [dirname(resolve(header))] }
    : { name: header, folder: [] };
}

function existing(path: string): string {
  if (!existsSync(path)) throw new InputError(`Cannot read ${path}: there is no such file.`);
  return path;
}

function pair(text: string): [string, string] {
  const match = /^((?:\w+\.)?\w+)=(\w+)$/.exec(text);
  if (!match) throw new InputError(`"${text}" is not of the form PARAMETER=PREFIX or FUNCTION.PARAMETER=PREFIX.`);
  return [match[1]!, match[2]!];
}

function rules({ trace, forward, pass, jump }: Options): ModeRule[] {
  const rule = (mode: Mode) => (pattern: string) => ({ pattern, mode });
  const traced = trace === undefined ? [] : trace === true ? ["*"] : list(trace, []);
  return [
    { pattern: "*", mode: "auto" },
    ...traced.map(rule("trace")),
    ...forward.map(rule("forward")),
    ...pass.map(rule("pass")),
    ...jump.map(rule("jump")),
  ];
}
