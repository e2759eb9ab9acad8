import { Argument, type Command } from "commander";
import { allCommands, type CommandInfo, describeCommand, type OptionInfo } from "./command-tree.js";

export const shells = ["bash", "zsh", "powershell"] as const;
export type Shell = (typeof shells)[number];

const explanation = `
Examples:
  vmmc completion bash > ~/.local/share/bash-completion/completions/vmmc
  vmmc completion zsh > "\${fpath[1]}/_vmmc"
  vmmc completion powershell >> $PROFILE
  source <(vmmc completion bash)                  for this shell alone`;

/** Adds `vmmc completion`. */
export function addCompletion(program: Command): void {
  program
    .command("completion")
    .description("print a script with which a shell completes vmmc's commands and options")
    .addArgument(new Argument("<shell>", "which shell").choices(shells))
    .addHelpText("after", explanation)
    .action((shell: Shell) => {
      process.stdout.write(completionScript(describeCommand(program), shell));
    });
}

/** The script for a shell. It holds all words itself: completing does not start the program. */
export function completionScript(root: CommandInfo, shell: Shell): string {
  return { bash, zsh, powershell }[shell](root);
}

const namesOf = ({ options }: CommandInfo) => options.flatMap(({ names }) => names);
const childrenOf = ({ commands }: CommandInfo) => commands.map(({ words }) => words.at(-1)!);
const pathOf = ({ words }: CommandInfo) => words.slice(1).join(" ");
const withValue = ({ options }: CommandInfo) => options.filter(({ value }) => value !== undefined);

/** Words for one single-quoted string of a POSIX shell. */
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

function bash(root: CommandInfo): string {
  const commands = allCommands(root);
  const words = commands.map((command) => {
    const choices = command.arguments[0]?.choices ?? [];
    const all = [...childrenOf(command), ...choices, ...namesOf(command)].join(" ");
    return `    ${quoted(pathOf(command))}) words=${quoted(all)} ;;`;
  });
  const values = commands.flatMap((command) =>
    withValue(command).map(({ names, value }) => {
      const patterns = names.map((name) => quoted(`${pathOf(command)} ${name}`.trim())).join("|");
      return `    ${patterns}) value=1 choices=${quoted((value!.choices ?? []).join(" "))} ;;`;
    }),
  );
  const known = commands.slice(1).map((command) => quoted(pathOf(command)));
  const passing = commands.filter(({ passesThrough }) => passesThrough).map((command) => quoted(pathOf(command)));
  return `# Completion of vmmc for bash. Made by: vmmc completion bash
_vmmc_value() {
  value= choices=
  case "\${path:+$path }$1" in
${values.join("\n")}
  esac
}
_vmmc() {
  local cur=\${COMP_WORDS[COMP_CWORD]} path= word next words value choices skip= positional= index
  COMPREPLY=()
  for ((index = 1; index < COMP_CWORD; index++)); do
    word=\${COMP_WORDS[index]}
    if [[ -n $skip ]]; then skip=; continue; fi
    if [[ $word == -- ]]; then positional=1; continue; fi
    if [[ $word == -* ]]; then _vmmc_value "$word"; skip=$value; continue; fi
    next=\${path:+$path }$word
    case "$next" in
    ${known.join("|")}) path=$next ;;
    *) positional=1 ;;
    esac
    case "$path" in
    ${passing.join("|")}) [[ -n $positional ]] && return ;;
    esac
  done
  if [[ -n $skip ]]; then
    [[ -n $choices ]] && COMPREPLY=($(compgen -W "$choices" -- "$cur"))
    return
  fi
  case "$path" in
${words.join("\n")}
  esac
  [[ -z $cur && -n $path && $words != [a-z]* ]] && return
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
# Where no word fits, files do.
complete -o bashdefault -o default -F _vmmc vmmc
`;
}

/** Text inside the brackets of an _arguments specification. */
const bracketed = (text: string) => text.replace(/[[\]\\:]/g, "\\$&");

function zshOption({ names, description, value }: OptionInfo): string[] {
  const action = value?.choices ? `(${value.choices.join(" ")})` : "_files";
  const tail = value === undefined ? "" : `:${bracketed(value.name)}:${action}`;
  return names.map((name) => quoted(`*${name}[${bracketed(description)}]${tail}`));
}

function zsh(root: CommandInfo): string {
  const functionName = (command: CommandInfo) => `_${command.words.join("_")}`;
  const functions = allCommands(root).map((command) => {
    const options = command.options.flatMap(zshOption);
    if (command.commands.length > 0) {
      const list = command.commands.map((child) =>
        quoted(`${child.words.at(-1)}:${child.description.replaceAll(":", "\\:")}`),
      );
      const cases = command.commands.map((child) => `    ${child.words.at(-1)}) ${functionName(child)} ;;`);
      return `${functionName(command)}() {
  local curcontext="$curcontext" state line
  local -a commands=(${list.join(" ")})
  _arguments -C ${options.join(" ")} '1:command:->command' '*::argument:->arguments'
  case $state in
  command) _describe command commands ;;
  arguments)
    case $line[1] in
${cases.join("\n")}
    esac ;;
  esac
}`;
    }
    const places = command.arguments.map(({ name, required, variadic, choices }, index) => {
      if (command.passesThrough && variadic) return "'*::program:_normal'";
      const position = variadic ? "*" : `${index + 1}`;
      return quoted(`${position}:${required ? "" : ":"}${name}:${choices ? `(${choices.join(" ")})` : "_files"}`);
    });
    return `${functionName(command)}() {
  _arguments ${[...options, ...places].join(" ")}
}`;
  });
  return `#compdef vmmc
# Completion of vmmc for zsh. Made by: vmmc completion zsh
${functions.join("\n")}
if [ "$funcstack[1]" = _vmmc ]; then _vmmc "$@"; else compdef _vmmc vmmc; fi
`;
}

function powershell(root: CommandInfo): string {
  const text = (value: string) => `'${value.replaceAll("'", "''")}'`;
  const list = (values: readonly string[]) => `@(${values.map(text).join(", ")})`;
  const entries = allCommands(root).map((command) => {
    const words = [...childrenOf(command), ...(command.arguments[0]?.choices ?? []), ...namesOf(command)];
    return `    ${text(pathOf(command))} = ${list(words)}`;
  });
  const values = allCommands(root).flatMap((command) =>
    withValue(command).flatMap(({ names, value }) =>
      names.map((name) => `    ${text(`${pathOf(command)} ${name}`.trim())} = ${list(value!.choices ?? [])}`),
    ),
  );
  return `# Completion of vmmc for PowerShell. Made by: vmmc completion powershell
Register-ArgumentCompleter -Native -CommandName vmmc -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $words = @{
${entries.join("\n")}
  }
  $values = @{
${values.join("\n")}
  }
  $path = ''
  $choices = $null
  foreach ($element in @($commandAst.CommandElements | Select-Object -Skip 1)) {
    if ($element.Extent.EndOffset -ge $cursorPosition) { break }
    $word = $element.ToString()
    if ($null -ne $choices) { $choices = $null; continue }
    if ($word -like '-*') { $choices = $values["$path $word".Trim()]; continue }
    $next = "$path $word".Trim()
    if ($words.ContainsKey($next)) { $path = $next }
  }
  $fitting = if ($null -ne $choices) { $choices } else { $words[$path] }
  $fitting | Where-Object { $_ -like "$wordToComplete*" } | ForEach-Object {
    [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
  }
}
`;
}
