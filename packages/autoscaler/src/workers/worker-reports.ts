/**
 * Remembers what workers report and puts it together by service.
 *
 * Reports come late, twice, out of order or not at all. Of each worker the latest one counts; one that falls silent counts
 * as busy until it is taken for dead; and nothing is said about a service before its workers had time to report.
 */
import type { WorkerHeartbeat } from '@longshore/fleet';
import { LongshoreError, type Clock } from '@longshore/job';
import { ServiceWorkers } from './service-workers.ts';
import type { ReportedWorker, WorkerFacts } from './worker-facts.ts';

/** Options of {@link workerReports}. */
export interface WorkerReportsOptions {
  readonly clock: Clock;
  /** Silence after which a worker counts as not answering, and so as busy. Default 45,000: three reports. */
  readonly staleMs?: number;
  /**
   * Silence after which a worker is taken for dead and counts nowhere. Above `staleMs`. Default 300,000: longer than
   * handlers block their process.
   */
  readonly goneMs?: number;
  /** Nothing is said before this time has passed. Default 16,000: every worker has reported once. */
  readonly warmUpMs?: number;
}

/** What workers reported. */
export interface WorkerReports {
  /** Takes a report; `false` when a newer one of that worker is known, and it is dropped. */
  record(heartbeat: WorkerHeartbeat): boolean;
  /** Facts about a service; `undefined` while nothing is known that could be relied on. */
  of(service: string): WorkerFacts | undefined;
  /** Workers of a service that are alive or may be. */
  workers(service: string): readonly ReportedWorker[];
}

/** No fleet has as many; more are not ours. */
const MAX_SERVICES = 1_000;
const DEFAULT_STALE_MS = 45_000;
const DEFAULT_GONE_MS = 300_000;
const DEFAULT_WARM_UP_MS = 16_000;

/**
 * Nothing reported yet.
 *
 * @throws LongshoreError `invalid_options` for times that are not in their order.
 */
export function workerReports(options: WorkerReportsOptions): WorkerReports {
  const { clock, staleMs = DEFAULT_STALE_MS, goneMs = DEFAULT_GONE_MS } = options;
  const { warmUpMs = DEFAULT_WARM_UP_MS } = options;
  if (!(staleMs > 0 && goneMs > staleMs && warmUpMs >= 0)) {
    const given = `staleMs ${staleMs}, goneMs ${goneMs}, warmUpMs ${warmUpMs}`;
    throw new LongshoreError(
      'invalid_options',
      `Cannot keep workers' reports with ${given}: expected 0 < staleMs < goneMs and warmUpMs from 0`,
    );
  }
  const sinceMs = clock.nowMs();
  const services = new Map<string, ServiceWorkers>();
  return {
    record(heartbeat) {
      let service = services.get(heartbeat.service);
      if (service === undefined) {
        if (services.size >= MAX_SERVICES) return false;
        service = new ServiceWorkers({ staleMs, goneMs }, sinceMs);
        services.set(heartbeat.service, service);
      }
      return service.record(heartbeat, clock.nowMs());
    },
    of(service) {
      const nowMs = clock.nowMs();
      return nowMs - sinceMs < warmUpMs ? undefined : services.get(service)?.facts(nowMs);
    },
    workers: (service) => services.get(service)?.workers(clock.nowMs()) ?? [],
  };
}
