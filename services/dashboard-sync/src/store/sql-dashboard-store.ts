/** The store on a database of SQL. */
import { text, whole, type Row, type Run, type Sql } from '@longshore/sql';
import type { Tally } from '../datasets/tallied-dataset.ts';
import type { CountedFact, CountedRow, DashboardStore, RowQuery } from './dashboard-store.ts';
import { insertRows } from './insert-rows.ts';
import { sqlCalls } from './sql-calls.ts';
import { makeTables } from './tables.ts';

/** Opens the store; its tables are made. @throws LongshoreError `dashboard_unavailable`, `invalid_options` */
export async function sqlDashboardStore(sql: Sql): Promise<DashboardStore> {
  try {
    await makeTables(sql);
  } catch (error) {
    await sql.close();
    throw error;
  }
  const { run, transaction } = sql;
  return {
    ...sqlCalls(sql),
    count: (facts, nowMs) =>
      facts.length === 0 ? Promise.resolve(0) : transaction((within) => count(within, facts, nowMs)),
    async rows({ dataset, newest }) {
      const rows = await run(
        'SELECT key, version FROM longshore_dashboard_rows WHERE dataset = $1 ORDER BY key DESC LIMIT $2',
        [dataset, newest],
      );
      return await withCounters(run, dataset, rows);
    },
    due: (dashboard, query) => due(run, dashboard, query),
    async shown(dashboard, dataset, rows) {
      await insertRows(
        run,
        'longshore_dashboard_shown AS t (dashboard, dataset, key, version)',
        rows.map(({ key, version }) => [dashboard, dataset, key, version]),
        `ON CONFLICT (dashboard, dataset, key) DO UPDATE SET version = excluded.version
        WHERE t.version < excluded.version`,
      );
    },
    async doubt(dashboard, dataset, keys) {
      for (const key of keys) {
        await run(
          'DELETE FROM longshore_dashboard_shown WHERE dashboard = $1 AND dataset = $2 AND key = $3',
          [dashboard, dataset, key],
        );
      }
    },
    prune: (before) => transaction((within) => prune(within, before)),
    close: () => sql.close(),
    [Symbol.asyncDispose]: () => sql.close(),
  };
}

async function count(run: Run, facts: readonly CountedFact[], nowMs: number): Promise<number> {
  const byId = new Map(facts.map((fact) => [fact.id, fact]));
  // In one order everywhere, here and below: writers that meet then wait for each other and never in a circle.
  const ids = [...byId.keys()].toSorted();
  const added = await insertRows(
    run,
    'longshore_dashboard_facts (id, counted_at_ms)',
    ids.map((id) => [id, Math.floor(nowMs)]),
    'ON CONFLICT DO NOTHING RETURNING id',
  );
  const sums = sumsOf(added.flatMap((row) => byId.get(text(row, 'id'))?.tallies ?? []));
  await insertRows(
    run,
    'longshore_dashboard_counters AS t (dataset, key, counter, value)',
    sums,
    'ON CONFLICT (dataset, key, counter) DO UPDATE SET value = t.value + excluded.value',
  );
  const touched = new Map(
    sums.map(([dataset, key]) => [`${dataset} ${key}`, [dataset, key, 1, Math.floor(nowMs)]] as const),
  );
  await insertRows(
    run,
    'longshore_dashboard_rows AS t (dataset, key, version, changed_at_ms)',
    [...touched.values()],
    `ON CONFLICT (dataset, key) DO UPDATE SET version = t.version + 1, changed_at_ms = excluded.changed_at_ms`,
  );
  return added.length;
}

type Sum = readonly [dataset: string, key: string, counter: string, value: number];

/** What all tallies add together, sorted. */
function sumsOf(tallies: readonly (Tally & { readonly dataset: string })[]): readonly Sum[] {
  const sums = new Map<string, Sum>();
  for (const { dataset, key, add } of tallies) {
    for (const [counter, value] of Object.entries(add)) {
      const id = JSON.stringify([dataset, key, counter]);
      sums.set(id, [dataset, key, counter, (sums.get(id)?.[3] ?? 0) + value]);
    }
  }
  return [...sums].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, sum]) => sum);
}

async function due(
  run: Run,
  dashboard: string,
  { dataset, newest, limit }: RowQuery,
): Promise<readonly CountedRow[]> {
  const rows = await run(
    `SELECT r.key, r.version FROM longshore_dashboard_rows r
    LEFT JOIN longshore_dashboard_shown s ON s.dashboard = $1 AND s.dataset = r.dataset AND s.key = r.key
    WHERE r.dataset = $2 AND (s.version IS NULL OR s.version < r.version) AND r.key >= coalesce(
      (SELECT key FROM longshore_dashboard_rows WHERE dataset = $2 ORDER BY key DESC LIMIT 1 OFFSET $3), '')
    ORDER BY r.key DESC LIMIT $4`,
    [dashboard, dataset, newest - 1, limit],
  );
  return await withCounters(run, dataset, rows);
}

/** Read after the versions: counters that are newer than their version are merely pushed again. */
async function withCounters(run: Run, dataset: string, rows: readonly Row[]): Promise<readonly CountedRow[]> {
  const oldest = rows.at(-1);
  if (oldest === undefined) return [];
  const counters = new Map<string, Record<string, number>>(rows.map((row) => [text(row, 'key'), {}]));
  const found = await run(
    'SELECT key, counter, value FROM longshore_dashboard_counters WHERE dataset = $1 AND key >= $2',
    [dataset, text(oldest, 'key')],
  );
  for (const row of found) {
    const known = counters.get(text(row, 'key'));
    if (known !== undefined) known[text(row, 'counter')] = whole(row, 'value');
  }
  return rows.map((row) => ({
    key: text(row, 'key'),
    version: whole(row, 'version'),
    counters: counters.get(text(row, 'key')) ?? {},
  }));
}

async function prune(
  run: Run,
  { factsMs, rowsMs }: { readonly factsMs: number; readonly rowsMs: number },
): Promise<number> {
  const facts = await run('DELETE FROM longshore_dashboard_facts WHERE counted_at_ms < $1 RETURNING id', [
    Math.floor(factsMs),
  ]);
  const rows = await run(
    'DELETE FROM longshore_dashboard_rows WHERE changed_at_ms < $1 RETURNING dataset, key',
    [Math.floor(rowsMs)],
  );
  for (const table of ['counters', 'shown'])
    for (const row of rows)
      await run(`DELETE FROM longshore_dashboard_${table} WHERE dataset = $1 AND key = $2`, [
        text(row, 'dataset'),
        text(row, 'key'),
      ]);
  return facts.length + rows.length;
}
