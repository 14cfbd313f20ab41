/** Writes that both dialects spell alike: scaling records, and the removal of what is too old in bounded steps. */
import { LongshoreError } from '@longshore/job';
import type { PruneResult, ScalingRecord } from './ledger.ts';
import type { Retention } from './retention.ts';
import type { RunStatement } from './store.ts';
import { plainText } from './tally.ts';

const RECORDS_PER_STATEMENT = 100;
const MAX_REASON_CHARACTERS = 2_000;
/** Rows of a table that one step removes, and what shares the last one's moment: some milliseconds of work. */
const ROWS_PER_STEP = 2_000;

/** Appends scaling records; one that is there already is left as it is. */
export async function appendScaling(run: RunStatement, records: readonly ScalingRecord[]): Promise<void> {
  const rows = records.map(scalingRow);
  for (let first = 0; first < rows.length; first += RECORDS_PER_STATEMENT) {
    const part = rows.slice(first, first + RECORDS_PER_STATEMENT);
    const values: (string | number)[] = [];
    const places = part.map((row) => `(${row.map((value) => `$${values.push(value)}`).join(', ')})`);
    await run(
      `INSERT INTO longshore_scaling (service, at_ms, desired, is_change, reason, record)
       VALUES ${places.join(', ')} ON CONFLICT DO NOTHING`,
      values,
    );
  }
}

function scalingRow({
  service,
  atMs,
  desired,
  isChange,
  reason,
  record,
}: ScalingRecord): (string | number)[] {
  // `undefined` where a value has no JSON, whatever the declared type says.
  const json = JSON.stringify(record) as string | undefined;
  if (json === undefined || !Number.isFinite(atMs) || !Number.isSafeInteger(desired)) {
    throw new LongshoreError(
      'invalid_options',
      `Cannot record the scaling of "${service}" at ${atMs} to ${desired}: expected a time, a whole number and a record that is JSON`,
      { details: { service } },
    );
  }
  return [
    service,
    Math.round(atMs),
    desired,
    isChange ? 1 : 0,
    plainText(reason, MAX_REASON_CHARACTERS),
    json,
  ];
}

/** One step. */
export async function pruneRows(
  run: RunStatement,
  { countsMs, jobsMs, maxJobs, scalingMs }: Required<Retention>,
  nowMs: number,
): Promise<PruneResult> {
  const steps = [
    await pruneTable(run, 'longshore_attempts', nowMs - countsMs),
    await pruneTable(run, 'longshore_arrivals', nowMs - countsMs),
    await pruneTable(run, 'longshore_bins', nowMs - countsMs),
    await pruneTable(run, 'longshore_jobs', nowMs - jobsMs),
    await pruneExcess(run, maxJobs),
    await pruneTable(run, 'longshore_scaling', nowMs - scalingMs),
    await removed(run, 'DELETE FROM longshore_writers WHERE last_seen_ms < $1 RETURNING 1', [
      Math.floor(nowMs - countsMs),
    ]),
  ];
  return {
    removed: steps.reduce((sum, step) => sum + step.removed, 0),
    isDone: steps.every(({ isDone }) => isDone),
  };
}

async function pruneTable(run: RunStatement, table: string, beforeMs: number): Promise<PruneResult> {
  const before = Math.floor(beforeMs);
  const [last] = await run(
    `SELECT at_ms FROM ${table} WHERE at_ms < $1 ORDER BY at_ms LIMIT 1 OFFSET ${ROWS_PER_STEP - 1}`,
    [before],
  );
  if (last === undefined)
    return await removed(run, `DELETE FROM ${table} WHERE at_ms < $1 RETURNING 1`, [before]);
  const step = await removed(run, `DELETE FROM ${table} WHERE at_ms <= $1 RETURNING 1`, [
    Number(last['at_ms']),
  ]);
  return { ...step, isDone: false };
}

/** Examples are numbered, so that what is too many is found without counting. */
async function pruneExcess(run: RunStatement, maxJobs: number): Promise<PruneResult> {
  const [ends] = await run('SELECT MIN(number) AS lowest, MAX(number) AS highest FROM longshore_jobs', []);
  const [lowest, highest] = [Number(ends?.['lowest'] ?? 0), Number(ends?.['highest'] ?? 0)];
  const excess = highest - maxJobs;
  if (excess < lowest) return { removed: 0, isDone: true };
  const upTo = Math.min(excess, lowest + ROWS_PER_STEP - 1);
  const step = await removed(run, 'DELETE FROM longshore_jobs WHERE number <= $1 RETURNING 1', [upTo]);
  return { ...step, isDone: upTo === excess };
}

async function removed(run: RunStatement, text: string, values: readonly number[]): Promise<PruneResult> {
  const rows = await run(text, values);
  return { removed: rows.length, isDone: true };
}
