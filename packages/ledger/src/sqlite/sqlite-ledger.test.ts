import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeLedger } from '../conformance/index.ts';
import { sqliteLedger } from './sqlite-ledger.ts';

describeLedger({
  name: 'sqlite',
  open: async (options) => {
    const folder = await mkdtemp(join(tmpdir(), 'longshore-ledger-'));
    const path = join(folder, 'deep', 'ledger.db');
    return {
      ledger: sqliteLedger({ path, ...options }),
      reopen: async () => sqliteLedger({ path, ...options }),
      close: async () => await rm(folder, { recursive: true, force: true }),
    };
  },
});
