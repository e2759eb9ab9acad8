import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installPackages } from "../scripts/setup/apt.js";
import { realHost } from "../scripts/setup/host.js";
import { setupLogFile } from "../scripts/setup/paths.js";
import { findPrivilege } from "../scripts/setup/privilege.js";
import { consoleReporter } from "../scripts/setup/progress.js";

/** True when clang can make a program with libFuzzer and AddressSanitizer. */
export function clangWorks(): boolean {
  const folder = mkdtempSync(join(tmpdir(), "vmmc-clang-"));
  const source = "int LLVMFuzzerTestOneInput(const unsigned char *b, unsigned long n) { return b && n ? 0 : 0; }\n";
  const args = ["-fsanitize=fuzzer,address", "-x", "c", "-", "-o", join(folder, "program")];
  const result = spawnSync("clang", args, { input: source, stdio: ["pipe", "ignore", "ignore"] });
  rmSync(folder, { recursive: true });
  return result.status === 0;
}

/** The Debian packages that clang with libFuzzer comes in. */
function packages(): string[] {
  const version = /version (\d+)/.exec(spawnSync("clang", ["--version"], { encoding: "utf8" }).stdout ?? "")?.[1];
  return version === undefined ? ["clang"] : ["clang", `libclang-rt-${version}-dev`];
}

/** Makes sure that clang works, installing it where this user may. @throws an Error that says what to install */
export async function needClang(): Promise<void> {
  const host = realHost();
  const asRoot = await findPrivilege(host);
  // The runtime's package is named after clang's version, which is known only once clang is there.
  for (let round = 0; round < 2 && !clangWorks(); round++) {
    const wanted = packages();
    if (!asRoot || !host.findProgram("apt-get")) {
      throw new Error(
        "The fuzzers need clang with libFuzzer, and this user may not install it. On Debian 12: " +
          "sudo apt-get install --no-install-recommends clang libclang-rt-14-dev",
      );
    }
    const failure = await installPackages({ host, reporter: consoleReporter(setupLogFile), asRoot }, wanted);
    if (failure !== undefined) throw new Error(`Cannot install ${wanted.join(" ")} for the fuzzers: ${failure}`);
  }
  if (!clangWorks())
    throw new Error(`clang makes no fuzzers here: see ${setupLogFile}, and try clang -fsanitize=fuzzer.`);
}
