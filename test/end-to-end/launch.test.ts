import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { sqliteLedger } from '@longshore/ledger/sqlite';
import { createSqsQueues, sqsQueue } from '@longshore/queue/sqs';
import { startSqsEndpoint, type SqsEndpoint } from '@longshore/sqs-endpoint';
import { startFauxqs, type FauxqsServer } from 'fauxqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from './stage.ts';

const INDEXING = fileURLToPath(new URL('../../services/indexing/src/main.ts', import.meta.url));
const KEYS = { AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local', AWS_REGION: 'us-east-1' };
let server: SqsEndpoint;
let objectStore: FauxqsServer;
let folder: string;
let endpoint: string;

beforeAll(async () => {
  server = await startSqsEndpoint();
  endpoint = server.url;
  folder = await mkdtemp(join(tmpdir(), 'longshore-launch-'));
  await createSqsQueues({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    queues: [{ name: 'documents-indexing', deadLetterName: 'documents-indexing-dlq' }],
  });
  objectStore = await startFauxqs({ port: 0, host: '127.0.0.1', logger: false });
  objectStore.createBucket('documents');
});
afterAll(async () => {
  await server.close();
  await objectStore.stop();
  await rm(folder, { recursive: true });
});

function start(env: Record<string, string>, ipc = false) {
  const child = spawn(process.execPath, [INDEXING], {
    env: { PATH: process.env['PATH'], ...KEYS, ...env },
    stdio: ['ignore', 'ignore', 'pipe', ...(ipc ? (['ipc'] as const) : [])],
  });
  let log = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (log += text));
  return { child, exited: once(child, 'exit') as Promise<[number | null, string | null]>, log: () => log };
}

const good = () => ({
  LONGSHORE_SQS_ENDPOINT: endpoint,
  LONGSHORE_OBJECTS: pathToFileURL(join(folder, 'objects')).href,
  LONGSHORE_SEARCH_INDEX: join(folder, 'search.db'),
  LONGSHORE_HEALTH_PORT: '0',
});

describe('a service process', () => {
  it('starts, is ready, drains at SIGTERM and exits 0', async () => {
    const { child, exited, log } = start(good());
    await until('it says where its health is', () => Promise.resolve(/"healthPort":\d+/.test(log())));
    const port = /"healthPort":(\d+)/.exec(log())?.[1] ?? '';
    await until('it is ready', async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).ok);
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
    expect(log()).toContain('Worker stopped');
  });

  it('leaves when its parent is gone', async () => {
    const { child, exited, log } = start(good(), true);
    await until('it has started', () => Promise.resolve(log().includes('Worker started')));
    child.disconnect();
    expect(await exited).toEqual([0, null]);
  });

  it('exits 2 and names what is missing when its settings are wrong', async () => {
    const { exited, log } = start({ LONGSHORE_OBJECTS: 'nowhere' });
    expect(await exited).toEqual([2, null]);
    expect(log()).toContain('LONGSHORE_OBJECTS is \\"nowhere\\"');
  });

  it('records what it does in the ledger that its settings name, to the last job', async () => {
    const path = join(folder, 'ledger.db');
    const { child, exited, log } = start({
      ...good(),
      LONGSHORE_LEDGER: `sqlite://${path}`,
      LONGSHORE_REVISION: 'abc123',
    });
    await until('it has started', () => Promise.resolve(log().includes('Worker started')));
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
    await using queue = sqsQueue({ name: 'documents-indexing', endpoint, region: 'us-east-1', credentials });
    await queue.send([{ body: 'not json' }]);
    await until('it has buried the message', () => Promise.resolve(log().includes('Job buried')));
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
    await using ledger = sqliteLedger({ path, readOnly: true });
    const always = { fromMs: 0, toMs: Date.now() + 60_000 };
    expect(await ledger.jobs(always)).toMatchObject([
      { service: 'indexing', outcome: 'buried', code: 'undecodable_message', revision: 'abc123', attempt: 0 },
    ]);
    expect(await ledger.arrivals(always)).toMatchObject([{ job: 'unknown', count: 1, settled: 1, sent: 0 }]);
    const { workers } = await ledger.summary(always);
    expect(workers).toMatchObject([{ service: 'indexing', revision: 'abc123', dropped: 0 }]);
    expect(workers[0]?.maxRssBytes).toBeGreaterThan(10_000_000);
  });

  it('refuses a ledger that is none, and starts although one does not answer', async () => {
    const path = join(folder, 'accounts.txt');
    await writeFile(path, 'No database.'.repeat(1_000));
    const wrong = start({ ...good(), LONGSHORE_LEDGER: `sqlite://${path}` });
    expect(await wrong.exited).toEqual([2, null]);
    expect(wrong.log()).toContain('ledger_incompatible');
    // Nobody listens on the discard port.
    const away = start({ ...good(), LONGSHORE_LEDGER: 'postgres://nobody:secret@127.0.0.1:9/ledger' });
    await until('it has started', () => Promise.resolve(away.log().includes('Worker started')));
    away.child.kill('SIGTERM');
    expect(await away.exited).toEqual([0, null]);
    expect(away.log()).toContain('Cannot write the ledger');
    expect(away.log()).not.toContain('secret');
  });

  it('refuses an object store that ignores conditional writes', async () => {
    const { exited, log } = start({
      ...good(),
      LONGSHORE_OBJECTS: 's3://documents',
      LONGSHORE_S3_ENDPOINT: `http://127.0.0.1:${objectStore.port}`,
    });
    expect(await exited).toEqual([2, null]);
    expect(log()).toContain('conditional_writes_ignored');
  });

  it('refuses to start where it could bury nothing, and says which queue is missing', async () => {
    await using bare = await startSqsEndpoint();
    const { exited, log } = start({ ...good(), LONGSHORE_SQS_ENDPOINT: bare.url });
    expect(await exited).toEqual([2, null]);
    expect(log()).toContain('queue_missing');
    expect(log()).toContain('documents-indexing');
  });
});
