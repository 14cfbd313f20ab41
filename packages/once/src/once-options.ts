/** The bounds of what `createOnce` is given, checked all at once. */
import { formatDuration, LongshoreError } from '@longshore/job';
import type { CreateOnceOptions } from './once.ts';

/** A crashed owner blocks its key for a minute; renewals (3 a minute) cost little. */
export const DEFAULT_LEASE_MS = 60_000;

/** More than twice the longest retention of SQS: 14 days in the queue, and 14 in the dead-letter queue. */
export const DEFAULT_RETENTION_MS = 2_592_000_000;

/** Below, pauses of an ordinary process end leases. */
const MIN_LEASE_MS = 1_000;

/** The longest that SQS lets one delivery take. */
const MAX_LEASE_MS = 43_200_000;

/** @throws LongshoreError `invalid_options` that names every fault */
export function checkOnceOptions(options: CreateOnceOptions): void {
  const { leaseMs = DEFAULT_LEASE_MS, retentionMs = DEFAULT_RETENTION_MS, queueRetentionMs } = options;
  const faults = [
    ...(leaseMs >= MIN_LEASE_MS && leaseMs <= MAX_LEASE_MS
      ? []
      : [`leaseMs is ${leaseMs}, it must be from ${MIN_LEASE_MS} to ${MAX_LEASE_MS}`]),
    ...(Number.isFinite(retentionMs) && retentionMs >= leaseMs
      ? []
      : [`retentionMs is ${retentionMs}, it must be finite and at least leaseMs`]),
    ...(queueRetentionMs === undefined || queueRetentionMs >= 0
      ? []
      : [`queueRetentionMs is ${queueRetentionMs}, it must not be negative`]),
    ...(queueRetentionMs !== undefined && queueRetentionMs > retentionMs
      ? [
          `retentionMs is ${formatDuration(retentionMs)}, but jobs can come again for ${formatDuration(queueRetentionMs)}` +
            ' (queueRetentionMs): an effect would be forgotten and repeated',
        ]
      : []),
  ];
  if (faults.length > 0) {
    throw new LongshoreError('invalid_options', `Cannot create Once: ${faults.join('; ')}`, {
      details: { faults },
    });
  }
}
