/** Facts up, intent down: workers that are nobody's child, seen over the facts queue and told by the control document. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { controlDocuments } from '@longshore/autoscaler/control';
import { consumeHeartbeats, workerReports, type ReportedWorker } from '@longshore/autoscaler/workers';
import { systemClock } from '@longshore/job';
import { fsObjectStore } from '@longshore/objects/fs';
import { createProducer } from '@longshore/queue';
import { bullmqQueue } from '@longshore/queue/bullmq';
import { createSqsQueues, sqsQueue } from '@longshore/queue/sqs';
import { startSqsEndpoint } from '@longshore/sqs-endpoint';
import { afterEach, describe, expect, it } from 'vitest';
import { gated } from './fixture-gated.ts';
import { startRedis } from './redis-server.ts';
import { until } from './stage.ts';

const FIXTURE = fileURLToPath(new URL('./fixture-gated.ts', import.meta.url));
const KEYS = { AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' };
const REGION = { region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
const children = new Set<ChildProcess>();

afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
});

async function openScene({ hasFacts = true }: { readonly hasFacts?: boolean } = {}) {
  const server = await startSqsEndpoint();
  const endpoint = server.url;
  const folder = await mkdtemp(join(tmpdir(), 'longshore-control-'));
  await createSqsQueues({
    endpoint,
    ...REGION,
    queues: [
      { name: 'gates-jobs', deadLetterName: 'gates-jobs-dlq', leaseMs: 3_000 },
      ...(hasFacts ? [{ name: 'gates-facts', retentionMs: 60_000 }] : []),
    ],
  });
  const objects = fsObjectStore({ root: join(folder, 'objects') });
  const jobs = sqsQueue({ name: 'gates-jobs', deadLetterName: 'gates-jobs-dlq', endpoint, ...REGION });
  const facts = sqsQueue({ name: 'gates-facts', endpoint, ...REGION });
  const producer = createProducer({ queueFor: () => jobs, objects });
  const startWorker = (revision: string) => {
    const child = spawn(process.execPath, [FIXTURE], {
      env: {
        PATH: process.env['PATH'],
        ...KEYS,
        LONGSHORE_SQS_ENDPOINT: endpoint,
        LONGSHORE_OBJECTS: pathToFileURL(join(folder, 'objects')).href,
        LONGSHORE_REVISION: revision,
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    children.add(child);
    let log = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
    return { child, exited: once(child, 'exit'), log: () => log };
  };
  return {
    objects,
    facts,
    producer,
    startWorker,
    has: async (key: string) => (await objects.head(key)) !== undefined,
    async [Symbol.asyncDispose]() {
      await producer.close();
      await Promise.all([jobs.close(), facts.close()]);
      await server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

describe('the control plane', () => {
  it('sees workers over the facts queue, drains a busy one, takes it back, and notices a kill', async () => {
    await using scene = await openScene();
    const { objects, producer, has } = scene;
    const [a, b] = [scene.startWorker('a'), scene.startWorker('b')];
    // A quiet worker reports every fifteen seconds.
    const reports = workerReports({ clock: systemClock, staleMs: 17_000, goneMs: 20_000, warmUpMs: 0 });
    const log = { warn: () => undefined };
    await using consumer = consumeHeartbeats({ queue: scene.facts, reports, log, clock: systemClock });
    consumer.start();
    const control = controlDocuments({ objects, clock: systemClock, term: 1 });
    const seen = (revision: string): ReportedWorker | undefined =>
      reports.workers('gating').find((worker) => worker.revision === revision);
    const when = (what: string, condition: () => boolean) => until(what, () => Promise.resolve(condition()));

    await when('both report', () => reports.of('gating')?.running === 2);
    expect(reports.of('gating')).toMatchObject({ busyTasks: 0, draining: 0, finishedJobs: 0 });
    await producer.enqueue(gated, { n: 1 });
    await when('one is busy', () => reports.of('gating')?.busyTasks === 1);
    const [busy, idle] = seen('a')?.busySlots === 1 ? [a, b] : [b, a];
    const [busyName, idleName] = busy === a ? ['a', 'b'] : ['b', 'a'];

    await control.drain('gating', [seen(busyName)?.id ?? '']);
    await when('it is paused and still busy', () => {
      const worker = seen(busyName);
      return worker?.state === 'paused' && worker.busySlots === 1;
    });
    expect(reports.of('gating')).toMatchObject({ running: 1, draining: 1, busyTasks: 0 });
    await objects.put('open/1', '');
    await when('it is paused and idle', () => seen(busyName)?.busySlots === 0);
    expect(await has('effects/1')).toBe(true);

    idle.child.kill('SIGKILL');
    await objects.put('open/2', '');
    await producer.enqueue(gated, { n: 2 });
    await when('the dead one does not answer', () => seen(idleName)?.isAnswering === false);
    expect(reports.of('gating')).toMatchObject({ running: 1, busyTasks: 1 });
    await when('the dead one is gone', () => seen(idleName) === undefined);
    expect(reports.of('gating')).toMatchObject({ running: 0, draining: 1 });
    expect(await has('began/2')).toBe(false);

    await control.drain('gating', []);
    await until('it works again', () => has('effects/2'));
    await when('its report says so', () => reports.of('gating')?.finishedJobs === 2);
    const facts = reports.of('gating');
    expect(facts?.jobs).toMatchObject([{ job: 'gated', finished: 2 }]);
    expect(facts?.startupMs).toBeGreaterThan(0);

    busy.child.kill('SIGTERM');
    expect(await busy.exited).toEqual([0, null]);
    await when('it said good-bye', () => reports.workers('gating').length === 0);
    expect(reports.of('gating')).toMatchObject({ running: 0, busyTasks: 0, finishedJobs: 2 });
    expect(consumer.counts.dropped).toBe(0);
  });

  it('is done without where a fleet has no facts queue', async () => {
    await using scene = await openScene({ hasFacts: false });
    const { child, exited, log } = scene.startWorker('a');
    await until('it says so', () => Promise.resolve(log().includes('There is no facts queue')));
    await scene.objects.put('open/1', '');
    await scene.producer.enqueue(gated, { n: 1 });
    await until('it works', () => scene.has('effects/1'));
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
    expect(log().split('There is no facts queue')).toHaveLength(2);
  });

  it('works over Redis too', async () => {
    await using redis = await startRedis('noeviction');
    const folder = await mkdtemp(join(tmpdir(), 'longshore-control-'));
    const child = spawn(process.execPath, [FIXTURE], {
      env: {
        PATH: process.env['PATH'],
        LONGSHORE_REDIS_URL: redis.url,
        LONGSHORE_OBJECTS: pathToFileURL(folder).href,
      },
      stdio: 'ignore',
    });
    children.add(child);
    const exited = once(child, 'exit');
    await using facts = bullmqQueue({ name: 'gates-facts', connection: { url: redis.url } });
    const reports = workerReports({ clock: systemClock, warmUpMs: 0 });
    const log = { warn: () => undefined };
    await using consumer = consumeHeartbeats({ queue: facts, reports, log, clock: systemClock });
    consumer.start();
    await until('it reports', () => Promise.resolve(reports.of('gating')?.running === 1));
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
    await until('it said good-bye', () => Promise.resolve(reports.of('gating')?.running === 0));
    expect(reports.workers('gating')).toEqual([]);
    expect(consumer.counts).toMatchObject({ dropped: 0 });
    await consumer.stop();
    expect(await facts.counts()).toEqual({ backlog: 0, inFlight: 0, delayed: 0 });
    await rm(folder, { recursive: true });
  });
});
