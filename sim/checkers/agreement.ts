import { SimFailure } from "../failure.js";
import type { Connection } from "../kernel/tcp.js";
import type { Decision, World, WorldListener } from "../world.js";

/** What one side has said. */
interface Said {
  mode: number;
  reason: number;
}

/**
 * Both ends of a connection are user-level, or both are the kernel's. And where nothing stood in the way it is user-level:
 * an offer that was made is taken.
 */
export class AgreementChecker implements WorldListener {
  /** For each connection the mode of the connector and of the acceptor, once they have said it. */
  private readonly said = new Map<Connection, [Said | undefined, Said | undefined]>();
  /** The directory is not what it should be: nothing can be expected. */
  excused = false;
  /** Calls fail, processes die: then offers may come to nothing. */
  mayMiss = false;

  constructor(private readonly world: World) {}

  decided(decision: Decision): void {
    const who = decision.role === 0 ? "connect" : "accept";
    this.world.reach(`${who} ${decision.mode === 1 ? "user" : `kernel ${this.reason(decision.reason)}`}`);
    const connection = this.find(decision);
    if (connection === undefined) return;
    const said = this.said.get(connection) ?? [undefined, undefined];
    said[decision.role] = { mode: decision.mode, reason: decision.reason };
    this.said.set(connection, said);
    if (connection.owners.some((process) => process?.hostile)) return;
    const [connector, acceptor] = said;
    if (this.excused || connector === undefined || acceptor === undefined) return;
    // Who goes on in the kernel because a socket is another process's has said so before its peer, which follows.
    const { REASON_INHERITED } = this.world.core.constants;
    if (connector.reason === REASON_INHERITED || acceptor.reason === REASON_INHERITED) return;
    if (connector.mode === acceptor.mode) {
      // Who has waited in vain for an acceptor that was busy has spoken before that one.
      if (decision.role === 0) this.checkOffer(connection, connector, acceptor);
      return;
    }
    const name = (mode: number) => (mode === 1 ? "user-level" : "the kernel's");
    throw new SimFailure(
      "agreement",
      `connection ${connection.id} is ${name(connector.mode)} for its connector, and ${name(acceptor.mode)} for its acceptor`,
    );
  }

  /** An offer was made, the acceptor did not take it, and nothing was the matter. */
  private checkOffer(connection: Connection, connector: Said, acceptor: Said): void {
    if (this.mayMiss || this.world.faults.injected > 0 || acceptor.mode === 1) return;
    const { REASON_PEER_NOT_WRAPPED, REASON_NOT_ACCEPTED } = this.world.core.constants;
    const offered = connector.reason === REASON_PEER_NOT_WRAPPED || connector.reason === REASON_NOT_ACCEPTED;
    if (!offered || acceptor.reason !== REASON_PEER_NOT_WRAPPED) return;
    throw new SimFailure("agreement", `connection ${connection.id} was offered, and its acceptor did not take it`);
  }

  /** Both sides of that connection have said so. */
  isUserLevel(id: number): boolean {
    for (const [connection, said] of this.said)
      if (connection.id === id) return said[0]?.mode === 1 && said[1]?.mode === 1;
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
