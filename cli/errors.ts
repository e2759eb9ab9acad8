/** A failure that the user can do something about: one line, no stack. */
export class CliError extends Error {}

/** What was said or given cannot be used, whatever the machine's state. */
export class InputError extends CliError {}
