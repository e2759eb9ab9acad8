// What `npm run build|demo|test|bench` start. It needs nothing but Node: the packages may not be installed yet.
// In order: Node's version, npm packages, TypeScript, the system's tools and Wine (scripts/setup/), the task.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const dist = join(root, "dist");
const oldestNode = 20;
const tasks = ["build", "demo", "test", "bench", "sim", "mutants", "fuzz", "conformance", "differential", "pictures"];
/** What a task starts, where that is not its own folder's main program. */
const programs = {
  differential: "conformance/random/main.js",
  mutants: "sim/mutants/main.js",
  pictures: "demo/pictures.js",
};

/** Runs a program to its end with our own input and output; gives its exit code. */
function run(command, args) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: "inherit" });
    child.once("error", (error) => {
      console.error(`could not start ${command}: ${error.message}`);
      resolve(1);
    });
    child.once("exit", (code, signal) => resolve(signal ? 1 : code));
  });
}

const node = (...args) => run(process.execPath, args);

/**
 * As `node`, and with the same addresses in every process that it starts, where the system lets us choose. Otherwise the
 * kernel puts the heap of about every thousandth 64-bit Wine (without its preloader) where Windows' own data must lie, and
 * that program never starts.
 */
function nodeAtFixedAddresses(...args) {
  const chooses = spawnSync("setarch", ["-R", "true"], { stdio: "ignore" }).status === 0;
  return chooses ? run("setarch", ["-R", process.execPath, ...args]) : node(...args);
}

/** Ends this program with `code` if a step did not succeed. */
function stopUnlessZero(code) {
  if (code !== 0) process.exit(code);
}

function checkNode() {
  if (Number(process.versions.node.split(".")[0]) >= oldestNode) return;
  console.error(
    `This project needs Node ${oldestNode} or later, and this is ${process.version} (${process.execPath}): install a newer one.`,
  );
  process.exit(1);
}

/** True when node_modules holds what package-lock.json asks for. */
function packagesAreInstalled(stampFile, lockHash) {
  const installed = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(installed)) return false;
  if (existsSync(stampFile)) return readFileSync(stampFile, "utf8") === lockHash;
  // Installed by somebody's own `npm ci`: npm wrote its list after the lock file was last changed.
  return statSync(installed).mtimeMs >= statSync(join(root, "package-lock.json")).mtimeMs;
}

async function installPackages() {
  const stampFile = join(root, "node_modules", ".vmmc-lock-hash");
  const lockHash = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
  if (!packagesAreInstalled(stampFile, lockHash)) {
    console.log("Installing npm packages (npm ci) ...");
    const args = ["ci", "--no-audit", "--no-fund"];
    const npm = process.env.npm_execpath;
    const code = npm?.endsWith(".js") ? await node(npm, ...args) : await run("npm", args);
    if (code !== 0) {
      console.error("npm ci failed: its messages are above. Is the package registry reachable?");
      process.exit(1);
    }
  }
  if (!existsSync(stampFile) || readFileSync(stampFile, "utf8") !== lockHash) writeFileSync(stampFile, lockHash);
}

/** Files below `folder`, as paths. */
function* filesBelow(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    else yield path;
  }
}

/** Removes compiled files whose source has gone: a deleted test would run for ever otherwise. */
function removeStaleOutput() {
  if (!existsSync(dist)) return;
  for (const path of filesBelow(dist)) {
    if (!path.endsWith(".js")) continue;
    const source = join(root, relative(dist, path)).replace(/\.js$/, ".ts");
    if (existsSync(source)) continue;
    rmSync(path);
    rmSync(`${path}.map`, { force: true });
  }
}

async function compile() {
  // The compiler believes its record of the last build more than the folder.
  const record = join(dist, ".tsbuildinfo");
  if (existsSync(record) && ![...filesBelow(dist)].some((path) => path.endsWith(".js"))) rmSync(record);
  removeStaleOutput();
  stopUnlessZero(await node(join(root, "node_modules", "typescript", "bin", "tsc"), "-p", root));
}

/** Compiled tests whose path contains one of the words; all of them without words. */
function testFiles(words) {
  const folder = join(dist, "test");
  const files = existsSync(folder) ? [...filesBelow(folder)].filter((path) => path.endsWith(".test.js")) : [];
  const name = (path) => relative(folder, path).split(sep).join("/");
  return files.filter((path) => words.length === 0 || words.some((word) => name(path).includes(word))).sort();
}

/** Runs the tests. Arguments that begin with "-" go to Node's test runner, the others choose files. */
async function runTests(args) {
  const words = args.filter((argument) => !argument.startsWith("-"));
  const files = testFiles(words);
  if (files.length === 0) {
    console.error(`no test file matches ${words.join(" ")}; the tests are in test/, without the ending .test.ts`);
    return 1;
  }
  const flags = args.filter((argument) => argument.startsWith("-"));
  // One file at a time: tests start programs that spin, and more of them than cores would test the scheduler.
  return nodeAtFixedAddresses(
    "--enable-source-maps",
    "--test",
    "--test-concurrency=1",
    "--test-reporter=spec",
    ...flags,
    ...files,
  );
}

async function main([task, ...args]) {
  if (!tasks.includes(task)) {
    console.error(`usage: node scripts/bootstrap.mjs ${tasks.join("|")} [arguments]`);
    return 1;
  }
  checkNode();
  mkdirSync(join(root, "build"), { recursive: true });
  await installPackages();
  await compile();
  stopUnlessZero(await node(join(dist, "scripts", "setup", "main.js")));
  stopUnlessZero(await node(join(dist, "scripts", "build", "main.js"), ...(task === "build" ? args : [])));
  if (task === "test") return runTests(args);
  if (task === "build") return 0;
  return nodeAtFixedAddresses(join(dist, programs[task] ?? `${task}/main.js`), ...args);
}

process.exitCode = await main(process.argv.slice(2));
