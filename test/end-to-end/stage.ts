/** A stage for end-to-end tests: a real SQS-compatible endpoint, a folder of objects, real worker processes. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fsObjectStore } from '@longshore/objects/fs';
import type { ObjectStore } from '@longshore/objects';
import { createProducer, type Producer, type Queue } from '@longshore/queue';
import { createSqsQueues, sqsQueue } from '@longshore/queue/sqs';
import { startSqsEndpoint } from '@longshore/sqs-endpoint';

const REGION = { region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };

/** What a test works with. */
export interface Stage extends AsyncDisposable {
  readonly endpoint: string;
  readonly folder: string;
  readonly objects: ObjectStore;
  readonly queue: Queue;
  readonly deadLetters: Queue;
  readonly producer: Producer;
  /** Starts a fixture worker; resolves when it polls. */
  startWorker(env?: Readonly<Record<string, string>>): Promise<ChildProcess>;
  keys(prefix: string): Promise<string[]>;
}

/** Sets a stage up. */
export async function openStage(
  options: { readonly leaseMs?: number; readonly maxReceives?: number } = {},
): Promise<Stage> {
  const { leaseMs = 2_000, maxReceives = 20 } = options;
  const server = await startSqsEndpoint();
  const endpoint = server.url;
  const folder = await mkdtemp(join(tmpdir(), 'longshore-e2e-'));
  await createSqsQueues({
    endpoint,
    ...REGION,
    queues: [{ name: 'jobs', deadLetterName: 'jobs-dlq', leaseMs, maxReceives }],
  });
  const objects = fsObjectStore({ root: join(folder, 'objects') });
  const queue = sqsQueue({ name: 'jobs', deadLetterName: 'jobs-dlq', endpoint, ...REGION });
  const deadLetters = sqsQueue({ name: 'jobs-dlq', endpoint, ...REGION });
  const producer = createProducer({ queueFor: () => queue, objects });
  const children = new Set<ChildProcess>();
  return {
    endpoint,
    folder,
    objects,
    queue,
    deadLetters,
    producer,
    async startWorker(env = {}) {
      const child = fork(fileURLToPath(new URL('./fixture-worker.ts', import.meta.url)), {
        env: {
          PATH: process.env['PATH'],
          ENDPOINT: endpoint,
          QUEUE: 'jobs',
          OBJECTS: join(folder, 'objects'),
          LEASE_MS: String(leaseMs),
          ...env,
        },
        // The workers' logs are of use only to who looks into a failure: LONGSHORE_TEST_LOGS=1.
        stdio: [
          'ignore',
          'inherit',
          process.env['LONGSHORE_TEST_LOGS'] === undefined ? 'ignore' : 'inherit',
          'ipc',
        ],
      });
      children.add(child);
      child.once('exit', () => children.delete(child));
      await once(child, 'message');
      return child;
    },
    async keys(prefix) {
      const found: string[] = [];
      for await (const { key } of objects.list(prefix)) found.push(key);
      return found;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(
        [...children].map(async (child) => {
          const exited = once(child, 'exit');
          child.kill('SIGKILL');
          await exited;
        }),
      );
      await producer.close();
      await Promise.all([queue.close(), deadLetters.close()]);
      await server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Waits until a condition holds; fails with its description after `withinMs`. */
export async function until(
  what: string,
  condition: () => Promise<boolean>,
  withinMs = 60_000,
): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > endMs) throw new Error(`Not within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Whether nothing waits, runs or is delayed. */
export async function isEmpty(queue: Queue): Promise<boolean> {
  const { backlog, inFlight, delayed } = await queue.counts();
  return backlog + inFlight + delayed === 0;
}
