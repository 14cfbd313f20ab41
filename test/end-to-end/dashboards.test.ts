/**
 * Ten thousand completions, some told twice, while workers are killed and the dashboard throttles, fails and breaks off:
 * in the end it shows every one of them once, and has been asked no more often than it allows.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer as createSocket, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { deadLetterQueueName, physicalQueueName } from '@longshore/fleet';
import { createProducer } from '@longshore/queue';
import { createSqsQueues, sqsQueue } from '@longshore/queue/sqs';
import { countDocument, type CountDocument } from '@longshore/service-dashboard-sync/jobs';
import { startSqsEndpoint } from '@longshore/sqs-endpoint';
import { expect, it, onTestFinished } from 'vitest';
import fleet from '../../fleet.ts';
import { geckoboardStandIn, type Fault } from '../geckoboard/geckoboard-stand-in.ts';
import { startPostgres } from '../leases/postgres-server.ts';
import { until } from './stage.ts';

const LOCAL = { region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
const DOCUMENTS = 10_000;
const TOLD_TWICE = 500;
const API_KEY = 'key-of-an-account';
const FAULTS: readonly Fault[] = ['bad-gateway', 'reset', { status: 429, retryAfter: '1' }, 'bad-gateway'];

function completion(n: number): CountDocument {
  return {
    documentId: String(n).padStart(64, '0'),
    revision: 1,
    outcome: n % 25 === 0 ? 'rejected' : 'extracted',
    ...(n % 25 === 0 ? { code: 'corrupt' } : {}),
    pages: n % 7,
    words: n % 1_000,
    finishedAt: new Date(Date.UTC(2026, 2, 1, n % 3)).toISOString(),
    waitedMs: n,
    extractMs: n % 400,
  };
}

/** What the dashboard must show: rows of "documents per hour" as texts. */
function expectedRows(): string[] {
  const rows = new Map<string, { documents: number; pages: number; words: number }>();
  for (let n = 0; n < DOCUMENTS; n += 1) {
    const { finishedAt, outcome, code, pages, words } = completion(n);
    const key = `${finishedAt} ${outcome === 'extracted' ? outcome : code}`;
    const row = rows.get(key) ?? { documents: 0, pages: 0, words: 0 };
    rows.set(key, { documents: row.documents + 1, pages: row.pages + pages, words: row.words + words });
  }
  return [...rows]
    .map(([key, { documents, pages, words }]) => `${key} ${documents} ${pages} ${words}`)
    .toSorted();
}

async function freePort(): Promise<number> {
  const socket = createSocket().listen(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address() as AddressInfo;
  socket.close();
  await once(socket, 'close');
  return port;
}

it('shows each of ten thousand completions once, within the requests of an account', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'longshore-dashboards-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await using endpoint = await startSqsEndpoint();
  const port = await freePort();
  const postgres = await startPostgres(['listen_addresses=127.0.0.1', `port=${port}`]);
  onTestFinished(() => postgres[Symbol.asyncDispose]());
  await using board = await geckoboardStandIn({ apiKey: API_KEY, nowMs: () => performance.now() });
  const name = physicalQueueName(fleet, 'dashboard-sync');
  const deadLetterName = deadLetterQueueName(fleet, 'dashboard-sync');
  await createSqsQueues({
    endpoint: endpoint.url,
    ...LOCAL,
    queues: [{ name, deadLetterName, leaseMs: 3_000, maxReceives: 20 }],
  });
  await using queue = sqsQueue({ name, endpoint: endpoint.url, ...LOCAL });
  const producer = createProducer({ queueFor: () => queue });
  const numbers = [
    ...Array.from({ length: DOCUMENTS }, (_, n) => n),
    ...Array.from({ length: TOLD_TWICE }, (_, n) => n * 20),
  ];
  await producer.enqueueAll(countDocument, numbers.map(completion));
  await producer.close();

  const said: string[] = [];
  const started = new Set<ChildProcess>();
  const start = (): ChildProcess => {
    const main = fileURLToPath(new URL('../../services/dashboard-sync/src/main.ts', import.meta.url));
    const child = spawn(process.execPath, [main], {
      env: {
        PATH: process.env['PATH'],
        LONGSHORE_SQS_ENDPOINT: endpoint.url,
        LONGSHORE_OBJECTS: pathToFileURL(join(folder, 'objects')).href,
        LONGSHORE_POLL_SECONDS: '1',
        LONGSHORE_HEARTBEATS: 'off',
        LONGSHORE_LOG_LEVEL: 'info',
        LONGSHORE_DASHBOARD_STORE: `postgres://longshore@127.0.0.1:${port}/postgres`,
        LONGSHORE_DASHBOARD_INTERVAL: '1s',
        LONGSHORE_DASHBOARD_GECKOBOARD_URL: board.url,
        GECKOBOARD_API_KEY: API_KEY,
        AWS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: 'local',
        AWS_SECRET_ACCESS_KEY: 'local',
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said.push(text);
      if (text.includes('Worker started')) started.add(child);
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    return child;
  };
  const end = async (child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> => {
    const exited = once(child, 'exit') as Promise<[number | null]>;
    child.kill(signal);
    return (await exited)[0];
  };
  const shown = (): string[] =>
    board
      .rows('longshore.documents-per-hour')
      .map((row) =>
        ['hour', 'outcome', 'documents', 'pages', 'words'].map((field) => String(row[field])).join(' '),
      )
      .toSorted();
  const documents = (): number =>
    board.rows('longshore.queue-latency').reduce((sum, { documents: n }) => sum + Number(n), 0);

  const workers = [start(), start()];
  for (const [turn, fault] of FAULTS.entries()) {
    const before = documents();
    await until(
      `more is shown; ${said.join('\n')}`,
      () => Promise.resolve(documents() > before || before === DOCUMENTS),
      60_000,
    );
    board.failNext(fault);
    const victim = workers[turn % 2];
    if (victim !== undefined) await end(victim, 'SIGKILL');
    workers[turn % 2] = start();
  }
  const expected = expectedRows();
  const isShown = (): boolean => shown().join('\n') === expected.join('\n') && documents() === DOCUMENTS;
  await until(`all is shown; ${said.join('\n')}`, () => Promise.resolve(isShown()), 120_000);
  expect(board.mostCallsInAMinute()).toBeLessThanOrEqual(60);
  await until(`both workers have started; ${said.join('\n')}`, () =>
    Promise.resolve(workers.every((each) => started.has(each))),
  );
  expect(await Promise.all(workers.map((worker) => end(worker, 'SIGTERM')))).toEqual([0, 0]);
  expect(shown()).toEqual(expected);
  const { backlog } = await sqsQueue({ name: deadLetterName, endpoint: endpoint.url, ...LOCAL }).counts();
  expect(backlog).toBe(0);
}, 240_000);
