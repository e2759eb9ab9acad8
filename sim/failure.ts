/** What a checker has found: the run ends with it. */
export class SimFailure extends Error {
  /** @param checker which property does not hold: "stream", "liveness", "memory", ... */
  constructor(
    readonly checker: string,
    message: string,
  ) {
    super(message);
  }
}
