import { join } from "node:path";
import type { CommandOptions, CommandResult, Host } from "../../scripts/setup/host.js";
import { requirements } from "../../scripts/setup/tools.js";

/** What apt-get can do on the pretended machine. */
export interface FakeMachineOptions {
  userId?: number;
  /** Whether sudo is there, and asks for no password. */
  sudo?: "absent" | "asks for a password" | "passwordless";
  /** Packages that are installed from the start. */
  installed?: readonly string[];
  /** Where wine32:i386 can be installed from. */
  wine32From?: "all suites" | "main suite only" | "nowhere";
  /** Whether i386 was an architecture of the machine before. */
  i386?: boolean;
  env?: NodeJS.ProcessEnv;
}

/** The packages of a machine that lacks nothing. */
export const everything = [...new Set(requirements.map((requirement) => requirement.package)), "wine32:i386"];

/** What each package brings, beyond what `requirements` says. */
const alsoBrings: Readonly<Record<string, readonly string[]>> = {
  wine64: ["/usr/lib/wine/wine64"],
  "wine32:i386": ["/usr/lib/wine/wine"],
};

/**
 * A Debian machine that exists only in memory: it knows the commands that set-up uses, and behaves like the
 * real ones as far as set-up can see.
 */
export class FakeMachine implements Host {
  readonly userId: number;
  readonly env: NodeJS.ProcessEnv;
  /** Every command that was run, in order, as one string. */
  readonly commands: string[] = [];
  /** Texts of the temporary files, by relative path. */
  readonly temporaryFiles: Record<string, string> = {};
  readonly packages: Set<string>;
  readonly architectures = new Set<string>();
  /** When set, 32-bit programs do not run although wine32 is installed. */
  broken32 = false;

  readonly #options: FakeMachineOptions;
  /** Files that commands made, such as a Wine prefix. */
  readonly #made = new Set<string>();

  constructor(options: FakeMachineOptions = {}) {
    this.#options = options;
    this.userId = options.userId ?? 0;
    this.env = options.env ?? {};
    this.packages = new Set(options.installed ?? []);
    if (options.i386) this.architectures.add("i386");
  }

  /** The commands that were run and match, without those that only ask. */
  ran(pattern: RegExp): string[] {
    return this.commands.filter((command) => pattern.test(command));
  }

  findProgram(name: string): string | undefined {
    if (name === "sudo") return (this.#options.sudo ?? "absent") === "absent" ? undefined : "/usr/bin/sudo";
    if (name === "apt-get" || name === "dpkg") return `/usr/bin/${name}`;
    return this.#brought().has(name) ? `/usr/bin/${name}` : undefined;
  }

  fileIdentity(path: string): string {
    const program = path.startsWith("/usr/bin/") && this.#brought().has(path.slice("/usr/bin/".length));
    return program || this.#brought().has(path) || this.#made.has(path) ? "there" : "absent";
  }

  readText(path: string): string | undefined {
    return path === "/etc/os-release" ? 'ID=debian\nVERSION_CODENAME="bookworm"\n' : undefined;
  }

  makeTemporaryFolder(files: Readonly<Record<string, string>>): string {
    Object.assign(this.temporaryFiles, files);
    return "/tmp/fake";
  }

  async run(command: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    this.commands.push(command.join(" "));
    const { code = 0, output = "" } = this.#obey(command.join(" "), options.env ?? {});
    return { code, stdout: output, output };
  }

  #brought(): Set<string> {
    const brought = requirements.filter((each) => this.packages.has(each.package)).map((each) => each.look);
    return new Set([...brought, ...[...this.packages].flatMap((name) => alsoBrings[name] ?? [])]);
  }

  #obey(line: string, env: NodeJS.ProcessEnv): Partial<CommandResult> {
    if (line === "sudo -n true") return { code: this.#options.sudo === "passwordless" ? 0 : 1 };
    const root = this.userId === 0 || line.startsWith("sudo -n ");
    const words = line.replace(/^sudo -n /, "").split(" ");
    const prefix = env.WINEPREFIX ?? "";
    if (line === "dpkg --print-foreign-architectures") return { output: [...this.architectures].join("\n") };
    if (line.startsWith("apt-get indextargets")) {
      return {
        output: [
          "https://elsewhere.example/debian/|bookworm|main|Somebody",
          "https://mirror.example/debian/|bookworm|main|Debian",
          "https://mirror.example/debian-security/|bookworm-security|main|Debian-Security",
        ].join("\n"),
      };
    }
    if (words[0] === "dpkg" || words.includes("apt-get")) {
      if (!root) return { code: 100, output: "E: are you root?\n" };
      if (words[1] === "--add-architecture") this.architectures.add(words[2]!);
      if (words[1] === "--remove-architecture") this.architectures.delete(words[2]!);
      return words.includes("install") ? this.#install(words) : {};
    }
    if (words[0] === "wineboot") {
      this.#made.add(prefix).add(join(prefix, "system.reg"));
      if (this.packages.has("wine32:i386")) this.#made.add(join(prefix, "drive_c/windows/syswow64/kernel32.dll"));
      return {};
    }
    const check = /wine-check-(x64|ia32)\.exe$/.exec(line);
    if (!check) return {};
    if (check[1] === "x64") return { output: "pointer size 8\r\n" };
    const fit = this.fileIdentity(join(prefix, "drive_c/windows/syswow64/kernel32.dll")) !== "absent";
    if (!fit || this.broken32) return { code: 1, output: "could not load kernel32.dll\n" };
    return { output: "pointer size 4\r\n" };
  }

  #install(words: readonly string[]): Partial<CommandResult> {
    const mainOnly = words.includes("Dir::Etc::SourceList=/dev/null");
    const names = words.slice(words.indexOf("install") + 1).filter((word) => !word.startsWith("-"));
    if (names.includes("wine32:i386")) {
      const from = this.#options.wine32From ?? "all suites";
      const available = from === "all suites" || (from === "main suite only" && mainOnly);
      if (!available || !this.architectures.has("i386")) {
        return { code: 100, output: "E: Unable to correct problems, you have held broken packages.\n" };
      }
    }
    for (const name of names) this.packages.add(name);
    const downgraded = mainOnly ? "The following packages will be DOWNGRADED:\n  libfirst libsecond\n" : "";
    return { output: downgraded };
  }
}
