import type { Host } from "./host.js";

/** Turns a command into one that runs as root, without ever asking for a password. */
export type AsRoot = (command: readonly string[]) => readonly string[];

/** How this user can become root, or undefined when that needs somebody at the keyboard. */
export async function findPrivilege(host: Host): Promise<AsRoot | undefined> {
  if (host.userId === 0) return (command) => command;
  if (!host.findProgram("sudo")) return undefined;
  const passwordless = await host.run(["sudo", "-n", "true"]);
  return passwordless.code === 0 ? (command) => ["sudo", "-n", ...command] : undefined;
}
