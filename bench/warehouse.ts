/**
 * What the warehouse takes: rows per second through a worker, its batches and PostgreSQL, beside the same rows written
 * one by one and by multi-row VALUES, into tables of the same shape. Rounds alternate in one run; figures are medians.
 */
import { availableParallelism, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import type { Queue } from '@longshore/queue';
import { loadDocuments, migrateWarehouse } from '@longshore/warehouse';
import type pg from 'pg';
import { startPostgres } from './warehouse/postgres-server.ts';
import { bareCopy } from './warehouse/bare-copy.ts';
import { benchEvents } from './warehouse/bench-events.ts';
import { multiRowValues, singleRows } from './warehouse/plain-upserts.ts';
import { filledQueue, workOff } from './warehouse/through-worker.ts';

const ROUNDS = 5;
const BARS: Readonly<Record<string, number>> = {
  vsSingleRow: 13,
  vsValues: 1.4,
  copyMergeVsBareCopy: 0.5,
  resyncVsFirst: 2,
};

/** Runs the measurement and prints it; `--json` prints one line of JSON at the end. */
export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { json: { type: 'boolean' }, rows: { type: 'string', default: '20000' } },
  });
  const rows = Number(values.rows);
  if (!Number.isInteger(rows) || rows < 1_000) throw new Error('--rows needs a whole number from 1,000');
  const [load = 0] = loadavg();
  console.error(`Node.js ${process.version}, ${availableParallelism()} processors, load ${load.toFixed(1)}`);
  const server = await startPostgres();
  try {
    const result = await measured(await server.database(), rows);
    for (const [key, value] of Object.entries(result)) console.log(`${key.padEnd(26)} ${String(value)}`);
    if (values.json === true) console.log(JSON.stringify(result));
  } finally {
    await server.stop();
  }
}

interface Way {
  readonly rows: number;
  /** Whether the tables are emptied before. */
  readonly empty: boolean;
  readonly isQueued?: boolean;
  readonly run: (queue: Queue) => Promise<void>;
}

async function measured(pool: pg.Pool, rows: number): Promise<Record<string, number | readonly string[]>> {
  await migrateWarehouse(pool);
  const events = benchEvents(rows);
  const few = events.slice(0, Math.ceil(rows / 10));
  const ways: Readonly<Record<string, Way>> = {
    singleRowAutocommit: { rows: few.length, empty: true, run: () => singleRows(pool, few, 1) },
    singleRow: { rows: few.length, empty: true, run: () => singleRows(pool, few, 500) },
    values: { rows, empty: true, run: () => multiRowValues(pool, events, 1_000) },
    worker: { rows, empty: true, isQueued: true, run: (queue) => workOff(pool, queue, rows) },
    workerResync: { rows, empty: false, isQueued: true, run: (queue) => workOff(pool, queue, rows) },
    unnest: { rows, empty: true, run: () => loaded(pool, events, 'unnest') },
    unnestResync: { rows, empty: false, run: () => loaded(pool, events, 'unnest') },
    bareCopy: { rows, empty: true, run: () => bareCopy(pool, events) },
    copyMerge: { rows, empty: true, run: () => loaded(pool, events, 'copy') },
    copyMergeResync: { rows, empty: false, run: () => loaded(pool, events, 'copy') },
  };
  const perSecond: Record<string, number[]> = {};
  for (let round = 0; round <= ROUNDS; round += 1)
    for (const [name, way] of Object.entries(ways)) {
      if (way.empty) await empty(pool);
      const queue = await filledQueue(way.isQueued === true ? events : []);
      const startMs = performance.now();
      await way.run(queue);
      const rate = way.rows / ((performance.now() - startMs) / 1_000);
      await verify(pool, way.rows);
      // The first round warms caches and compilers.
      if (round > 0) (perSecond[name] ??= []).push(rate);
    }
  return figures(perSecond);
}

async function loaded(
  pool: pg.Pool,
  events: Parameters<typeof loadDocuments>[0],
  by: 'copy' | 'unnest',
): Promise<void> {
  await loadDocuments(events, { pool, by });
}

async function empty(pool: pg.Pool): Promise<void> {
  await pool.query('TRUNCATE warehouse.fact_document, warehouse.fact_document_event');
  await pool.query('CHECKPOINT');
}

/** A way that loses rows is no way. */
async function verify(pool: pg.Pool, rows: number): Promise<void> {
  const { rows: counts } = await pool.query<{ documents: number; events: number }>(
    'SELECT (SELECT count(*)::int FROM bi.fact_document) AS documents, (SELECT count(*)::int FROM bi.fact_document_event) AS events',
  );
  if (counts[0]?.documents !== rows || counts[0].events !== rows)
    throw new Error(`${rows} rows were written, ${JSON.stringify(counts[0])} are there`);
}

function figures(
  perSecond: Readonly<Record<string, readonly number[]>>,
): Record<string, number | readonly string[]> {
  const rate = (name: string): number => median(perSecond[name] ?? []);
  const ratio = (of: string, to: string): number =>
    rounded(
      median((perSecond[of] ?? []).map((each, round) => each / (perSecond[to]?.[round] ?? Number.NaN))),
      2,
    );
  const ratios: Record<string, number> = {
    vsSingleRow: ratio('worker', 'singleRow'),
    vsValues: ratio('worker', 'values'),
    copyMergeVsBareCopy: ratio('copyMerge', 'bareCopy'),
    resyncVsFirst: ratio('copyMergeResync', 'copyMerge'),
  };
  return {
    ...Object.fromEntries(Object.keys(perSecond).map((name) => [`${name}PerSecond`, rounded(rate(name), 0)])),
    ...ratios,
    vsSingleRowAutocommit: ratio('worker', 'singleRowAutocommit'),
    unnestVsSingleRow: ratio('unnest', 'singleRow'),
    workerResyncVsFirst: ratio('workerResync', 'worker'),
    unnestResyncVsFirst: ratio('unnestResync', 'unnest'),
    missed: Object.entries(BARS).flatMap(([name, bar]) => ((ratios[name] ?? 0) >= bar ? [] : [name])),
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
