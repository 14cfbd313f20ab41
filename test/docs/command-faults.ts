/** Holds documented commands against the scripts that exist and against what `longshore` says of itself. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, runProgram } from '../check/run-program.ts';
import type { CommandCall } from './command-lines.ts';

/** What `longshore <command> --help --json` prints. */
interface CommandHelp {
  readonly options: Readonly<Record<string, { readonly short?: string }>>;
  readonly commands: readonly { readonly name: string }[];
  /** A command that has these, too, runs by itself: a word that names no subcommand is its own. */
  readonly arguments: readonly object[];
}

/** Commands of the package manager itself. */
const OF_PNPM = ['install', 'add', 'exec', 'pack', 'run', 'dlx'];

/** Scripts that are commands of `longshore`: the words before those that the reader adds. */
const LONGSHORE_SCRIPTS: Readonly<Record<string, readonly string[]>> = { demo: ['demo'], longshore: [] };

const MAIN = 'packages/cli/src/main.ts';

/** What is wrong with the calls, one line each. */
export async function commandFaults(calls: readonly CommandCall[], pinned: string): Promise<string[]> {
  const scripts = Object.keys(readScripts());
  const faults = await Promise.all(calls.map((call) => faultOf(call, scripts, pinned)));
  return faults.flatMap((fault, index) => (fault === undefined ? [] : [`${placeOf(calls[index])} ${fault}`]));
}

async function faultOf(
  { words }: CommandCall,
  scripts: readonly string[],
  pinned: string,
): Promise<string | undefined> {
  const [program = '', ...rest] = words;
  if (program === 'longshore') return longshoreFault(rest);
  if (program.includes('@') && program !== pinned) return `says ${program}, the project uses ${pinned}`;
  const script = rest.find((word) => !word.startsWith('-')) ?? '';
  if (!scripts.includes(script))
    return OF_PNPM.includes(script) ? undefined : `calls the script "${script}", which does not exist`;
  const prefix = LONGSHORE_SCRIPTS[script];
  return prefix === undefined
    ? undefined
    : longshoreFault([...prefix, ...rest.slice(rest.indexOf(script) + 1)]);
}

/** Follows the words into subcommands as far as they go, then looks at the options. */
async function longshoreFault(words: readonly string[]): Promise<string | undefined> {
  const typed = words.filter((word) => !/^(?:…|\.\.\.|<.*>|\[.*\])$/.test(word));
  const [first] = typed;
  if (first === undefined || first === 'help' || first.startsWith('-')) return undefined;
  let help = await helpOf([first]);
  if (typeof help === 'string') return `calls "longshore ${first}": ${help}`;
  const path = [first];
  while (help.commands.length > 0) {
    const next = typed[path.length];
    if (next === undefined || !help.commands.some(({ name }) => name === next)) {
      if (help.arguments.length > 0) break;
      return `calls "longshore ${[...path, next].join(' ')}", which does not exist`;
    }
    path.push(next);
    const deeper = await helpOf(path);
    if (typeof deeper === 'string') return `calls "longshore ${path.join(' ')}": ${deeper}`;
    help = deeper;
  }
  return optionFault(help, typed.slice(path.length), path);
}

function optionFault(
  { options }: CommandHelp,
  words: readonly string[],
  path: readonly string[],
): string | undefined {
  const known = Object.entries(options).flatMap(([name, { short }]) => [
    `--${name}`,
    ...(short === undefined ? [] : [`-${short}`]),
  ]);
  const end = words.indexOf('--');
  const unknown = words
    .slice(0, end === -1 ? undefined : end)
    .filter((word) => /^--?[a-z]/.test(word))
    .map((word) => word.replace(/=.*$/, ''))
    .find((option) => !known.includes(option));
  return unknown === undefined
    ? undefined
    : `gives "longshore ${path.join(' ')}" the option ${unknown}, which it does not have`;
}

/** By path; a command without help answers with what it printed instead. */
const helps = new Map<string, Promise<CommandHelp | string>>();

function helpOf(path: readonly string[]): Promise<CommandHelp | string> {
  const key = path.join(' ');
  const known = helps.get(key) ?? readHelp(path);
  helps.set(key, known);
  return known;
}

async function readHelp(path: readonly string[]): Promise<CommandHelp | string> {
  const { code, output, stdout } = await runProgram([process.execPath, MAIN, ...path, '--help', '--json']);
  return code === 0 ? (JSON.parse(stdout) as CommandHelp) : output.trim();
}

function readScripts(): Readonly<Record<string, string>> {
  return (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> })
    .scripts;
}

function placeOf(call: CommandCall | undefined): string {
  return `${String(call?.path)}:${String(call?.line)}`;
}
