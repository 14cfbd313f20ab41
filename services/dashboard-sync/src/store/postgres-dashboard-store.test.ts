import { Pool } from 'pg';
import { expect, it } from 'vitest';
import { describeDashboardStore } from '../fixtures/describe-dashboard-store.ts';
import { startPostgres, type PostgresServer } from '../fixtures/postgres-server.ts';
import { openDashboardStore } from './open-dashboard-store.ts';

let shared: Promise<PostgresServer> | undefined;
let databases = 0;

describeDashboardStore({
  name: 'postgres',
  open: async () => {
    shared ??= startPostgres();
    const server = await shared;
    databases += 1;
    const name = `dashboards_${databases}`;
    const root = new Pool({ connectionString: server.url() });
    await root.query(`CREATE DATABASE ${name}`);
    await root.end();
    const location = { kind: 'postgres', url: server.url(name) } as const;
    return { store: await openDashboardStore(location), reopen: () => openDashboardStore(location) };
  },
  end: async () => await (await shared)?.stop(),
});

it('says that PostgreSQL is gone, as something that may pass', async () => {
  const server = await startPostgres();
  const store = await openDashboardStore({ kind: 'postgres', url: server.url() });
  await server.stop();
  await expect(store.rows({ dataset: 'd', newest: 1 })).rejects.toMatchObject({
    code: 'dashboard_unavailable',
    retryable: true,
  });
  await store.close();
});
