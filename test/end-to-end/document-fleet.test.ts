/**
 * The document fleet with a database: every sample goes through extraction to the index, to a webhook's receiver, into the
 * warehouse and onto a dashboard, while all its workers are killed once.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createSocket, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { deadLetterQueueName, physicalQueueName } from '@longshore/fleet';
import { fsObjectStore } from '@longshore/objects/fs';
import { createProducer } from '@longshore/queue';
import { createSqsQueues, sqsQueue } from '@longshore/queue/sqs';
import { sqliteSearchIndex } from '@longshore/search/sqlite';
import {
  createDelivery,
  linkMint,
  openDeliveryStore,
  verifyWebhook,
  webhookDestination,
} from '@longshore/service-delivery';
import { extractPdf } from '@longshore/service-pdf-extraction';
import { startSqsEndpoint } from '@longshore/sqs-endpoint';
import { connectWarehouse, migrateWarehouse } from '@longshore/warehouse';
import { jsonLog } from '@longshore/worker';
import { expect, it, onTestFinished } from 'vitest';
import fleet from '../../fleet.ts';
import { geckoboardStandIn } from '../geckoboard/geckoboard-stand-in.ts';
import { startPostgres } from '../leases/postgres-server.ts';
import { until } from './stage.ts';

const SAMPLES = fileURLToPath(new URL('../../examples/documents', import.meta.url));
const SERVICES = ['pdf-extraction', 'indexing', 'delivery', 'warehouse-sync', 'dashboard-sync'];
const API_KEY = 'key-of-an-account';
const LOCAL = { region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
const LINK_KEY = 'a key of thirty-two characters!!';

interface Received {
  readonly type: string;
  readonly data: { readonly documentId: string; readonly url?: string };
}

/** A receiver of webhooks that believes none it cannot verify. */
async function startReceiver(secrets: () => readonly string[]) {
  const events: Received[] = [];
  const forged: unknown[] = [];
  const take = async (request: IncomingMessage): Promise<number> => {
    try {
      const body = await buffer(request);
      events.push(verifyWebhook({ headers: request.headers, body }, { secrets: secrets() }) as Received);
      return 204;
    } catch (error) {
      forged.push(error);
      return 400;
    }
  };
  const server: Server = createServer((request, response) => {
    void take(request).then((status) => response.writeHead(status).end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { events, forged, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook` };
}

async function freePort(): Promise<number> {
  const socket = createSocket().listen(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address() as AddressInfo;
  socket.close();
  await once(socket, 'close');
  return port;
}

it('finds, delivers, records and counts every document once, whatever is killed on the way', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'longshore-fleet-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await using endpoint = await startSqsEndpoint();
  const databasePort = await freePort();
  const postgres = await startPostgres(['listen_addresses=127.0.0.1', `port=${databasePort}`]);
  onTestFinished(() => postgres[Symbol.asyncDispose]());
  const database = `postgres://longshore@127.0.0.1:${databasePort}/postgres`;
  await createSqsQueues({
    endpoint: endpoint.url,
    ...LOCAL,
    queues: fleet.queues.map(({ name }) => ({
      name: physicalQueueName(fleet, name),
      deadLetterName: deadLetterQueueName(fleet, name),
      leaseMs: 3_000,
      maxReceives: 20,
    })),
  });
  const pool = await connectWarehouse({ url: database, tls: 'insecure' });
  onTestFinished(() => pool.end());
  await migrateWarehouse(pool);
  const linksPort = await freePort();
  const publicUrl = `http://127.0.0.1:${linksPort}`;

  await using board = await geckoboardStandIn({ apiKey: API_KEY, nowMs: () => performance.now() });
  const secrets: string[] = [];
  const receiver = await startReceiver(() => secrets);
  await using store = await openDeliveryStore({ kind: 'postgres', url: database });
  const webhooks = webhookDestination({ allowHttp: true, allowPrivate: ['127.0.0.1/32'] });
  onTestFinished(() => webhooks.close());
  const links = linkMint({ key: LINK_KEY, publicUrl: new URL(publicUrl) });
  const { desk } = createDelivery({
    store,
    destinations: [webhooks],
    links,
    log: jsonLog({ level: 'silent' }),
  });
  const { verifyWith = '' } = await desk.add({ target: receiver.url });
  secrets.push(verifyWith);

  const env = {
    PATH: process.env['PATH'],
    LONGSHORE_SQS_ENDPOINT: endpoint.url,
    LONGSHORE_OBJECTS: pathToFileURL(join(folder, 'objects')).href,
    LONGSHORE_SEARCH_INDEX: join(folder, 'search.db'),
    LONGSHORE_SERVICES: SERVICES.join(','),
    LONGSHORE_POLL_SECONDS: '1',
    LONGSHORE_HEARTBEATS: 'off',
    LONGSHORE_LOG_LEVEL: 'error',
    LONGSHORE_DELIVERY_STORE: database,
    LONGSHORE_DELIVERY_PUBLIC_URL: publicUrl,
    LONGSHORE_DELIVERY_LINK_KEY: LINK_KEY,
    LONGSHORE_DELIVERY_LINKS_PORT: String(linksPort),
    LONGSHORE_DELIVERY_ALLOW_HTTP: 'on',
    LONGSHORE_DELIVERY_ALLOW_PRIVATE: '127.0.0.1/32',
    LONGSHORE_WAREHOUSE_URL: database,
    LONGSHORE_WAREHOUSE_TLS: 'insecure',
    LONGSHORE_DASHBOARD_STORE: database,
    LONGSHORE_DASHBOARD_INTERVAL: '1s',
    LONGSHORE_DASHBOARD_GECKOBOARD_URL: board.url,
    GECKOBOARD_API_KEY: API_KEY,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  };
  const said: string[] = [];
  const start = (): ChildProcess[] =>
    SERVICES.map((service) => {
      const main = fileURLToPath(new URL(`../../services/${service}/src/main.ts`, import.meta.url));
      const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'ignore', 'pipe'] });
      child.stderr?.setEncoding('utf8').on('data', (text: string) => said.push(`${service}: ${text}`));
      onTestFinished(() => void child.kill('SIGKILL'));
      return child;
    });
  const end = async (children: readonly ChildProcess[], signal: NodeJS.Signals): Promise<(number | null)[]> =>
    await Promise.all(
      children.map(async (child) => {
        const exited = once(child, 'exit') as Promise<[number | null]>;
        child.kill(signal);
        return (await exited)[0];
      }),
    );

  const objects = fsObjectStore({ root: join(folder, 'objects') });
  const name = physicalQueueName(fleet, 'pdf-extraction');
  await using queue = sqsQueue({ name, endpoint: endpoint.url, ...LOCAL });
  const producer = createProducer({ queueFor: () => queue });
  const samples = (await readdir(SAMPLES)).filter((file) => file.endsWith('.pdf'));
  for (const file of samples) {
    await objects.put(`in/${file}`, await readFile(join(SAMPLES, file)));
    await producer.enqueue(extractPdf, { key: `in/${file}`, source: file });
  }
  await producer.close();

  const first = start();
  await until('somebody is told', () => Promise.resolve(receiver.events.length > 0));
  await end(first, 'SIGKILL');
  const second = start();
  const told = (type: string): Set<string> =>
    new Set(receiver.events.filter((event) => event.type === type).map(({ data }) => data.documentId));
  const recorded = async (): Promise<number> => {
    const { rows } = await pool.query<{ n: number }>('SELECT count(*)::int AS n FROM bi.fact_document');
    return rows[0]?.n ?? 0;
  };
  await using index = await sqliteSearchIndex({ path: env.LONGSHORE_SEARCH_INDEX });
  const counted = (): number =>
    board.rows('longshore.documents-per-hour').reduce((sum, { documents }) => sum + Number(documents), 0);
  const isThere = async (): Promise<boolean> =>
    counted() === samples.length &&
    told('document.available').size + told('document.rejected').size === samples.length &&
    (await recorded()) === samples.length &&
    (await index.count()) === samples.length - 2;
  await until(`all is done; ${said.join('\n')}`, isThere, 90_000);

  expect(told('document.rejected').size).toBe(2);
  expect(receiver.forged).toEqual([]);
  const events = await pool.query<{ n: number }>('SELECT count(*)::int AS n FROM bi.fact_document_event');
  expect(events.rows).toEqual([{ n: samples.length }]);
  const url = receiver.events.find(({ type }) => type === 'document.available')?.data.url ?? '';
  const linked = await fetch(url);
  expect([linked.status, linked.headers.get('content-type')]).toEqual([200, expect.stringContaining('json')]);
  expect(await end(second, 'SIGTERM')).toEqual([0, 0, 0, 0, 0]);
}, 180_000);
