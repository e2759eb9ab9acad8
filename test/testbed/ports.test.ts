import assert from "node:assert/strict";
import { createServer } from "node:net";
import { it } from "node:test";
import { freePort, freePorts } from "../../testbed/ports.js";

it("free ports are different and can be listened on", async () => {
  const ports = await freePorts(20);
  assert.equal(new Set(ports).size, 20);
  const port = await freePort();
  await new Promise<void>((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => server.close(() => resolve()));
  });
});
