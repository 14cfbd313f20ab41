import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeDeliveryStore } from '../fixtures/describe-delivery-store.ts';
import { sqliteDeliveryStore } from './sqlite-delivery-store.ts';

describeDeliveryStore({
  name: 'sqlite',
  open: async () => {
    const folder = await mkdtemp(join(tmpdir(), 'longshore-delivery-'));
    const path = join(folder, 'deliveries.db');
    return {
      store: await sqliteDeliveryStore({ path }),
      reopen: () => sqliteDeliveryStore({ path }),
      close: () => rm(folder, { recursive: true }),
    };
  },
});

it('A file that is no database is said to be none', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'longshore-delivery-'));
  const path = join(folder, 'text.db');
  await writeFile(path, 'This is a text, and a long one. '.repeat(100));
  await expect(sqliteDeliveryStore({ path })).rejects.toThrow(path);
  await rm(folder, { recursive: true });
});
