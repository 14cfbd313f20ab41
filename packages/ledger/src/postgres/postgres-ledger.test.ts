import { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeLedger } from '../conformance/index.ts';
import { startPostgres, type PostgresServer } from '../fixtures/postgres-server.ts';
import { postgresLedger } from './postgres-ledger.ts';
import { migrate, POSTGRES_STEPS } from './schema.ts';

let shared: Promise<PostgresServer> | undefined;
let databases = 0;

/** A server for this file, and a database for each case. */
async function newDatabase(): Promise<Pool> {
  shared ??= startPostgres();
  const server = await shared;
  databases += 1;
  const name = `ledger_${databases}`;
  const root = new Pool({ connectionString: server.url() });
  await root.query(`CREATE DATABASE ${name}`);
  await root.end();
  return new Pool({ connectionString: server.url(name) });
}

describeLedger({
  name: 'postgres',
  open: async (options) => {
    const pool = await newDatabase();
    return {
      ledger: postgresLedger({ client: pool, ...options }),
      reopen: async () => postgresLedger({ client: pool, ...options }),
      close: async () => await pool.end(),
    };
  },
});

const ALWAYS = { fromMs: 0, toMs: 1e15 };

describe('the tables in PostgreSQL', () => {
  let pool: Pool;
  beforeAll(async () => {
    pool = await newDatabase();
  });
  afterAll(async () => {
    await pool.end();
    await (await shared)?.stop();
  });

  it('are made once by a fleet that starts together', async () => {
    const ledgers = Array.from({ length: 10 }, () => postgresLedger({ client: pool }));
    await Promise.all(ledgers.map(async (ledger) => await ledger.arrivals(ALWAYS)));
    const { rows } = await pool.query('SELECT version FROM longshore_ledger');
    expect(rows).toEqual([{ version: POSTGRES_STEPS.length }]);
  });

  it('go forward step by step, and keep what they hold', async () => {
    const fresh = await newDatabase();
    await migrate(fresh);
    await fresh.query("INSERT INTO longshore_arrivals VALUES (1, 's', 'j', 1, 2)");
    const steps = [
      ...POSTGRES_STEPS,
      'ALTER TABLE longshore_arrivals ADD COLUMN later int NOT NULL DEFAULT 7',
    ];
    await Promise.all([migrate(fresh, steps), migrate(fresh, steps), migrate(fresh, steps)]);
    const { rows } = await fresh.query('SELECT sent, later FROM longshore_arrivals');
    expect(rows).toEqual([{ sent: '1', later: 7 }]);
    const older = postgresLedger({ client: fresh });
    await expect(older.arrivals(ALWAYS)).rejects.toMatchObject({
      code: 'ledger_incompatible',
      retryable: false,
      message: expect.stringContaining('use a newer program') as string,
    });
    await fresh.end();
  });

  it('that a role may not make are named in the error', async () => {
    const fresh = await newDatabase();
    await fresh.query('REVOKE CREATE ON SCHEMA public FROM PUBLIC');
    await fresh.query(
      `DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'guest') THEN CREATE ROLE guest; END IF; END $$`,
    );
    const client = await fresh.connect();
    await client.query('SET ROLE guest');
    await expect(postgresLedger({ client }).arrivals(ALWAYS)).rejects.toMatchObject({
      code: 'ledger_incompatible',
      message: expect.stringContaining('permission denied') as string,
    });
    client.release(true);
    await fresh.end();
  });
});

describe('a PostgreSQL that is gone', () => {
  it('is said to be so, and may come back', async () => {
    const server = await startPostgres();
    const url = server.url();
    await server.stop();
    const pool = new Pool({ connectionString: url });
    const ledger = postgresLedger({ client: pool });
    await expect(ledger.arrivals(ALWAYS)).rejects.toMatchObject({
      code: 'ledger_unavailable',
      retryable: true,
    });
    await pool.end();
  });
});
