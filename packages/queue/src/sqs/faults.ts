/** From the SDK's errors and SQS's failed entries to ours. */
import { LongshoreError } from '@longshore/job';
import type { EntryResult } from '../queue.ts';

const MISSING = new Set(['QueueDoesNotExist', 'AWS.SimpleQueueService.NonExistentQueue']);
const STALE =
  /ReceiptHandleIsInvalid|MessageNotInflight|InvalidParameterValue|expired|not available for visibility timeout/i;
/** Sender faults of SQS that pass by themselves. */
const PASSING = /Throttl|RequestThrottled|KmsThrottled|InternalError|ServiceUnavailable|OverLimit/i;

/** An error of a whole call. */
export function callFault(action: string, queueName: string, error: unknown): LongshoreError {
  const name = error instanceof Error ? error.name : '';
  const text = error instanceof Error ? error.message : String(error);
  if (MISSING.has(name)) {
    return new LongshoreError(
      'queue_missing',
      `Cannot ${action}: there is no queue "${queueName}"; create it or correct the name`,
      {
        cause: error,
        details: { queue: queueName },
      },
    );
  }
  return new LongshoreError(
    'queue_unavailable',
    `Cannot ${action} on queue "${queueName}": ${text || name}`,
    {
      cause: error,
      retryable: true,
      details: { queue: queueName, error: name },
    },
  );
}

/** A failed entry of a batch. */
export function entryFault(entry: {
  Code?: string | undefined;
  Message?: string | undefined;
  SenderFault?: boolean | undefined;
}): Extract<EntryResult, { ok: false }> {
  const { Code = 'Unknown', Message = '', SenderFault = false } = entry;
  const message = Message === '' ? Code : `${Code}: ${Message}`;
  if (STALE.test(`${Code} ${Message}`)) return { ok: false, code: 'lease_lost', message };
  return { ok: false, code: SenderFault && !PASSING.test(Code) ? 'rejected' : 'unavailable', message };
}
