/** What the wrapper decided about one end of one connection. */
export interface Connection {
  role: "connect" | "accept" | "unknown";
  local: string;
  peer: string;
  userLevel: boolean;
  /** Why it is what it is, as the wrapper's short word for it. */
  reason: string;
}

/** The fields of a line of `key=value` words; other words are passed over. */
export function fieldsOf(line: string): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const [, key, value] of line.matchAll(/([A-Za-z_][\w-]*)=("[^"]*"|\S*)/g)) {
    fields[key!] = value!.replace(/^"(.*)"$/, "$1");
  }
  return fields;
}

/**
 * The connections that a wrapper's log (VMMC_LOG) tells of, in the log's order, which has one line for each decision. A
 * line that is cut off or of another kind is passed over.
 */
export function connectionsIn(log: string): Connection[] {
  return log.split(/\r?\n/).flatMap((line) => {
    const fields = fieldsOf(line);
    if (fields.event !== "connection" || fields.mode === undefined) return [];
    const role = fields.role === "connect" || fields.role === "accept" ? fields.role : "unknown";
    const { local = "", peer = "", reason = "" } = fields;
    return [{ role, local, peer, userLevel: fields.mode === "user-level", reason }];
  });
}

/** "n of m" connections that were user-level. */
export function shareUserLevel(connections: readonly Connection[]): string {
  return `${connections.filter((connection) => connection.userLevel).length} of ${connections.length}`;
}
