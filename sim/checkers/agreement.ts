import { SimFailure } from "../failure.js";
import type { Connection } from "../kernel/tcp.js";
import type { Decision, World, WorldListener } from "../world.js";

/** Both ends of a connection are user-level, or both are the kernel's. */
export class AgreementChecker implements WorldListener {
  /** For each connection the mode of the connector and of the acceptor, once they have said it. */
  private readonly modes = new Map<Connection, [number | undefined, number | undefined]>();
  excused = false;

  constructor(private readonly world: World) {}

  decided(decision: Decision): void {
    const who = decision.role === 0 ? "connect" : "accept";
    this.world.reach(`${who} ${decision.mode === 1 ? "user" : `kernel ${this.reason(decision.reason)}`}`);
    const connection = this.find(decision);
    if (connection === undefined) return;
    const modes = this.modes.get(connection) ?? [undefined, undefined];
    modes[decision.role] = decision.mode;
    this.modes.set(connection, modes);
    if (connection.owners.some((process) => process?.hostile)) return;
    if (this.excused || modes[0] === undefined || modes[1] === undefined || modes[0] === modes[1]) return;
    const name = (mode: number) => (mode === 1 ? "user-level" : "the kernel's");
    throw new SimFailure(
      "agreement",
      `connection ${connection.id} is ${name(modes[0])} for its connector, and ${name(modes[1])} for its acceptor`,
    );
  }

  /** Both sides of that connection have said so. */
  isUserLevel(id: number): boolean {
    for (const [connection, modes] of this.modes) if (connection.id === id) return modes[0] === 1 && modes[1] === 1;
    return false;
  }

  private reason(reason: number): string {
    const names = Object.entries(this.world.core.constants);
    const name = names.find(([key, value]) => key.startsWith("REASON_") && value === reason)?.[0];
    return name?.slice(7).toLowerCase().replaceAll("_", " ") ?? `${reason}`;
  }

  /** The connection that the side means: its socket is open still. */
  private find({ process, role, client, server }: Decision): Connection | undefined {
    for (const { process: owner, end } of this.world.network.sockets) {
      if (owner !== process || end?.side !== role) continue;
      const { connection } = end;
      if (connection.client.port === client.port && connection.server.port === server.port) return connection;
    }
    return undefined;
  }
}
