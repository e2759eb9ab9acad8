/** What one call of `select` does for peers that leave user level: see leaving.ts. */
import { Descriptor, KIND_USER, kindOf, receiveLockOf } from "./descriptor";
import { setCount, setEntry } from "./fd-set";
import { answerLeavingHere, canAnswer } from "./leaving";
import { lock, unlock } from "./lock";
import { Call, EXCEPTS, READS, WRITES, setOf } from "./select-call";
import { userLevel } from "./table";

/** True when the peer of one of the call's sockets leaves, and waits for an answer: then nobody sleeps. */
export function anyLeaving(call: Call): bool {
  return isAnyLeaving(call, READS) || isAnyLeaving(call, WRITES) || isAnyLeaving(call, EXCEPTS);
}

function isAnyLeaving(call: Call, set: u32): bool {
  const entries = setOf(call, set);
  for (let index: u32 = 0; index < setCount(entries); index++) {
    if (isLeaving(call, userLevel(setEntry(entries, index)))) return true;
  }
  return false;
}

function isLeaving(call: Call, d: Descriptor): bool {
  if (changetype<usize>(d) == 0 || kindOf(d) != KIND_USER) return false;
  lock(receiveLockOf(d));
  const leaving = canAnswer(d, call.small);
  unlock(receiveLockOf(d));
  return leaving;
}

/** Answers those peers. Nothing of the call is armed any more. */
export function answerAllLeaving(call: Call): void {
  answerLeavingIn(call, READS);
  answerLeavingIn(call, WRITES);
  answerLeavingIn(call, EXCEPTS);
}

function answerLeavingIn(call: Call, set: u32): void {
  const entries = setOf(call, set);
  for (let index: u32 = 0; index < setCount(entries); index++) {
    const d = userLevel(setEntry(entries, index));
    if (isLeaving(call, d)) answerLeavingHere(d, call.small);
  }
}
