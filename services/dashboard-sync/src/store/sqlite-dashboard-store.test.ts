import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeDashboardStore } from '../fixtures/describe-dashboard-store.ts';
import { openDashboardStore } from './open-dashboard-store.ts';

describeDashboardStore({
  name: 'sqlite',
  open: async () => {
    const folder = await mkdtemp(join(tmpdir(), 'longshore-dashboards-'));
    const location = { kind: 'sqlite', path: join(folder, 'dashboards.db') } as const;
    return {
      store: await openDashboardStore(location),
      reopen: () => openDashboardStore(location),
      close: () => rm(folder, { recursive: true }),
    };
  },
});
