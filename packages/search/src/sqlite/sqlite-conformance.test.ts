import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeSearchIndex } from '../conformance/index.ts';
import { sqliteSearchIndex } from './sqlite-search-index.ts';

describeSearchIndex({
  name: 'sqlite',
  open: async () => {
    const folder = await mkdtemp(join(tmpdir(), 'longshore-search-'));
    const open = async () => await sqliteSearchIndex({ path: join(folder, 'search.db') });
    return {
      index: await open(),
      reopen: open,
      close: async () => await rm(folder, { recursive: true }),
    };
  },
});
