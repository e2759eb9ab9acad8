/** A failure that the person running the generator can act on: shown as one message, without a stack. */
export class WrapgenError extends Error {
  override name = "WrapgenError";
}
