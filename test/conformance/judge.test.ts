import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { judge } from "../../conformance/judge.js";
import type { Line } from "../../conformance/play.js";
import { castScript, parseScript, partiesOf, rolesOf } from "../../conformance/script.js";

/** Transcripts of a script of one call, which gave this. */
function transcripts(script: string, kernel: string, wrapped: string): [Line[], Line[]] {
  const [step] = parseScript(script);
  const expected = step && "expected" in step && step.expected ? { expected: step.expected } : {};
  const line = (gave: string): Line => ({ what: "A call", gave, ...expected });
  return [[line(kernel)], [line(wrapped)]];
}

function verdict(script: string, kernel: string, wrapped: string): string {
  const { unexpected, differences } = judge(...transcripts(script, kernel, wrapped));
  return `${unexpected.length} unexpected, ${differences.length} differences`;
}

describe("judging two transcripts", () => {
  test("a line without expectation: both must give the same", () => {
    assert.equal(verdict("A recv s 5", "5", "5"), "0 unexpected, 0 differences");
    assert.equal(verdict("A recv s 5", "5", "4"), "0 unexpected, 1 differences");
  });

  test("a documented result: both must give it", () => {
    assert.equal(verdict("A recv s 5 => 5", "5", "5"), "0 unexpected, 0 differences");
    assert.equal(verdict("A recv s 5 => 5", "4", "4"), "1 unexpected, 0 differences");
    assert.equal(verdict("A recv s 5 => 5", "5", "4"), "0 unexpected, 1 differences");
  });

  test("a deviation of Wine: its own answer there, the documented one here", () => {
    const script = "A recv s 5 => -1 WSAEINTR | wine: -1 WSAEINVAL (why)";
    assert.equal(verdict(script, "-1 WSAEINVAL", "-1 WSAEINTR"), "0 unexpected, 0 differences");
    assert.equal(verdict(script, "-1 WSAEINVAL", "-1 WSAEINVAL"), "0 unexpected, 1 differences");
    assert.equal(verdict(script, "-1 WSAEINTR", "-1 WSAEINTR"), "1 unexpected, 0 differences");
  });

  test("a deviation of both: Wine's answer here as well, and no third one", () => {
    const script = "A recv s 5 => 3 | both: 2 or 1 (why (really))";
    assert.equal(verdict(script, "2", "2"), "0 unexpected, 0 differences");
    assert.equal(verdict(script, "1", "2"), "0 unexpected, 1 differences");
    assert.equal(verdict(script, "3", "3"), "1 unexpected, 0 differences");
  });

  test("a transcript that breaks off differs", () => {
    const [kernel] = transcripts("A recv s 5", "5", "");
    assert.equal(judge(kernel, []).differences.length, 1);
    assert.equal(judge([], kernel).differences.length, 1);
  });
});

describe("reading a script", () => {
  test("roles and parties", () => {
    const pair = parseScript("pair\nB send s 1");
    assert.deepEqual(rolesOf(pair), ["A accepts", "A connects"]);
    assert.deepEqual(partiesOf(pair), ["A", "B"]);
    assert.deepEqual(rolesOf(parseScript("C socket s")), ["as written"]);
    const [first] = castScript(pair, "A connects");
    assert.equal(first?.kind === "call" && `${first.party} ${first.text}`, "B listener l");
  });

  test("what cannot be read is named", () => {
    assert.throws(() => parseScript("send s 5"), /"send s 5": it begins with no party/);
    assert.throws(() => parseScript("A recv s 5 => 5 | sometimes: 4"), /cannot read what is expected/);
    assert.throws(() => parseScript("A recv s 5 &"), /cannot wait/);
  });

  test("comments and empty lines are for people", () => {
    assert.deepEqual(parseScript("\n # only this\n"), []);
    const [step] = parseScript("A send s 5 => 5 # it goes");
    assert.deepEqual(step && "expected" in step && step.expected, { documented: "5" });
  });
});
