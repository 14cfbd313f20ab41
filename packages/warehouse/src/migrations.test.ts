import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import pg from 'pg';
import { startPostgres, type PostgresServer } from './fixtures/postgres-server.ts';
import { migrateWarehouse, readMigrations, verifySchema, type Migration } from './migrations.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
}, 60_000);
afterAll(() => server.stop());

const extra = (isAdditive: boolean): Migration => ({
  version: 5,
  name: '0005-extra.sql',
  checksum: 'c0ffee',
  isAdditive,
  sql: 'ALTER TABLE warehouse.fact_document ADD COLUMN extra integer',
});

describe('migrateWarehouse', () => {
  it('lets tasks that start at once all succeed, and applies each file once', async () => {
    const pool = await server.database();
    await expect(verifySchema(pool)).rejects.toMatchObject({
      code: 'warehouse_incompatible',
      message: expect.stringContaining('schema version 0') as string,
    });
    const applied = await Promise.all(Array.from({ length: 4 }, () => migrateWarehouse(pool)));
    expect(applied.flat().map(({ version }) => version)).toEqual([1, 2, 3, 4]);
    await verifySchema(pool);
    await pool.end();
  });

  it('refuses a file that was changed after it had been applied, by name', async () => {
    const pool = await server.database();
    const migrations = await readMigrations();
    await migrateWarehouse(pool);
    const changed = migrations.map((each, index) => (index === 1 ? { ...each, checksum: 'other' } : each));
    await expect(migrateWarehouse(pool, { migrations: changed })).rejects.toMatchObject({
      code: 'warehouse_incompatible',
      message: expect.stringMatching(/"0002-record-documents\.sql" was changed/) as string,
    });
    await pool.end();
  });

  it('lets older workers go on beside a newer additive schema, and no other', async () => {
    for (const isAdditive of [true, false]) {
      const pool = await server.database();
      await migrateWarehouse(pool, { migrations: [...(await readMigrations()), extra(isAdditive)] });
      const verified = await verifySchema(pool).then(
        () => 'accepted',
        (error: unknown) => String(error),
      );
      expect(verified).toMatch(isAdditive ? /^accepted$/ : /deploy the newer program/);
      await pool.end();
    }
  });

  it('keeps nothing of a file that fails, and what came before it', async () => {
    const pool = await server.database();
    const broken = { ...extra(true), sql: 'CREATE TABLE warehouse.half (); SELECT nonsense' };
    await expect(
      migrateWarehouse(pool, { migrations: [...(await readMigrations()), broken] }),
    ).rejects.toMatchObject({ code: 'warehouse_incompatible' });
    const { rows } = await pool.query(`SELECT to_regclass('warehouse.half') AS half`);
    expect(rows).toEqual([{ half: null }]);
    await verifySchema(pool);
    await pool.end();
  });

  it('says so when another process holds the lock for too long', async () => {
    const pool = await server.database();
    const client = await pool.connect();
    await client.query('SELECT pg_advisory_lock(5642379400)');
    await expect(migrateWarehouse(pool, { waitMs: 30 })).rejects.toMatchObject({
      code: 'dependency_down',
      message: expect.stringContaining('Another process') as string,
    });
    client.release(true);
    await pool.end();
  });

  it('takes files only in order and with a header', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'longshore-migrations-'));
    await writeFile(join(folder, '0002-late.sql'), '-- additive: yes\nSELECT 1');
    await expect(readMigrations(pathToFileURL(`${folder}/`))).rejects.toThrow(/must be number 1/);
    await rm(folder, { recursive: true });
  });
});

describe('the contract with reports', () => {
  it('lets the reader see the views and nothing else, for a limited time, and change nothing', async () => {
    const pool = await server.database();
    await migrateWarehouse(pool);
    const url = pool.url.replace('longshore@', 'longshore_bi_reader@');
    const reader = new pg.Client({ connectionString: url });
    await reader.connect();
    const { rows: dates } = await reader.query(
      'SELECT count(*)::int AS n FROM bi.dim_date WHERE year = 2028',
    );
    expect(dates).toEqual([{ n: 366 }]);
    expect((await reader.query('SELECT * FROM bi.freshness')).rowCount).toBe(1);
    await expect(reader.query('SELECT * FROM warehouse.fact_document')).rejects.toThrow(/permission denied/);
    await expect(reader.query('DELETE FROM bi.dim_date')).rejects.toThrow(/permission denied|read-only/);
    expect((await reader.query('SHOW statement_timeout')).rows).toEqual([{ statement_timeout: '5min' }]);
    await reader.end();
    await pool.end();
  });

  it('describes every view and column, and has no JSON', async () => {
    const pool = await server.database();
    await migrateWarehouse(pool);
    const { rows } =
      await pool.query(`SELECT a.attrelid::regclass::text AS relation, a.attname FROM pg_attribute a
      JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = 'bi' AND a.attnum >= 0 AND NOT a.attisdropped AND (col_description(c.oid, a.attnum) IS NULL
        OR obj_description(c.oid) IS NULL OR format_type(a.atttypid, NULL) LIKE 'json%')`);
    expect(rows).toEqual([]);
    await pool.end();
  });
});
