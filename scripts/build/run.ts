import { execFile } from "node:child_process";

/** A step of the build that failed, with all that there is to say about it. */
export class BuildError extends Error {}

/**
 * Runs a program to its end.
 * @param refused a warning in its output that counts as a failure
 * @returns what it wrote to standard output
 * @throws BuildError with the command and its output, if it cannot be started or fails
 */
export function run(program: string, args: readonly string[], what: string, refused?: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, args, { maxBuffer: 1 << 28 }, (error, stdout, stderr) => {
      if (!error && !refused?.test(stderr)) {
        resolve(stdout);
        return;
      }
      if (error?.code === "ENOENT") {
        const hint = "Set-up installs what the build needs: remove build/setup.json, and run npm run build again";
        reject(new BuildError(`Cannot ${what}: there is no program ${program}. ${hint}.`));
        return;
      }
      const output = `${stdout}${stderr}`.trim();
      reject(new BuildError(`Cannot ${what}: ${program} failed.\n${output === "" ? error?.message : output}`));
    });
  });
}
