import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { repositoryRoot } from "../../scripts/setup/paths.js";
import type { Api, Steps } from "../../sim/app/api.js";
import { begin, end, makePort } from "../../sim/app/file-calls.js";
import * as ws from "../../sim/kernel/constants.js";
import { SmallWorld } from "./small-world.js";

const server = { address: ws.LOOPBACK, port: ws.swapPort(7000) };

/** A listener and one connection to it, both ends in one thread: [client, accepted]. */
function* pair(api: Api): Steps<[number, number]> {
  const listener = yield* api.socket();
  assert.equal(yield* api.bind(listener, server), 0);
  assert.equal(yield* api.listen(listener, 5), 0);
  const client = yield* api.socket();
  assert.equal(yield* api.connect(client, server), 0);
  const accepted = yield* api.accept(listener, true);
  assert.ok(accepted > 0);
  yield* api.close(listener);
  return [client, accepted];
}

/** Runs one unwrapped program in a machine of its own. */
function program(name: string, body: (api: Api, small: SmallWorld) => Steps<void>): void {
  it(name, () => {
    const small = new SmallWorld();
    small.streams.off = true;
    small.process("program", false, (api) => body(api, small));
    assert.ok(small.run(), "the program never ends");
  });
}

describe("the simulated kernel's sockets", () => {
  program("connected: ReadFile waits whatever FIONBIO says, and tells of its bytes in each way", function* (api) {
    const [client, accepted] = yield* pair(api);
    const port = yield* makePort(api, accepted);
    yield* api.nonBlocking(accepted, true);
    yield* api.send(client, 8);
    for (const told of ["event", "port", "nobody", "at once"] as const) {
      const begun = yield* begin(api, accepted, true, 2, told, port);
      assert.equal(yield* end(api, begun!), 2, told);
    }
  });

  program("shut: WriteFile says so as the system does", function* (api) {
    const [client] = yield* pair(api);
    yield* api.shutdown(client, ws.SD_SEND);
    const begun = yield* begin(api, client, false, 2, "event");
    assert.equal(api.thread.lastError, 233);
    assert.equal(yield* end(api, begun!), -1);
    assert.equal(api.error, ws.WSAESHUTDOWN);
  });

  program("connected: what is sent is received, a part at a time", function* (api) {
    const [client, accepted] = yield* pair(api);
    assert.equal(yield* api.send(client, 10), 10);
    assert.equal(yield* api.available(accepted), 10);
    assert.equal(yield* api.recv(accepted, 4, true), 4);
    assert.equal(yield* api.recv(accepted, 4), 4);
    assert.equal(yield* api.recv(accepted, 40), 6);
  });

  program("nobody listens: connect is refused", function* (api) {
    const client = yield* api.socket();
    assert.equal(yield* api.connect(client, server), -1);
    assert.equal(api.error, ws.WSAECONNREFUSED);
  });

  program("the queue is full: connect is refused", function* (api) {
    const listener = yield* api.socket();
    yield* api.bind(listener, server);
    yield* api.listen(listener, 1);
    assert.equal(yield* api.connect(yield* api.socket(), server), 0);
    assert.equal(yield* api.connect(yield* api.socket(), server), -1);
    assert.equal(api.error, ws.WSAECONNREFUSED);
  });

  program("the address is in use: bind fails", function* (api) {
    yield* api.bind(yield* api.socket(), server);
    assert.equal(yield* api.bind(yield* api.socket(), server), -1);
    assert.equal(api.error, ws.WSAEADDRINUSE);
  });

  program("not connected: send, recv and shutdown say so", function* (api) {
    const socket = yield* api.socket();
    assert.equal(yield* api.send(socket, 1), -1);
    assert.equal(api.error, ws.WSAENOTCONN);
    assert.equal(yield* api.recv(socket, 1), -1);
    assert.equal(api.error, ws.WSAENOTCONN);
    assert.equal(yield* api.shutdown(socket, ws.SD_SEND), -1);
    assert.equal(api.error, ws.WSAENOTCONN);
  });

  program("the peer has shut down: the end after the last byte, and sending goes on", function* (api) {
    const [client, accepted] = yield* pair(api);
    yield* api.send(client, 3);
    assert.equal(yield* api.shutdown(client, ws.SD_SEND), 0);
    assert.equal(yield* api.send(client, 1), -1);
    assert.equal(api.error, ws.WSAESHUTDOWN);
    assert.equal(yield* api.recv(accepted, 9), 3);
    assert.equal(yield* api.recv(accepted, 9), 0);
    assert.equal(yield* api.send(accepted, 2), 2);
    assert.equal(yield* api.recv(client, 9), 2);
  });

  program("closed with bytes unread, or with SO_LINGER 0: the peer's connection is reset", function* (api) {
    const [client, accepted] = yield* pair(api);
    yield* api.send(client, 3);
    yield* api.close(accepted);
    assert.equal(yield* api.recv(client, 9), -1);
    assert.equal(api.error, ws.WSAECONNRESET);
    const [second, other] = yield* pair(api);
    yield* api.linger(other, 0);
    yield* api.close(other);
    assert.equal(yield* api.recv(second, 9), -1);
    assert.equal(api.error, ws.WSAECONNRESET);
  });

  program("the peer has closed: the first bytes for it go, and bring a reset back", function* (api) {
    const [client, accepted] = yield* pair(api);
    yield* api.close(accepted);
    assert.equal(yield* api.send(client, 1), 1);
    assert.equal(yield* api.send(client, 1), -1);
    assert.equal(api.error, ws.WSAECONNRESET);
  });

  program("must not block: a part is sent, then WSAEWOULDBLOCK; select tells when to go on", function* (api) {
    const [client, accepted] = yield* pair(api);
    yield* api.nonBlocking(client, true);
    assert.equal(yield* api.send(client, 100), 64);
    assert.equal(yield* api.send(client, 100), -1);
    assert.equal(api.error, ws.WSAEWOULDBLOCK);
    assert.deepEqual(yield* api.select([[], [client], []], 5), [[], [], []]);
    yield* api.recv(accepted, 1);
    assert.deepEqual(yield* api.select([[client], [client], []], -1), [[], [client], []]);
  });

  program("a connect that is not waited for: writable when connected, exceptional when refused", function* (api) {
    const socket = yield* api.socket();
    yield* api.nonBlocking(socket, true);
    assert.equal(yield* api.connect(socket, server), -1);
    assert.equal(api.error, ws.WSAEWOULDBLOCK);
    assert.deepEqual(yield* api.select([[], [socket], [socket]], -1), [[], [], [socket]]);
    assert.equal(yield* api.socketError(socket), ws.WSAECONNREFUSED);
  });

  program("a receive time-out is over: WSAETIMEDOUT", function* (api, small) {
    const [client] = yield* pair(api);
    yield* api.timeouts(client, ws.SO_RCVTIMEO, 300);
    const before = small.machine.now;
    assert.equal(yield* api.recv(client, 1), -1);
    assert.equal(api.error, ws.WSAETIMEDOUT);
    assert.ok(small.machine.now - before >= 300_000);
  });

  program("closed by another thread: who sleeps in recv gets WSAEINTR", function* (api, small) {
    const [client] = yield* pair(api);
    small.thread(api.process, "closer", function* (other) {
      yield* other.sleep(20);
      yield* other.close(client);
    });
    assert.equal(yield* api.recv(client, 1), -1);
    assert.equal(api.error, ws.WSAEINTR);
  });

  it("of a process that is killed are closed; what it did not read makes it a reset", () => {
    const small = new SmallWorld();
    small.streams.off = true;
    const results: number[] = [];
    const victim = small.process("victim", false, function* (api) {
      const listener = yield* api.socket();
      yield* api.bind(listener, server);
      yield* api.listen(listener, 5);
      yield* api.accept(listener, false);
      yield* api.accept(listener, false);
      yield* api.sleep(1e6);
    });
    small.process("survivor", false, function* (api) {
      yield* api.sleep(5);
      const [quiet, loud] = [yield* api.socket(), yield* api.socket()];
      results.push(yield* api.connect(quiet, server), yield* api.connect(loud, server), yield* api.send(loud, 1));
      small.world.kill(victim);
      results.push(yield* api.recv(quiet, 1), yield* api.recv(loud, 1), api.error);
    });
    small.run();
    assert.deepEqual(results, [0, 0, 1, 0, -1, ws.WSAECONNRESET]);
    assert.equal([...small.world.network.sockets].filter((socket) => socket.process === victim).length, 0);
  });
});

it("the simulated kernel's numbers are those of the generated bindings", () => {
  const text = readFileSync(join(repositoryRoot, "core", "generated", "winsock.ts"), "utf8");
  for (const [name, value] of Object.entries(ws)) {
    const found = new RegExp(`const ${name}: \\w+ = (-?\\w+);`).exec(text)?.[1];
    if (found !== undefined && typeof value === "number") assert.equal(value | 0, Number(found) | 0, name);
  }
});
