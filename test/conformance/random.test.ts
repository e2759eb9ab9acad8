import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Differ } from "../../conformance/random/differ.js";
import { generate, stepsOf } from "../../conformance/random/generate.js";
import { shrink } from "../../conformance/random/shrink.js";
import { Incoming } from "../../conformance/random/stream.js";
import { parseScript } from "../../conformance/script.js";
import { arches } from "../../programs/build.js";
import { startWineServer } from "../../testbed/wine.js";

const full = process.env.VMMC_TEST_FULL === "1";
/** Enough to see that it works; `npm run differential` plays as many as there is time for. */
const programs = full ? 2000 : 40;

describe("generated programs", () => {
  test("are the same for the same seed, and scripts", () => {
    for (let seed = 1; seed < 300; seed++) {
      const program = generate(seed, { together: false });
      assert.deepEqual(generate(seed, { together: false }), program);
      assert.doesNotThrow(() => parseScript(program.join("\n")));
    }
  });

  test("leave no thread waiting: each call that begins ends", () => {
    for (let seed = 1; seed < 1000; seed++) {
      const program = generate(seed, { together: seed % 2 === 0 });
      const begun = program.filter((line) => line.endsWith(" &")).length;
      const ended = program.filter((line) => line.endsWith(" ends")).length;
      assert.equal(ended, begun, `seed ${seed}:\n${program.join("\n")}`);
    }
  });

  test("are programs as well when steps are left out", () => {
    for (let seed = 1; seed < 100; seed++) {
      const some = stepsOf(seed).filter((step) => step % 3 !== seed % 3);
      const program = generate(seed, { together: false }, some);
      const named = new Set(
        program.flatMap((line) => line.match(/\b(?:listener|connection|socket|accept|duplicate \w+) (\w+)/)?.[1] ?? []),
      );
      for (const line of program) {
        for (const [name] of line.matchAll(/\bs\d+\b/g))
          assert.ok(named.has(name), `${name} in "${line}", seed ${seed}`);
      }
    }
  });

  test("make every kind of call within a few hundred seeds", () => {
    const calls = new Set<string>();
    for (let seed = 1; seed < 400; seed++) {
      for (const step of parseScript(generate(seed, { together: false }).join("\n"))) {
        calls.add(step.kind === "call" ? step.text.split(" ")[0]! : step.kind);
      }
    }
    const wanted = [
      "accept",
      "acceptex",
      "async",
      "beginfile",
      "blocked",
      "close",
      "closehandle",
      "completes",
      "connect",
      "dies",
      "ends",
      "getpeername",
      "endfile",
      "fill",
      "leaves",
      "messages",
      "readfile",
      "recv",
      "recvall",
    ];
    wanted.push(
      "transmitfile",
      "window",
      "writefile",
      "recvex",
      "recvfrom",
      "select",
      "send",
      "sendall",
      "sendto",
      "set",
      "settle",
      "shutdown",
      "until",
    );
    assert.deepEqual(
      wanted.filter((call) => !calls.has(call)),
      [],
    );
  });
});

describe("what is known of a stream", () => {
  /** Bytes of each kind in their order, then what is left unread after a `recv` of many. */
  const streamOf = (text: string, inLine = false) => {
    const stream = new Incoming();
    stream.inLine = inLine;
    for (const kind of text) {
      if (kind === "U") stream.arriveUrgent(1);
      else stream.arrive(1);
    }
    return stream;
  };

  test("recv stops before an urgent byte, and passes over it when it comes next", () => {
    const stream = streamOf("aaUaa");
    stream.take(16);
    assert.deepEqual([stream.unread, stream.mark], [3, 0]);
    stream.take(16);
    assert.deepEqual([stream.unread, stream.mark], [0, undefined]);
  });

  test("in line, an urgent byte is one among the others behind a stop", () => {
    const stream = streamOf("aaUaa", true);
    stream.take(16);
    stream.take(16);
    assert.equal(stream.unread, 0);
  });

  test("an urgent byte alone is nothing for recv", () => {
    assert.equal(streamOf("U").ready, false);
    assert.equal(streamOf("U", true).ready, true);
    assert.equal(streamOf("Ua").ready, true);
  });

  test("a newer urgent byte: an older one that would come next is dropped, another becomes an ordinary one", () => {
    assert.deepEqual([streamOf("UU").unread, streamOf("UU").mark], [1, 0]);
    assert.deepEqual([streamOf("aUaU").unread, streamOf("aUaU").mark], [4, 3]);
  });
});

describe("making a list smaller", () => {
  const list = Array.from({ length: 40 }, (_, index) => index);

  test("leaves exactly what the failure needs", async () => {
    assert.deepEqual(await shrink(list, async (some) => [3, 17, 38].every((one) => some.includes(one))), [3, 17, 38]);
    assert.deepEqual(await shrink(list, async (some) => some.includes(21)), [21]);
  });

  test("asks no more often than allowed", async () => {
    let asked = 0;
    await shrink(
      list,
      async (some) => {
        asked++;
        return some.includes(5) && some.length % 2 === 0;
      },
      25,
    );
    assert.ok(asked <= 25, `${asked}`);
  });
});

for (const arch of arches()) {
  test(`${programs} programs give the same over both, ${arch}`, { timeout: 900_000 }, async (t) => {
    await startWineServer();
    const differ = new Differ({ arches: [arch], together: false });
    t.after(() => differ.close());
    await differ.prepare();
    let userLevel = 0;
    for (let seed = 1; seed <= programs; seed++) {
      const outcome = await differ.run(seed);
      userLevel += outcome.userLevel;
      const { failure } = outcome;
      const text = failure && [...failure.program, ...failure.differences].join("\n");
      assert.ok(!failure, `seed ${seed}: put this into the suite, and repair what it shows:\n${text}`);
    }
    assert.ok(userLevel > programs, `only ${userLevel} ends were user-level`);
  });
}
