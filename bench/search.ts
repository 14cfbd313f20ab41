/**
 * Full text: documents per second of each engine in alternating rounds, searches while the index is written, memory, and
 * kill -9. PostgreSQL is a real one, started here, with synchronous commits.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Client } from 'pg';
import { startPostgres } from '../test/leases/postgres-server.ts';
import { folderCorpus, mixedCorpus } from './search/corpus.ts';
import { driver, plainFts, postgresFts, preparePostgres, stemmedFts } from './search/engines.ts';
import { measureKills } from './search/kills.ts';
import { measureLatency } from './search/latency.ts';

const FULL = { documents: 2_000, rounds: 5, kills: 28, batches: 60 };
const QUICK = { documents: 400, rounds: 3, kills: 4, batches: 24 };

type Rates = Record<'plain' | 'stemmed' | 'driver' | 'postgres', number>;

/** Runs the measurement; `--json` prints one JSON object as the last line. A missed bar is listed and is no failure. */
export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      corpus: { type: 'string' },
    },
  });
  const load = values.quick ? QUICK : FULL;
  const [busy = 0] = loadavg();
  console.error(`Node.js ${process.version}, ${availableParallelism()} processors, load ${busy.toFixed(1)}`);
  const documents =
    values.corpus === undefined ? mixedCorpus(load.documents) : folderCorpus(values.corpus, load.documents);
  const folder = await mkdtemp(join(tmpdir(), 'longshore-bench-'));
  try {
    const rounds = await measureRates(folder, documents, load.rounds);
    const latency = await measureLatency(folder, documents, load.batches);
    const kills = await measureKills(folder, load.kills);
    const figures = { documents: documents.length, ...ratios(rounds), ...rounded({ ...latency, ...kills }) };
    const result = { ...figures, missed: missed(figures) };
    for (const [key, value] of Object.entries(result)) console.log(`${key.padEnd(26)} ${String(value)}`);
    if (values.json) console.log(JSON.stringify(result));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function measureRates(
  folder: string,
  documents: ReturnType<typeof mixedCorpus>,
  count: number,
): Promise<Rates[]> {
  // As durable as SQLite is here: a commit waits for the disk.
  await using postgres = await startPostgres(['fsync=on']);
  const server = { host: postgres.host, user: 'longshore' };
  const first = new Client({ ...server, database: 'postgres' });
  await first.connect();
  await first.query(`CREATE DATABASE documents ENCODING 'UTF8' TEMPLATE template0`);
  await first.end();
  const client = new Client({ ...server, database: 'documents' });
  await client.connect();
  await preparePostgres(client);
  const rounds: Rates[] = [];
  // The first round warms up and is not counted.
  for (let round = 0; round <= count; round += 1) {
    const place = await mkdtemp(join(folder, 'round-'));
    const rates = {
      postgres: await postgresFts(client, documents),
      plain: plainFts(place, documents),
      stemmed: stemmedFts(place, documents),
      driver: await driver(place, documents),
    };
    await rm(place, { recursive: true });
    console.error(
      Object.entries(rates)
        .map(([name, rate]) => `${name} ${Math.round(rate)}/s`)
        .join(', '),
    );
    if (round > 0) rounds.push(rates);
  }
  await client.end();
  return rounds;
}

/** Medians of the rates and of the ratios within each round. */
function ratios(rounds: readonly Rates[]): Record<string, number> {
  const of = (value: (rates: Rates) => number): number => median(rounds.map(value));
  return {
    ...rounded({
      postgresDocsPerSecond: of(({ postgres }) => postgres),
      plainDocsPerSecond: of(({ plain }) => plain),
      stemmedDocsPerSecond: of(({ stemmed }) => stemmed),
      driverDocsPerSecond: of(({ driver: whole }) => whole),
      ftsVsPostgres: of(({ plain, postgres }) => plain / postgres),
      stemmedVsPostgres: of(({ stemmed, postgres }) => stemmed / postgres),
      driverVsBare: of(({ driver: whole, stemmed }) => whole / stemmed),
    }),
  };
}

function missed(figures: Readonly<Record<string, number>>): string[] {
  const of = (name: string): number => figures[name] ?? Number.NaN;
  const bars: readonly (readonly [string, boolean])[] = [
    ['ftsVsPostgres', of('ftsVsPostgres') >= 4],
    ['stemmedVsPostgres', of('stemmedVsPostgres') >= 1.3],
    ['driverVsBare', of('driverVsBare') >= 0.85],
    ['queryP99IndexingMs', of('queryP99IndexingMs') <= 3 * of('queryP99IdleMs')],
    ['memoryGrowthMB', of('memoryGrowthMB') <= 20],
    ['killRounds', of('killRounds') >= 28],
    ['lostBatches', of('lostBatches') === 0],
    ['mismatches', of('mismatches') === 0],
  ];
  return bars.filter(([, isMet]) => !isMet).map(([name]) => name);
}

function rounded(values: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, Number(value.toPrecision(4))]),
  );
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
