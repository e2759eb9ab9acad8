import { createServer } from "node:net";

/**
 * Ports are taken from below Linux's ephemeral range (32768 and up): a port from inside it could be given
 * to some outgoing connection between our choosing it and the program's `bind`.
 */
const firstPort = 15000;
const lastPort = 31999;
const attempts = 200;

function tryPort(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ host: "127.0.0.1", port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** `count` different TCP ports that nobody on 127.0.0.1 listens on at this moment. */
export async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  for (let attempt = 0; found.size < count && attempt < attempts + count; attempt++) {
    const port = firstPort + Math.floor(Math.random() * (lastPort - firstPort + 1));
    if (!found.has(port) && (await tryPort(port))) found.add(port);
  }
  if (found.size < count) {
    throw new Error(
      `looked for ${count} free TCP ports on 127.0.0.1 between ${firstPort} and ${lastPort} and found ${found.size}: ` +
        "the range seems to be in use; see `ss -ltn`",
    );
  }
  return [...found];
}

/** One TCP port that nobody on 127.0.0.1 listens on at this moment. */
export async function freePort(): Promise<number> {
  return (await freePorts(1))[0]!;
}
