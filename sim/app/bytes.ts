/** The byte at that position of that stream: what is written there, and so what must be read there. */
export function byteAt(stream: number, position: number): number {
  let mixed = Math.imul(position + 1, 0x9e3779b1) ^ Math.imul(stream + 1, 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
  return (mixed ^ (mixed >>> 13)) & 0xff;
}
