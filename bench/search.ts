/**
 * How fast documents are indexed and found: the SQLite driver beside bare FTS5 and PostgreSQL's full text, in alternating
 * rounds; searches beside a writer; and what kill -9 leaves of acknowledged batches.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startPostgres } from '../test/leases/postgres-server.ts';
import { makeCorpus, queriesOf, readCorpus } from './search/corpus.ts';
import { bareStemmedFts5, plainFts5, postgresFts, sqliteDriver, type Engine } from './search/engines.ts';
import { killWriters } from './search/kills.ts';
import { measureLatency } from './search/latency.ts';

const FULL = { documents: 4_000, rounds: 3, queries: 300, kills: 28 };
const QUICK = { documents: 1_000, rounds: 1, queries: 100, kills: 28 };

/** Figures with their bounds: at least, or at most. */
const BOUNDS: Readonly<Record<string, { readonly least?: number; readonly most?: number }>> = {
  fts5VsPostgres: { least: 4 },
  stemmedVsPostgres: { least: 1.3 },
  driverVsBare: { least: 0.85 },
  busyVsIdleP99: { most: 3 },
  memoryGrowth: { most: 1.1 },
  kills: { least: 28 },
  lost: { most: 0 },
  mismatches: { most: 0 },
};

/** Runs the measurement and prints it; `--json` prints one JSON object as the last line. A missed bound is no failure. */
export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      corpus: { type: 'string' },
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log('pnpm bench search [--corpus folder of .txt and .md files] [--quick] [--json]');
    return;
  }
  const size = values.quick ? QUICK : FULL;
  const corpus = values.corpus === undefined ? makeCorpus(size.documents) : await readCorpus(values.corpus);
  if (corpus.length === 0) throw new Error(`There is no .txt or .md file in "${values.corpus}"`);
  console.error(
    `${corpus.length} documents, Node.js ${process.version}, load ${(loadavg()[0] ?? 0).toFixed(1)}`,
  );
  const folder = await mkdtemp(join(tmpdir(), 'longshore-bench-'));
  await using postgres = await startPostgres();
  try {
    const speed = await measureSpeed(
      {
        fts5: plainFts5(folder),
        bare: bareStemmedFts5(folder),
        driver: sqliteDriver(folder),
        postgres: postgresFts(
          `postgres://longshore@localhost/postgres?host=${encodeURIComponent(postgres.host)}`,
        ),
      },
      (engine) => engine(corpus),
      size.rounds,
    );
    const perSecond = (ms: number): number => Math.round((1_000 * corpus.length) / ms);
    const latency = await measureLatency(folder, corpus, queriesOf(corpus, size.queries));
    const figures = {
      documents: corpus.length,
      fts5PerSecond: perSecond(speed.fts5),
      barePerSecond: perSecond(speed.bare),
      driverPerSecond: perSecond(speed.driver),
      postgresPerSecond: perSecond(speed.postgres),
      fts5VsPostgres: rounded(speed.postgres / speed.fts5),
      stemmedVsPostgres: rounded(speed.postgres / speed.driver),
      driverVsBare: rounded(speed.bare / speed.driver),
      idleP99Ms: rounded(latency.idleP99Ms),
      busyP99Ms: rounded(latency.busyP99Ms),
      busyVsIdleP99: rounded(latency.busyP99Ms / latency.idleP99Ms),
      memoryGrowth: rounded(latency.memoryGrowth),
      ...(await killWriters(folder, size.kills)),
    };
    const missed = Object.entries(figures).flatMap(([name, value]) => (isHeld(name, value) ? [] : [name]));
    for (const [name, value] of Object.entries({ ...figures, missed: missed.join(', ') || 'none' }))
      console.log(`${name.padEnd(20)} ${value}`);
    if (values.json) console.log(JSON.stringify({ ...figures, missed }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Medians of alternating rounds, in milliseconds; a first round warms all of them up. */
async function measureSpeed<Name extends string>(
  engines: Readonly<Record<Name, Engine>>,
  index: (engine: Engine) => Promise<number>,
  rounds: number,
): Promise<Record<Name, number>> {
  const names = Object.keys(engines) as Name[];
  const times = new Map(names.map((name) => [name, [] as number[]]));
  for (let round = 0; round <= rounds; round += 1)
    for (const name of names) {
      const ms = await index(engines[name]);
      if (round > 0) times.get(name)?.push(ms);
    }
  return Object.fromEntries(names.map((name) => [name, median(times.get(name) ?? [])])) as Record<
    Name,
    number
  >;
}

function isHeld(name: string, value: number): boolean {
  const { least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY } = BOUNDS[name] ?? {};
  return value >= least && value <= most;
}

function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[values.length >> 1] ?? Number.NaN;
}

function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
