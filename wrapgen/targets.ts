/** A Windows target: the architecture of the DLL and of the programs that will load it. */
export type Arch = "x64" | "ia32";

/** Both targets, in the order in which files that serve both are written. */
export const ARCHES: readonly Arch[] = ["x64", "ia32"];

/** What differs between the targets, apart from what their compilers are asked. */
export interface Target {
  arch: Arch;
  /** The mingw compiler's name and the Debian package that brings it. */
  compiler: string;
  compilerPackage: string;
  /** `Machine` in the PE file header. */
  machine: number;
  /** What the compiler puts before a C name to make the assembler's name. */
  symbolPrefix: string;
  /** Where Wine keeps this target's system DLLs below its library folder, and the folder Windows keeps them in. */
  wineFolder: string;
  debianTriplet: string;
  windowsFolder: string;
}

export const TARGETS: Readonly<Record<Arch, Target>> = {
  x64: {
    arch: "x64",
    compiler: "x86_64-w64-mingw32-gcc",
    compilerPackage: "gcc-mingw-w64-x86-64",
    machine: 0x8664,
    symbolPrefix: "",
    wineFolder: "x86_64-windows",
    debianTriplet: "x86_64-linux-gnu",
    windowsFolder: "System32",
  },
  ia32: {
    arch: "ia32",
    compiler: "i686-w64-mingw32-gcc",
    compilerPackage: "gcc-mingw-w64-i686",
    machine: 0x14c,
    symbolPrefix: "_",
    wineFolder: "i386-windows",
    debianTriplet: "i386-linux-gnu",
    windowsFolder: "SysWOW64",
  },
};
