import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createSqsQueues } from '@longshore/queue/sqs';
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
