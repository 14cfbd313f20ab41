/** The worker's counters and histograms, and their Prometheus text form (exposition format 0.0.4). */
import type { OutcomeKind } from '@longshore/job';
import type { Breaker } from './breaker.ts';
import type { TaskProtection } from './task-protection.ts';

/** Upper bounds of the duration histograms, in seconds; up to ten minutes, for slow jobs. */
const BUCKETS_SECONDS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600] as const;

/** Facts at the moment of rendering. */
export interface MetricsGauges {
  readonly busy: number;
  readonly isPaused: boolean;
  readonly slots: number;
  readonly held: number;
  readonly breaker: Pick<Breaker, 'state' | 'openings'>;
  readonly protection: Pick<TaskProtection, 'state' | 'counts'> | undefined;
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

/** What is known of one job definition. Labels are built when they are rendered, not for every job. */
interface JobMetrics {
  readonly outcomes: Map<OutcomeKind, number>;
  readonly wait: Histogram;
  readonly run: Histogram;
}

/** Empty metrics for one queue. */
export function metrics(queue: string): Metrics {
  const jobs = new Map<string, JobMetrics>();
  const totals = { extended: 0, extensionsFailed: 0, receives: 0, emptyReceives: 0, messages: 0 };
  const histograms = (kind: 'wait' | 'run') =>
    [...jobs].map(([job, entry]): readonly [string, Histogram] => [label({ queue, job }), entry[kind]]);
  return {
    finished(job, outcome, waitedMs, ranMs) {
      let entry = jobs.get(job);
      if (entry === undefined) {
        entry = { outcomes: new Map(), wait: emptyHistogram(), run: emptyHistogram() };
        jobs.set(job, entry);
      }
      entry.outcomes.set(outcome, (entry.outcomes.get(outcome) ?? 0) + 1);
      observe(entry.wait, waitedMs / 1_000);
      observe(entry.run, ranMs / 1_000);
    },
    leases(count, failed) {
      totals.extended += count;
      totals.extensionsFailed += failed;
    },
    received(count) {
      totals.receives += 1;
      totals.messages += count;
      if (count === 0) totals.emptyReceives += 1;
    },
    render: (gauges) =>
      [
        ...counter(
          'longshore_jobs_total',
          'Attempts by outcome',
          [...jobs].flatMap(([job, { outcomes }]) =>
            [...outcomes].map(([outcome, count]) => [label({ queue, job, outcome }), count] as const),
          ),
        ),
        ...histogram(
          'longshore_queue_wait_seconds',
          'From enqueue to start of the attempt',
          histograms('wait'),
        ),
        ...histogram('longshore_process_duration_seconds', 'Duration of the attempt', histograms('run')),
        ...counter('longshore_worker_receives_total', 'Receive calls', [[label({ queue }), totals.receives]]),
        ...counter('longshore_worker_empty_receives_total', 'Receive calls that got nothing', [
          [label({ queue }), totals.emptyReceives],
        ]),
        ...counter('longshore_worker_messages_total', 'Messages received', [
          [label({ queue }), totals.messages],
        ]),
        ...counter('longshore_worker_lease_extensions_total', 'Lease extensions by result', [
          [label({ queue, result: 'ok' }), totals.extended],
          [label({ queue, result: 'failed' }), totals.extensionsFailed],
        ]),
        ...gaugeLines(queue, gauges),
        '',
      ].join('\n'),
  };
}

function emptyHistogram(): Histogram {
  return { counts: BUCKETS_SECONDS.map(() => 0), sum: 0, count: 0 };
}

function observe(histogram: Histogram, seconds: number): void {
  const { counts } = histogram;
  for (let bucket = 0; bucket < BUCKETS_SECONDS.length; bucket += 1) {
    if (seconds > (BUCKETS_SECONDS[bucket] ?? 0)) continue;
    counts[bucket] = (counts[bucket] ?? 0) + 1;
    break;
  }
  histogram.sum += seconds;
  histogram.count += 1;
}

function gaugeLines(queue: string, gauges: MetricsGauges): string[] {
  const { busy, slots, held, isPaused, breaker, protection } = gauges;
  return [
    ...gauge('longshore_worker_slots', 'Slots by state', [
      [label({ queue, state: 'busy' }), busy],
      [label({ queue, state: 'free' }), Math.max(0, slots - busy)],
    ]),
    ...gauge('longshore_worker_paused', 'Whether the worker was told to take no work', [
      [label({ queue }), isPaused ? 1 : 0],
    ]),
    ...gauge('longshore_worker_leases_held', 'Messages whose lease is kept', [[label({ queue }), held]]),
    ...gauge('longshore_worker_breaker_open', 'Whether no jobs are taken, since a dependency is down', [
      [label({ queue }), breaker.state === 'closed' ? 0 : 1],
    ]),
    ...counter('longshore_worker_breaker_openings_total', 'How often the breaker has opened', [
      [label({ queue }), breaker.openings],
    ]),
    ...(protection === undefined ? [] : protectionLines(queue, protection)),
  ];
}

function protectionLines(
  queue: string,
  { state, counts }: Pick<TaskProtection, 'state' | 'counts'>,
): string[] {
  const results = ['granted', 'denied', 'failed'] as const;
  return [
    ...gauge('longshore_worker_task_protected', 'Whether scale-in and deployments spare this task', [
      [label({ queue }), state === 'protected' ? 1 : 0],
    ]),
    ...counter(
      'longshore_worker_task_protection_calls_total',
      'Calls to the ECS agent by result',
      results.map((result) => [label({ queue, result }), counts[result]] as const),
    ),
  ];
}

type Samples = readonly (readonly [labels: string, value: number])[];

function counter(name: string, help: string, samples: Samples): string[] {
  return family(name, 'counter', help, samples);
}

function gauge(name: string, help: string, samples: Samples): string[] {
  return family(name, 'gauge', help, samples);
}

function family(name: string, type: string, help: string, samples: Samples): string[] {
  return [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${type}`,
    ...samples.map(([labels, value]) => `${name}${labels} ${value}`),
  ];
}

function histogram(name: string, help: string, entries: Iterable<readonly [string, Histogram]>): string[] {
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
