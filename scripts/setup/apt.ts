import type { CommandResult, Host } from "./host.js";
import type { AsRoot } from "./privilege.js";
import type { Reporter } from "./progress.js";
import { wine32Package } from "./tools.js";

/** What installing needs at hand. */
export interface Installer {
  host: Host;
  reporter: Reporter;
  asRoot: AsRoot;
}

const aptGet = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"];
const install = ["install", "-y", "--no-install-recommends"];

/** The lines of apt's output that say why it failed, for people. */
function reasonFrom(result: CommandResult): string {
  const lines = result.output.split("\n").map((line) => line.trim());
  const errors = lines.filter((line) => /^E: |^Err:|Depends:|Mirror sync|not installable/.test(line));
  return (errors.length > 0 ? errors : lines.filter((line) => line !== "").slice(-3)).slice(0, 6).join("\n    ");
}

/** The commands with which an administrator does by hand what set-up would do. */
export function manualCommands(packages: readonly string[], with32Bit: boolean, i386IsKnown: boolean): string[] {
  const commands: string[] = [];
  if (with32Bit && !i386IsKnown) commands.push("dpkg --add-architecture i386");
  commands.push("apt-get update");
  const all = with32Bit ? [...packages, wine32Package] : packages;
  commands.push(["apt-get", ...install, ...all].join(" "));
  return commands.map((command) => `sudo ${command}`);
}

/** Whether dpkg knows that this machine takes i386 packages. */
export async function knowsI386(host: Host): Promise<boolean> {
  const result = await host.run(["dpkg", "--print-foreign-architectures"]);
  return result.stdout.split(/\s+/).includes("i386");
}

/**
 * Installs packages of the machine's own architecture.
 * @returns undefined when it worked, else apt's reason.
 */
export async function installPackages(tools: Installer, packages: readonly string[]): Promise<string | undefined> {
  const { host, reporter, asRoot } = tools;
  // A failed update is no reason to stop: what apt knows already may be enough.
  await reporter.step(host, "apt-get update", asRoot([...aptGet, "update"]));
  const name = `apt-get install ${packages.join(" ")}`;
  const result = await reporter.step(host, name, asRoot([...aptGet, ...install, ...packages]));
  return result.code === 0 ? undefined : reasonFrom(result);
}

/** The release's main suite, as the machine's own package sources have it. */
export interface MainSuite {
  uri: string;
  release: string;
  components: string[];
}

/**
 * Finds the release's main suite among the sources that apt reads, whatever their format, by asking apt.
 * The output has one line for each package index: URI|release|component|label.
 */
export function pickMainSuite(indexTargets: string, codename: string): MainSuite | undefined {
  const targets = indexTargets
    .split("\n")
    .map((line) => line.split("|"))
    .filter((fields) => fields.length === 4);
  // Other publishers also name suites after the release; only the distribution's own index carries its label.
  const main = targets.filter(([, release, , label]) => release === codename && /^(Debian|Ubuntu)$/.test(label!));
  const uri = main[0]?.[0];
  if (uri === undefined) return undefined;
  const components = new Set(main.filter((fields) => fields[0] === uri).map((fields) => fields[2]!));
  return { uri, release: codename, components: [...components] };
}

/** Values of /etc/os-release. */
function osRelease(host: Host, name: string): string | undefined {
  return new RegExp(`^${name}="?([^"\n]*)"?$`, "m").exec(host.readText("/etc/os-release") ?? "")?.[1];
}

/**
 * Installs 32-bit Wine with nothing but the release's main suite.
 *
 * wine32 needs the same version of each library for both architectures. When the index of another suite
 * (security, usually) can be read for one architecture only, no such pair exists, and apt speaks of "held
 * packages". In the main suite alone every library exists in the same version for both. The preference
 * makes those versions acceptable in place of newer installed ones, which apt then replaces only where a
 * pair needs it; --no-remove keeps it from solving anything by taking packages away.
 */
