/** Runs ranges of seeds in threads, each thread with the real code loaded once. */
import { Worker as Thread } from 'node:worker_threads';
import type { Mutant } from './mutants.ts';

/** What a thread is started with. */
export interface SeedsThreadData {
  readonly mutant: Mutant | undefined;
}

/** Seeds to run. */
export interface SeedRange {
  readonly from: number;
  readonly count: number;
  /** Stop at the first bad seed. */
  readonly isFirstEnough: boolean;
}

/** A seed that broke a rule. */
export interface BadSeed {
  readonly seed: number;
  readonly violation: string;
}

/** What came of a range. */
export interface SeedsReport {
  readonly bad: readonly BadSeed[];
  readonly events: number;
}

/** A seed takes a millisecond or two; a range that takes this long hangs. */
const HANG_MS = 120_000;
const CHUNK = 200;
/** Most of what a seed allocates is dead at its end. */
const YOUNG_MIB = 64;

/** Runs seeds from `from` on, in as many threads as told. */
export async function runSeeds(options: {
  readonly from: number;
  readonly seeds: number;
  readonly threads: number;
}): Promise<SeedsReport> {
  const { from, seeds, threads } = options;
  const end = from + seeds;
  const bad: BadSeed[] = [];
  let next = from;
  let events = 0;
  const work = async (): Promise<void> => {
    await using thread = simulatorThread(undefined);
    while (next < end) {
      const range = { from: next, count: Math.min(CHUNK, end - next), isFirstEnough: false };
      next += range.count;
      const report = await thread.run(range);
      bad.push(...report.bad);
      events += report.events;
    }
  };
  await Promise.all(Array.from({ length: Math.min(threads, Math.ceil(seeds / CHUNK)) }, work));
  return { bad: bad.sort((left, right) => left.seed - right.seed), events };
}

/** The first of `seeds` seeds that finds a mutant, or `undefined` when none does. */
export async function findMutant(mutant: Mutant, seeds: number): Promise<BadSeed | undefined> {
  await using thread = simulatorThread(mutant);
  // Code that does not even run is a mutant aimed badly, not one that was found: it rejects.
  const { bad } = await thread.run({ from: 1, count: seeds, isFirstEnough: true });
  return bad[0];
}

function simulatorThread(mutant: Mutant | undefined) {
  const data: SeedsThreadData = { mutant };
  const thread = new Thread(new URL('./seeds-entry.ts', import.meta.url), {
    workerData: data,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MIB },
  });
  return {
    run: (range: SeedRange): Promise<SeedsReport> =>
      new Promise((resolve, reject) => {
        const what = `seeds ${range.from} to ${range.from + range.count - 1}`;
        const hang = setTimeout(() => {
          finish();
          reject(new Error(`The simulator hangs in ${what}`));
        }, HANG_MS);
        const onMessage = (report: SeedsReport): void => {
          finish();
          resolve(report);
        };
        const onError = (cause: unknown): void => {
          finish();
          reject(new Error(`The simulator failed in ${what}: ${String(cause)}`, { cause }));
        };
        const finish = (): void => {
          clearTimeout(hang);
          thread.off('message', onMessage).off('error', onError);
        };
        thread.on('message', onMessage).on('error', onError);
        thread.postMessage(range);
      }),
    async [Symbol.asyncDispose]() {
      await thread.terminate();
    },
  };
}
