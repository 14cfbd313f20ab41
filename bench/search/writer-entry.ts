/** Writes batches to an index until it is killed, and says which are acknowledged. */
import { sqliteSearchIndex } from '@longshore/search/sqlite';

const [path = '', prefix = ''] = process.argv.slice(2);
const index = await sqliteSearchIndex({ path });
for (let batch = 0; ; batch += 1) {
  const ids = Array.from({ length: 40 }, (_, at) => `${prefix}-${batch}-${at}`);
  const text = `Le document ${prefix} des élections ${'et des paramètres enregistrés '.repeat(20)}`;
  await index.bulk(
    ids.map((id) => ({
      kind: 'put',
      document: { id, revision: 1, title: id, language: 'fr', source: id, pages: [{ page: 1, text }] },
    })),
  );
  process.send?.(ids);
}
