/** A small stage for one fault at a time: an endpoint behind a proxy, a herd of workers, tasks and what became of them. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fsObjectStore } from '@longshore/objects/fs';
import { createProducer } from '@longshore/queue';
import { diceOf } from './dice.ts';
import type { FaultRates } from './faults.ts';
import { startHerd, type Herd } from './herd.ts';
import { readRunLogs, type RunLine } from './run-log.ts';
import { openSqsStage, type SqsStage } from './sqs-stage.ts';
import { work, type Task } from './task.ts';

/** A trial. */
export interface Trial extends AsyncDisposable {
  readonly stage: SqsStage;
  /** Where the effects are. */
  readonly objectsFolder: string;
  /** Starts workers behind the proxy. */
  start(options?: TrialWorkers): Promise<Herd>;
  /** Sends tasks, without faults. */
  enqueue(count: number, task?: Partial<Task>): Promise<void>;
  /** Numbers of the tasks that have their effect. */
  effects(): Promise<number[]>;
  lines(): readonly RunLine[];
}

/** Workers of a trial. */
export interface TrialWorkers {
  readonly size?: number;
  readonly fixture?: URL;
  readonly env?: Readonly<Record<string, string>>;
}

/** Opens a trial. */
export async function openTrial(
  options: { readonly rates?: FaultRates; readonly queueName?: string } = {},
): Promise<Trial> {
  const { rates = {}, queueName = 'jobs' } = options;
  const dice = diceOf(1);
  const folder = await mkdtemp(join(tmpdir(), 'longshore-trial-'));
  await mkdir(join(folder, 'runs'));
  const stage = await openSqsStage({ name: queueName, dice, rates, leaseMs: 2_000, maxReceives: 20 });
  const objectsFolder = join(folder, 'objects');
  const objects = fsObjectStore({ root: objectsFolder });
  const producer = createProducer({ queueFor: () => stage.queue });
  const herds: Herd[] = [];
  let next = 0;
  return {
    stage,
    objectsFolder,
    async start({ size = 1, fixture = new URL('./fixture-longshore.ts', import.meta.url), env = {} } = {}) {
      const place = `${herds.length}`;
      await mkdir(join(folder, 'runs', place));
      const herd = await startHerd({
        fixture,
        size,
        folder,
        runs: join(folder, 'runs', place),
        envOf: () => ({ ENDPOINT: stage.proxy.endpoint, ...env }),
        dice,
      });
      herds.push(herd);
      return herd;
    },
    async enqueue(count, task = {}) {
      const tasks = Array.from({ length: count }, (_, index): Task => {
        return { n: next + index, workMs: 10, does: 'return', failures: 0, ...task };
      });
      next += count;
      await producer.enqueueAll(work, tasks);
    },
    async effects() {
      const keys = await Array.fromAsync(objects.list('effects/'), ({ key }) => key);
      return keys.map((key) => Number(key.slice('effects/'.length))).sort((a, b) => a - b);
    },
    lines: () => herds.flatMap((_herd, place) => readRunLogs(join(folder, 'runs', `${place}`), `${place}/`)),
    async [Symbol.asyncDispose]() {
      await Promise.all(herds.map((herd) => herd.stop(0)));
      await producer.close();
      await stage[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
