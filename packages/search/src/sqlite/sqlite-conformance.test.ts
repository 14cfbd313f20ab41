import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeSearchIndex } from '../conformance/index.ts';
import { sqliteSearchIndex } from './sqlite-search-index.ts';

const NOT_YET = 'the SQLite driver does not have this yet';

describeSearchIndex({
  name: 'sqlite',
  skips: {
    'keeps to a collection, and to dates with both ends': NOT_YET,
    'suggests words of the index where nothing was found, and only then': NOT_YET,
    'is rebuilt without a moment in which less is found': NOT_YET,
    'has what others write while it is rebuilt, and not what they delete': NOT_YET,
    'keeps the tombstones of what was deleted before': NOT_YET,
    'tells which documents it could not take': NOT_YET,
    'stays as it is when a rebuild fails, and can be rebuilt again': NOT_YET,
    'refuses a rebuild while another runs': NOT_YET,
  },
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
