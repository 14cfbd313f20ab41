#!/usr/bin/env node
/** The program behind `npm create longshore`: asks for a folder where somebody can answer, makes the fleet, says what is next. */
import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import { errorDetails, isLongshoreError, LongshoreError } from '@longshore/job';
import { createFleet } from './create-fleet.ts';
import { longshoreVersion } from './versions.ts';

const HELP = `Starts a fleet of workers

Usage
  npm create longshore [folder] -- [options]

Options
  --name <name>      name of the fleet (default: from the folder)
  --worker <name>    its first service (default: words)
  --job <name>       the job of that service
  --force            replace files that are there
  --version          show the version
  --help             show this

Without a folder, and without a terminal to ask on, the fleet goes into this folder.
Exit codes: 0 done, 1 failed, 2 wrong usage and nothing changed, 130 interrupted.
`;
const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
/** Ctrl-C at a question: 128 + 2, as shells count. */
const EXIT_INTERRUPTED = 130;
const DEFAULT_FOLDER = 'my-fleet';

const isInteractive = process.stdin.isTTY && process.stderr.isTTY;
process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  try {
    return await run(args);
  } catch (error) {
    if (error instanceof Error && error.name === 'AbortError') {
      process.stderr.write('\n');
      return EXIT_INTERRUPTED;
    }
    process.stderr.write(`error ${errorDetails(error).message}\n`);
    return isLongshoreError(error) && error.code === 'invalid_options' ? EXIT_USAGE : EXIT_FAILED;
  }
}

async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parsed(args);
  if (values.help === true) return print(HELP);
  if (values.version === true) return print(`create-longshore ${longshoreVersion()}\n`);
  if (positionals.length > 1)
    throw new LongshoreError(
      'invalid_options',
      `Give one folder, not ${positionals.length}: ${positionals.join(' ')}`,
    );
  const created = await createFleet({
    cwd: process.cwd(),
    folder: positionals[0] ?? (await askedFolder()),
    name: values.name,
    worker: values.worker,
    job: values.job,
    force: values.force === true,
    ...(isInteractive ? { mayReplace } : {}),
  });
  const { folder, name, files, next } = created;
  return print(
    `Made the fleet "${name}" in ${folder}\n${files.map((file) => `  ${file}\n`).join('')}\nNext\n${next.map((line) => `  ${line}\n`).join('')}`,
  );
}

function parsed(args: readonly string[]): {
  readonly values: {
    readonly name?: string;
    readonly worker?: string;
    readonly job?: string;
    readonly force?: boolean;
    readonly version?: boolean;
    readonly help?: boolean;
  };
  readonly positionals: readonly string[];
} {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        name: { type: 'string' },
        worker: { type: 'string' },
        job: { type: 'string' },
        force: { type: 'boolean' },
        version: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new LongshoreError('invalid_options', `${reason} (all options: --help)`, { cause: error });
  }
}

async function askedFolder(): Promise<string | undefined> {
  if (!isInteractive) return undefined;
  const answer = (await ask(`Folder for the fleet [${DEFAULT_FOLDER}] `)).trim();
  return answer === '' ? DEFAULT_FOLDER : answer;
}

async function mayReplace(paths: readonly string[]): Promise<boolean> {
  return /^\s*y(es)?\s*$/i.test(await ask(`Replace ${paths.join(', ')}? [y/N] `));
}

async function ask(question: string): Promise<string> {
  using lines = createInterface({ input: process.stdin, output: process.stderr });
  return await lines.question(question);
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}
