import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A core that keeps all rules: tests break one each. */
export const goodCore: Readonly<Record<string, string>> = {
  "core/index.ts": [
    'import * as os from "./os";',
    'import { runtime, start } from "./runtime";',
    'export { start } from "./runtime";',
    "",
    "export function use(os: usize): u32 {",
    "  return runtime().count + <u32>os;",
    "}",
  ].join("\n"),
  "core/runtime.ts": [
    'import * as os from "./os";',
    "",
    "@unmanaged",
    "export class Runtime {",
    "  count: u32;",
    "}",
    "",
    "let instance: usize = 0;",
    "",
    "export function runtime(): Runtime {",
    "  return changetype<Runtime>(instance);",
    "}",
    "",
    "export function start(): bool {",
    "  instance = os.alloc(offsetof<Runtime>());",
    '  store<u32>(instance + offsetof<Runtime>("count"), 1);',
    "  return instance != 0;",
    "}",
  ].join("\n"),
  "core/os.ts": '@external("os", "alloc") export declare function alloc(bytes: usize): usize;\n',
};

/** Lays the files, by their paths, into a folder of its own, gives it to `work`, and removes it. */
export async function withFiles<T>(
  files: Readonly<Record<string, string>>,
  work: (folder: string) => T | Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "vmmc-core-"));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
