/** A failure that the user can do something about: one line, no stack. */
export class CliError extends Error {}
