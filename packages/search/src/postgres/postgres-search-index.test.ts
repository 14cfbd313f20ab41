import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { isLongshoreError } from '@longshore/job';
import { Pool, type PoolClient } from 'pg';
import { afterAll, describe, expect, it } from 'vitest';
import { describeSearchIndex } from '../conformance/index.ts';
import { documentOf, found, put } from '../conformance/suite.ts';
import { startPostgres, type PostgresServer } from '../fixtures/postgres-server.ts';
import type { IndexOperation, SearchDocument } from '../search-index.ts';
import { passagesOf } from './passages.ts';
import { postgresSearchIndex, type PostgresSearchIndex } from './postgres-search-index.ts';

let shared: Promise<PostgresServer> | undefined;
let databases = 0;

/** A server for this file, and a database for each case. */
async function newDatabase(): Promise<string> {
  shared ??= startPostgres();
  const server = await shared;
  databases += 1;
  const name = `search_${databases}`;
  const root = new Pool({ connectionString: server.url() });
  await root.query(`CREATE DATABASE ${name}`);
  await root.end();
  return server.url(name);
}

afterAll(async () => {
  await (await shared)?.stop();
});

describeSearchIndex({
  name: 'postgres',
  open: async () => {
    const pool = new Pool({ connectionString: await newDatabase(), max: 6 });
    const open = async () => await postgresSearchIndex({ pool });
    return { index: await open(), reopen: open, close: async () => await pool.end() };
  },
});

interface Opened extends AsyncDisposable {
  readonly pool: Pool;
  readonly index: PostgresSearchIndex;
}

async function openIndex(max = 6): Promise<Opened> {
  const pool = new Pool({ connectionString: await newDatabase(), max });
  // A pool tells of idle connections that were ended by an event.
  pool.on('error', () => undefined);
  const index = await postgresSearchIndex({ pool });
  return { pool, index, [Symbol.asyncDispose]: async () => await pool.end() };
}

describe('two writers', () => {
  it('never block each other for ever, whatever the order of their batches', async () => {
    await using stage = await openIndex();
    const batch = (revision: number): IndexOperation[] =>
      Array.from({ length: 60 }, (_, at) => ({
        kind: 'put',
        document: documentOf(`d${at}`, `revision${revision}`, { revision }),
      }));
    for (let revision = 1; revision <= 40; revision += 2) {
      const results = await Promise.all([
        stage.index.bulk(batch(revision)),
        stage.index.bulk(batch(revision + 1).toReversed()),
      ]);
      expect(results.flat().filter(({ outcome }) => outcome === 'failed')).toEqual([]);
    }
    expect((await stage.index.search({ text: 'revision40' })).total).toBe(60);
    expect((await stage.index.search({ text: 'revision39' })).total).toBe(0);
    const { rows } = await stage.pool.query(
      'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()',
    );
    expect(rows).toEqual([{ deadlocks: '0' }]);
  });
});

/** The killer ends connections of readers too. */
async function countOf(index: PostgresSearchIndex): Promise<number> {
  for (;;) {
    const count = await index.count().catch(() => undefined);
    if (count !== undefined) return count;
  }
}

