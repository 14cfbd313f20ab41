/**
 * The search index that a command works on: what `LONGSHORE_SEARCH_INDEX` names, by the rules of the indexing service, else
 * the file of the local fleet. A driver's client is loaded only where that driver is asked for.
 */
import { access } from 'node:fs/promises';
import { LongshoreError } from '@longshore/job';
import type { Environment } from '@longshore/launch';
import type { RebuildableSearchIndex } from '@longshore/search';

/** An opened index with what it stands on. */
export interface OpenedSearchIndex extends AsyncDisposable {
  readonly index: RebuildableSearchIndex;
  /** Faults in words; absent where the driver leaves that to its engine. */
  readonly check?: () => Promise<readonly string[]>;
}

/** Options of {@link openSearchIndex}. */
export interface OpenSearchIndexOptions {
  readonly env: Environment;
  /** Where the local fleet keeps its index; asked for only when `LONGSHORE_SEARCH_INDEX` is not set. */
  readonly localPath: () => Promise<string>;
  /** `search` and `check` want an index file that is there, `rebuild` makes one. A PostgreSQL index is made where missing. */
  readonly purpose: 'search' | 'check' | 'rebuild';
}

/** Opens it. @throws LongshoreError `invalid_options`, `index_unavailable` */
export async function openSearchIndex(options: OpenSearchIndexOptions): Promise<OpenedSearchIndex> {
  const { env, localPath, purpose } = options;
  const given = env['LONGSHORE_SEARCH_INDEX'];
  if (given === '')
    throw new LongshoreError(
      'invalid_options',
      'LONGSHORE_SEARCH_INDEX is empty: give the path of the SQLite index file, or a postgres:// or https:// URL',
    );
  if (given === undefined) return await openSqlite(await localPath(), purpose, 'run "longshore demo" first');
  if (/^postgres(?:ql)?:\/\//.test(given)) return await openPostgres(given);
  if (/^https?:\/\//.test(given)) {
    if (env['LONGSHORE_SEARCH_DRIVER'] === 'opensearch') return await openOpenSearch(given);
    throw new LongshoreError(
      'invalid_options',
      'LONGSHORE_SEARCH_INDEX is a web address: set LONGSHORE_SEARCH_DRIVER=opensearch to say what answers there',
    );
  }
  // The address may hold a password: only its scheme is told.
  const [, scheme] = /^([a-z][a-z0-9+.-]*):\/\//i.exec(given) ?? [];
  if (scheme !== undefined)
    throw new LongshoreError(
      'invalid_options',
      `LONGSHORE_SEARCH_INDEX begins with "${scheme}://": expected the path of a file, or a postgres:// or https:// URL`,
    );
  return await openSqlite(given, purpose, 'check LONGSHORE_SEARCH_INDEX, or index a document first');
}

async function openSqlite(
  path: string,
  purpose: OpenSearchIndexOptions['purpose'],
  remedy: string,
): Promise<OpenedSearchIndex> {
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  if (!isThere && purpose !== 'rebuild')
    throw new LongshoreError('index_unavailable', `No search index at "${path}": ${remedy}`, {
      details: { path },
    });
  const { sqliteSearchIndex } = await import('@longshore/search/sqlite');
  const index = await sqliteSearchIndex({ path, readOnly: purpose === 'search' });
  return { index, check: () => index.check(), [Symbol.asyncDispose]: () => index.close() };
}

async function openPostgres(url: string): Promise<OpenedSearchIndex> {
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
      check: () => index.check(),
      async [Symbol.asyncDispose]() {
        await index.close();
        await pool.end();
      },
    };
  } catch (error) {
    await pool.end();
    throw error;
  }
}

async function openOpenSearch(node: string): Promise<OpenedSearchIndex> {
  const [{ Client }, driver] = await Promise.all([
    import('@opensearch-project/opensearch'),
    import('@longshore/search/opensearch'),
  ]);
  const client = new Client({ node });
  try {
    const index = await driver.openSearchIndex({ client });
    return {
      index,
      async [Symbol.asyncDispose]() {
        await index.close();
        await client.close();
      },
    };
  } catch (error) {
    await client.close();
    throw error;
  }
}
