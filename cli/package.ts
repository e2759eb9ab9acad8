import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The package's top folder. This file is compiled to dist/cli/, two folders below it. */
const root = fileURLToPath(new URL("../..", import.meta.url));

/** Name and version. The build writes both into our DLL, as product name and product version. */
export const { name: productName, version: productVersion } = JSON.parse(
  readFileSync(join(root, "package.json"), "utf8"),
) as { name: string; version: string };

/** Where the package keeps the wrapper for an architecture. */
export function prebuiltDll(arch: string): string {
  return join(root, "prebuilds", `win32-${arch}`, "wsock32.dll");
}

/** A Windows program of ours that comes with the package. */
export function prebuiltProgram(program: "vmmc-launch" | "pingpong" | "gauge" | "cacheline", arch: string): string {
  return join(root, "prebuilds", `win32-${arch}`, `${program}.exe`);
}

/** The calls that the wrapper intercepts. */
export function interceptedCalls(): readonly string[] {
  return (JSON.parse(readFileSync(join(root, "wrapper", "wsock32.json"), "utf8")) as { intercept: string[] }).intercept;
}
