/** Writes batches into an index until it is killed, and tells its parent of each that was acknowledged. */
import { sqliteSearchIndex } from '@longshore/search/sqlite';

const [path = '', round = ''] = process.argv.slice(2);
const index = await sqliteSearchIndex({ path });
for (let batch = 0; batch < 10_000; batch += 1) {
  const ids = Array.from({ length: 50 }, (_, at) => `${round}-${batch}-${at}`);
  await index.bulk(
    ids.map((id) => ({
      kind: 'put',
      document: {
        id,
        revision: 1,
        title: id,
        language: 'en',
        source: id,
        pages: [{ page: 1, text: `Boats of ${id} sail into the port of the documents, day and night` }],
      },
    })),
  );
  process.send?.(ids);
}
