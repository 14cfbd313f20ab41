/** Runs steps side by side, a step after the one that it needs, and tells each result as it comes. */
import { runProgram, type Ended } from './run-program.ts';
import type { Step } from './steps.ts';

/** What became of a step. */
export interface StepResult {
  readonly step: Step;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  readonly durationMs: number;
  /** What the step printed; for a skipped one, why it was skipped. */
  readonly output: string;
}

interface RunStepsOptions {
  /** How many run at once, at least 1. */
  readonly concurrency: number;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  readonly onResult: (result: StepResult) => void;
}

/** Resolves with all results, in the order in which the steps ended. */
export async function runSteps(
  steps: readonly Step[],
  options: RunStepsOptions,
): Promise<readonly StepResult[]> {
  const waiting = [...steps];
  const results: StepResult[] = [];
  const takeReady = (): Step | undefined => {
    const index = waiting.findIndex((step) => isReady(step, steps, results));
    return index === -1 ? undefined : waiting.splice(index, 1)[0];
  };
  const running = new Set<Promise<void>>();
  for (;;) {
    const step = running.size < options.concurrency && !options.signal.aborted ? takeReady() : undefined;
    if (step === undefined) {
      if (running.size === 0) return results;
      await Promise.race(running);
      continue;
    }
    const run = runStep(step, results, options).then((result) => {
      results.push(result);
      running.delete(run);
      options.onResult(result);
    });
    running.add(run);
  }
}

/** The step that it needs has ended, or does not take part in this run. */
function isReady({ needs }: Step, steps: readonly Step[], results: readonly StepResult[]): boolean {
  return !steps.some(({ name }) => name === needs) || results.some(({ step }) => step.name === needs);
}

async function runStep(
  step: Step,
  results: readonly StepResult[],
  options: RunStepsOptions,
): Promise<StepResult> {
  const needed = results.find((result) => result.step.name === step.needs);
  if (needed !== undefined && needed.outcome !== 'passed') {
    return { step, outcome: 'skipped', durationMs: 0, output: `needs ${needed.step.name}` };
  }
  const startMs = performance.now();
  const ended = await start(step, options).catch(String);
  const durationMs = performance.now() - startMs;
  if (typeof ended === 'string')
    return { step, outcome: 'failed', durationMs, output: `Cannot start: ${ended}\n` };
  const ending = ended.signal === null ? '' : `Ended by ${ended.signal}\n`;
  return {
    step,
    outcome: ended.code === 0 ? 'passed' : 'failed',
    durationMs,
    output: `${ended.output}${ending}`,
  };
}

async function start({ command }: Step, { env, signal }: RunStepsOptions): Promise<Ended> {
  return runProgram(command(), { env, signal });
}
