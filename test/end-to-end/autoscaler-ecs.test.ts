/**
 * The whole path on ECS: `longshore autoscaler run` with the AWS SDK against the ECS stand-in, whose tasks are real launched
 * workers on a real SQS-compatible endpoint. Nothing is called but over sockets and by signals.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { systemClock } from '@longshore/job';
import { fsObjectStore } from '@longshore/objects/fs';
import { createProducer } from '@longshore/queue';
import { createSqsQueues, sqsQueue } from '@longshore/queue/sqs';
import { startSqsEndpoint } from '@longshore/sqs-endpoint';
import { expect, it } from 'vitest';
import { startEcsSimulator } from '../ecs-simulator/ecs-simulator.ts';
import { processTasks } from '../ecs-simulator/process-tasks.ts';
import { printPage } from './fixture-press.ts';
import { isEmpty, until } from './stage.ts';

const FLEET = fileURLToPath(new URL('./fixture-press.ts', import.meta.url));
const CLI = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url));
const REGION = { region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
const PAGES = 60;

it('scales real workers on ECS from none to several and back, interrupts no job, and can say why', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'longshore-ecs-'));
  await using sqs = await startSqsEndpoint();
  await createSqsQueues({
    endpoint: sqs.url,
    ...REGION,
    queues: [
      { name: 'press-pages', deadLetterName: 'press-pages-dlq', leaseMs: 10_000 },
      { name: 'press-facts', retentionMs: 60_000 },
    ],
  });
  const environment = {
    PATH: process.env['PATH'] ?? '',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_REGION: 'us-east-1',
    LONGSHORE_SQS_ENDPOINT: sqs.url,
    LONGSHORE_OBJECTS: pathToFileURL(join(folder, 'objects')).href,
    LONGSHORE_LEDGER: pathToFileURL(join(folder, 'ledger.db')).href.replace('file:', 'sqlite:'),
    LONGSHORE_POLL_SECONDS: '1',
  };
  const endings: (number | undefined)[] = [];
  const bodies = processTasks((handle) => ({
    command: process.execPath,
    args: [FLEET],
    env: { ...environment, ECS_CONTAINER_METADATA_URI_V4: ecs.agentUri(handle.task) },
  }));
  await using ecs = await startEcsSimulator({
    clock: systemClock,
    startupMs: () => 300,
    schedulerDelayMs: 100,
    body: (handle) =>
      bodies({
        ...handle,
        exit(code) {
          endings.push(code);
          handle.exit(code);
        },
      }),
  });
  ecs.createService('press-print', { desiredCount: 0, stopTimeoutSeconds: 30 });
  const objects = fsObjectStore({ root: join(folder, 'objects') });
  const queue = sqsQueue({
    name: 'press-pages',
    deadLetterName: 'press-pages-dlq',
    endpoint: sqs.url,
    ...REGION,
  });
  const producer = createProducer({ queueFor: () => queue, objects });
  const cli = (...args: string[]) =>
    spawn(process.execPath, [CLI, 'autoscaler', ...args], {
      env: { ...environment, AWS_ENDPOINT_URL_ECS: ecs.endpoint },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  const controller = cli('run', '--cluster', 'fleet', '--fleet', FLEET, '--interval', '500ms');
  let log = '';
  controller.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  const ended = once(controller, 'exit');
  try {
    for (let page = 0; page < PAGES; page += 1) await producer.enqueue(printPage, { page, workMs: 800 });
    let most = 0;
    await until(
      `all pages are printed; the controller says:\n${log}`,
      async () => {
        most = Math.max(most, ecs.service('press-print').desiredCount);
        return isEmpty(queue);
      },
      90_000,
    );
    expect(most).toBeGreaterThanOrEqual(2);
    await until(
      'the service is back at none',
      () => Promise.resolve(ecs.service('press-print').desiredCount === 0 && ecs.liveTasks().length === 0),
      90_000,
    );
    const keys = { printed: 0, runs: 0 };
    for await (const { key } of objects.list('')) {
      if (key.startsWith('printed/')) keys.printed += 1;
      if (key.startsWith('runs/')) keys.runs += 1;
    }
    // Every page once: no job was interrupted by scaling in, every worker drained and exited by itself.
    expect(keys).toEqual({ printed: PAGES, runs: PAGES });
    expect(endings.length).toBeGreaterThanOrEqual(2);
    expect(new Set(endings)).toEqual(new Set([0]));
    controller.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    const why = cli('why', 'print', '--fleet', FLEET);
    let text = '';
    why.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
    expect(await once(why, 'exit')).toEqual([0, null]);
    expect(text).toMatch(/print/);
    const again = spawn(process.execPath, [CLI, 'simulate', '--replay', '--last', '1h', '--json'], {
      env: environment,
    });
    let replayed = '';
    again.stdout.setEncoding('utf8').on('data', (part: string) => (replayed += part));
    expect(await once(again, 'exit')).toEqual([0, null]);
    expect(JSON.parse(replayed)).toMatchObject({ skipped: 0, differences: [] });
  } finally {
    if (controller.exitCode === null) controller.kill('SIGKILL');
    await producer.close();
    await queue.close();
    await ecs.close();
    await rm(folder, { recursive: true, force: true });
  }
}, 240_000);
