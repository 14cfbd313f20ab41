/** `longshore warehouse` on a real PostgreSQL: a user's way from an empty database to a checked warehouse. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fsObjectStore } from '@longshore/objects/fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startPostgres, type PostgresServer } from './fixtures/postgres-server.ts';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
const ID = 'ab'.repeat(32);
const OTHER = 'cd'.repeat(32);

let server: PostgresServer;
let folder: string;
beforeAll(async () => {
  server = await startPostgres();
  folder = await mkdtemp(join(tmpdir(), 'longshore-warehouse-'));
}, 60_000);
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

async function longshore(
  args: readonly string[],
  input = '',
): Promise<{ code: unknown; json: unknown; stderr: string }> {
  const child = spawn(process.execPath, [MAIN, 'warehouse', ...args, '--json'], {
    cwd: folder,
    env: {
      PATH: process.env['PATH'],
      LONGSHORE_OBJECTS: `file://${folder}/objects`,
      LONGSHORE_SQS_ENDPOINT: 'http://127.0.0.1:9',
      LONGSHORE_WAREHOUSE_URL: server.url(),
      LONGSHORE_WAREHOUSE_TLS: 'insecure',
    },
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  child.stdin.on('error', () => undefined).end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, json: stdout === '' ? undefined : (JSON.parse(stdout) as unknown), stderr };
}

it('migrates, finds what is missing, loads it, and finds nothing missing', async () => {
  await writeFile(
    join(folder, 'fleet.ts'),
    `export default { name: 'f', queues: { q: { jobs: ['a'] } }, services: { s: { entry: './s.ts', queue: 'q', slots: 1, cpuUnits: 256, memoryMiB: 512, scale: { min: 0, max: 1 }, objective: { percentile: 95, timeInQueue: '60s' } } } };`,
  );
  await using objects = fsObjectStore({ root: join(folder, 'objects') });
  const artefact = {
    documentId: ID,
    source: 'letter.pdf',
    extractor: { version: '1', engine: 'pdfium' },
    pageCount: 2,
    pages: [],
    words: 12,
    textLayer: 'present',
    language: 'fr',
  };
  await objects.put(`extractions/1/${ID}.json`, JSON.stringify(artefact));
  await objects.put(
    `rejections/1/${OTHER}.json`,
    JSON.stringify({ documentId: OTHER, code: 'encrypted', reason: 'x' }),
  );

  const early = await longshore(['backfill']);
  expect(early.code).not.toBe(0);
  expect(JSON.stringify(early)).toMatch(/run .{0,4}longshore warehouse migrate.{0,4} first/);
  expect(await longshore(['migrate'])).toMatchObject({ code: 0 });
  const before = await longshore(['check']);
  expect(before).toMatchObject({ code: 1, json: { stored: 2, matched: 0, missing: 2 } });
  expect(await longshore(['backfill'])).toMatchObject({
    code: 0,
    json: { loaded: 2, rejected: 0, unreadable: 0 },
  });
  expect(await longshore(['check'])).toMatchObject({
    code: 0,
    json: { stored: 2, matched: 2, missing: 0, recorded: 2, notStored: 0, openRejects: 0 },
  });
}, 60_000);

it('loads events from stdin and names the lines that it leaves out', async () => {
  await longshore(['migrate']);
  const event = {
    documentId: 'ef'.repeat(32),
    revision: 2,
    source: 'a.pdf',
    outcome: 'extracted',
    contentType: 'application/pdf',
    pages: 1,
    words: 1,
    language: 'en',
    textLayer: 'present',
    finishedAt: '2026-03-01T10:00:00Z',
    worker: 'w',
  };
  const lines = [JSON.stringify(event), 'no json', JSON.stringify({ ...event, revision: 0 })];
  const run = await longshore(['backfill', '-'], lines.join('\n'));
  expect(run).toMatchObject({ code: 1, json: { loaded: 1, rejected: 0, unreadable: 2 } });
  expect(run.stderr).toMatch(/line 2[\s\S]*line 3: revision/);
}, 60_000);
