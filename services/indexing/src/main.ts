/** Runs one indexing worker. */
import { launch } from '@longshore/launch';
import fleet from '../../../fleet.ts';
import { indexingHandlers } from './index.ts';
import { openSearchIndexOf } from './open-search-index.ts';

await launch({
  fleet,
  service: 'indexing',
  async setUp({ env }) {
    const opened = await openSearchIndexOf(env);
    return { handlers: indexingHandlers({ index: opened.index }), close: () => opened.close() };
  },
});
