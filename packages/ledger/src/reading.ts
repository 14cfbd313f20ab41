/** Questions to a ledger, in SQL that SQLite and PostgreSQL both understand, and what their rows mean. */
import { LongshoreError, type OutcomeKind } from '@longshore/job';
import { binMs } from './histogram.ts';
import type {
  ArrivalBucket,
  ArrivalsQuery,
  JobsQuery,
  JobSummary,
  PeriodQuery,
  RecordedJob,
  ScalingQuery,
  ScalingRecord,
  Summary,
  Times,
  WorkerSummary,
} from './ledger.ts';
import type { Row, RunStatement } from './store.ts';
import { BUCKET_MS, WINDOW_MS } from './tally.ts';

const MAX_WORKERS = 1_000;

/** The larger of what was sent and what was settled, by bucket. */
export async function readArrivals(
  run: RunStatement,
  query: ArrivalsQuery,
): Promise<readonly ArrivalBucket[]> {
  const { bucketMs = BUCKET_MS } = query;
  if (!Number.isSafeInteger(bucketMs) || bucketMs < BUCKET_MS || bucketMs % BUCKET_MS !== 0)
    throw invalid(`bucketMs is ${bucketMs}, expected a multiple of ${BUCKET_MS}`);
  const values: (string | number)[] = [];
  const where = period(query, values);
  const length = `$${values.push(bucketMs)}`;
  const rows = await run(
    `SELECT at_ms - at_ms % ${length} AS bucket, service, job, ${sum('sent')}, ${sum('settled')}
     FROM longshore_arrivals WHERE ${where} GROUP BY 1, service, job ORDER BY 1, service, job`,
    values,
  );
  return rows.map((row) => {
    const [sent, settled] = [Number(row['sent']), Number(row['settled'])];
    const { service, job } = namesOf(row);
    return { atMs: Number(row['bucket']), service, job, count: Math.max(sent, settled), sent, settled };
  });
}

/** Outcomes, times and workers of a period. */
export async function readSummary(run: RunStatement, query: PeriodQuery): Promise<Summary> {
  const wide = {
    ...query,
    fromMs: Math.floor(query.fromMs / WINDOW_MS) * WINDOW_MS,
    toMs: Math.ceil(query.toMs / WINDOW_MS) * WINDOW_MS,
  };
  const values: (string | number)[] = [];
  const where = period(wide, values);
  const [counts, bins, workers] = await Promise.all([
    run(
      `SELECT service, job, outcome, ${sum('count')}, ${sum('attempts')}, ${sum('waited_ms')}, ${sum('ran_ms')}
       FROM longshore_attempts WHERE ${where} GROUP BY service, job, outcome ORDER BY service, job`,
      values,
    ),
    run(
      `SELECT service, job, kind, bin, ${sum('count')} FROM longshore_bins WHERE ${where}
       GROUP BY service, job, kind, bin ORDER BY bin`,
      values,
    ),
    readWorkers(run, query),
  ]);
  const byJob = Map.groupBy(counts, keyOf);
  const binsByJob = Map.groupBy(bins, keyOf);
  return {
    jobs: [...byJob].map(([key, rows]) => jobSummary(rows, binsByJob.get(key) ?? [])),
    workers,
  };
}

function jobSummary(rows: readonly Row[], bins: readonly Row[]): JobSummary {
  const total = (name: string): number => rows.reduce((all, row) => all + Number(row[name]), 0);
  const completed = rows.find((row) => row['outcome'] === 'completed');
  const times = (kind: 'wait' | 'run', totalMs: number): Times => {
    const found = bins
      .filter((row) => row['kind'] === kind)
      .map((row) => ({ ms: binMs(Number(row['bin'])), count: Number(row['count']) }));
    const count = found.reduce((all, bin) => all + bin.count, 0);
    return { count, meanMs: count === 0 ? 0 : totalMs / count, bins: found };
  };
  return {
    ...namesOf(rows[0] ?? {}),
    outcomes: Object.fromEntries(rows.map((row) => [String(row['outcome']), Number(row['count'])])),
    meanAttempts: completed === undefined ? 0 : Number(completed['attempts']) / Number(completed['count']),
    waited: times('wait', total('waited_ms')),
    ran: times('run', total('ran_ms')),
  };
}

