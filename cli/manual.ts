import type { Command } from "commander";
import { type CommandInfo, describeCommand } from "./command-tree.js";
import { profiles, variables } from "./configuration.js";
import { productName, productVersion } from "./package.js";

/** Adds `vmmc man`. */
export function addManual(program: Command): void {
  program
    .command("man")
    .description("print the manual page")
    .addHelpText("after", "\nExamples:\n  vmmc man | man -l -\n  vmmc man > /usr/local/share/man/man1/vmmc.1")
    .action(() => {
      process.stdout.write(manualPage(describeCommand(program)));
    });
}

/** Text as it is: roff's own characters lose their meaning. */
function plain(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replace(/^([.'])/gm, "\\&$1")
    .replaceAll('"', "\\(dq");
}

const bold = (text: string) => `\\fB${plain(text)}\\fR`;

/** Words in angle or square brackets are to be replaced by the reader. */
function flagsOf(flags: string): string {
  return flags
    .split(/([<[][^\]>]+[\]>])/)
    .map((part) =>
      /^[<[]/.test(part) ? `\\fI${plain(part.replace(/^<|>$/g, ""))}\\fR` : part === "" ? "" : bold(part),
    )
    .join("");
}

/** The manual page, as man(7) markup. */
export function manualPage(root: CommandInfo): string {
  const lines = [
    `.TH VMMC 1 "" "${productName} ${productVersion}" "User Commands"`,
    ".SH NAME",
    "vmmc \\- user\\-level stream sockets for unmodified Windows programs",
    ".SH SYNOPSIS",
    ...root.commands.flatMap((command) => [synopsis(command), ".br"]).slice(0, -1),
    ".SH DESCRIPTION",
    plain(root.description),
    ".SH COMMANDS",
    ...root.commands.filter(({ words }) => words[1] !== "help").flatMap((command) => section(command)),
    ".SH OPTIONS",
    ...options(root),
    ".SH ENVIRONMENT",
    "Read by each program that runs with the DLL. A value that is not valid counts as not set.",
    ...variables.flatMap(({ name, meaning, setting }) => {
      const range =
        setting &&
        `${setting.least} to ${setting.most}${setting.powerOfTwo ? ", a power of two" : ""}; default ${setting.normal}`;
      return [".TP", bold(name), plain(`${meaning.replaceAll("`", "")}${range ? ` (${range})` : ""}.`)];
    }),
    ".PP",
    "The profiles of",
    `${bold("vmmc run")} set some of them:`,
    ...Object.entries(profiles).flatMap(([name, { meaning }]) => [".TP", bold(name), plain(`${meaning}.`)]),
    ...afterText(root.after),
    "",
  ];
  return lines.join("\n");
}

function synopsis({ words, usage }: CommandInfo): string {
  return `${bold(words.join(" "))} ${flagsOf(usage)}`;
}

function section(command: CommandInfo): string[] {
  return [
    `.SS ${words(command)}`,
    plain(`${command.description.charAt(0).toUpperCase()}${command.description.slice(1)}.`),
    ...command.arguments.flatMap(({ name, description }) => [".TP", `\\fI${plain(name)}\\fR`, plain(description)]),
    ...options(command),
    ...afterText(command.after),
    ...command.commands.flatMap(section),
  ];
}

const words = (command: CommandInfo) => plain(command.words.join(" "));

function options({ options: list }: CommandInfo): string[] {
  return list
    .filter(({ names }) => !names.includes("--help"))
    .flatMap(({ flags, description, value }) => {
      const choices = value?.choices ? ` (${value.choices.join(", ")})` : "";
      return [".TP", flagsOf(flags), plain(`${description}${choices}`)];
    });
}

/** Explanations and examples keep their lines. */
function afterText(text: string): string[] {
  if (text === "") return [];
  return [".PP", ".nf", plain(text), ".fi"];
}
