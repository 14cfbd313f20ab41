/** Help texts, made from the command table. */
import {
  COMMON_OPTIONS,
  optionsOf,
  type Command,
  type Option,
  type OptionTable,
  type Positional,
} from './command.ts';
import type { RegisteredCommand } from './registry.ts';
import type { Screen } from './terminal/terminal.ts';
import { textWidth, wrap } from './terminal/text-width.ts';

type HelpScreen = Pick<Screen, 'style' | 'columns'>;

/** Lines longer than this are hard to read. */
const MAX_COLUMNS = 100;

/** Help of the whole program. */
export function programHelp(commands: readonly RegisteredCommand[], screen: HelpScreen): string {
  const { style } = screen;
  return sections(screen, [
    ['', ['longshore: queue-driven fleets of workers']],
    ['Usage', ['longshore <command> [options]']],
    [
      'Commands',
      pairs(
        commands.map(({ name, summary }) => [style.cyan(name), summary]),
        screen,
      ),
    ],
    [
      'Options',
      pairs(
        [...optionPairs(COMMON_OPTIONS, screen), [style.cyan('    --version'), 'Show the version']],
        screen,
      ),
    ],
    ['Exit codes', ['0 done, 1 failed, 2 wrong usage or configuration, 130 interrupted']],
    ['', [`Examples of a command: ${style.cyan('longshore help enqueue')}`]],
  ]);
}

/** Help of one command. */
export function commandHelp(command: Command, path: string, screen: HelpScreen): string {
  const { style } = screen;
  const own = Object.entries(command.options ?? {});
  const examples = (command.examples ?? []).flatMap(({ command: line, note }) => [
    style.cyan(line),
    `    ${note}`,
  ]);
  return sections(screen, [
    [
      '',
      [
        command.summary,
        ...(command.description ?? []).flatMap((paragraph) => ['', ...wrap(paragraph, width(screen))]),
      ],
    ],
    ['Usage', usageLines(command, path)],
    [
      'Commands',
      pairs(
        (command.subcommands ?? []).map(({ name, summary }) => [style.cyan(name), summary]),
        screen,
      ),
    ],
    [
      'Arguments',
      pairs(
        (command.positionals ?? []).map((each) => [style.cyan(each.name), argumentText(each)]),
        screen,
      ),
    ],
    ['Options', pairs(optionPairs(Object.fromEntries(own), screen), screen)],
    [own.length === 0 ? 'Options' : 'Common options', pairs(optionPairs(COMMON_OPTIONS, screen), screen)],
    ['Examples', examples],
  ]);
}

/** How a command is called, without its options: `longshore dlq list <queue>`. */
function usageLines(command: Command, path: string): string[] {
  const group = command.subcommands === undefined ? [] : [`${path} <command> [options]`];
  if (group.length > 0 && command.run === undefined) return group;
  const words = command.usage ?? (command.positionals ?? []).map(placeholder).join(' ');
  return [`${[path, words].filter((word) => word !== '').join(' ')} [options]`, ...group];
}

/** Help as data, for programs. */
export function helpData(command: Command, path: string): object {
  return {
    command: path,
    summary: command.summary,
    usage: usageLines(command, path),
    arguments: command.positionals ?? [],
    options: optionsOf(command),
    examples: command.examples ?? [],
    commands: (command.subcommands ?? []).map(({ name, summary }) => ({ name, summary })),
  };
}

function placeholder({ name, isOptional, isRest }: Positional): string {
  const word = isRest === true ? `${name}…` : name;
  return isOptional === true ? `[${word}]` : `<${word}>`;
}

function argumentText({ description, choices }: Positional): string {
  return choices === undefined ? description : `${description} (${choices.join(', ')})`;
}

function optionPairs(options: OptionTable, { style }: HelpScreen): (readonly [string, string])[] {
  return Object.entries(options).map(([name, option]) => {
    const short = option.short === undefined ? '    ' : `-${option.short}, `;
    const value =
      option.type === 'boolean' ? '' : ` <${option.placeholder ?? DEFAULT_PLACEHOLDER[option.type]}>`;
    return [style.cyan(`${short}--${name}${value}`), `${option.description}${remarks(option)}`];
  });
}

const DEFAULT_PLACEHOLDER = { text: 'text', integer: 'n', duration: 'duration' } as const;

function remarks({ choices, default: standard, multiple }: Option): string {
  const said = [
    ...(choices === undefined ? [] : [choices.join(', ')]),
    ...(standard === undefined ? [] : [`default ${standard}`]),
    ...(multiple === true ? ['may be repeated'] : []),
  ];
  return said.length === 0 ? '' : ` (${said.join('; ')})`;
}

function pairs(rows: readonly (readonly [string, string])[], screen: HelpScreen): string[] {
  const left = Math.max(0, ...rows.map(([name]) => textWidth(name)));
  return rows.flatMap(([name, text]) => {
    const [first = '', ...rest] = wrap(text, Math.max(30, width(screen) - left - 4));
    const head = `${name}${' '.repeat(left - textWidth(name))}  ${first}`;
    return [head, ...rest.map((line) => `${' '.repeat(left)}  ${line}`)];
  });
}

function sections(screen: HelpScreen, parts: readonly (readonly [string, readonly string[]])[]): string {
  return parts
    .filter(([, lines]) => lines.length > 0)
    .map(([title, lines]) => {
      const indent = title === '' ? '' : '  ';
      const body = lines.map((line) => (line === '' ? '\n' : `${indent}${line}\n`)).join('');
      return title === '' ? body : `${screen.style.bold(title)}\n${body}`;
    })
    .join('\n');
}

function width({ columns }: HelpScreen): number {
  return Math.min(columns, MAX_COLUMNS);
}