async function readWorkers(
  run: RunStatement,
  { service, fromMs, toMs }: PeriodQuery,
): Promise<readonly WorkerSummary[]> {
  const values: (string | number)[] = [Math.floor(fromMs), Math.ceil(toMs)];
  const ofService = service === undefined ? '' : `AND service = $${values.push(service)}`;
  const rows = await run(
    `SELECT * FROM longshore_writers WHERE last_seen_ms >= $1 AND first_seen_ms < $2 ${ofService}
     ORDER BY last_seen_ms DESC, writer LIMIT ${MAX_WORKERS}`,
    values,
  );
  return rows.map((row) => ({
    writer: String(row['writer']),
    worker: String(row['worker']),
    service: String(row['service']),
    revision: String(row['revision']),
    rssBytes: Number(row['rss_bytes']),
    maxRssBytes: Number(row['max_rss_bytes']),
    dropped: Number(row['dropped']),
    firstSeenMs: Number(row['first_seen_ms']),
    lastSeenMs: Number(row['last_seen_ms']),
  }));
}

/** Examples with who ran them, last ended first. */
export async function readJobs(run: RunStatement, query: JobsQuery): Promise<readonly RecordedJob[]> {
  const { outcomes, limit = 100 } = query;
  checkLimit(limit, 10_000);
  if (outcomes?.length === 0) return [];
  const values: (string | number)[] = [];
  const where = period(query, values);
  const ofOutcome =
    outcomes === undefined
      ? ''
      : `AND outcome IN (${outcomes.map((outcome) => `$${values.push(outcome)}`).join(', ')})`;
  const rows = await run(
    `SELECT * FROM longshore_jobs WHERE ${where} ${ofOutcome} ORDER BY at_ms DESC, number DESC LIMIT $${values.push(limit)}`,
    values,
  );
  return rows.map((row) => ({
    atMs: Number(row['at_ms']),
    ...namesOf(row),
    worker: String(row['worker']),
    revision: String(row['revision']),
    outcome: String(row['outcome']) as OutcomeKind,
    attempt: Number(row['attempt']),
    waitedMs: Number(row['waited_ms']),
    ranMs: Number(row['ran_ms']),
    ...text(row, 'id'),
    ...text(row, 'code'),
    ...text(row, 'reason'),
  }));
}

/** Scaling records, as they were appended. */
export async function readScaling(run: RunStatement, query: ScalingQuery): Promise<readonly ScalingRecord[]> {
  const { changesOnly = false, order = 'oldest', limit = 1_000 } = query;
  checkLimit(limit, 100_000);
  const values: (string | number)[] = [];
  const where = period(query, values);
  const direction = order === 'oldest' ? 'ASC' : 'DESC';
  const rows = await run(
    `SELECT * FROM longshore_scaling WHERE ${where} ${changesOnly ? 'AND is_change = 1' : ''}
     ORDER BY at_ms ${direction}, service ${direction} LIMIT $${values.push(limit)}`,
    values,
  );
  return rows.map((row) => ({
    service: String(row['service']),
    atMs: Number(row['at_ms']),
    desired: Number(row['desired']),
    isChange: Number(row['is_change']) === 1,
    reason: String(row['reason']),
    record: JSON.parse(String(row['record'])) as unknown,
  }));
}

/** The condition of a period, its values appended. */
function period(
  { service, job, fromMs, toMs }: Omit<PeriodQuery, 'job'> & { readonly job?: string },
  values: (string | number)[],
): string {
  if (!Number.isFinite(fromMs) || !Number.isFinite(toMs))
    throw invalid(`the period is from ${fromMs} to ${toMs}, expected milliseconds since the epoch`);
  const parts = [`at_ms >= $${values.push(Math.ceil(fromMs))}`, `at_ms < $${values.push(Math.ceil(toMs))}`];
  if (service !== undefined) parts.push(`service = $${values.push(service)}`);
  if (job !== undefined) parts.push(`job = $${values.push(job)}`);
  return parts.join(' AND ');
}

function checkLimit(limit: number, most: number): void {
  if (!Number.isInteger(limit) || limit < 1 || limit > most)
    throw invalid(`limit is ${limit}, expected a whole number from 1 to ${most}`);
}

function invalid(fault: string): LongshoreError {
  return new LongshoreError('invalid_options', `Cannot read the ledger: ${fault}`);
}

/** A sum of whole numbers is a decimal in PostgreSQL; both know this type. */
function sum(column: string): string {
  return `CAST(SUM(${column}) AS DOUBLE PRECISION) AS ${column}`;
}

function namesOf(row: Row): { readonly service: string; readonly job: string } {
  return { service: String(row['service']), job: String(row['job']) };
}

function keyOf(row: Row): string {
  return JSON.stringify([row['service'], row['job']]);
}

function text<Name extends string>(row: Row, name: Name): Partial<Record<Name, string>> {
  const value = row[name];
  return typeof value === 'string' ? ({ [name]: value } as Partial<Record<Name, string>>) : {};
}
