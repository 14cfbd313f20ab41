import { Pool } from 'pg';
import { expect, it } from 'vitest';
import { describeDeliveryStore } from '../fixtures/describe-delivery-store.ts';
import { startPostgres, type PostgresServer } from '../fixtures/postgres-server.ts';
import { postgresDeliveryStore } from './postgres-delivery-store.ts';

let shared: Promise<PostgresServer> | undefined;
let databases = 0;

describeDeliveryStore({
  name: 'postgres',
  open: async () => {
    shared ??= startPostgres();
    const server = await shared;
    databases += 1;
    const name = `delivery_${databases}`;
    const root = new Pool({ connectionString: server.url() });
    await root.query(`CREATE DATABASE ${name}`);
    await root.end();
    const reopen = (): ReturnType<typeof postgresDeliveryStore> =>
      postgresDeliveryStore({ pool: { connectionString: server.url(name) } });
    return { store: await reopen(), reopen };
  },
  end: async () => await (await shared)?.stop(),
});

it('A PostgreSQL that is gone is said to be so, and may come back', async () => {
  const server = await startPostgres();
  const store = await postgresDeliveryStore({ pool: { connectionString: server.url() } });
  await server.stop();
  await expect(store.endpoints.list()).rejects.toMatchObject({
    code: 'delivery_unavailable',
    retryable: true,
  });
  const request = { endpointId: 'a', nowMs: 0, leaseMs: 1, cap: 1 };
  await expect(store.schedule.claim(request)).rejects.toMatchObject({ code: 'delivery_unavailable' });
  await store.close();
});
