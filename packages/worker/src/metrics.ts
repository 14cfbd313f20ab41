/** The worker's counters and histograms, and their Prometheus text form (exposition format 0.0.4). */
import type { OutcomeKind } from '@longshore/job';

/** Upper bounds of the duration histograms, in seconds; up to ten minutes, for slow jobs. */
const BUCKETS_SECONDS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600] as const;

/** Facts at the moment of rendering. */
export interface MetricsGauges {
  readonly busy: number;
  readonly slots: number;
  readonly held: number;
}

/** Counts what a worker does. */
export interface Metrics {
  finished(job: string, outcome: OutcomeKind, waitedMs: number, ranMs: number): void;
  leases(extended: number, failed: number): void;
  received(messages: number): void;
  render(gauges: MetricsGauges): string;
}

interface Histogram {
  readonly counts: number[];
  sum: number;
  count: number;
}

/** Empty metrics for one queue. */
export function metrics(queue: string): Metrics {
  const jobs = new Map<string, number>();
  const waits = new Map<string, Histogram>();
  const runs = new Map<string, Histogram>();
  let extended = 0;
  let extensionsFailed = 0;
  let receives = 0;
  let emptyReceives = 0;
  let messages = 0;
  return {
    finished(job, outcome, waitedMs, ranMs) {
      const labels = label({ queue, job, outcome });
      jobs.set(labels, (jobs.get(labels) ?? 0) + 1);
      observe(waits, label({ queue, job }), waitedMs / 1_000);
      observe(runs, label({ queue, job }), ranMs / 1_000);
    },
    leases(count, failed) {
      extended += count;
      extensionsFailed += failed;
    },
    received(count) {
      receives += 1;
      messages += count;
      if (count === 0) emptyReceives += 1;
    },
    render: ({ busy, slots, held }) =>
      [
        ...counter('longshore_jobs_total', 'Attempts by outcome', [...jobs]),
        ...histogram('longshore_queue_wait_seconds', 'From enqueue to start of the attempt', waits),
        ...histogram('longshore_process_duration_seconds', 'Duration of the attempt', runs),
        ...counter('longshore_worker_receives_total', 'Receive calls', [[label({ queue }), receives]]),
        ...counter('longshore_worker_empty_receives_total', 'Receive calls that got nothing', [
          [label({ queue }), emptyReceives],
        ]),
        ...counter('longshore_worker_messages_total', 'Messages received', [[label({ queue }), messages]]),
        ...counter('longshore_worker_lease_extensions_total', 'Lease extensions by result', [
          [label({ queue, result: 'ok' }), extended],
          [label({ queue, result: 'failed' }), extensionsFailed],
        ]),
        '# HELP longshore_worker_slots Slots by state',
        '# TYPE longshore_worker_slots gauge',
        `longshore_worker_slots${label({ queue, state: 'busy' })} ${busy}`,
        `longshore_worker_slots${label({ queue, state: 'free' })} ${Math.max(0, slots - busy)}`,
        '# HELP longshore_worker_leases_held Messages whose lease is kept',
        '# TYPE longshore_worker_leases_held gauge',
        `longshore_worker_leases_held${label({ queue })} ${held}`,
        '',
      ].join('\n'),
  };
}

function observe(histograms: Map<string, Histogram>, labels: string, seconds: number): void {
  let entry = histograms.get(labels);
  if (entry === undefined) {
    entry = { counts: BUCKETS_SECONDS.map(() => 0), sum: 0, count: 0 };
    histograms.set(labels, entry);
  }
  const bucket = BUCKETS_SECONDS.findIndex((bound) => seconds <= bound);
  if (bucket >= 0) entry.counts[bucket] = (entry.counts[bucket] ?? 0) + 1;
  entry.sum += seconds;
  entry.count += 1;
}

function counter(name: string, help: string, values: readonly (readonly [string, number])[]): string[] {
  return [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} counter`,
    ...values.map(([labels, value]) => `${name}${labels} ${value}`),
  ];
}

function histogram(name: string, help: string, entries: ReadonlyMap<string, Histogram>): string[] {
  const lines = [`# HELP ${name} ${help}`, `# TYPE ${name} histogram`];
  for (const [labels, { counts, sum, count }] of entries) {
    let below = 0;
    for (const [index, bound] of BUCKETS_SECONDS.entries()) {
      below += counts[index] ?? 0;
      lines.push(`${name}_bucket${labels.slice(0, -1)},le="${bound}"} ${below}`);
    }
    lines.push(
      `${name}_bucket${labels.slice(0, -1)},le="+Inf"} ${count}`,
      `${name}_sum${labels} ${sum}`,
      `${name}_count${labels} ${count}`,
    );
  }
  return lines;
}

function label(labels: Readonly<Record<string, string>>): string {
  const escape = (value: string): string =>
    value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
  return `{${Object.entries(labels)
    .map(([name, value]) => `${name}="${escape(value)}"`)
    .join(',')}}`;
}
