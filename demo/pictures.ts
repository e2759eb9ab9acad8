/**
 * `npm run pictures`: makes the pictures in docs/images anew, of real programs: `vmmc top` as it looks in a terminal, and,
 * where Chromium is installed, the report of `vmmc bench`.
 */
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { arches } from "../programs/build.js";
import { Stage } from "../programs/stage.js";
import { repositoryRoot } from "../scripts/setup/paths.js";
import { defaultWinePrefix } from "../scripts/setup/wine-environment.js";
import { startWineServer } from "../testbed/wine.js";
import { terminalPicture } from "./terminal-picture.js";

const images = join(repositoryRoot, "docs", "images");
const vmmc = join(repositoryRoot, "dist", "cli", "main.js");
const size = { columns: 110, rows: 16 };

/** Lets programs talk, watches them for a few seconds, and gives what the terminal was told. */
async function watched(): Promise<string> {
  const stage = new Stage("pictures");
  try {
    const server = await stage.server({ program: "threadserver", arch: "x64", wrapped: true });
    const client = (arch: "x64" | "ia32", wrapped: boolean, connections: number) => {
      const many = ["--connections", `${connections}`, "--threads", `${connections}`, "--bytes", "4e12"];
      return stage.start({
        program: "threadserver",
        arch,
        wrapped,
        args: ["client", "--port", `${server.port}`, ...many],
      });
    };
    await client("x64", true, 2);
    await client(arches().at(-1)!, true, 1);
    await client("x64", false, 1);
    const command = `stty cols ${size.columns} rows ${size.rows}; '${process.execPath}' '${vmmc}' top`;
    const env = { ...process.env, VMMC_DIR: stage.sharedFolder };
    const top = spawn("script", ["-qefc", command, "/dev/null"], { env, stdio: ["pipe", "pipe", "inherit"] });
    let output = "";
    top.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
    await new Promise((resolve) => setTimeout(resolve, 5000));
    const shown = output;
    top.stdin.write("q");
    await new Promise((resolve) => top.once("exit", resolve));
    return shown;
  } finally {
    await stage.close();
  }
}

/** @returns false where there is no Chromium */
function pictureOfReport(): boolean {
  const folder = mkdtempSync(join(tmpdir(), "vmmc-pictures-"));
  try {
    execFileSync("chromium", ["--version"], { stdio: "ignore" });
    const html = join(folder, "report.html");
    const env = { ...process.env, WINEPREFIX: defaultWinePrefix() };
    execFileSync(process.execPath, [vmmc, "bench", "--html", html], { env, stdio: ["ignore", "ignore", "inherit"] });
    const quiet = [
      "--no-sandbox",
      "--disable-gpu",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-sync",
    ];
    const shot = [
      "--headless",
      "--hide-scrollbars",
      "--window-size=1000,770",
      `--user-data-dir=${join(folder, "chromium")}`,
    ];
    const file = join(images, "report.png");
    execFileSync("chromium", [...quiet, ...shot, `--screenshot=${file}`, pathToFileURL(html).href], {
      stdio: "ignore",
    });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

mkdirSync(images, { recursive: true });
await startWineServer();
writeFileSync(join(images, "top.svg"), terminalPicture("vmmc top", await watched(), size));
console.log("docs/images/top.svg: what vmmc top shows");
if (!process.argv.includes("--without-report")) {
  const made = pictureOfReport();
  console.log(
    made ? "docs/images/report.png: the report of vmmc bench" : "there is no Chromium: the report stays as it was",
  );
}
process.exit(0);