describe('a connection that is ended in the middle of a batch', () => {
  it('loses nothing that was acknowledged, and writes nothing twice', async () => {
    await using stage = await openIndex();
    const killer = new Pool({ connectionString: stage.pool.options.connectionString ?? '', max: 1 });
    let acknowledged = 0;
    let refused = 0;
    let isOver = false;
    let kills = 0;
    const killing = (async () => {
      while (!isOver && kills < 30) {
        const { rowCount } = await killer.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
           WHERE datname = current_database() AND pid <> pg_backend_pid() AND query ~ 'longshore' AND state <> 'idle' LIMIT 1`,
        );
        kills += rowCount ?? 0;
        await pause(5);
      }
    })();
    for (let round = 0; round < 40 || (kills < 30 && round < 400); round += 1) {
      const documents = Array.from({ length: 25 }, (_, at) =>
        documentOf(`r${round}d${at}`, `tour commun ${at}`),
      );
      for (;;) {
        const outcome = await put(stage.index, ...documents).catch((error: unknown) => error);
        if (Array.isArray(outcome)) break;
        expect(outcome).toMatchObject({ code: 'index_unavailable', retryable: true });
        refused += 1;
        // The batch was taken back whole, or its commit went through before the answer was lost.
        const count = await countOf(stage.index);
        expect([acknowledged, acknowledged + 25]).toContain(count);
      }
      acknowledged += 25;
    }
    isOver = true;
    await killing;
    await killer.end();
    expect(refused).toBeGreaterThan(0);
    expect(await stage.index.count()).toBe(acknowledged);
    expect((await stage.index.search({ text: 'commun' })).total).toBe(acknowledged);
  });
});

describe('the tables in PostgreSQL', () => {
  it('are made once by a fleet that starts together', async () => {
    const pool = new Pool({ connectionString: await newDatabase(), max: 10 });
    const indexes = await Promise.all(
      Array.from({ length: 10 }, async () => await postgresSearchIndex({ pool })),
    );
    await Promise.all(indexes.map(async (index, at) => await put(index, documentOf(`d${at}`, 'commun'))));
    expect(await indexes[0]?.count()).toBe(10);
    await pool.end();
  });

  it('of another version are refused, and left as they are', async () => {
    await using stage = await openIndex();
    await stage.pool.query('UPDATE longshore_search SET version = 99');
    await expect(postgresSearchIndex({ pool: stage.pool })).rejects.toMatchObject({
      code: 'index_unavailable',
      retryable: false,
      message: expect.stringContaining('version 99') as string,
    });
  });

  it('hold several indexes apart', async () => {
    await using stage = await openIndex();
    const letters = await postgresSearchIndex({ pool: stage.pool, name: 'letters' });
    await put(letters, documentOf('a', 'lettre'));
    expect([await found(letters, 'lettre'), await found(stage.index, 'lettre')]).toEqual([['a'], []]);
    await expect(
      postgresSearchIndex({ pool: stage.pool, name: 'x; DROP', searchTimeoutMs: 0 }),
    ).rejects.toMatchObject({
      code: 'invalid_options',
      message: expect.stringMatching(/x; DROP.*searchTimeoutMs 0/) as string,
    });
  });

  it('let a document that only PostgreSQL refuses fail alone', async () => {
    await using stage = await openIndex();
    const results = await stage.index.bulk([
      { kind: 'put', document: documentOf('good', 'bon') },
      { kind: 'put', document: documentOf('poi\0son', 'mauvais') },
      { kind: 'put', document: documentOf('fine', 'bon') },
    ]);
    expect(results).toMatchObject([
      { outcome: 'written' },
      { outcome: 'failed', reason: expect.stringContaining('0x00') as string },
      { outcome: 'written' },
    ]);
  });

  it('that a role may not make are named in the error', async () => {
    await using stage = await openIndex();
    await stage.pool.query('REVOKE CREATE ON SCHEMA public FROM PUBLIC');
    await stage.pool.query('CREATE ROLE guest');
    const pool = {
      connect: async (): Promise<PoolClient> => {
        const client = await stage.pool.connect();
        await client.query('SET ROLE guest');
        return client;
      },
    };
    await expect(postgresSearchIndex({ pool, name: 'other' })).rejects.toMatchObject({
      code: 'index_unavailable',
      retryable: false,
      message: expect.stringMatching(/permission denied.*CREATE on the schema/) as string,
    });
    for (const client of [await stage.pool.connect()]) client.release(true);
  });
});

describe('a PostgreSQL that cannot be used', () => {
  it('is said to be unreachable, and worth another try', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    const pool = new Pool({ host: '127.0.0.1', port, user: 'nobody' });
    await expect(postgresSearchIndex({ pool })).rejects.toMatchObject({
      code: 'index_unavailable',
      retryable: true,
      message: expect.stringContaining('ECONNREFUSED') as string,
    });
    await pool.end();
  });

  it('is said not to speak TLS where TLS is asked for', async () => {
    const pool = new Pool({ connectionString: await newDatabase(), ssl: { rejectUnauthorized: true } });
    await expect(postgresSearchIndex({ pool })).rejects.toMatchObject({
      code: 'index_unavailable',
      retryable: false,
      message: expect.stringMatching(/does not support SSL.*global-bundle\.pem/) as string,
    });
    await pool.end();
  });

  it('is not waited for beyond the timeout of a search', async () => {
    await using stage = await openIndex();
    const hasty = await postgresSearchIndex({ pool: stage.pool, searchTimeoutMs: 40 });
    const lock = await stage.pool.connect();
    await lock.query('BEGIN; LOCK TABLE longshore_search_documents_1_passages IN ACCESS EXCLUSIVE MODE');
    await expect(hasty.search({ text: 'mot' })).rejects.toMatchObject({
      code: 'index_unavailable',
      retryable: true,
    });
    await lock.query('ROLLBACK');
    lock.release();
    expect(await found(hasty, 'mot')).toEqual([]);
  });
});

describe('a rebuild', () => {
  async function* documents(count: number, between?: () => Promise<void>): AsyncGenerator<SearchDocument> {
    for (let at = 0; at < count; at += 1) {
      await between?.();
      yield documentOf(`d${at}`, 'neuf', { revision: 2 });
    }
  }

  it('that died leaves nothing behind after the next one', async () => {
    await using stage = await openIndex();
    await put(stage.index, documentOf('d0', 'ancien'));
    // As a process leaves it that is killed: a generation that is written to, and nobody who builds it.
    await stage.pool.query('UPDATE longshore_search SET building = 2, latest = 2');
    for (const kind of ['documents', 'passages'])
      await stage.pool.query(
        `CREATE TABLE longshore_search_documents_2_${kind} (LIKE longshore_search_documents_1_${kind} INCLUDING ALL)`,
      );
    expect(await put(stage.index, documentOf('d1', 'ancien'))).toEqual(['written']);
    expect(await stage.index.rebuild(documents(2))).toEqual({ written: 2, failed: [] });
    expect((await stage.index.search({ text: 'neuf' })).total).toBe(2);
    const { rows } = await stage.pool.query(
      `SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '_documents_\\d' ORDER BY 1`,
    );
    expect(rows.map(({ relname }) => relname as string)).toEqual([
      'longshore_search_documents_3_documents',
      'longshore_search_documents_3_passages',
    ]);
  });

  it('that loses every connection leaves the old index as it is', async () => {
    await using stage = await openIndex();
    await put(stage.index, documentOf('d0', 'ancien'));
    const killer = new Pool({ connectionString: stage.pool.options.connectionString ?? '', max: 1 });
    let isKilled = false;
    const killing = documents(450, async () => {
      if (isKilled) return;
      isKilled = true;
      await killer.query(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
      );
    });
    const outcome = await stage.index.rebuild(killing).catch((error: unknown) => error);
    await killer.end();
    // Either an idle connection was replaced in time, or the rebuild failed and may be tried again.
    const result = isLongshoreError(outcome) ? { code: outcome.code, retryable: outcome.retryable } : outcome;
    expect([
      { written: 450, failed: [] },
      { code: 'index_unavailable', retryable: true },
    ]).toContainEqual(result);
    expect(await stage.index.rebuild(documents(3))).toEqual({ written: 3, failed: [] });
    expect(await found(stage.index, 'ancien')).toEqual([]);
  });
});

describe('the check', () => {
  it('finds terms that are missing, wrong or left over', async () => {
    await using stage = await openIndex();
    await put(
      stage.index,
      ...Array.from({ length: 45 }, (_, at) => documentOf(`d${at}`, `mot commun ${at}`)),
    );
    await put(stage.index, documentOf('empty', '', { title: '' }));
    expect(await stage.index.check()).toEqual([]);
    const passages = 'longshore_search_documents_1_passages';
    const number = (id: string): string =>
      `(SELECT number FROM longshore_search_documents_1_documents WHERE id = '${id}')`;
    await stage.pool.query(`DELETE FROM ${passages} WHERE document = ${number('d3')}`);
    await stage.pool.query(`UPDATE ${passages} SET terms = 'autre:1' WHERE document = ${number('d44')}`);
    await stage.pool.query(`INSERT INTO ${passages} VALUES (999999, 0, 'perdu:1')`);
    const faults = await stage.index.check();
    expect(faults).toHaveLength(3);
    expect(faults.join('\n')).toMatch(/1 passages of terms have no document[^]*"d3"[^]*"d44"/);
  });
});

describe('passages', () => {
  it('end before any bound of a tsvector, and overlap by what a phrase may need', () => {
    const words = Array.from({ length: 40_000 }, (_, at) => `mot${at % 20_000}`).join(' ');
    const passages = passagesOf(documentOf('a', `${words} ${'le '.repeat(1_000)}`));
    expect(passages.length).toBeGreaterThan(4);
    for (const passage of passages) {
      expect(passage.length).toBeLessThan(1_000_000);
      expect(
        Math.max(...[...passage.matchAll(/:([\dA,]+)/g)].map(([, places = '']) => places.split(',').length)),
      ).toBeLessThan(256);
    }
    expect(passages[1]).toContain("'mot15990':");
  });
});
