import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { osDoor } from "./doors/os.js";
import { strictDoor, syncDoor } from "./doors/sync.js";
import type { Machine } from "./machine/machine.js";
import type { CoreExports } from "./machine/process.js";
import type { World } from "./world.js";

/** What stands beside a built core: see scripts/build/sim-description.ts. */
interface Description {
  constants: Record<string, number>;
  records: Record<string, { bytes: number; fields: Record<string, { offset: number; bytes: number }> }>;
}

/** Where the build puts its cores for the simulation. */
export function builtCore(name: string): string {
  return join(dirname(fileURLToPath(import.meta.url)), "..", "..", "build", "sim", `${name}.wasm`);
}

/** A core that was built for the simulation, and as many instances of it as have been needed at once. */
export class CoreBuild {
  readonly constants: Record<string, number>;
  readonly records: Description["records"];
  private readonly module: WebAssembly.Module;
  private instances: CoreExports[] = [];
  private used = 0;
  private readonly imports: WebAssembly.Imports;

  /** @param file the core's WebAssembly; `file`.json stands beside it */
  constructor(
    readonly file: string,
    machine: Machine,
    worldNow: () => World,
  ) {
    const { constants, records } = JSON.parse(readFileSync(`${file}.json`, "utf8")) as Description;
    this.constants = constants;
    this.records = records;
    this.module = new WebAssembly.Module(readFileSync(file));
    const env = { ...strictDoor(machine), memory: machine.memory.wasm };
    this.imports = { env, ...syncDoor(machine), os: osDoor(machine, worldNow) } as unknown as WebAssembly.Imports;
  }

  /** An instance for one more process. What it still knows of an earlier run is forgotten when its `start` is called. */
  instance(): CoreExports {
    const known = this.instances[this.used++];
    if (known !== undefined) return known;
    const made = new WebAssembly.Instance(this.module, this.imports).exports as unknown as CoreExports;
    this.instances.push(made);
    return made;
  }

  /** A new run begins. @param spoilt the last one ended in the middle of a call */
  reset(spoilt: boolean): void {
    this.used = 0;
    if (spoilt) this.instances = [];
  }

  constant(name: string): number {
    const value = this.constants[name];
    if (value === undefined) throw new Error(`the core in ${this.file} has no constant ${name}: build it anew`);
    return value;
  }
}
