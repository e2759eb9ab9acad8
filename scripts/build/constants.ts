import { eventSlugs, reasonSlugs } from "../../core/diagnostics.js";
import * as layout from "../../core/layout.js";
import { callsBehindTheWrapper, moduleTexts, settings } from "../../core/settings.js";
import { writeIfChanged } from "../../wrapgen/io.js";

/** Writes the C header with what the native part must know of core/layout.ts, core/diagnostics.ts and core/settings.ts. */
export function writeNativeConstants(file: string, intercepted: readonly string[]): void {
  const calls = [...intercepted, ...callsBehindTheWrapper];
  const lines = [
    "/* Generated from core/layout.ts, core/diagnostics.ts and core/settings.ts by the build. */",
    `#define WAIT_BELL ${layout.WAIT_BELL}`,
    `#define WAIT_PEER_DEAD ${layout.WAIT_PEER_DEAD}`,
    `#define WAIT_TIMEOUT_ ${layout.WAIT_TIMEOUT}`,
    // One for each version, so that programs with different wrappers do not keep each other in the kernel.
    `#define VMMC_DIRECTORY "directory-v${layout.PROTOCOL_VERSION}"`,
    "static const struct vmmc_setting { const char *name; unsigned long normal, least, most; int power; } vmmc_settings[] = {",
    ...settings.map(
      (s) => `  [${s.index}] = { "${s.name}", ${s.normal}, ${s.least}, ${s.most}, ${s.powerOfTwo ? 1 : 0} },`,
    ),
    "};",
    ...texts("vmmc_reasons", reasonSlugs),
    ...texts("vmmc_events", eventSlugs),
    `static const char *const vmmc_module_texts[] = { ${[...moduleTexts, ...calls].map((name) => `"${name}"`).join(", ")} };`,
    "",
  ];
  writeIfChanged(file, lines.join("\n"));
}

function texts(name: string, slugs: Readonly<Record<number, string>>): string[] {
  return [
    `static const char *const ${name}[] = {`,
    ...Object.entries(slugs).map(([number, slug]) => `  [${number}] = "${slug}",`),
    "};",
  ];
}
