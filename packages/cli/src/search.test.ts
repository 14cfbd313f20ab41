/** `longshore search rebuild` and `check` as a user meets them: a store with texts, an index that is lost or damaged. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { fsObjectStore } from '@longshore/objects/fs';
import { sqliteSearchIndex } from '@longshore/search/sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startPostgres } from './fixtures/postgres-server.ts';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
const hasPostgres = globSync('/usr/lib/postgresql/*/bin/postgres').length > 0;
const FLEET = `export default {
  name: 'papers',
  queues: { mail: { jobs: ['send-mail'] } },
  services: { mail: { entry: './main.ts', queue: 'mail', slots: 1, cpuUnits: 256, memoryMiB: 512, scale: { max: 1 }, objective: { timeInQueue: '60s' } } },
};
`;
const [FIRST, SECOND, GONE] = ['ab'.repeat(32), 'cd'.repeat(32), 'ef'.repeat(32)] as const;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'longshore-cli-search-'));
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  await writeFile(join(folder, 'fleet.ts'), FLEET);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const indexPath = (): string => join(folder, 'search.db');

function start(args: readonly string[], env: Record<string, string> = {}) {
  return spawn(process.execPath, [MAIN, 'search', ...args], {
    cwd: folder,
    env: {
      PATH: process.env['PATH'],
      LONGSHORE_OBJECTS: `file://${folder}/objects`,
      LONGSHORE_SQS_ENDPOINT: 'http://127.0.0.1:9',
      LONGSHORE_SEARCH_INDEX: indexPath(),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function search(args: readonly string[], env: Record<string, string> = {}) {
  const child = start(args, env);
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  const json = (args.includes('--json') ? JSON.parse(stdout) : undefined) as unknown;
  return { code, json, stdout, stderr };
}

async function storeTexts(texts: Readonly<Record<string, object | string>>): Promise<void> {
  await using objects = fsObjectStore({ root: join(folder, 'objects') });
  const puts = Object.entries(texts).map(([key, each]) =>
    objects.put(key, typeof each === 'string' ? each : JSON.stringify(each)),
  );
  await Promise.all(puts);
}

const text = (words: string, createdAt?: string) => ({
  source: 'dossier/lettre.pdf',
  language: 'fr',
  pages: [{ page: 1, text: words }],
  metadata: createdAt === undefined ? {} : { createdAt },
});

const TEXTS = {
  [`extractions/1/${FIRST}.json`]: text('Une ancienne élection', '2024-05-01T10:00:00Z'),
  [`extractions/2/${FIRST}.json`]: text('Une élection au port', '2025-05-01T10:00:00Z'),
  [`extractions/1/${SECOND}.json`]: text('Le port de la ville'),
  [`extractions/1/${GONE}.json`]: text('Le port disparu'),
};

describe('longshore search rebuild', () => {
  it('makes the index that is not there, of the newest texts, with dates and suggestions', async () => {
    await storeTexts(TEXTS);
    const { code, json, stderr } = await search(['rebuild', '--json']);
    expect({ code, json }, stderr).toEqual({
      code: 0,
      json: { written: 3, failed: 0, unreadable: 0, documents: 3 },
    });
    const found = async (...args: string[]): Promise<unknown> => (await search([...args, '--json'])).json;
    expect(await found('elections')).toMatchObject({
      total: 1,
      hits: [{ id: FIRST, source: 'dossier/lettre.pdf', title: 'lettre.pdf' }],
    });
    expect(await found('ancienne')).toMatchObject({ total: 0 });
    expect(await found('port')).toMatchObject({ total: 3 });
    expect(await found('port', '--from', '2025-01-01', '--to', '2025-12-31')).toMatchObject({ total: 1 });
    expect(await found('port', '--to', '2024-12-31')).toMatchObject({ total: 0 });
    expect(await found('port', '--language', 'en')).toMatchObject({ total: 0 });
    expect(await search(['port', '--from', 'May'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('YYYY-MM-DD') as string,
    });
    expect((await search(['electoin'])).stderr).toContain('Did you mean election?');
  }, 60_000);

  it('leaves removed documents out and keeps what others wrote, and names what it cannot read', async () => {
    await storeTexts({
      ...TEXTS,
      [`extractions/1/${'12'.repeat(32)}.json`]: '{"pages":"none"}',
      [`extractions/1/${'34'.repeat(32)}.json`]: '{"pages":',
      'extractions/notes.txt': 'no text of a document',
    });
    const index = await sqliteSearchIndex({ path: indexPath() });
    await index.bulk([{ kind: 'delete', id: GONE, revision: 1 }]);
    await index.close();
    const { code, json, stderr } = await search(['rebuild', '--json']);
    expect({ code, json }, stderr).toEqual({
      code: 1,
      json: { written: 2, failed: 0, unreadable: 3, documents: 2 },
    });
    expect(stderr).toMatch(/left out extractions\/1\/1212.*pages: expected a list/);
    expect(stderr).toContain('left out extractions/notes.txt');
  }, 60_000);

  it('brings documents back into their collections', async () => {
    await storeTexts({ ...TEXTS, [`collections/${SECOND}.json`]: '{"collection":"town"}' });
    await search(['rebuild']);
    expect(await search(['port', '--collection', 'town', '--json'])).toMatchObject({ json: { total: 1 } });
    expect(await search(['port', '--collection', 'sea', '--json'])).toMatchObject({ json: { total: 0 } });
  }, 60_000);

  it('is only meant where it is the first word', async () => {
    await storeTexts({ [`extractions/1/${FIRST}.json`]: text('Rebuild the check') });
    expect(await search(['rebuild'])).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('Done: 1 written') as string,
    });
    const queries = [
      ['--', 'rebuild'],
      ['the', 'rebuild'],
      ['--language', 'fr', 'check'],
    ];
    for (const words of queries) expect((await search(words)).stdout).toContain('«');
  }, 60_000);

  it('leaves the old index as it is when it is killed, and can be run again', async () => {
    await storeTexts(TEXTS);
    await search(['rebuild']);
    const ids = Array.from({ length: 2_000 }, (_, at) => at.toString(16).padStart(64, '0'));
    await storeTexts(Object.fromEntries(ids.map((id) => [`extractions/1/${id}.json`, text('Un port neuf')])));
    const child = start(['rebuild']);
    let output = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
      if (output.includes('500 read')) child.kill('SIGKILL');
    });
    const [, signal] = (await once(child, 'close')) as [unknown, string | null];
    expect(signal, output).toBe('SIGKILL');
    expect(await search(['port', '--json'])).toMatchObject({ json: { total: 3 } });
    expect(await search(['check', '--json'])).toMatchObject({ code: 0, json: { documents: 3 } });
    expect(await search(['rebuild', '--json'])).toMatchObject({ code: 0, json: { documents: 2_003 } });
    expect(await search(['neuf', '--json'])).toMatchObject({ json: { total: 2_000 } });
  }, 120_000);

  it.skipIf(!hasPostgres)(
    'works on PostgreSQL by the same variable',
    async () => {
      const server = await startPostgres();
      try {
        await storeTexts(TEXTS);
        const env = { LONGSHORE_SEARCH_INDEX: server.url() };
        expect(await search(['rebuild', '--json'], env)).toMatchObject({ code: 0, json: { documents: 3 } });
        expect(await search(['elections', '--json'], env)).toMatchObject({ json: { total: 1 } });
        expect(await search(['check', '--json'], env)).toMatchObject({
          code: 0,
          json: { documents: 3, faults: [] },
        });
      } finally {
        await server.stop();
      }
    },
    60_000,
  );
});

describe('longshore search check', () => {
  it('finds no fault in a sound index, and names those of a damaged one, which a rebuild mends', async () => {
    await storeTexts(TEXTS);
    await search(['rebuild']);
    expect(await search(['check', '--json'])).toMatchObject({ code: 0, json: { documents: 3, faults: [] } });
    const database = new DatabaseSync(indexPath());
    const { active } = database.prepare('SELECT active FROM state').get() as { active: number };
    database.exec(`DELETE FROM documents_${active} WHERE id = '${SECOND}'`);
    database.close();
    const damaged = await search(['check']);
    expect(damaged.code).toBe(1);
    expect(damaged.stderr).toContain('run "longshore search rebuild"');
    expect((await search(['rebuild'])).code).toBe(0);
    expect((await search(['check'])).stderr).toContain('Sound: 3 documents');
  }, 60_000);

  it('says what it cannot open, without telling a password', async () => {
    const at = (place: string): Record<string, string> => ({ LONGSHORE_SEARCH_INDEX: place });
    expect(await search(['check'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('No search index at') as string,
    });
    expect((await search(['word'], at(''))).stderr).toContain('LONGSHORE_SEARCH_INDEX is empty');
    expect((await search(['word'], at('https://search.example'))).stderr).toContain(
      'LONGSHORE_SEARCH_DRIVER',
    );
    const foreign = await search(['word'], at('mysql://me:secret@db/search'));
    expect(foreign).toMatchObject({ code: 2, stderr: expect.stringContaining('"mysql://"') as string });
    const closed = await search(['word'], at('postgres://me:secret@127.0.0.1:9/search'));
    expect(closed).toMatchObject({ code: 1, stderr: expect.stringContaining('index_unavailable') as string });
    expect(foreign.stderr + closed.stderr).not.toContain('secret');
  }, 60_000);
});
