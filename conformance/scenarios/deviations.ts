/**
 * Where Wine's sockets differ from what is documented for Windows, in more than one scenario: what to write after "=>".
 * User-level sockets give what Wine gives in these: applications there are used to it, and the transcripts stay equal.
 */

/** A reset that nobody was waiting for. */
export const resetIsEnd =
  "-1 WSAECONNRESET | both: 0 (Wine's server takes the error from the kernel as soon as it notices the reset; recv then finds the end of the stream)";

/** A reset that came while bytes were unread. */
export const resetAfter = (text: string) =>
  `-1 WSAECONNRESET | both: ${text} (Linux keeps the bytes that came before a reset, Windows discards them)`;
