/**
 * From words on the command line to typed, checked values. Everything that is wrong is reported at once, with what to
 * write instead.
 */
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { LongshoreError, isLongshoreError, parseDurationMs } from '@longshore/job';
import {
  optionsOf,
  type Command,
  type Option,
  type OptionTable,
  type OptionValue,
  type Positional,
} from './command.ts';
import { didYouMean } from './did-you-mean.ts';

/** What a command line says. */
export interface ParsedInvocation {
  readonly values: Readonly<Record<string, OptionValue>> & { readonly json: boolean };
  readonly positionals: readonly string[];
}

/**
 * Parses the words after a command's path.
 *
 * @throws LongshoreError `invalid_options`, naming every fault.
 */
export function parseInvocation(command: Command, path: string, args: readonly string[]): ParsedInvocation {
  const options = optionsOf(command);
  const faults: string[] = [];
  const { tokens } = parseArgs({
    args: [...args],
    options: asConfig(options),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const given = new Map<string, string[]>();
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
    const fault =
      option === undefined ? unknownOption(token.rawName, command, options) : valueFault(option, token);
    if (fault === undefined) given.set(token.name, [...(given.get(token.name) ?? []), token.value ?? '']);
    else faults.push(fault);
  }
  // A request for help is answered whatever else is missing.
  if (given.has('help')) return { values: { json: given.has('json'), help: true }, positionals };
  const values = Object.fromEntries(
    Object.entries(options).map(([name, option]) => [name, readValue(name, option, given.get(name), faults)]),
  );
  faults.push(...positionalFaults(command.positionals ?? [], positionals));
  if (faults.length > 0) {
    const message = `Cannot run "${path}": ${faults.join('; ')}`;
    throw new LongshoreError('invalid_options', message, { details: { command: path, faults } });
  }
  return { values: { ...values, json: given.has('json') }, positionals };
}

function asConfig(options: OptionTable): NonNullable<ParseArgsConfig['options']> {
  return Object.fromEntries(
    Object.entries(options).map(([name, { type, short }]) => [
      name,
      {
        type: type === 'boolean' ? ('boolean' as const) : ('string' as const),
        multiple: true,
        ...(short === undefined ? {} : { short }),
      },
    ]),
  );
}

function unknownOption(rawName: string, command: Command, options: OptionTable): string {
  const guess = rawName.startsWith('--') ? didYouMean(rawName.slice(2), Object.keys(options), '--') : '';
  const hint = command.unknownOptionHint === undefined ? '' : ` (${command.unknownOptionHint})`;
  return `unknown option "${rawName}"${guess}${hint}`;
}

function valueFault(
  option: Option,
  token: { rawName: string; value?: string | undefined; inlineValue?: boolean | undefined },
): string | undefined {
  const { rawName, value, inlineValue } = token;
  if (option.type === 'boolean') {
    return value === undefined ? undefined : `${rawName} is a switch and takes no value, it got "${value}"`;
  }
  if (value === undefined) return `${rawName} needs a value`;
  // parseArgs takes any next word as the value; one that looks like an option is more likely a forgotten value.
  const isForgotten = inlineValue !== true && value.startsWith('-') && value !== '-';
  return isForgotten
    ? `${rawName} needs a value, it is followed by "${value}" (write ${rawName}=${value} if that is the value)`
    : undefined;
}

function readValue(
  name: string,
  option: Option,
  given: readonly string[] | undefined,
  faults: string[],
): OptionValue {
  if (option.type === 'boolean') return given !== undefined;
  if (option.multiple === true) return given ?? [];
  if (given === undefined) return option.default;
  const text = given[0] ?? '';
  if (given.length > 1) {
    faults.push(`--${name} was given ${given.length} times, once is enough`);
    return text;
  }
  if (option.type === 'integer') return readInteger(name, option, text, faults);
  if (option.type === 'duration') return readDuration(name, text, faults);
  if (option.choices !== undefined && !option.choices.includes(text))
    faults.push(`--${name} is "${text}", ${expected(option.choices)}`);
  return text;
}

function readInteger(
  name: string,
  { min = 0, max = Number.MAX_SAFE_INTEGER }: Option,
  text: string,
  faults: string[],
): number {
  const value = Number(text);
  if (!/^-?\d+$/.test(text) || value < min || value > max) {
    const range = max === Number.MAX_SAFE_INTEGER ? `from ${min}` : `from ${min} to ${max}`;
    faults.push(`--${name} is "${text}", expected a whole number ${range}`);
  }
  return value;
}

function readDuration(name: string, text: string, faults: string[]): number {
  try {
    return parseDurationMs(text);
  } catch (error) {
    if (!isLongshoreError(error)) throw error;
    faults.push(`--${name} is "${text}", expected a duration like "30s", "1m30s" or "250ms"`);
    return 0;
  }
}

function positionalFaults(specs: readonly Positional[], positionals: readonly string[]): string[] {
  const missing = specs.filter(
    ({ isOptional }, index) => isOptional !== true && positionals[index] === undefined,
  );
  const faults = missing.map(
    ({ name, choices }) => `<${name}> is missing${choices === undefined ? '' : `, ${expected(choices)}`}`,
  );
  specs.forEach(({ name, choices }, index) => {
    const value = positionals[index];
    if (value === undefined || choices === undefined || choices.includes(value)) return;
    faults.push(`<${name}> is "${value}"${didYouMean(value, choices) || `, ${expected(choices)}`}`);
  });
  const extra = specs.at(-1)?.isRest === true ? [] : positionals.slice(specs.length);
  if (extra.length > 0) {
    const words = extra.map((word) => `"${word}"`).join(', ');
    faults.push(
      `${words} ${extra.length === 1 ? 'is one argument' : 'are arguments'} too many (quote an argument that has spaces)`,
    );
  }
  return faults;
}

function expected(choices: readonly string[]): string {
  return `expected ${choices.join(', ')}`;
}
