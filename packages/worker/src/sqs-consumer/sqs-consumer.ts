/**
 * Runs a handler of sqs-consumer, unchanged, on messages as its producers send them: bodies of any text, without an
 * envelope. A message is acknowledged when the handler gives it back, as there. Nothing of sqs-consumer is imported.
 */
import { defineJob, LongshoreError, retry, type JobDefinition, type RetryPolicy } from '@longshore/job';
import type { ForeignDecoder } from '../admission.ts';
import { handleBatch } from '../handle-batch.ts';
import { handle, type HandlerBinding, type HandlerContext } from '../handler.ts';
import type { RecordOutcome } from '../write-batch.ts';
import {
  consumerMessage,
  rawEnvelope,
  rawMessageSchema,
  type ConsumerMessage,
  type RawMessage,
} from './consumer-message.ts';

/** Options of {@link sqsConsumer}: either `handleMessage` or `handleMessageBatch`. */
export interface SqsConsumerOptions {
  /** Name of the job as which messages are run: in logs, figures and dead letters. */
  readonly job: string;
  /** Resolves with the message, or an object with its `MessageId`, to acknowledge it. */
  readonly handleMessage?: (message: ConsumerMessage) => Promise<unknown>;
  /** Resolves with the messages to acknowledge; the others are tried again. */
  readonly handleMessageBatch?: (messages: ConsumerMessage[]) => Promise<unknown>;
  /** Most messages of a batch, 1 to 500. Default 10. The worker needs at least as many slots. */
  readonly batchSize?: number;
  /** Acknowledges whatever the handler resolves with. Default `false`. */
  readonly alwaysAcknowledge?: boolean;
  /** As of a job; sqs-consumer's `handleMessageTimeout`. Default 15 minutes. */
  readonly timeoutMs?: number;
  /** As of a job. What a queue's redrive policy counts as receives are failed attempts here. */
  readonly retry?: Partial<RetryPolicy>;
}

/** A consumer for `createWorker`, or for `setUp` of `launch`: spread it into either. */
export interface SqsConsumer {
  readonly handlers: readonly HandlerBinding[];
  readonly decoders: readonly ForeignDecoder[];
}

const BATCH_SIZE = 10;
const MAX_BATCH_SIZE = 500;

type Definition = JobDefinition<RawMessage, RawMessage>;

/**
 * Makes a consumer. A rejection is a failed attempt, of every message of the batch in the batch form; a message that is
 * not acknowledged is one too. Both come again by the retry policy, and are buried after the last attempt.
 *
 * @throws LongshoreError `invalid_options`
 * @example
 * ```ts
 * import { createWorker } from '@longshore/worker';
 * import { sqsConsumer } from '@longshore/worker/sqs-consumer';
 * import type { Queue } from '@longshore/queue';
 * import type { Message } from '@aws-sdk/client-sqs';
 *
 * // As it was.
 * async function handleMessage(message: Message): Promise<Message | undefined> {
 *   JSON.parse(message.Body ?? '');
 *   return message;
 * }
 *
 * export function orderWorker(queue: Queue) {
 *   return createWorker({ queue, slots: 10, ...sqsConsumer({ job: 'take-order', handleMessage }) });
 * }
 * ```
 */
export function sqsConsumer(options: SqsConsumerOptions): SqsConsumer {
  const { job, handleMessage, handleMessageBatch, batchSize = BATCH_SIZE, timeoutMs } = options;
  const definition = defineJob({
    name: job,
    schema: rawMessageSchema,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(options.retry === undefined ? {} : { retry: options.retry }),
  });
  if (!(Number.isInteger(batchSize) && batchSize >= 1 && batchSize <= MAX_BATCH_SIZE))
    throw invalid(job, `batchSize is ${batchSize}, expected a whole number from 1 to ${MAX_BATCH_SIZE}`);
  const acknowledges = options.alwaysAcknowledge === true ? () => true : isAcknowledged;
  // Anything that no other decoder wants is a message for the handler.
  const decoders: readonly ForeignDecoder[] = [(_json, message) => rawEnvelope(job, message)];
  if (handleMessageBatch !== undefined && handleMessage === undefined)
    return {
      decoders,
      handlers: [batchBinding(definition, handleMessageBatch, { batchSize, acknowledges })],
    };
  if (handleMessage !== undefined && handleMessageBatch === undefined)
    return { decoders, handlers: [oneBinding(definition, handleMessage, acknowledges)] };
  throw invalid(job, 'give either handleMessage or handleMessageBatch');
}

type Acknowledges = (result: unknown, messageId: string) => boolean;

function oneBinding(
  definition: Definition,
  run: (message: ConsumerMessage) => Promise<unknown>,
  acknowledges: Acknowledges,
): HandlerBinding {
  return handle(definition, async ({ payload, attempt }) => {
    const result = await run(consumerMessage(payload, attempt));
    return acknowledges(result, payload.messageId) ? undefined : notAcknowledged();
  });
}

function batchBinding(
  definition: Definition,
  run: (messages: ConsumerMessage[]) => Promise<unknown>,
  { batchSize, acknowledges }: { readonly batchSize: number; readonly acknowledges: Acknowledges },
): HandlerBinding {
  return handleBatch(definition, {
    maxItems: batchSize,
    // A handler is asked once for a batch: to divide it would run again what it may have done already.
    isDivisible: () => false,
    async write(jobs: readonly HandlerContext<RawMessage>[]) {
      const result = await run(jobs.map(({ payload, attempt }) => consumerMessage(payload, attempt)));
      return jobs.map(({ payload }): RecordOutcome<unknown> => {
        const value = acknowledges(result, payload.messageId) ? undefined : notAcknowledged();
        return { ok: true, value };
      });
    },
  });
}

/** One message, or a list with it among others. */
function isAcknowledged(result: unknown, messageId: string): boolean {
  if (Array.isArray(result)) return result.some((each) => isAcknowledged(each, messageId));
  return (
    typeof result === 'object' && result !== null && 'MessageId' in result && result.MessageId === messageId
  );
}

function notAcknowledged(): ReturnType<typeof retry> {
  return retry('The handler did not acknowledge the message: it resolved without it');
}

function invalid(job: string, fault: string): LongshoreError {
  return new LongshoreError('invalid_options', `Cannot make the consumer "${job}": ${fault}`, {
    details: { job },
  });
}
