import { realHost } from "./host.js";
import { setupLogFile, setupStateFile, winePrefix } from "./paths.js";
import { consoleReporter } from "./progress.js";
import { setUp } from "./setup.js";

process.exitCode = await setUp({
  host: realHost(),
  reporter: consoleReporter(setupLogFile),
  stateFile: setupStateFile,
  prefix: winePrefix,
});
