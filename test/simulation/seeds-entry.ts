/** Entry of a simulator thread: plants its mutant, if it has one, and runs the seeds that it is sent. */
import { parentPort, workerData } from 'node:worker_threads';
import { applyMutant } from './apply-mutant.ts';
import type { SeedRange, SeedsReport, SeedsThreadData } from './run-seeds.ts';

const port = parentPort;
if (port === null) throw new Error('The simulator thread must be started by runSeeds');
const { mutant } = workerData as SeedsThreadData;
// Stacks cost more than the code under test, and differ between machines.
Error.stackTraceLimit = 0;
if (mutant !== undefined) applyMutant(mutant);
// Only now: what is imported before a mutant is planted stays as it is.
const { simulate } = await import('./simulate.ts');

const run = async ({ from, count, isFirstEnough }: SeedRange): Promise<SeedsReport> => {
  const bad: { seed: number; violation: string }[] = [];
  let events = 0;
  for (let seed = from; seed < from + count; seed += 1) {
    const result = await simulate(seed);
    events += result.events;
    const [violation] = result.violations;
    if (violation !== undefined) bad.push({ seed, violation });
    if (violation !== undefined && isFirstEnough) break;
  }
  return { bad, events };
};

port.on('message', (range: SeedRange) => {
  run(range).then(
    (report) => port.postMessage(report),
    (error: unknown) => {
      throw error;
    },
  );
});
