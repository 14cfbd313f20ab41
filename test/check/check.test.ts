import { describe, expect, it } from 'vitest';
import { runProgram } from './run-program.ts';
import { runSteps, type StepResult } from './run-steps.ts';
import type { Step } from './steps.ts';

function step(name: string, code: string, needs?: string): Step {
  return {
    name,
    summary: name,
    command: () => [process.execPath, '-e', code],
    ...(needs === undefined ? {} : { needs }),
  };
}

async function run(
  steps: readonly Step[],
  signal: AbortSignal = new AbortController().signal,
): Promise<readonly StepResult[]> {
  return runSteps(steps, { concurrency: 2, env: process.env, signal, onResult: () => undefined });
}

const outcomes = (results: readonly StepResult[]): Record<string, string> =>
  Object.fromEntries(results.map(({ step: { name }, outcome }) => [name, outcome]));

describe('The steps of a check', () => {
  it('pass and fail by exit code, and keep their output', async () => {
    const results = await run([
      step('good', "console.log('out'); console.error('err')"),
      step('bad', "console.log('why'); process.exit(3)"),
    ]);
    expect(outcomes(results)).toEqual({ good: 'passed', bad: 'failed' });
    expect(results.find(({ outcome }) => outcome === 'failed')?.output).toBe('why\n');
    expect(
      results
        .find(({ outcome }) => outcome === 'passed')
        ?.output.split('\n')
        .toSorted(),
    ).toEqual(['', 'err', 'out']);
  });

  it('fail when they are killed or cannot be started', async () => {
    const missing: Step = { name: 'missing', summary: '', command: () => ['/no/such/program'] };
    const broken: Step = {
      name: 'broken',
      summary: '',
      command: () => {
        throw new Error('no such tool');
      },
    };
    const results = await run([missing, broken, step('killed', "process.kill(process.pid, 'SIGKILL')")]);
    expect(outcomes(results)).toEqual({ missing: 'failed', broken: 'failed', killed: 'failed' });
    expect(results.find(({ step: { name } }) => name === 'broken')?.output).toContain('no such tool');
  });

  it('wait for the step that they need, and are skipped when it failed', async () => {
    const results = await run([
      step('after', '', 'first'),
      step('first', 'process.exit(1)'),
      step('last', '', 'after'),
    ]);
    expect(results.map(({ step: { name }, outcome }) => `${name} ${outcome}`)).toEqual([
      'first failed',
      'after skipped',
      'last skipped',
    ]);
  });

  it('run although the step that they need takes no part', async () => {
    expect(outcomes(await run([step('after', '', 'first')]))).toEqual({ after: 'passed' });
  });

  it('are stopped, and no more are started, when the check is interrupted', async () => {
    const controller = new AbortController();
    const endless = step('endless', 'setInterval(() => undefined, 1000)');
    const results = run(
      [endless, { ...endless, name: 'second' }, { ...endless, name: 'third' }],
      controller.signal,
    );
    controller.abort();
    expect(outcomes(await results)).toEqual({ endless: 'failed', second: 'failed' });
  });
});

describe('pnpm check', () => {
  const check = (...args: readonly string[]): ReturnType<typeof runProgram> =>
    runProgram([process.execPath, 'test/check.ts', ...args]);

  it('explains itself', async () => {
    const { code, stdout } = await check('--help');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Usage: pnpm check/);
  });

  it.each([['--only', 'nothing'], ['--gone'], ['types']])('refuses %s %s', async (...args) => {
    const { code, output } = await check(...args.filter((arg) => arg !== undefined));
    expect(code).toBe(2);
    expect(output).toContain('Usage: pnpm check');
  });
});
