/** The simulator's command line. */
import { parseArgs } from 'node:util';

/** What is asked for. */
export interface CommandLine {
  readonly seeds: number;
  readonly from: number;
  /** One seed, with its trace. */
  readonly seed: number | undefined;
  readonly hasMutants: boolean;
  readonly isJson: boolean;
  readonly isHelp: boolean;
}

const DEFAULT_SEEDS = 2_000;

/** How to use it. */
export const USAGE = `Usage: pnpm simulate:runtime [options]

Runs the worker runtime on virtual time against a faulty queue, one world a seed, and checks what must hold in all.

  --seeds <n>    how many seeds, default ${DEFAULT_SEEDS}
  --from <n>     the first seed, default 1
  --seed <n>     this seed alone, with its trace
  --no-mutants   do not see afterwards that planted faults are found
  --json         figures as JSON on the last line
  --help         show this

Exit codes: 0 all is well, 1 a seed broke a rule or a planted fault was not found, 2 wrong usage.`;

/** Reads the command line, or says what is wrong with it. */
export function commandLine(args: readonly string[]): CommandLine | { readonly fault: string } {
  try {
    const { values } = parseArgs({
      args: [...args],
      allowNegative: true,
      options: {
        seeds: { type: 'string' },
        from: { type: 'string' },
        seed: { type: 'string' },
        mutants: { type: 'boolean' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    const { seed } = values;
    if (seed !== undefined && (values.seeds !== undefined || values.from !== undefined))
      throw new Error('--seed is one seed: leave out --seeds and --from');
    return {
      seeds: wholeNumber('--seeds', values.seeds, DEFAULT_SEEDS, 1),
      from: wholeNumber('--from', values.from, 1, 0),
      seed: seed === undefined ? undefined : wholeNumber('--seed', seed, 0, 0),
      hasMutants: values.mutants ?? true,
      isJson: values.json ?? false,
      isHelp: values.help ?? false,
    };
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) };
  }
}

function wholeNumber(option: string, text: string | undefined, standard: number, least: number): number {
  if (text === undefined) return standard;
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value;
  throw new Error(`${option} is "${text}", expected a whole number from ${least}`);
}
