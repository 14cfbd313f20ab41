/**
 * Datasets as Prometheus gauges at `/metrics`, for Prometheus to scrape. Holds the rows in this process; a scrape reads
 * memory only. What Prometheus would refuse is refused when a dataset is described.
 */
import { LongshoreError, systemClock, type Clock } from '@longshore/job';
import { checkedSink } from '../checked-sink.ts';
import type { Dataset, OpenedSink } from '../dashboard-sink.ts';
import { rowTables } from '../served/row-table.ts';
import { plain, serveHttp, type Served } from '../served/serve-http.ts';
import { EXPOSITION_TYPE, exposition, type PlannedTable } from './exposition.ts';
import { planMetrics, PUSHED_METRIC, type DatasetPlan } from './metric-plan.ts';

/** Rows are held for the latest of each label set: more of them than this are no gauges. */
const MAX_ROWS = 5_000;

/** Options of {@link prometheusSink}. */
export interface PrometheusSinkOptions {
  /** Where `/metrics` is served. Default 0, a free port. */
  readonly port?: number;
  /** Default `127.0.0.1`; containers pass `0.0.0.0`. It asks nobody who they are. */
  readonly host?: string;
  readonly clock?: Clock;
}

/** A running sink. Disposing of it gives scrapes under way 5 seconds. */
export interface PrometheusSink extends OpenedSink {
  readonly port: number;
}

/**
 * Starts serving. Metrics are called `<dataset>_<field>`, with `.` and `-` as `_` and the unit of durations (seconds),
 * percentages (ratio) and money (its currency) at the end.
 *
 * @throws LongshoreError `invalid_options` where it cannot listen
 */
export async function prometheusSink(options: PrometheusSinkOptions = {}): Promise<PrometheusSink> {
  const { clock = systemClock, port = 0 } = options;
  const tables = rowTables(MAX_ROWS);
  const plans = new Map<string, DatasetPlan>();
  const planned = (): readonly PlannedTable[] =>
    tables.all().flatMap((table) => {
      const plan = plans.get(table.dataset.id);
      return plan === undefined ? [] : [{ table, plan }];
    });
  const answer = (path: string): Served => {
    if (path === '/metrics') return { status: 200, type: EXPOSITION_TYPE, body: exposition(planned()) };
    return plain(404, 'Metrics are at /metrics');
  };
  const server = await serveHttp({ ...options, port, clock, answer });
  return checkedSink<PrometheusSink>({
    name: 'prometheus',
    limits: { rowsPerDataset: MAX_ROWS },
    isLocal: true,
    port: server.port,
    describe(dataset) {
      plans.set(dataset.id, plannedOrRefused(dataset, plans));
      tables.describe(dataset);
      return Promise.resolve();
    },
    push(dataset, rows, mode) {
      tables.push(dataset, rows, mode, clock.nowMs());
      return Promise.resolve();
    },
    remove(id) {
      tables.remove(id);
      plans.delete(id);
      return Promise.resolve();
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  });
}

function plannedOrRefused(dataset: Dataset, plans: ReadonlyMap<string, DatasetPlan>): DatasetPlan {
  const taken = new Map([[PUSHED_METRIC, 'a metric of this service']]);
  for (const [id, { metrics }] of plans)
    if (id !== dataset.id) for (const { name } of metrics) taken.set(name, `dataset "${id}"`);
  const plan = planMetrics(dataset, taken);
  if (plan.faults.length === 0) return plan;
  throw new LongshoreError(
    'invalid_options',
    `Dataset "${dataset.id}" cannot be shown by Prometheus: ${plan.faults.join('; ')}`,
    { details: { faults: plan.faults } },
  );
}
