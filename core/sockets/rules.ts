/**
 * Rules of the user about which connections may be user-level: VMMC_RULES, for example
 *
 *   kernel port 5432; user-level address 127.0.0.0/8 program client.exe; kernel
 *
 * Each rule begins with what it decides; every condition after that must hold: `port` and `address` are the listening
 * side's, `program` is the file name of this process. The first rule whose conditions hold decides; without one, and
 * without rules, a connection may be user-level. There are no strings in the core: words are told apart by their letters.
 */
import * as layout from "../layout";
import * as os from "../os";
import { lowered } from "../process/text";
import { runtime } from "../runtime";

/** One rule, as far as it can apply to this process. */
@unmanaged
class Rule {
  next: usize;
  /** True (1): user-level; else kernel. */
  user: u32;
  /** The ports from the first to the last, as numbers. */
  firstPort: u32;
  lastPort: u32;
  /** An address in host order, of which as many bits count as the mask has. */
  address: u32;
  mask: u32;
}

/** Where the text is being read. */
@unmanaged
class Reader {
  at: usize;
  end: usize;
}

const TEXT_BYTES: u32 = 4096;
const PATH_BYTES: u32 = 1024;
// Words as `word` gives them.
const KERNEL: u64 = 0x6b65726e656c;
const USER_LEVEL: u64 = 0x65722d6c6576656c ^ 10;
const PORT: u64 = 0x706f7274;
const ADDRESS: u64 = 0x61646472657373;
const PROGRAM: u64 = 0x70726f6772616d;

const SEMICOLON: u32 = 0x3b;
const DOT: u32 = 0x2e;
const SLASH: u32 = 0x2f;
const HYPHEN: u32 = 0x2d;
const BACKSLASH: u32 = 0x5c;

const RULE_APPLIES: u32 = 0;
/** For another program. */
const RULE_DOES_NOT: u32 = 1;
const RULE_WRONG: u32 = 2;

/** Reads the rules, once. One that cannot be understood is left out, and told of. */
export function readRules(): void {
  const memory = os.alloc(TEXT_BYTES + PATH_BYTES + offsetof<Reader>());
  if (memory == 0) return;
  const length = os.rules(memory, TEXT_BYTES);
  const path = memory + TEXT_BYTES;
  const pathLength = length == 0 ? 0 : min<u32>(os.programName(path, PATH_BYTES), PATH_BYTES);
  const reader = changetype<Reader>(path + PATH_BYTES);
  let last: usize = 0;
  let number: u32 = 0;
  for (let at = memory; at < memory + length; ) {
    let end = at;
    while (end < memory + length && <u32>load<u8>(end) != SEMICOLON) end++;
    reader.at = at;
    reader.end = end;
    at = end + 1;
    skipBlanks(reader);
    if (reader.at == reader.end) continue;
    number++;
    const rule = os.alloc(offsetof<Rule>());
    if (rule == 0) break;
    const read = readRule(changetype<Rule>(rule), reader, path, pathLength);
    if (read == RULE_APPLIES) {
      if (last == 0) runtime().rules = rule;
      else changetype<Rule>(last).next = rule;
      last = rule;
      continue;
    }
    os.free(rule);
    if (read == RULE_WRONG && os.logging()) os.logEvent(layout.EVENT_RULE_IGNORED, number, layout.REASON_NONE);
  }
  os.free(memory);
}

/** True when a connection to, or from, a listener of that name may be user-level. Both in network byte order; 0: any address. */
export function mayBeUserLevel(address: u32, port: u32): bool {
  const wanted = (address << 24) | ((address & 0xff00) << 8) | ((address >> 8) & 0xff00) | (address >> 24);
  const number = ((port & 0xff) << 8) | ((port >> 8) & 0xff);
  for (let at = runtime().rules; at != 0; at = changetype<Rule>(at).next) {
    const rule = changetype<Rule>(at);
    if (number < rule.firstPort || number > rule.lastPort) continue;
    // A listener at any address takes connections to others as well.
    if (rule.mask != 0 && (address == 0 || (wanted & rule.mask) != (rule.address & rule.mask))) continue;
    return rule.user != 0;
  }
  return true;
}

