/**
 * The command line: finds the command, parses, runs, reports. Reads nothing of the process by itself, so that tests and
 * `main.ts` share it.
 */
import { readFile } from 'node:fs/promises';
import { LongshoreError } from '@longshore/job';
import type { Environment } from '@longshore/launch';
import type { Command } from './command.ts';
import { didYouMean } from './did-you-mean.ts';
import { EXIT_OK } from './exit-code.ts';
import { commandHelp, helpData, programHelp } from './help.ts';
import { parseInvocation } from './parse-invocation.ts';
import { COMMANDS, type RegisteredCommand } from './registry.ts';
import { reportError } from './report-error.ts';
import type { Terminal } from './terminal/terminal.ts';

/** Options of {@link runCli}. */
export interface CliOptions {
  /** Words after `longshore`. */
  readonly args: readonly string[];
  readonly terminal: Terminal;
  readonly env: Environment;
  readonly cwd: string;
  /** Default: all commands. */
  readonly commands?: readonly RegisteredCommand[];
}

/** Runs a command line. Resolves with the exit code and never rejects. */
export async function runCli(options: CliOptions): Promise<number> {
  const { args, terminal } = options;
  const end = args.indexOf('--');
  const json = (end === -1 ? args : args.slice(0, end)).includes('--json');
  try {
    return await dispatch(options, json);
  } catch (error) {
    return reportError(error, terminal, { json });
  }
}

async function dispatch(options: CliOptions, json: boolean): Promise<number> {
  const { terminal, commands = COMMANDS } = options;
  const { flags, rest } = leadingFlags(options.args);
  const [name, ...args] = rest;
  if (flags.has('--version')) return showVersion(terminal, json);
  if (name === undefined)
    return showProgramHelp(commands, terminal, { json, isAsked: flags.has('--help') || flags.has('-h') });
  if (name === 'help' || flags.has('--help') || flags.has('-h')) {
    const words = (name === 'help' ? args : rest).filter((word) => !word.startsWith('-'));
    return words.length === 0
      ? showProgramHelp(commands, terminal, { json, isAsked: true })
      : showHelp(commands, words, terminal, json);
  }
  const found = await findCommand(commands, [name, ...args]);
  return runCommand(found, {
    ...options,
    args: json && !found.args.includes('--json') ? ['--json', ...found.args] : found.args,
  });
}

async function runCommand({ command, path }: Found, options: CliOptions): Promise<number> {
  const { terminal, env, cwd, args } = options;
  const { values, positionals } = parseInvocation(command, path, args);
  if (values['help'] === true) return print(command, path, terminal, values.json);
  if (command.run === undefined) {
    terminal.write(`${commandHelp(command, path, terminal)}\n`);
    const names = (command.subcommands ?? []).map((each) => each.name).join(', ');
    throw new LongshoreError('invalid_options', `Cannot run "${path}" alone: add one of ${names}`, {
      details: { command: path },
    });
  }
  return command.run({ values, positionals, terminal, env, cwd });
}

interface Found {
  readonly command: Command;
  /** `longshore dlq list` */
  readonly path: string;
  readonly args: readonly string[];
}

async function findCommand(commands: readonly RegisteredCommand[], words: readonly string[]): Promise<Found> {
  const [name = '', ...rest] = words;
  const registered = commands.find((each) => each.name === name);
  if (registered === undefined)
    throw unknownCommand(name, 'longshore', [...commands.map((each) => each.name), 'help']);
  return findSubcommand({ command: await registered.load(), path: `longshore ${name}`, args: rest });
}

function findSubcommand(found: Found): Found {
  const { command, path, args } = found;
  if (command.subcommands === undefined) return found;
  // Where a command takes words of its own, only the first may be a subcommand: later ones belong to it or its options.
  const at = command.run === undefined ? args.findIndex((word) => !word.startsWith('-')) : 0;
  const name = args[at];
  if (name === undefined) return found;
  const subcommand = command.subcommands.find((each) => each.name === name);
  if (subcommand === undefined) {
    if (command.run !== undefined) return found;
    throw unknownCommand(
      name,
      path,
      command.subcommands.map((each) => each.name),
    );
  }
  return findSubcommand({ command: subcommand, path: `${path} ${name}`, args: args.toSpliced(at, 1) });
}

function unknownCommand(name: string, path: string, names: readonly string[]): LongshoreError {
  const guess = didYouMean(name, names);
  const message = `Unknown command "${path} ${name}"${guess || `, known are ${names.join(', ')}`} (all commands: ${path} --help)`;
  return new LongshoreError('invalid_options', message, { details: { command: name, known: names } });
}

const PROGRAM_FLAGS = ['--help', '-h', '--version', '--json', '--no-color'];

function leadingFlags(args: readonly string[]): { flags: ReadonlySet<string>; rest: readonly string[] } {
  const at = args.findIndex((word) => !word.startsWith('-'));
  const leading = at === -1 ? args : args.slice(0, at);
  const unknown = leading.find((flag) => !PROGRAM_FLAGS.includes(flag));
  if (unknown !== undefined) {
    const guess = didYouMean(unknown, PROGRAM_FLAGS);
    throw new LongshoreError(
      'invalid_options',
      `Unknown option "${unknown}"${guess || ': options of a command come after its name'}`,
    );
  }
  return { flags: new Set(leading), rest: at === -1 ? [] : args.slice(at) };
}

async function showHelp(
  commands: readonly RegisteredCommand[],
  words: readonly string[],
  terminal: Terminal,
  json: boolean,
): Promise<number> {
  const { command, path } = await findCommand(commands, words);
  return print(command, path, terminal, json);
}

function print(command: Command, path: string, terminal: Terminal, json: boolean): number {
  if (json) terminal.json(helpData(command, path));
  else terminal.data.write(commandHelp(command, path, terminal.data));
  return EXIT_OK;
}

async function showProgramHelp(
  commands: readonly RegisteredCommand[],
  terminal: Terminal,
  { json, isAsked }: { readonly json: boolean; readonly isAsked: boolean },
): Promise<number> {
  if (!isAsked) {
    if (!json) terminal.write(`${programHelp(commands, terminal)}\n`);
    throw new LongshoreError(
      'invalid_options',
      'Cannot run without a command: add one of those that "longshore --help" shows',
    );
  }
  if (json) {
    const loaded = await Promise.all(commands.map((each) => each.load()));
    terminal.json({ commands: loaded.map((command) => helpData(command, `longshore ${command.name}`)) });
  } else {
    terminal.data.write(programHelp(commands, terminal.data));
  }
  return EXIT_OK;
}

async function showVersion(terminal: Terminal, json: boolean): Promise<number> {
  const text = await readFile(new URL('../package.json', import.meta.url), 'utf8');
  const { version } = JSON.parse(text) as { version: string };
  if (json) terminal.json({ version, node: process.version });
  else terminal.data.write(`longshore ${version}\n`);
  return EXIT_OK;
}
