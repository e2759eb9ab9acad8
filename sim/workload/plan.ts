import type { Random } from "../random.js";

/** How a program waits. */
export type Style = "blocking" | "select" | "poll" | "messages";
/** Until when it reads: the end of the stream, as many bytes as will come, or not at all. */
export type Reading = "end" | "count" | "none";

/** What one side of a connection does. */
export interface SidePlan {
  bytes: number;
  /** The largest piece that it sends or receives at once. */
  piece: number;
  reading: Reading;
  order: "write-first" | "read-first" | "both";
  /** Ends its stream after writing, and reads on. */
  shuts: boolean;
  style: Style;
  /** Closes with a reset. */
  aborts: boolean;
  /** Looks before it reads. */
  peeks: boolean;
  /** Closes after having read, whatever its own writer is doing. */
  hasty: boolean;
  /** Pauses (ms) now and then. */
  pauseMs: number;
  /** Threads that send; and that receive, until the end of the stream. */
  senders: number;
  receivers: number;
  /** Sends some of its bytes as urgent. */
  urgent: boolean;
  /** Sends and receives in pieces now and then. */
  pieces: boolean;
  /** Uses operations that go on after their calls now and then. */
  operations: boolean;
  /** Gives its socket to another process at some time. */
  leaves: boolean;
}

/** What both sides of one connection do. It comes to an end whatever the order. */
export interface ConnectionPlan {
  sides: readonly [SidePlan, SidePlan];
  connecting: Style;
}

function side(random: Random, mostBytes: number): SidePlan {
  return {
    bytes: random.oneIn(6) ? 0 : random.between(1, mostBytes),
    piece: random.weighted([
      [1 + random.below(4) + Math.floor(mostBytes / 50), 1],
      [1 + random.below(mostBytes), 3],
      [mostBytes, 1],
    ]),
    reading: random.weighted([["end", 5], ["count", 4], ["none", 1]] as const), // biome-ignore format: short
    order: "both",
    shuts: random.oneIn(2),
    style: random.weighted([["blocking", 5], ["select", 3], ["poll", 1]] as const), // biome-ignore format: short
    aborts: random.oneIn(12),
    peeks: random.oneIn(5),
    hasty: random.oneIn(8),
    pauseMs: random.weighted([[0, 6], [1, 1], [30, 1], [1700, 1]] as const), // biome-ignore format: short
    senders: random.oneIn(6) ? 2 : 1,
    receivers: random.oneIn(6) ? 2 : 1,
    urgent: false,
    pieces: false,
    operations: false,
    leaves: false,
  };
}

/** The same connection, with sides that wait for messages now and then. */
export function withMessages(random: Random, plan: ConnectionPlan): ConnectionPlan {
  for (const side of plan.sides) {
    if (!random.oneIn(2)) continue;
    side.style = "messages";
    // A message is for one thread.
    side.senders = 1;
    side.receivers = 1;
  }
  // Who does not wait for the connect hears of its failure with FD_CONNECT only.
  const asks = random.oneIn(2) || (plan.connecting === "poll" && plan.sides[0].style === "messages");
  return { sides: plan.sides, connecting: asks ? "messages" : plan.connecting };
}

export function planConnection(random: Random, mostBytes: number): ConnectionPlan {
  const sides = [side(random, mostBytes), side(random, mostBytes)] as const;
  // Two that both write before they read would wait for each other.
  const first = random.below(4);
  if (first < 2) {
    sides[first]!.order = "write-first";
    sides[1 - first]!.order = "read-first";
  } else if (first === 2) sides[random.below(2)]!.order = random.pick(["write-first", "read-first"]);
  if (sides[0].order === "read-first" && sides[1].order === "both") sides[0].order = "both";
  if (sides[0].reading === "none" && sides[1].reading === "none") sides[1].reading = "end";
  for (const [one, other] of [
    [sides[0], sides[1]],
    [sides[1], sides[0]],
  ] as const) {
    // Who waits for the end of a stream must be told of it before the other waits for the end of his.
    if (one.reading === "end" && (other.reading === "end" || one.order === "read-first")) other.shuts = true;
    // Several that count would wait for each other's bytes.
    if (one.reading !== "end") one.receivers = 1;
    if (one.receivers > 1) one.peeks = false;
    // What several have sent can be told apart only in the order in which it comes.
    if (one.senders > 1) other.receivers = 1;
    // Nobody may wait for a reader that never comes before he lets the other one write.
    if (one.reading !== "none") continue;
    one.order = "write-first";
    if (other.order === "write-first") other.order = "both";
  }
  return { sides, connecting: random.weighted([["blocking", 4], ["select", 2], ["poll", 1]] as const) }; // biome-ignore format: short
}
