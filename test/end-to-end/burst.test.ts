/** The processes target under a recorded burst: real workers, a real queue, arrivals as a trace says, ten times as fast. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createAutoscaler, ledgerSink, readDecisions, replay, scalingSpec } from '@longshore/autoscaler';
import { processesTarget } from '@longshore/autoscaler/processes';
import { fsObjectStore } from '@longshore/objects/fs';
import { createProducer } from '@longshore/queue';
import { createSqsQueues, sqsQueue } from '@longshore/queue/sqs';
import { sqliteLedger } from '@longshore/ledger/sqlite';
import { arrivalsPerSecond, parseTrace, seededRandom } from '@longshore/simulator';
import { startSqsEndpoint } from '@longshore/sqs-endpoint';
import { expect, it } from 'vitest';
import fleet, { printPage } from './fixture-press.ts';
import { isEmpty, until } from './stage.ts';

const WORKER = fileURLToPath(new URL('./fixture-press.ts', import.meta.url));
const REGION = { region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
/** A quiet minute, a burst of half a minute, a quiet minute: requests of a small service. */
const BURST =
  'timestamp,count\n0,5\n10,4\n20,6\n30,5\n40,60\n50,85\n60,70\n70,20\n80,6\n90,5\n100,4\n110,5\n';
const TIMES_AS_FAST = 10;

it('answers a recorded burst with more processes, does every job once, and goes back to none', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'longshore-burst-'));
  await using sqs = await startSqsEndpoint();
  await createSqsQueues({
    endpoint: sqs.url,
    ...REGION,
    queues: [{ name: 'press-pages', deadLetterName: 'press-pages-dlq', leaseMs: 10_000 }],
  });
  const objects = fsObjectStore({ root: join(folder, 'objects') });
  const queue = sqsQueue({
    name: 'press-pages',
    deadLetterName: 'press-pages-dlq',
    endpoint: sqs.url,
    ...REGION,
  });
  const producer = createProducer({ queueFor: () => queue, objects });
  const [service] = fleet.services;
  if (service === undefined) throw new Error('The fleet has no service');
  const target = processesTarget({
    commandFor: () => ({
      command: process.execPath,
      args: [WORKER],
      env: {
        PATH: process.env['PATH'],
        AWS_ACCESS_KEY_ID: 'local',
        AWS_SECRET_ACCESS_KEY: 'local',
        LONGSHORE_SQS_ENDPOINT: sqs.url,
        LONGSHORE_OBJECTS: pathToFileURL(join(folder, 'objects')).href,
        LONGSHORE_POLL_SECONDS: '1',
        LONGSHORE_LOG_LEVEL: 'silent',
      },
      drainMs: 10_000,
    }),
  });
  await using ledger = sqliteLedger({ path: join(folder, 'ledger.db') });
  const spec = scalingSpec(service, { holdMs: 3_000, lagMs: 500, startupHintMs: 1_000 });
  const counts: number[] = [];
  const autoscaler = createAutoscaler({
    services: [{ spec: { ...spec, timeInQueueMs: 5_000 }, backlog: queue }],
    target,
    intervalMs: 500,
    sink: ledgerSink(ledger),
    onDecision: ({ desired }) => counts.push(desired),
  });
  const arrivals = arrivalsPerSecond(parseTrace(BURST, 'burst'), {
    meanRatePerSecond: 2,
    random: seededRandom(1),
  });
  try {
    autoscaler.start();
    let page = 0;
    for (const count of arrivals) {
      const sent = Array.from({ length: count }, () =>
        producer.enqueue(printPage, { page: page++, workMs: 100 }),
      );
      await Promise.all(sent);
      await new Promise((resolve) => setTimeout(resolve, 1_000 / TIMES_AS_FAST));
    }
    await until('every page is printed', () => isEmpty(queue), 60_000);
    await until('no process is left', () =>
      Promise.resolve(target.tasks().every(({ state }) => state === 'exited')),
    );
    const runs = await Array.fromAsync(objects.list('runs/'));
    const printed = await Array.fromAsync(objects.list('printed/'));
    expect(printed).toHaveLength(page);
    expect(runs).toHaveLength(page);
    expect(Math.max(...counts)).toBeGreaterThanOrEqual(2);
    expect(counts.at(-1)).toBe(0);
    await autoscaler.stop();
    const records = await readDecisions(ledger, { fromMs: 0, toMs: Date.now() + 1 });
    expect(replay(records).differences).toEqual([]);
  } finally {
    await autoscaler.stop();
    await target.stop({ deadlineMs: 10_000 });
    await producer.close();
    await queue.close();
    await rm(folder, { recursive: true, force: true });
  }
}, 180_000);