async function installFromMainSuite(tools: Installer): Promise<string | undefined> {
  const { host, reporter, asRoot } = tools;
  const codename = osRelease(host, "VERSION_CODENAME");
  const targets = await host.run([
    "apt-get",
    "indextargets",
    "--format",
    "$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(LABEL)",
    "Created-By: Packages",
  ]);
  const suite = codename === undefined ? undefined : pickMainSuite(targets.stdout, codename);
  if (!suite) return `no main suite of the release (${codename ?? "no VERSION_CODENAME"}) among the package sources`;

  const keyring = `/usr/share/keyrings/${osRelease(host, "ID")}-archive-keyring.gpg`;
  const source = [
    "Types: deb",
    `URIs: ${suite.uri}`,
    `Suites: ${suite.release}`,
    `Components: ${suite.components.join(" ")}`,
    ...(host.fileIdentity(keyring) === "absent" ? [] : [`Signed-By: ${keyring}`]),
  ];
  const preference = ["Package: *", `Pin: release n=${suite.release}`, "Pin-Priority: 1001"];
  const folder = host.makeTemporaryFolder({
    "sources/main.sources": `${source.join("\n")}\n`,
    "preferences/main.pref": `${preference.join("\n")}\n`,
    "lists/partial/.keep": "",
  });
  try {
    const only = [
      "-o",
      "Dir::Etc::SourceList=/dev/null",
      "-o",
      `Dir::Etc::SourceParts=${folder}/sources`,
      "-o",
      `Dir::Etc::PreferencesParts=${folder}/preferences`,
      "-o",
      `Dir::State::Lists=${folder}/lists`,
    ];
    const update = await reporter.step(
      host,
      "apt-get update (main suite only)",
      asRoot([...aptGet, ...only, "update"]),
    );
    if (update.code !== 0) return reasonFrom(update);
    const packages = ["wine", "wine64", wine32Package];
    const result = await reporter.step(
      host,
      `apt-get install ${packages.join(" ")} (main suite only)`,
      asRoot([...aptGet, ...only, ...install, "--allow-downgrades", "--no-remove", ...packages]),
    );
    if (result.code !== 0) return reasonFrom(result);
    const downgraded = /packages will be DOWNGRADED:\n((?: .*\n)+)/.exec(result.output)?.[1];
    if (downgraded) {
      const names = downgraded.trim().split(/\s+/).join(" ");
      reporter.say(`  Set back to the release's version, to have 64- and 32-bit libraries alike: ${names}`);
      reporter.say("  `apt-get upgrade` brings them forward once the package index is readable again.");
    }
    return undefined;
  } finally {
    await host.run(asRoot(["rm", "-rf", folder]));
  }
}

/**
 * Installs Wine for 32-bit programs: the ordinary way, and if apt refuses, from the main suite alone.
 * Leaves dpkg's list of architectures as it was when neither works.
 * @returns undefined when it worked, else the reason.
 */
export async function installWine32(tools: Installer): Promise<string | undefined> {
  const { host, reporter, asRoot } = tools;
  const added = !(await knowsI386(host));
  if (added) {
    const add = await reporter.step(
      host,
      "dpkg --add-architecture i386",
      asRoot(["dpkg", "--add-architecture", "i386"]),
    );
    if (add.code !== 0) return `dpkg --add-architecture i386 failed: ${reasonFrom(add)}`;
  }
  const ordinary = await installPackages(tools, [wine32Package]);
  if (ordinary === undefined) return undefined;
  reporter.say("  apt refuses; trying with the release's main suite alone.");
  const fromMain = await installFromMainSuite(tools);
  if (fromMain === undefined) return undefined;
  if (added) {
    await reporter.step(host, "dpkg --remove-architecture i386", asRoot(["dpkg", "--remove-architecture", "i386"]));
  }
  return `apt-get install ${wine32Package} failed:\n    ${ordinary}\n  and with the main suite alone:\n    ${fromMain}`;
}
