import type { Argument, Command, Option } from "commander";

/** What completion and manual need to know of a command: read from the very definitions that --help shows. */
export interface CommandInfo {
  /** From the program's name on. */
  words: string[];
  description: string;
  /** As --help shows it, without the program's name. */
  usage: string;
  options: OptionInfo[];
  arguments: ArgumentInfo[];
  commands: CommandInfo[];
  /** What --help says after the options: explanations and examples. */
  after: string;
  /** What follows the first argument belongs to another program. */
  passesThrough: boolean;
}

export interface OptionInfo {
  /** As --help shows it: `-q, --quiet`, `--json <file>`. */
  flags: string;
  /** `--json`, `-q`. */
  names: string[];
  description: string;
  /** Whether a value follows, and what it may be. */
  value?: { name: string; choices?: readonly string[] };
}

export interface ArgumentInfo {
  name: string;
  description: string;
  required: boolean;
  variadic: boolean;
  choices?: readonly string[];
}

/** Describes a command and all commands below it. */
export function describeCommand(command: Command, before: readonly string[] = []): CommandInfo {
  const help = command.createHelp();
  const words = [...before, command.name()];
  return {
    words,
    description: command.description(),
    usage: command.usage(),
    options: help.visibleOptions(command).map(optionInfo),
    arguments: command.registeredArguments.map(argumentInfo),
    commands: command.commands.map((child) => describeCommand(child, words)),
    after: textAfterHelp(command),
    passesThrough: (command as Command & { _passThroughOptions?: boolean })._passThroughOptions === true,
  };
}

function optionInfo(option: Option): OptionInfo {
  const names = [option.short, option.long].filter((name) => name !== undefined && name !== null) as string[];
  const takesValue = option.required || option.optional;
  const name = /[<[]([^\]>]+)[\]>]/.exec(option.flags)?.[1] ?? "value";
  return {
    flags: option.flags,
    names,
    description: option.description,
    ...(takesValue ? { value: { name, ...(option.argChoices ? { choices: option.argChoices } : {}) } } : {}),
  };
}

function argumentInfo(argument: Argument): ArgumentInfo {
  return {
    name: argument.name(),
    description: argument.description,
    required: argument.required,
    variadic: argument.variadic,
    ...(argument.argChoices ? { choices: argument.argChoices } : {}),
  };
}

/** What addHelpText has added: it cannot be asked for, but shown. */
function textAfterHelp(command: Command): string {
  const output = command.configureOutput();
  let text = "";
  command.configureOutput({
    ...output,
    writeOut: (part) => {
      text += part;
    },
    // As wide as the lines are: breaks are the reader's to make.
    getOutHelpWidth: () => 1000,
  });
  command.outputHelp();
  const shown = command.helpInformation();
  command.configureOutput(output);
  return text.startsWith(shown) ? text.slice(shown.length).trim() : "";
}

/** All commands, each after its parent. */
export function allCommands(root: CommandInfo): CommandInfo[] {
  return [root, ...root.commands.flatMap(allCommands)];
}
