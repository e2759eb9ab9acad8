import type { Host } from "./host.js";
import type { Arch } from "./state.js";

/** The C compiler for Windows programs of each architecture. */
export const mingwCompilers: Readonly<Record<Arch, string>> = {
  x64: "x86_64-w64-mingw32-gcc",
  ia32: "i686-w64-mingw32-gcc",
};

/** Something this project needs from the system, and the Debian package that has it. */
interface Requirement {
  /** What to look for: a program on the PATH, or a file by its absolute path. */
  look: string;
  package: string;
  purpose: string;
}

/** Needed everywhere. The -win32 compilers are half the download of the packages that hold both thread models. */
export const requirements: readonly Requirement[] = [
  { look: "gcc", package: "gcc", purpose: "C compiler for the Linux build of the core, with its sanitizers" },
  { look: "/usr/include/stdio.h", package: "libc6-dev", purpose: "C library headers" },
  { look: "objdump", package: "binutils", purpose: "reads the built DLLs independently of our own reader" },
  { look: mingwCompilers.x64, package: "gcc-mingw-w64-x86-64-win32", purpose: "C compiler for 64-bit Windows" },
  { look: mingwCompilers.ia32, package: "gcc-mingw-w64-i686-win32", purpose: "C compiler for 32-bit Windows" },
  { look: "wine", package: "wine", purpose: "starts Windows programs" },
  { look: "wineserver", package: "wine64", purpose: "runs 64-bit Windows programs" },
];

/** Debian's package for 32-bit Windows programs, from the i386 architecture. */
export const wine32Package = "wine32:i386";

/** The file by which Debian's wine32 is recognised; it also tells when wine32 came or went since the last set-up. */
export const wine32Loader = "/usr/lib/wine/wine";

/** Wine's 64-bit loader, for the same purpose. */
export const wine64Loader = "/usr/lib/wine/wine64";

/**
 * The loader with which a program of each architecture becomes the very process that is started. Given to
 * the other one, a program would run in a second process behind a launcher, and killing the process that
 * was started would not kill it.
 */
export function wineLoaders(host: Host): Record<Arch, string> {
  const exists = (path: string) => host.fileIdentity(path) !== "absent";
  return {
    x64: exists(wine64Loader) ? wine64Loader : (host.findProgram("wine64") ?? "wine"),
    ia32: exists(wine32Loader) ? wine32Loader : "wine",
  };
}

/** Where a requirement is, or undefined. */
export function locate(host: Host, look: string): string | undefined {
  if (!look.startsWith("/")) return host.findProgram(look);
  return host.fileIdentity(look) === "absent" ? undefined : look;
}

/** The requirements that this machine does not meet. */
export function missingRequirements(host: Host): Requirement[] {
  return requirements.filter(({ look }) => locate(host, look) === undefined);
}

/** Paths of the requirements by what was looked for. */
export function locatedTools(host: Host): Record<string, string> {
  const found: Record<string, string> = {};
  for (const { look } of requirements) {
    const path = locate(host, look);
    if (path !== undefined) found[look] = path;
  }
  return found;
}