function readRule(rule: Rule, reader: Reader, path: usize, pathLength: u32): u32 {
  rule.lastPort = 65535;
  const decision = word(reader);
  if (decision != KERNEL && decision != USER_LEVEL) return RULE_WRONG;
  rule.user = decision == USER_LEVEL ? 1 : 0;
  let result = RULE_APPLIES;
  for (skipWord(reader); reader.at < reader.end; skipWord(reader)) {
    const condition = word(reader);
    skipWord(reader);
    if (reader.at == reader.end) return RULE_WRONG;
    if (condition == PROGRAM) {
      if (!namesProgram(reader, path, pathLength)) result = RULE_DOES_NOT;
      continue;
    }
    const read = condition == PORT ? readPorts(rule, reader) : condition == ADDRESS && readAddress(rule, reader);
    if (!read || !atBlank(reader)) return RULE_WRONG;
  }
  return result;
}

/** NUMBER or NUMBER-NUMBER. */
function readPorts(rule: Rule, reader: Reader): bool {
  const from = readNumber(reader, 65535);
  let to = from;
  if (from >= 0 && here(reader) == HYPHEN) {
    reader.at++;
    to = readNumber(reader, 65535);
  }
  rule.firstPort = from;
  rule.lastPort = to;
  return from >= 0 && to >= from;
}

/** A.B.C.D or A.B.C.D/BITS. */
function readAddress(rule: Rule, reader: Reader): bool {
  let address: u32 = 0;
  for (let part = 0; part < 4; part++) {
    if (part != 0) {
      if (here(reader) != DOT) return false;
      reader.at++;
    }
    const number = readNumber(reader, 255);
    if (number < 0) return false;
    address = (address << 8) | <u32>number;
  }
  let bits = 32;
  if (here(reader) == SLASH) {
    reader.at++;
    bits = readNumber(reader, 32);
  }
  rule.address = address;
  rule.mask = bits <= 0 ? 0 : ~<u32>0 << (32 - bits);
  return bits >= 0;
}

/** A decimal number up to `most`; -1 if there is none. */
function readNumber(reader: Reader, most: i32): i32 {
  const from = reader.at;
  let value = 0;
  while (here(reader) - 0x30 < 10 && value <= most) {
    value = value * 10 + <i32>(here(reader) - 0x30);
    reader.at++;
  }
  return reader.at == from || value > most ? -1 : value;
}

/** True when the word that comes is the last part of the path, in whatever case. */
function namesProgram(reader: Reader, path: usize, pathLength: u32): bool {
  const length = wordLength(reader);
  if (length > pathLength) return false;
  const name = path + pathLength - length;
  if (length < pathLength) {
    const before = <u32>load<u8>(name - 1);
    if (before != BACKSLASH && before != SLASH) return false;
  }
  for (let index: u32 = 0; index < length; index++) {
    if (lowered(load<u8>(name + index)) != letter(reader, index)) return false;
  }
  return true;
}

/** The word that comes, its letters one after the other in a number: eight at most, and of a longer one also its length. */
function word(reader: Reader): u64 {
  const length = wordLength(reader);
  let value: u64 = 0;
  for (let index: u32 = 0; index < length; index++) value = (value << 8) | letter(reader, index);
  return length <= 8 ? value : value ^ length;
}

function wordLength(reader: Reader): u32 {
  let at = reader.at;
  while (at < reader.end && !isBlank(load<u8>(at))) at++;
  return <u32>(at - reader.at);
}

/** A letter of the word that comes, as a small one. */
function letter(reader: Reader, index: u32): u32 {
  return lowered(load<u8>(reader.at + index));
}

/** The byte that comes, 0 at the end. */
function here(reader: Reader): u32 {
  return reader.at < reader.end ? load<u8>(reader.at) : 0;
}

function isBlank(character: u32): bool {
  return character == 0x20 || character == 0x09;
}

function atBlank(reader: Reader): bool {
  return reader.at == reader.end || isBlank(load<u8>(reader.at));
}

function skipWord(reader: Reader): void {
  reader.at += wordLength(reader);
  skipBlanks(reader);
}

function skipBlanks(reader: Reader): void {
  while (reader.at < reader.end && isBlank(load<u8>(reader.at))) reader.at++;
}
