/**
 * `pnpm check`: everything about the code that is decided without running it. One line per step, the output of those that
 * failed, exit code 1 if any did. Nothing is changed but `dist/` folders.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { ROOT } from './check/run-program.ts';
import { runSteps, type StepResult } from './check/run-steps.ts';
import { STEPS, type Step } from './check/steps.ts';

const isColoured = process.stdout.isTTY && (process.env['NO_COLOR'] ?? '') === '';
const width = Math.max(...STEPS.map(({ name }) => name.length));

process.chdir(ROOT);
process.exitCode = await main();

async function main(): Promise<number> {
  const chosen = chosenSteps();
  if (typeof chosen === 'number') return chosen;
  const startMs = performance.now();
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  process.once('SIGTERM', () => stop.abort());
  const results = await runSteps(chosen, {
    concurrency: Math.min(availableParallelism(), 4),
    env: {
      ...process.env,
      ...(isColoured ? { FORCE_COLOR: '1' } : { NO_COLOR: '1', FORCE_COLOR: undefined }),
    },
    signal: stop.signal,
    onResult: (result) => console.log(lineOf(result)),
  });
  if (stop.signal.aborted) return 130;
  const failed = results.filter(({ outcome }) => outcome === 'failed');
  for (const { step, output } of failed) console.log(`\n${bold(`── ${step.name} ──`)}\n${output.trimEnd()}`);
  const passed = results.filter(({ outcome }) => outcome === 'passed').length;
  const notPassed = results.filter(({ outcome }) => outcome !== 'passed').map(({ step }) => step.name);
  const trouble = notPassed.length === 0 ? '' : `; not passed: ${notPassed.join(', ')}`;
  console.log(
    `\n${passed} of ${results.length} checks passed in ${seconds(performance.now() - startMs)}${trouble}`,
  );
  return notPassed.length === 0 ? 0 : 1;
}

/** The steps that the command line asks for, or the exit code of a command line that asks for none. */
function chosenSteps(): readonly Step[] | number {
  const options = {
    only: { type: 'string', multiple: true },
    help: { type: 'boolean', short: 'h' },
  } as const;
  try {
    const { values } = parseArgs({ options });
    if (values.help === true) {
      console.log(help());
      return 0;
    }
    const names = (values.only ?? STEPS.map(({ name }) => name)).flatMap((name) => name.split(','));
    const unknown = names.filter((name) => !STEPS.some((step) => step.name === name));
    if (unknown.length > 0) throw new Error(`There is no step "${unknown.join('", "')}"`);
    return STEPS.filter(({ name }) => names.includes(name));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${help()}`);
    return 2;
  }
}

function help(): string {
  const steps = STEPS.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return [
    'Usage: pnpm check [--only <step>]...',
    '',
    'Steps',
    ...steps,
    '',
    'Options',
    '  --only <step>  run this step; may be repeated, or be a list with commas',
    '  --help         show this',
    '',
    'Exit codes: 0 all passed, 1 some failed, 2 wrong usage, 130 interrupted. NO_COLOR=1 turns colours off.',
  ].join('\n');
}

function lineOf({ step, outcome, durationMs, output }: StepResult): string {
  const name = step.name.padEnd(width);
  if (outcome === 'skipped') return `– ${name}  ${output}`;
  return `${outcome === 'passed' ? green('✓') : red('✗')} ${name}  ${seconds(durationMs).padStart(7)}`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function green(text: string): string {
  return isColoured ? `\u001B[32m${text}\u001B[39m` : text;
}

function red(text: string): string {
  return isColoured ? `\u001B[31m${text}\u001B[39m` : text;
}

function bold(text: string): string {
  return isColoured ? `\u001B[1m${text}\u001B[22m` : text;
}
