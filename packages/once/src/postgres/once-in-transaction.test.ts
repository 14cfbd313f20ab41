import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Pool, type PoolClient } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startPostgres, type PostgresServer } from '../fixtures/postgres-server.ts';
import { postgresOnceSchema } from './claim-table.ts';
import { onceInTransaction } from './once-in-transaction.ts';
import { postgresOnceStore } from './postgres-once-store.ts';

let server: PostgresServer;
let pool: Pool;
let key = 0;
const children = new Set<ChildProcess>();

beforeAll(async () => {
  server = await startPostgres();
  pool = new Pool({ connectionString: server.url });
  await pool.query(postgresOnceSchema());
  await pool.query('CREATE TABLE ledger (key text NOT NULL, cents int NOT NULL)');
});

beforeEach(() => {
  key += 1;
});

afterEach(async () => {
  await Promise.all([...children].map(kill));
});

afterAll(async () => {
  await pool.end();
  await server.stop();
});

const name = (): string => `settle:${key}`;

async function bookings(): Promise<number> {
  const { rows } = await pool.query('SELECT cents FROM ledger WHERE key = $1', [name()]);
  return rows.length;
}

async function inTransaction<Result>(work: (client: PoolClient) => Promise<Result>): Promise<Result> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}

/** Books once, in a transaction of its own. */
async function settle(result: unknown = { booked: true }): Promise<unknown> {
  return await inTransaction((client) =>
    onceInTransaction(client, name(), async () => {
      await client.query('INSERT INTO ledger VALUES ($1, 100)', [name()]);
      return result;
    }),
  );
}

/** A process that books once, and stalls at a point until it is killed. */
async function stallAt(point: 'effect' | 'record' | 'commit'): Promise<ChildProcess> {
  const path = fileURLToPath(new URL('./settle.test.child.ts', import.meta.url));
  const child = fork(path, [server.url, name(), point], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    execArgv: [],
  });
  children.add(child);
  await once(child, 'message');
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  children.delete(child);
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

describe('an effect in a transaction', () => {
  it('happens once, and its result is answered from then on', async () => {
    expect(await settle()).toEqual({ booked: true });
    expect(await settle('never')).toEqual({ booked: true });
    expect(await bookings()).toBe(1);
  });

  it('happens once in 10 transactions at the same time, which all get its result', async () => {
    const results = await Promise.all(Array.from({ length: 10 }, (_, index) => settle(index)));
    expect(new Set(results).size).toBe(1);
    expect(await bookings()).toBe(1);
  });

  it('leaves nothing when the transaction is rolled back', async () => {
    const failure = new Error('Later in the transaction');
    const failing = inTransaction(async (client) => {
      await onceInTransaction(client, name(), async () => {
        await client.query('INSERT INTO ledger VALUES ($1, 100)', [name()]);
      });
      throw failure;
    });
    await expect(failing).rejects.toBe(failure);
    expect(await bookings()).toBe(0);
    await settle();
    expect(await bookings()).toBe(1);
  });

  it('that throws is undone, even if the caller catches and commits', async () => {
    const failure = new Error('The effect failed');
    await inTransaction(async (client) => {
      await client.query("INSERT INTO ledger VALUES ('around', 1)");
      const failing = onceInTransaction(client, name(), async () => {
        await client.query('INSERT INTO ledger VALUES ($1, 100)', [name()]);
        throw failure;
      });
      await expect(failing).rejects.toBe(failure);
    });
    expect(await bookings()).toBe(0);
    expect((await pool.query("SELECT 1 FROM ledger WHERE key = 'around'")).rows).toHaveLength(1);
    expect(await settle()).toEqual({ booked: true });
  });

  it('that breaks a statement is undone, too', async () => {
    await inTransaction(async (client) => {
      const failing = onceInTransaction(client, name(), () => client.query('INSERT INTO nowhere VALUES (1)'));
      await expect(failing).rejects.toThrow(/nowhere/);
      await client.query('INSERT INTO ledger VALUES ($1, 1)', [name()]);
    });
    expect(await bookings()).toBe(1);
  });

  it('whose result is no JSON is undone, and may be corrected', async () => {
    await expect(settle(new Map())).rejects.toMatchObject({ code: 'once_result_refused' });
    expect(await bookings()).toBe(0);
    expect(await settle('corrected')).toBe('corrected');
  });

  it('is forgotten after its retention', async () => {
    const brief = { retentionMs: 1 };
    await inTransaction((client) => onceInTransaction(client, name(), async () => 'first', brief));
    await pool.query('SELECT pg_sleep(0.01)');
    expect(await settle('second')).toBe('second');
    expect(await settle('third')).toBe('second');
  });

  it('needs a transaction, and one that has not failed', async () => {
    const effect = async (): Promise<never> => {
      throw new Error('The effect ran');
    };
    await expect(onceInTransaction(pool, name(), effect)).rejects.toMatchObject({ code: 'invalid_options' });
    const failed = inTransaction(async (client) => {
      await client.query('SELECT 1 / 0').catch(() => undefined);
      await onceInTransaction(client, name(), effect);
    });
    await expect(failed).rejects.toMatchObject({ code: 'invalid_options' });
    expect(await settle()).toEqual({ booked: true });
  });

  it('shares its table with claims of postgresOnceStore', async () => {
    const store = postgresOnceStore({ client: pool });
    const request = { owner: 'a', leaseMs: 60_000, retentionMs: 60_000 };
    const answer = await store.claim(name(), request);
    await expect(settle()).rejects.toMatchObject({ code: 'once_busy', retryable: true });
    if (answer.state !== 'held') throw new Error(`The claim was ${answer.state}`);
    await answer.claim.release();
    await settle({ booked: true });
    expect(await store.claim(name(), request)).toEqual({
      state: 'done',
      record: '{"value":{"booked":true}}',
    });
    expect(await answer.claim.commit('{}')).toBe(false);
  });
});

describe('a process that is killed', () => {
  it('between its effect and its commit leaves neither effect nor record, and the next one does both', async () => {
    for (const point of ['effect', 'record'] as const) {
      key += 1;
      await kill(await stallAt(point));
      expect(await bookings(), point).toBe(0);
      expect(await settle('second'), point).toBe('second');
      expect(await bookings(), point).toBe(1);
    }
  });

  it('while others wait for it lets one of them go on', async () => {
    const child = await stallAt('record');
    const waiting = Promise.all([settle('a'), settle('b'), settle('c')]);
    await kill(child);
    expect(new Set(await waiting).size).toBe(1);
    expect(await bookings()).toBe(1);
  });

  it('after its commit has happened, once', async () => {
    await kill(await stallAt('commit'));
    expect(await settle('second')).toBe('first');
    expect(await bookings()).toBe(1);
  });
});
