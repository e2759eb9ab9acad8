import { join } from "node:path";
import { generateBindings, loadConfig, WrapgenError } from "../../wrapgen/generate.js";
import { writeNativeConstants } from "./constants.js";
import { buildDll } from "./dll.js";
import { paths } from "./paths.js";
import { BuildError } from "./run.js";

/** Builds everything that is not TypeScript: bindings, wrapper DLLs. */
async function main(): Promise<void> {
  const config = loadConfig(paths.wrapper);
  await generateBindings(config, paths.bindings);
  const constants = join(paths.generated, "native-constants.h");
  writeNativeConstants(constants, config.intercept);
  for (const arch of ["x64", "ia32"] as const) console.log(await buildDll(config, arch, constants));
}

main().catch((error: unknown) => {
  if (!(error instanceof BuildError) && !(error instanceof WrapgenError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
});
