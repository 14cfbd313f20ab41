/** From the errors of Redis, its client and BullMQ's scripts to ours. */
import { LongshoreError } from '@longshore/job';
import { ErrorCode } from 'bullmq';
import type { EntryResult } from '../queue.ts';

type Refusal = Extract<EntryResult, { ok: false }>;

/** What the scripts answer when the delivery is no longer the caller's: completed, taken over, or run out. */
const STALE: ReadonlySet<unknown> = new Set([
  ErrorCode.JobNotExist,
  ErrorCode.JobLockNotExist,
  ErrorCode.JobNotInState,
  ErrorCode.JobLockMismatch,
]);

/** An error of a whole call. */
export function callFault(action: string, queueName: string, error: unknown): LongshoreError {
  if (error instanceof LongshoreError) return error;
  return new LongshoreError(
    'queue_unavailable',
    `Cannot ${action} on queue "${queueName}": ${messageOf(error)}`,
    { cause: error, retryable: true, details: { queue: queueName } },
  );
}

/** The answer for one entry of a batch. */
export function entryFault(error: unknown): Refusal {
  const message = messageOf(error);
  // Settings and closed queues do not mend while the caller waits.
  if (error instanceof LongshoreError)
    return { ok: false, code: error.retryable ? 'unavailable' : 'rejected', message };
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  if (STALE.has(code)) return { ok: false, code: 'lease_lost', message };
  return { ok: false, code: typeof code === 'number' ? 'rejected' : 'unavailable', message };
}

function messageOf(error: unknown): string {
  return error instanceof Error && error.message !== '' ? error.message : String(error);
}
