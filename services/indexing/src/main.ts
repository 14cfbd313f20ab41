/** Runs one indexing worker. */
import { LongshoreError } from '@longshore/job';
import { launch } from '@longshore/launch';
import { sqliteSearchIndex } from '@longshore/search/sqlite';
import fleet from '../../../fleet.ts';
import { indexingHandlers } from './index.ts';

await launch({
  fleet,
  service: 'indexing',
  async setUp({ env }) {
    const path = env['LONGSHORE_SEARCH_INDEX'];
    if (path === undefined) {
      throw new LongshoreError(
        'invalid_options',
        'LONGSHORE_SEARCH_INDEX is not set: give the path of the SQLite index file',
      );
    }
    const index = await sqliteSearchIndex({ path });
    return { handlers: indexingHandlers({ index }), close: () => index.close() };
  },
});
