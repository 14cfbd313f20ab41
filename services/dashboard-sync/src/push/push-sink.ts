/**
 * Shows a dashboard what it has not been shown. Rows are absolute values by key, so that pushing one again changes nothing;
 * of all that happened to a row between two pushes, only its last state travels.
 */
import { isLongshoreError, type Clock, type LongshoreError } from '@longshore/job';
import type { Logger } from '@longshore/worker';
import type { DashboardSink } from '../dashboard-sink.ts';
import type { TalliedDataset } from '../datasets/tallied-dataset.ts';
import type { CountedRow, DashboardStore } from '../store/dashboard-store.ts';

/** What a push needs. */
export interface PushOptions<Fact> {
  readonly store: DashboardStore;
  readonly datasets: readonly TalliedDataset<Fact>[];
  readonly log: Logger;
  readonly clock: Clock;
  /** Of this process, among all that share the store. */
  readonly holder: string;
}

/** A dashboard and what this process knows of it. */
export interface PushTarget {
  readonly sink: DashboardSink;
  /** Datasets that it has been told of. */
  readonly described: Set<string>;
}

/** Of rows per dataset where the dashboard names no limit: seven months of hours. */
const NEWEST_ROWS = 5_000;
const ROWS_PER_REQUEST = 500;
/** A dashboard without a documented limit is not to be flooded either. */
const REQUESTS_PER_WINDOW = 600;
/** A minute, and room for requests that are longer on their way than others, and for clocks that differ. */
const WINDOW_MS = 66_000;
/** Longer than any request may take; a process that dies holds up the others for so long. */
const LEAD_MS = 45_000;

/** Pushes what is due. A dashboard that fails is logged, and asked again in the next round. Rejects when the store is down. */
export async function pushSink<Fact>(
  target: PushTarget,
  options: PushOptions<Fact>,
  signal: AbortSignal,
): Promise<void> {
  for (const tallied of options.datasets) {
    const isOver = await (target.sink.isLocal ? replaceAll : pushDue)(
      { ...target, tallied },
      options,
      signal,
    );
    if (isOver) return;
  }
}

/** Gives up the right to push, so that another process may at once. */
export async function resign<Fact>(
  { sink }: PushTarget,
  { store, holder }: PushOptions<Fact>,
): Promise<void> {
  if (!sink.isLocal) await store.resign(`push ${sink.name}`, holder);
}

type DatasetTarget<Fact> = PushTarget & { readonly tallied: TalliedDataset<Fact> };

/** Rows that live in this process: all of them, whoever counted. */
async function replaceAll<Fact>(
  { sink, described, tallied }: DatasetTarget<Fact>,
  { store }: PushOptions<Fact>,
  signal: AbortSignal,
): Promise<boolean> {
  const { dataset } = tallied;
  if (!described.has(dataset.id)) await sink.describe(dataset, { signal });
  described.add(dataset.id);
  const { rowsPerDataset = NEWEST_ROWS, rowsPerRequest = Infinity } = sink.limits;
  const rows = (await store.rows({ dataset: dataset.id, newest: rowsPerDataset })).map((row) =>
    shown(tallied, row),
  );
  for (let first = 0; first === 0 || first < rows.length; first += rowsPerRequest)
    await sink.push(dataset, rows.slice(first, first + rowsPerRequest), first === 0 ? 'replace' : 'merge', {
      signal,
    });
  return false;
}

/** Rows that have changed since the dashboard was shown them. Answers whether nothing more can be done in this round. */
async function pushDue<Fact>(
  { sink, described, tallied }: DatasetTarget<Fact>,
  options: PushOptions<Fact>,
  signal: AbortSignal,
): Promise<boolean> {
  const { dataset } = tallied;
  const { store } = options;
  const { rowsPerDataset: newest = NEWEST_ROWS, rowsPerRequest: limit = ROWS_PER_REQUEST } = sink.limits;
  for (;;) {
    const rows = await store.due(sink.name, { dataset: dataset.id, newest, limit });
    if (rows.length === 0) return false;
    if (!(await mayCall(sink, options))) return true;
    try {
      if (described.has(dataset.id)) {
        await sink.push(
          dataset,
          rows.map((row) => shown(tallied, row)),
          'merge',
          { signal },
        );
        await store.shown(sink.name, dataset.id, rows);
      } else {
        await sink.describe(dataset, { signal });
        described.add(dataset.id);
      }
    } catch (error) {
      // Whether they arrived is not known, and another process may have pushed older ones meanwhile.
      await store.doubt(
        sink.name,
        dataset.id,
        rows.map(({ key }) => key),
      );
      signal.throwIfAborted();
      if (!isLongshoreError(error)) throw error;
      if (error.code !== 'dashboard_refused' && !isOfDashboard(error)) throw error;
      described.delete(dataset.id);
      return await afterFailure(sink, error, options);
    }
  }
}

function shown<Fact>(
  tallied: TalliedDataset<Fact>,
  { key, counters }: CountedRow,
): ReturnType<typeof tallied.row> {
  return tallied.row(key, counters);
}

/** The store's own failures have no dashboard's name in their details. */
function isOfDashboard(error: LongshoreError): boolean {
  return error.code === 'dashboard_unavailable';
}

/** Takes the right to push, and a request of the account. */
async function mayCall<Fact>(
  sink: DashboardSink,
  { store, clock, holder, log }: PushOptions<Fact>,
): Promise<boolean> {
  const nowMs = clock.nowMs();
  if (!(await store.lead(`push ${sink.name}`, holder, { nowMs, untilMs: nowMs + LEAD_MS }))) return false;
  const { requestsPerMinute: calls = REQUESTS_PER_WINDOW } = sink.limits;
  const call = await store.takeCall({ account: accountOf(sink), calls, windowMs: WINDOW_MS, nowMs });
  if (!call.isTaken)
    log.info(
      { dashboard: sink.name, waitMs: Math.ceil(call.atMs - nowMs) },
      'The dashboard’s requests are used up for now',
    );
  return call.isTaken;
}

async function afterFailure<Fact>(
  sink: DashboardSink,
  error: LongshoreError,
  { store, clock, log }: PushOptions<Fact>,
): Promise<boolean> {
  const { retryAfterMs } = error.details;
  if (typeof retryAfterMs === 'number') await store.pause(accountOf(sink), clock.nowMs() + retryAfterMs);
  log.warn(
    { dashboard: sink.name, err: error },
    'The dashboard could not be shown what is due; it is tried again',
  );
  // One dataset may be refused while others are welcome; a dashboard that is down is so for all.
  return error.code !== 'dashboard_refused';
}

function accountOf({ account, name }: DashboardSink): string {
  return account ?? name;
}
