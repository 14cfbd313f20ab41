/** Pushes to all dashboards at a fixed pace, in every process of the service; the store keeps them apart. */
import { sleep, systemClock, type Clock } from '@longshore/job';
import type { Logger } from '@longshore/worker';
import type { DashboardSink } from '../dashboard-sink.ts';
import type { TalliedDataset } from '../datasets/tallied-dataset.ts';
import { defineDataset } from '../define-dataset.ts';
import type { DashboardStore } from '../store/dashboard-store.ts';
import { pushSink, resign, type PushOptions, type PushTarget } from './push-sink.ts';

/** Options of {@link createPusher}. */
export interface PusherOptions<Fact> {
  readonly store: DashboardStore;
  readonly sinks: readonly DashboardSink[];
  readonly datasets: readonly TalliedDataset<Fact>[];
  readonly log: Logger;
  /** Tells this process from others, such as a random UUID. */
  readonly holder: string;
  /** Between two pushes of a dataset. Default 60 s. */
  readonly intervalMs?: number;
  /** How long it is remembered that a fact was counted; longer than a queue keeps a job. Default 30 days. */
  readonly factRetentionMs?: number;
  /** How long rows that no longer change are kept. Default 210 days. */
  readonly rowRetentionMs?: number;
  readonly clock?: Clock;
}

/** The loop. */
export interface Pusher extends AsyncDisposable {
  start(): void;
  /** One round; resolves when every dashboard was shown what is due, or has failed. */
  round(): Promise<void>;
  /** Ends the loop, shows the dashboards what has come last, for 8 s at most, and gives up its rights. Idempotent. */
  stop(): Promise<void>;
}

const INTERVAL_MS = 60_000;
const PRUNE_EVERY_MS = 3_600_000;
/** SQS keeps a message for at most 14 days. */
const FACT_RETENTION_MS = 2_592_000_000;
const ROW_RETENTION_MS = 18_144_000_000;
const LAST_ROUND_MS = 8_000;

/** Makes a pusher. @throws LongshoreError `invalid_options` for a dataset that one of the dashboards cannot take */
export function createPusher<Fact>(options: PusherOptions<Fact>): Pusher {
  const { store, sinks, datasets, log, intervalMs = INTERVAL_MS, clock = systemClock } = options;
  for (const { limits } of sinks) for (const { dataset } of datasets) defineDataset(dataset, limits);
  const targets = sinks.map((sink): PushTarget => ({ sink, described: new Set() }));
  const push: PushOptions<Fact> = { store, datasets, log, clock, holder: options.holder };
  const stopping = new AbortController();
  let prunedAtMs = Number.NEGATIVE_INFINITY;
  let loop: Promise<void> | undefined;
  let stopped: Promise<void> | undefined;

  const prune = async (): Promise<void> => {
    const nowMs = clock.nowMs();
    if (nowMs - prunedAtMs < PRUNE_EVERY_MS) return;
    prunedAtMs = nowMs;
    const { factRetentionMs = FACT_RETENTION_MS, rowRetentionMs = ROW_RETENTION_MS } = options;
    await store.prune({ factsMs: nowMs - factRetentionMs, rowsMs: nowMs - rowRetentionMs });
  };
  const round = async (signal: AbortSignal): Promise<void> => {
    const attempts = targets.map(async (target) => {
      try {
        await pushSink(target, push, signal);
      } catch (error) {
        if (!signal.aborted)
          log.warn({ dashboard: target.sink.name, err: error }, 'A dashboard could not be pushed to');
      }
    });
    await Promise.all(attempts);
  };
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await round(stopping.signal);
      await prune().catch((error: unknown) => log.warn({ err: error }, 'What is old could not be forgotten'));
      await sleep(intervalMs, { clock, signal: stopping.signal });
    }
  };
  const stop = async (): Promise<void> => {
    stopping.abort(new Error('The dashboards are pushed to a last time'));
    await loop;
    const last = new AbortController();
    const timer = clock.after(LAST_ROUND_MS, () => last.abort(new Error('The last push took too long')));
    await round(last.signal);
    timer.cancel();
    for (const target of targets) await resign(target, push).catch(() => undefined);
  };
  const stopOnce = (): Promise<void> => (stopped ??= stop());
  return {
    start() {
      if (!stopping.signal.aborted) loop ??= run();
    },
    round: () => round(stopping.signal),
    stop: stopOnce,
    [Symbol.asyncDispose]: stopOnce,
  };
}
