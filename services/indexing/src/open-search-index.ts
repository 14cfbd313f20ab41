/** Opens the index that the environment names: a SQLite file, a PostgreSQL database or an OpenSearch cluster. */
import { LongshoreError } from '@longshore/job';
import type { RebuildableSearchIndex } from '@longshore/search';

/** An opened index with what it stands on. */
export interface OpenedIndex {
  readonly index: RebuildableSearchIndex;
  close(): Promise<void>;
}

/**
 * Opens the index of `LONGSHORE_SEARCH_INDEX`: `postgres://…`, or `https://…` with `LONGSHORE_SEARCH_DRIVER=opensearch`, else
 * a path.
 *
 * @throws LongshoreError `invalid_options`, `index_unavailable`
 */
export async function openSearchIndexOf(
  env: Readonly<Record<string, string | undefined>>,
): Promise<OpenedIndex> {
  const place = env['LONGSHORE_SEARCH_INDEX'] ?? '';
  if (place === '') {
    throw new LongshoreError(
      'invalid_options',
      'LONGSHORE_SEARCH_INDEX is not set: give the path of the SQLite index file, or a postgres:// or https:// URL',
    );
  }
  if (/^postgres(?:ql)?:\/\//.test(place)) return await openPostgres(place);
  if (/^https?:\/\//.test(place)) {
    if (env['LONGSHORE_SEARCH_DRIVER'] === 'opensearch') return await openOpenSearch(place);
    throw new LongshoreError(
      'invalid_options',
      'LONGSHORE_SEARCH_INDEX is a web address: set LONGSHORE_SEARCH_DRIVER=opensearch to say what answers there',
    );
  }
  const { sqliteSearchIndex } = await import('@longshore/search/sqlite');
  const index = await sqliteSearchIndex({ path: place });
  return { index, close: () => index.close() };
}

async function openPostgres(url: string): Promise<OpenedIndex> {
  const [{ Pool }, { postgresSearchIndex }] = await Promise.all([
    import('pg'),
    import('@longshore/search/postgres'),
  ]);
  const pool = new Pool({ connectionString: url, max: 4, connectionTimeoutMillis: 10_000 });
  // The next statement says that the connection is gone; unheard, the event would end the process.
  pool.on('error', () => undefined);
  try {
    const index = await postgresSearchIndex({ pool });
    return {
      index,
      async close() {
        await index.close();
        await pool.end();
      },
    };
  } catch (error) {
    await pool.end();
    throw error;
  }
}

async function openOpenSearch(node: string): Promise<OpenedIndex> {
  const [{ Client }, { openSearchIndex }] = await Promise.all([
    import('@opensearch-project/opensearch'),
    import('@longshore/search/opensearch'),
  ]);
  const client = new Client({ node });
  const index = await openSearchIndex({ client });
  return {
    index,
    async close() {
      await index.close();
      await client.close();
    },
  };
}
