/** An SQS endpoint in its own process, with a queue and its dead-letter queue, behind a fault proxy. */
import { setTimeout as delay } from 'node:timers/promises';
import { listDeadLetters, type Queue } from '@longshore/queue';
import { createSqsQueues, sqsQueue } from '@longshore/queue/sqs';
import type { Dice } from './dice.ts';
import { startEndpointProcess } from './endpoint-process.ts';
import { startFaultProxy, type FaultProxy } from './fault-proxy.ts';
import type { FaultRates } from './faults.ts';
import type { Arena, DeadTask } from './system.ts';
import { taskNumberOf } from './task.ts';

/** Region and credentials of a local endpoint. */
export const LOCAL = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
} as const;

/** A stage. */
export interface SqsStage extends AsyncDisposable {
  readonly proxy: FaultProxy;
  /** The endpoint itself, without faults. */
  readonly upstream: string;
  /** The queue through the proxy. */
  readonly faulty: Queue;
  /** The queue without faults. */
  readonly queue: Queue;
  readonly deadLetters: Queue;
  createQueues(): Promise<void>;
  /** Kills the endpoint and starts it again after a while, on the same port with the same queues. */
  restart(afterMs: number): Promise<void>;
  counts: Arena['counts'];
  dead(): Promise<readonly DeadTask[]>;
}

/** Options of {@link openSqsStage}. */
export interface SqsStageOptions {
  /** Name of the queue; `-dlq` makes its dead-letter queue's. Default `jobs`. */
  readonly name?: string;
  readonly dice: Dice;
  readonly rates?: FaultRates;
  readonly leaseMs: number;
  readonly maxReceives: number;
}

/** Opens a stage with a queue and its dead-letter queue. */
export async function openSqsStage(options: SqsStageOptions): Promise<SqsStage> {
  const { name = 'jobs', dice, rates = {}, leaseMs, maxReceives } = options;
  const endpoint = await startEndpointProcess();
  const upstream = endpoint.url;
  const proxy = await startFaultProxy({ upstream, dice: dice.fork('faults'), rates });
  const createQueues = (): Promise<void> =>
    createSqsQueues({
      endpoint: upstream,
      ...LOCAL,
      queues: [{ name, deadLetterName: `${name}-dlq`, leaseMs, maxReceives }],
    });
  await createQueues();
  const open = (opened: string, at: string): Queue => sqsQueue({ name: opened, endpoint: at, ...LOCAL });
  const faulty = open(name, proxy.endpoint);
  const queue = open(name, upstream);
  const deadLetters = open(`${name}-dlq`, upstream);
  return {
    proxy,
    upstream,
    faulty,
    queue,
    deadLetters,
    createQueues,
    async restart(afterMs) {
      proxy.setDown(true);
      await endpoint.kill();
      await delay(afterMs);
      await endpoint.revive();
      proxy.setDown(false);
    },
    async counts() {
      const { backlog, inFlight, delayed } = await queue.counts();
      return { waiting: backlog, unfinished: backlog + inFlight + delayed };
    },
    dead: () => deadTasks(deadLetters),
    async [Symbol.asyncDispose]() {
      await Promise.all([faulty.close(), queue.close(), deadLetters.close()]);
      await proxy[Symbol.asyncDispose]();
      await endpoint[Symbol.asyncDispose]();
    },
  };
}

async function deadTasks(deadLetters: Queue): Promise<DeadTask[]> {
  const letters = await listDeadLetters(deadLetters, { limit: 100_000 });
  return letters.map((letter) => ({
    n: taskNumberOf(letter.jobId ?? letter.body) ?? -1,
    code: letter.code,
    reason: letter.reason,
    failedAttempts: letter.attempts.filter(({ kind }) => kind === 'failed').length,
  }));
}
