import { mkdirSync, renameSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { compilerVersion } from "../../wrapgen/io.js";
import type { Arch } from "../setup/state.js";
import { mingwCompilers } from "../setup/tools.js";
import { paths } from "./paths.js";
import { run } from "./run.js";
import { steps } from "./steps.js";

/** Windows programs that `vmmc` starts, and that therefore come with the package: the sources of each, and what it needs. */
const tools: readonly { name: string; source: string; libraries: readonly string[] }[] = [
  { name: "vmmc-launch", source: join(paths.root, "cli", "launch", "launch.c"), libraries: [] },
  // `vmmc doctor` makes a connection between two of these, and `vmmc bench` measures with them.
  { name: "pingpong", source: join(paths.programs, "pingpong.c"), libraries: ["wsock32"] },
  { name: "gauge", source: join(paths.programs, "gauge.c"), libraries: ["wsock32"] },
  { name: "cacheline", source: join(paths.programs, "cacheline.c"), libraries: ["wsock32"] },
];

/** Compiles the tools for one architecture into the folder of the wrapper, as far as they are not up to date. */
export async function buildTools(arch: Arch): Promise<void> {
  for (const { name, source, libraries } of tools) {
    const out = join(paths.prebuilds, `win32-${arch}`, `${name}.exe`);
    await steps.run({
      name: `compile ${name}.exe for ${arch}`,
      inputs: [source, join(paths.programs, "net.h")],
      versions: [compilerVersion(arch)],
      outputs: [out],
      run: () => compileTool(source, arch, libraries, out),
    });
  }
}

async function compileTool(source: string, arch: Arch, libraries: readonly string[], out: string): Promise<void> {
  mkdirSync(dirname(out), { recursive: true });
  const temporary = `${out}.${process.pid}`;
  // Like the wrapper: the same source gives the same bytes, wherever the checkout lies and whenever it is built.
  const flags = ["-std=gnu11", "-O2", "-Wall", "-s", "-static-libgcc", "-Wl,--no-insert-timestamp"];
  const places = [`-ffile-prefix-map=${paths.root}=.`];
  const links = libraries.map((library) => `-l${library}`);
  await run(
    mingwCompilers[arch],
    [...flags, ...places, source, "-o", temporary, ...links],
    `compile ${basename(source)} for ${arch}`,
  );
  renameSync(temporary, out);
}
