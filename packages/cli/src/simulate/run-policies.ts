/** Runs policies one after another on the same arrivals, and says which one runs while a person waits. */
import { clairvoyant, simulate, type Scenario, type SimulationResult } from '@longshore/simulator';
import type { Terminal } from '../terminal/terminal.ts';
import { chosenPolicies, REFERENCE } from './chosen-policies.ts';

/** Most steps of a recorded run: many times the columns of a chart. */
const MAX_SERIES_STEPS = 86_400;

/** What is run. */
export interface RunOptions {
  /** Name of the trace. */
  readonly trace: string;
  readonly arrivals: Uint32Array;
  readonly scenario: Scenario;
  /** Names with commas between them. Default: all. */
  readonly policies: string | undefined;
  /** Whether the results are drawn later. */
  readonly hasSeries: boolean;
  readonly terminal: Terminal;
}

/** The results, that of the reference first. @throws LongshoreError `invalid_options` for a policy that there is not. */
export function runPolicies({
  policies: names,
  hasSeries,
  terminal,
  ...world
}: RunOptions): readonly SimulationResult[] {
  const policies = chosenPolicies(world.arrivals, names);
  const seriesStepSeconds = Math.ceil(world.arrivals.length / MAX_SERIES_STEPS);
  const options = hasSeries ? { ...world, seriesStepSeconds } : world;
  const total = policies.length + 1;
  const say = (name: string, index: number): void => {
    // Simulating blocks this process, so the line is written before each policy and not by a timer.
    const line = terminal.style.dim(`simulating ${name} (${index + 1} of ${total})`);
    if (terminal.isInteractive) terminal.write(`\r\u001B[K${line}`);
  };
  say(REFERENCE, 0);
  const reference = clairvoyant(options);
  const results = policies.map((policy, index) => {
    say(policy.name, index + 1);
    return simulate({ ...options, policy });
  });
  if (terminal.isInteractive) terminal.write('\r\u001B[K');
  return [reference, ...results];
}
