/** Texts that end with a zero, as the system has them. There are no strings in the core. */

/** A small letter for a capital one; everything else stays. */
export function lowered(character: u32): u32 {
  return character - 0x41 < 26 ? character + 0x20 : character;
}

/** The zero at the end. */
export function endOfText(text: usize): usize {
  while (load<u8>(text) != 0) text++;
  return text;
}

/** True when the text begins with those letters, in whatever case. */
export function beginsWith(text: usize, letters: usize, count: u32): bool {
  for (let n: u32 = 0; n < count; n++) {
    const one = <u32>load<u8>(text + n);
    if (one == 0 || lowered(one) != lowered(load<u8>(letters + n))) return false;
  }
  return true;
}
