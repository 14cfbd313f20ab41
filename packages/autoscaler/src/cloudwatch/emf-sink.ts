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
 * `ScalingLoad` is 100 × desired / running tasks: a target tracking policy on it with the target value 100 brings the
 * service to the desired count. With none running it is 100 × desired.
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
  const running = (inputs.running ?? 0) + (inputs.pending ?? 0);
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
    ScalingLoad: (100 * desired) / Math.max(1, running),
    reason,
  };
}
