/**
 * Decisions as CloudWatch metrics, so that target tracking that is there already can follow them: lines in the embedded
 * metric format on stdout, which CloudWatch Logs turns into metrics without any permission of their own.
 */
import type { DecisionSink, ScalingRecord } from '../record.ts';

/** Options of {@link emfSink}. */
export interface EmfSinkOptions {
  /** Writes a line, to the log that CloudWatch reads. */
  readonly write: (line: string) => void;
  /** Default `Longshore`. */
  readonly namespace?: string;
}

/** A minute, CloudWatch's standard resolution, has one point of each service. */
const EVERY_MS = 60_000;

/**
 * A sink that writes `DesiredTasks` and `ScalingLoad` of each service once a minute, with the dimension `Service`.
 *
 * `ScalingLoad` is 100 × the count we want / the count that is asked for: a target tracking policy on it with the target
 * value 100 brings the service to the former. With none asked for it is 100 × what we want. Tasks that are still starting
 * count as asked for, or target tracking would ask for them again.
 */
export function emfSink({ write, namespace = 'Longshore' }: EmfSinkOptions): DecisionSink {
  const writtenMs = new Map<string, number>();
  return {
    append(records) {
      for (const record of records) {
        const last = writtenMs.get(record.service) ?? -Infinity;
        if (record.atMs - last < EVERY_MS) continue;
        writtenMs.set(record.service, record.atMs);
        write(JSON.stringify(embedded(record, namespace)));
      }
      return Promise.resolve();
    },
  };
}

/** "Specification: embedded metric format", CloudWatch user guide. */
function embedded({ service, atMs, desired, inputs, reason }: ScalingRecord, namespace: string): object {
  return {
    _aws: {
      Timestamp: atMs,
      CloudWatchMetrics: [
        {
          Namespace: namespace,
          Dimensions: [['Service']],
          Metrics: [
            { Name: 'DesiredTasks', Unit: 'Count' },
            { Name: 'ScalingLoad', Unit: 'Percent' },
          ],
        },
      ],
    },
    Service: service,
    DesiredTasks: desired,
    ScalingLoad: (100 * desired) / Math.max(1, inputs.desiredBefore ?? 0),
    reason,
  };
}
