import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { buildDirectory } from "../scripts/setup/paths.js";
import { compileProgram } from "../testbed/programs.js";
import type { Arch } from "../testbed/wine.js";

const execute = promisify(execFile);
const folder = join(buildDirectory, "third-party");

/**
 * A program that somebody else wrote: stone, a TCP repeater with a Windows version for WinSock 1.1 ("gcc -DWINDOWS -o
 * stone.exe stone.c -lwsock32" says its source). Its source comes from the distribution, at the time of the demo.
 */
const packageName = "stone";

/** apt's options for a private set of package lists, so that the machine's own stay as they are. */
function privateApt(sourceList: string): string[] {
  const settings = {
    "Dir::Etc::sourcelist": sourceList,
    "Dir::Etc::sourceparts": "/dev/null",
    "Dir::State::lists": join(folder, "lists"),
    "Dir::Cache::pkgcache": "",
    "Dir::Cache::srcpkgcache": "",
    "APT::Sandbox::User": "root",
    "Acquire::Retries": "1",
    "Acquire::http::Timeout": "20",
  };
  return Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
}

/** The machine's own package sources, asked for source packages instead: of either format of source list. */
export function asSourceList(text: string, format: "deb822" | "one-line"): string {
  if (format === "one-line") {
    return text
      .split("\n")
      .filter((line) => /^\s*deb\s/.test(line))
      .map((line) => line.replace(/^\s*deb\s/, "deb-src "))
      .join("\n");
  }
  return text
    .split(/\n\s*\n/)
    .filter((stanza) => /^Types:.*\bdeb\b/m.test(stanza) && !/^Enabled:\s*no/im.test(stanza))
    .map((stanza) => stanza.replace(/^Types:.*$/m, "Types: deb-src").replace(/^Architectures:.*\n?/m, ""))
    .join("\n\n");
}

async function writeSourceList(): Promise<string> {
  const parts = "/etc/apt/sources.list.d";
  const names = existsSync(parts) ? (await readdir(parts)).map((name) => join(parts, name)) : [];
  const read = async (files: string[], format: "deb822" | "one-line") =>
    (await Promise.all(files.map(async (file) => asSourceList(await readFile(file, "utf8"), format))))
      .filter((text) => text.trim() !== "")
      .join("\n\n");
  const stanzas = await read(
    names.filter((name) => name.endsWith(".sources")),
    "deb822",
  );
  const lines = await read(
    ["/etc/apt/sources.list", ...names.filter((name) => name.endsWith(".list"))].filter((file) => existsSync(file)),
    "one-line",
  );
  // One file must be of one format, and apt knows it by the name's ending.
  const file = join(folder, stanzas ? "source.sources" : "source.list");
  if (!stanzas && !lines) throw new Error("this machine has no package sources of Debian's kind in /etc/apt");
  await writeFile(file, `${stanzas || lines}\n`);
  return file;
}

async function download(): Promise<string> {
  const archive = async () =>
    (await readdir(folder)).find((name) => name.startsWith(`${packageName}_`) && name.includes(".orig.tar."));
  await mkdir(join(folder, "lists", "partial"), { recursive: true });
  let name = await archive();
  if (name === undefined) {
    const options = privateApt(await writeSourceList());
    const settings = { cwd: folder, timeout: 60_000, maxBuffer: 1 << 26 };
    await execute("apt-get", [...options, "update"], settings);
    await execute("apt-get", [...options, "source", "--download-only", "--tar-only", packageName], settings);
    name = await archive();
  }
  if (name === undefined) throw new Error(`apt-get brought no source archive of ${packageName}`);
  return join(folder, name);
}

/** What mingw's headers of today lack for a source of 2019: regular expressions, which the demo uses none of, and names. */
const regexHeader = `typedef struct { int unused; } regex_t;
typedef struct { int rm_so, rm_eo; } regmatch_t;
enum { REG_EXTENDED = 1, REG_ICASE = 2, REG_NOMATCH = 1, REG_NOERROR = 0 };
#define regcomp(regex, pattern, flags) 1
#define regexec(regex, text, count, matches, flags) REG_NOMATCH
#define regfree(regex)
`;
const namesHeader = `#define FD_SETSIZE 4096
#include <winsock2.h>
#include <ws2tcpip.h>
#undef NO_DATA
#define NO_DATA 11099
#define EAI_ADDRFAMILY EAI_FAMILY
#define EAI_SYSTEM EAI_FAIL
`;

async function unpack(): Promise<string> {
  const source = join(folder, "source", "stone.c");
  if (existsSync(source)) return source;
  const archive = await download();
  const temporary = join(folder, `source.${process.pid}`);
  await mkdir(temporary, { recursive: true });
  await execute("tar", ["-xf", archive, "-C", temporary, "--strip-components=1", "--no-same-owner"]);
  await writeFile(join(temporary, "regex.h"), regexHeader);
  await writeFile(join(temporary, "names.h"), namesHeader);
  await rm(join(folder, "source"), { recursive: true, force: true });
  await rename(temporary, join(folder, "source"));
  return source;
}

/**
 * Gets and compiles the third-party program, unless it is there already.
 * @returns its path. @throws an Error that says what failed.
 */
export async function thirdPartyProgram(arch: Arch): Promise<string> {
  const source = await unpack();
  const here = join(folder, "source");
  const flags = ["-std=gnu89", "-w", `-I${here}`, "-include", join(here, "names.h")];
  const definitions = ["-D_WIN32_WINNT=0x0501", "-DWINDOWS", "-DNO_RINDEX", "-DNO_ADDRINFO"];
  return compileProgram(source, arch, folder, { flags: [...flags, ...definitions] });
}
