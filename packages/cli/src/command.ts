/**
 * What a command is, as data: help, parsing, checks and shell completion all read the same table. A command's `run`
 * gets its options parsed, checked and typed.
 */
import type { Environment } from '@longshore/launch';
import type { Terminal } from './terminal/terminal.ts';

/** An option of a command, under its long name. */
export interface Option {
  /**
   * `boolean`: a switch. `text`: any text. `integer`: a whole number between `min` and `max`. `duration`: text like
   * `10s`, given to `run` in milliseconds.
   */
  readonly type: 'boolean' | 'text' | 'integer' | 'duration';
  /** One letter. */
  readonly short?: string;
  /** One line; says the unit and the default where they are not plain. */
  readonly description: string;
  /** What help calls the value, for instance `path`. Default: by type. */
  readonly placeholder?: string;
  /** For `integer` (a number) and `text`. An option without one may be `undefined`. */
  readonly default?: string | number;
  /** `text` only: the values that are allowed. */
  readonly choices?: readonly string[];
  /** `text` only: may be given several times; `run` gets a list. */
  readonly multiple?: boolean;
  /** `integer` only, inclusive. Default 0. */
  readonly min?: number;
  /** `integer` only, inclusive. Default: none. */
  readonly max?: number;
  /** What a shell completes here. Default: files for a placeholder `path` or `file`, else nothing. */
  readonly completes?: Completes;
}

/** What a shell can complete from the fleet. */
export type Completes = 'queues' | 'services' | 'jobs' | 'files';

/** Options by their long names, without the dashes. */
export type OptionTable = Readonly<Record<string, Option>>;

type ScalarOf<O extends Option> = O['type'] extends 'boolean'
  ? boolean
  : O['type'] extends 'text'
    ? string
    : O['type'] extends 'integer' | 'duration'
      ? number
      : boolean | string | number;

type ValueOf<O extends Option> = Option extends O
  ? OptionValue
  : O['type'] extends 'boolean'
    ? boolean
    : O extends { readonly multiple: true }
      ? readonly string[]
      : O extends { readonly default: string | number }
        ? ScalarOf<O>
        : ScalarOf<O> | undefined;

/** Any value of an option. */
export type OptionValue = boolean | string | number | readonly string[] | undefined;

/** Values by option name. Switches that were not given are `false`, lists are empty. */
export type Values<Options extends OptionTable> = {
  readonly [Name in keyof Options]: ValueOf<Options[Name]>;
} & {
  /** Data is written as JSON to stdout. Every command has this switch. */
  readonly json: boolean;
};

/** One call of a command. */
export interface Invocation<Options extends OptionTable = OptionTable> {
  readonly values: Values<Options>;
  /** At least as many as the command's required positionals; missing optional ones are absent. */
  readonly positionals: readonly string[];
  readonly terminal: Terminal;
  readonly env: Environment;
  /** The folder that relative paths are meant from. */
  readonly cwd: string;
}

/** A positional argument. */
export interface Positional {
  readonly name: string;
  readonly description: string;
  /** Default `false`. Required ones come first. */
  readonly isOptional?: boolean;
  /** The last one only: takes all that is left. Default `false`. */
  readonly isRest?: boolean;
  readonly choices?: readonly string[];
  readonly completes?: Completes;
}

/** A call worth showing. */
export interface Example {
  /** The whole line, `longshore` included. */
  readonly command: string;
  readonly note: string;
}

/** A command: runs by itself, or has subcommands, or both: then its first word may name one of them. */
export interface Command<Options extends OptionTable = OptionTable> {
  readonly name: string;
  /** Up to about 60 characters, no full stop: what it does. */
  readonly summary: string;
  /** Paragraphs below the summary, where it needs some. */
  readonly description?: readonly string[];
  /** After the command's path, for instance `<job> [json | -]`. Default: made from the positionals. */
  readonly usage?: string;
  readonly options?: Options;
  readonly positionals?: readonly Positional[];
  readonly examples?: readonly Example[];
  readonly subcommands?: readonly Command[];
  /** What to say after an unknown option, where people are likely to write one by mistake. */
  readonly unknownOptionHint?: string;
  /** Resolves with the exit code. Throws `LongshoreError`s, which the caller prints. Absent: there are subcommands. */
  readonly run?: (invocation: Invocation<Options>) => Promise<number>;
}

/** A command whose `run` sees the types of its own options. */
export function defineCommand<const Options extends OptionTable>(command: Command<Options>): Command {
  // `parseInvocation` builds the values from this very table, so they have the types that `run` expects.
  return command as unknown as Command;
}

/** Switches that every command has. */
export const COMMON_OPTIONS: OptionTable = {
  json: { type: 'boolean', description: 'Print data as JSON' },
  'no-color': { type: 'boolean', description: 'Print without colour (also: NO_COLOR=1)' },
  help: { type: 'boolean', short: 'h', description: 'Show this help' },
};

/** The option of every command that works on a fleet. */
export const FLEET_OPTION: {
  readonly type: 'text';
  readonly placeholder: string;
  readonly description: string;
} = {
  type: 'text',
  placeholder: 'path',
  description: 'Fleet file (default: fleet.ts here or in a parent folder)',
};

/** Options of a command, the common ones included. */
export function optionsOf(command: Command): OptionTable {
  return { ...command.options, ...COMMON_OPTIONS };
}
