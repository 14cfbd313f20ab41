import { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeOnceStore } from '../conformance/index.ts';
import { startPostgres, type PostgresServer } from '../fixtures/postgres-server.ts';
import { postgresOnceSchema } from './claim-table.ts';
import { postgresOnceStore } from './postgres-once-store.ts';

describeOnceStore({
  name: 'postgres',
  open: async () => {
    const server = await startPostgres();
    const pool = new Pool({ connectionString: server.url });
    await pool.query(postgresOnceSchema());
    return {
      store: postgresOnceStore({ client: pool }),
      close: async () => {
        await pool.end();
        await server.stop();
      },
    };
  },
});

describe('the postgres once store', () => {
  let server: PostgresServer;
  let pool: Pool;
  beforeAll(async () => {
    server = await startPostgres();
    pool = new Pool({ connectionString: server.url });
  });
  afterAll(async () => {
    await pool.end();
    await server.stop();
  });

  const request = { owner: 'a', leaseMs: 60_000, retentionMs: 3_600_000 };

  it('names what makes the table that is missing', async () => {
    const store = postgresOnceStore({ client: pool, table: 'missing' });
    await expect(store.claim('key', request)).rejects.toMatchObject({
      code: 'invalid_options',
      message: expect.stringContaining('postgresOnceSchema()') as string,
    });
  });

  it('keeps its rows in a table of another schema, created as often as one likes', async () => {
    await pool.query('CREATE SCHEMA IF NOT EXISTS effects');
    await pool.query(postgresOnceSchema('effects.done'));
    await pool.query(postgresOnceSchema('effects.done'));
    const answer = await postgresOnceStore({ client: pool, table: 'effects.done' }).claim('key', request);
    if (answer.state !== 'held') throw new Error(`The claim was ${answer.state}`);
    await answer.claim.commit('{}');
    const { rows } = await pool.query(
      "SELECT record FROM effects.done WHERE key_hash = encode(sha256('key'), 'hex')",
    );
    expect(rows).toEqual([{ record: '{}' }]);
  });

  it('refuses a table name that would change its statements', () => {
    for (const table of ['a; DROP TABLE b', 'A', '', 'a.b.c', '"a"']) {
      expect(() => postgresOnceStore({ client: pool, table })).toThrow(/Cannot use table/);
      expect(() => postgresOnceSchema(table)).toThrow(/Cannot use table/);
    }
  });

  it('says that the server does not answer, and that it may later', async () => {
    const stopped = await startPostgres();
    await stopped.stop();
    const lonely = new Pool({ connectionString: stopped.url });
    const store = postgresOnceStore({ client: lonely });
    await expect(store.claim('key', request)).rejects.toMatchObject({
      code: 'once_unavailable',
      retryable: true,
    });
    await lonely.end();
  });
});
