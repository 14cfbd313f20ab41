/**
 * SQS as a queue: AWS itself, or an endpoint that speaks its JSON protocol, over either transport.
 *
 * Calls are split at ten entries and at the size limit. An aborted receive aborts nothing else. Leases shorter than a
 * second are rounded up, since SQS counts in seconds.
 */
import { LongshoreError, systemClock } from '@longshore/job';
import { batches } from '../batches.ts';
import type {
  BuryEntry,
  EntryResult,
  Lease,
  Message,
  OutgoingMessage,
  Queue,
  QueueCapabilities,
  QueueConnection,
  QueueCounts,
  ReceiveOptions,
} from '../queue.ts';
import { callFault, entryFault } from './faults.ts';
import { openTransport, type SqsQueueOptions } from './options.ts';
import type { SqsBatchAnswer, SqsMessage, SqsSendEntry, SqsTransport } from './transport.ts';

/** SQS: at most ten entries a batch. */
const MAX_BATCH = 10;
/** SQS: 1 MiB per message and per batch, body and attributes (since 2025-08-04). */
const MAX_BYTES = 1_048_576;
/** SQS: 12 hours from receipt, whatever is extended. */
const MAX_LEASE_MS = 43_200_000;
/** SQS: 15 minutes. */
const MAX_DELAY_MS = 900_000;
/** A receive that has not answered this long after its wait is dead, and its socket with it. */
const RECEIVE_GRACE_MS = 5_000;
/** A try of any other call; a lease of 30 s leaves room for several. */
const CALL_LIMITS = { timeoutMs: 5_000 };
const SYSTEM_ATTRIBUTES = ['ApproximateReceiveCount', 'SentTimestamp', 'MessageGroupId'];
const COUNTS = [
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesNotVisible',
  'ApproximateNumberOfMessagesDelayed',
];

/** A queue on SQS. Nothing is connected before its first use. */
export function sqsQueue(options: SqsQueueOptions): Queue {
  return new SqsQueue(options);
}

class SqsQueue implements Queue {
  readonly name: string;
  readonly capabilities: QueueCapabilities;
  readonly connection: QueueConnection;
  readonly #options: SqsQueueOptions;
  readonly #transport: SqsTransport;
  #url: Promise<string> | undefined;
  #deadLetterUrl: Promise<string> | undefined;
  #closed = false;

  constructor(options: SqsQueueOptions) {
    this.name = options.name;
    this.#options = options;
    this.#transport = openTransport(options);
    const fifo = options.name.endsWith('.fifo');
    this.capabilities = {
      maxMessageBytes: MAX_BYTES,
      maxBatch: MAX_BATCH,
      maxDelayMs: fifo ? 0 : MAX_DELAY_MS,
      maxLeaseMs: MAX_LEASE_MS,
      fifo,
    };
    this.connection = { moduleUrl: import.meta.url, exportName: 'sqsQueue', options };
  }

  async send(messages: readonly OutgoingMessage[]): Promise<readonly EntryResult[]> {
    return this.#sendTo(() => this.#queueUrl(), messages);
  }

  async receive({ max, waitMs, leaseMs, signal }: ReceiveOptions): Promise<readonly Message[]> {
    if (hasAborted(signal)) return [];
    try {
      const QueueUrl = await this.#queueUrl();
      const askedAtMs = systemClock.nowMs();
      const { Messages = [] } = await this.#transport.call(
        'ReceiveMessage',
        {
          QueueUrl,
          MaxNumberOfMessages: Math.min(max, MAX_BATCH),
          WaitTimeSeconds: Math.ceil(waitMs / 1_000),
          VisibilityTimeout: seconds(leaseMs),
          MessageAttributeNames: ['All'],
          MessageSystemAttributeNames: SYSTEM_ATTRIBUTES,
          // Older endpoints know only the deprecated name.
          AttributeNames: SYSTEM_ATTRIBUTES,
        },
        { timeoutMs: waitMs + RECEIVE_GRACE_MS, signal },
      );
      const nowMs = systemClock.nowMs();
      return Messages.map((message) => toMessage(message, nowMs, (waitMs > 0 ? nowMs : askedAtMs) + leaseMs));
    } catch (error) {
      if (hasAborted(signal)) return [];
      throw callFault('receive', this.name, error);
    }
  }

  complete(leases: readonly Lease[]): Promise<readonly EntryResult[]> {
    return this.#each(leases, async (batch) => {
      const Entries = batch.map((lease, index) => ({ Id: String(index), ReceiptHandle: lease.handle }));
      return this.#transport.call(
        'DeleteMessageBatch',
        { QueueUrl: await this.#queueUrl(), Entries },
        CALL_LIMITS,
      );
    });
  }

  extend(leases: readonly Lease[], leaseMs: number): Promise<readonly EntryResult[]> {
    return this.#changeVisibility(leases, seconds(leaseMs));
  }

  release(leases: readonly Lease[], delayMs: number): Promise<readonly EntryResult[]> {
    return this.#changeVisibility(leases, seconds(Math.max(delayMs, this.#options.minReleaseMs ?? 0)));
  }

  async bury(entries: readonly BuryEntry[]): Promise<readonly EntryResult[]> {
    const sent = await this.#sendTo(
      () => this.#deadLetters(),
      entries.map((entry) => entry.message),
    );
    const safe = entries.filter((_entry, index) => sent[index]?.ok === true);
    const completed = await this.complete(safe.map((entry) => entry.lease));
    let next = 0;
    return sent.map((result) => {
      if (!result.ok) return result;
      const done = completed[next] ?? result;
      next += 1;
      return done;
    });
  }

  async counts(): Promise<QueueCounts> {
    try {
      const { Attributes = {} } = await this.#transport.call(
        'GetQueueAttributes',
        { QueueUrl: await this.#queueUrl(), AttributeNames: COUNTS },
        CALL_LIMITS,
      );
      return {
        backlog: Number(Attributes['ApproximateNumberOfMessages']),
        inFlight: Number(Attributes['ApproximateNumberOfMessagesNotVisible']),
        delayed: Number(Attributes['ApproximateNumberOfMessagesDelayed']),
      };
    } catch (error) {
      throw callFault('count messages', this.name, error);
    }
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#transport.close();
    return Promise.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #sendTo(
    url: () => Promise<string>,
    messages: readonly OutgoingMessage[],
  ): Promise<readonly EntryResult[]> {
    // SQS refuses a whole batch for one entry that is too large, so such entries are answered here.
    const sized = messages.map((message) => ({ message, bytes: messageBytes(message) }));
    const groups = batches(
      sized.filter(({ bytes }) => bytes <= MAX_BYTES),
      { maxEntries: MAX_BATCH, maxBytes: MAX_BYTES, bytesOf: ({ bytes }) => bytes },
    );
    const results = await this.#batches(groups, async (batch) =>
      this.#transport.call(
        'SendMessageBatch',
        { QueueUrl: await url(), Entries: batch.map(({ message }, index) => toEntry(message, index)) },
        CALL_LIMITS,
      ),
    );
    let next = 0;
    return sized.map(({ bytes }): EntryResult => {
      if (bytes > MAX_BYTES) {
        const message = `The message has ${bytes} bytes, SQS takes ${MAX_BYTES}`;
        return { ok: false, code: 'rejected', message };
      }
      const result = results[next];
      next += 1;
      return result ?? { ok: false, code: 'unavailable', message: 'No answer' };
    });
  }

  #changeVisibility(leases: readonly Lease[], VisibilityTimeout: number): Promise<readonly EntryResult[]> {
    return this.#each(leases, async (batch) => {
      const Entries = batch.map((lease, index) => ({
        Id: String(index),
        ReceiptHandle: lease.handle,
        VisibilityTimeout,
      }));
      return this.#transport.call(
        'ChangeMessageVisibilityBatch',
        { QueueUrl: await this.#queueUrl(), Entries },
        CALL_LIMITS,
      );
    });
  }

  async #each(
    leases: readonly Lease[],
    call: (batch: readonly Lease[]) => Promise<SqsBatchAnswer>,
  ): Promise<readonly EntryResult[]> {
    const results = await this.#batches(batches(leases, { maxEntries: MAX_BATCH }), call);
    return results.map((result, index) =>
      result.ok ? { ok: true, messageId: leases[index]?.messageId ?? '' } : result,
    );
  }

  async #batches<Entry>(
    groups: readonly (readonly Entry[])[],
    call: (batch: readonly Entry[]) => Promise<SqsBatchAnswer>,
  ): Promise<EntryResult[]> {
    const answers = await Promise.all(
      groups.map(async (group): Promise<EntryResult[]> => {
        try {
          return entryResults(group.length, await call(group));
        } catch (error) {
          const { message } =
            error instanceof LongshoreError ? error : callFault('reach SQS', this.name, error);
          return group.map(() => ({ ok: false, code: 'unavailable', message }));
        }
      }),
    );
    return answers.flat();
  }

  #queueUrl(): Promise<string> {
    this.#url ??= this.#resolveUrl(this.name).catch((error: unknown) => {
      this.#url = undefined;
      throw error;
    });
    return this.#url;
  }

  #deadLetters(): Promise<string> {
    this.#deadLetterUrl ??= this.#resolveDeadLetterUrl().catch((error: unknown) => {
      this.#deadLetterUrl = undefined;
      throw error;
    });
    return this.#deadLetterUrl;
  }

  async #resolveUrl(QueueName: string): Promise<string> {
    if (this.#closed) throw new LongshoreError('closed', `Cannot use queue "${this.name}": it is closed`);
    const { QueueUrl } = await this.#transport.call('GetQueueUrl', { QueueName }, CALL_LIMITS);
    if (QueueUrl === undefined) throw new LongshoreError('queue_missing', `There is no queue "${QueueName}"`);
    return QueueUrl;
  }

  async #resolveDeadLetterUrl(): Promise<string> {
    if (this.#options.deadLetterName !== undefined) return this.#resolveUrl(this.#options.deadLetterName);
    const { Attributes } = await this.#transport.call(
      'GetQueueAttributes',
      { QueueUrl: await this.#queueUrl(), AttributeNames: ['RedrivePolicy'] },
      CALL_LIMITS,
    );
    const arn = /"deadLetterTargetArn"\s*:\s*"([^"]+)"/.exec(Attributes?.['RedrivePolicy'] ?? '')?.[1];
    if (arn !== undefined) return this.#resolveUrl(arn.slice(arn.lastIndexOf(':') + 1));
    throw new LongshoreError(
      'invalid_options',
      `Cannot bury on queue "${this.name}": it has no dead-letter queue; pass deadLetterName or give it a redrive policy`,
    );
  }
}

function entryResults(length: number, { Successful = [], Failed = [] }: SqsBatchAnswer): EntryResult[] {
  const results: EntryResult[] = Array.from({ length }, () => ({
    ok: false,
    code: 'unavailable',
    message: 'SQS gave no answer for this entry',
  }));
  for (const { Id, MessageId } of Successful) results[Number(Id)] = { ok: true, messageId: MessageId ?? '' };
  for (const entry of Failed) results[Number(entry.Id)] = entryFault(entry);
  return results;
}

function messageBytes({ body, attributes }: OutgoingMessage): number {
  return (
    Buffer.byteLength(body) + (attributes === undefined ? 0 : Buffer.byteLength(JSON.stringify(attributes)))
  );
}

function toEntry(message: OutgoingMessage, index: number): SqsSendEntry {
  const { body, delayMs = 0, group, deduplicationId, attributes } = message;
  return {
    Id: String(index),
    MessageBody: body,
    ...(delayMs > 0 ? { DelaySeconds: seconds(Math.min(delayMs, MAX_DELAY_MS)) } : {}),
    ...(group === undefined ? {} : { MessageGroupId: group }),
    ...(deduplicationId === undefined ? {} : { MessageDeduplicationId: deduplicationId }),
    ...(attributes === undefined
      ? {}
      : {
          MessageAttributes: Object.fromEntries(
            Object.entries(attributes).map(([name, StringValue]) => [
              name,
              { DataType: 'String', StringValue },
            ]),
          ),
        }),
  };
}

function toMessage(message: SqsMessage, receivedAtMs: number, leaseUntilMs: number): Message {
  const { MessageId = '', ReceiptHandle = '', Body = '', Attributes = {}, MessageAttributes } = message;
  const group = Attributes['MessageGroupId'];
  return {
    messageId: MessageId,
    body: Body,
    lease: { messageId: MessageId, handle: ReceiptHandle, receivedAtMs },
    leaseUntilMs,
    receiveCount: Number(Attributes['ApproximateReceiveCount'] ?? 1),
    sentAtMs: Number(Attributes['SentTimestamp'] ?? receivedAtMs),
    ...(group === undefined ? {} : { group }),
    attributes: MessageAttributes === undefined ? NO_ATTRIBUTES : texts(MessageAttributes),
  };
}

const NO_ATTRIBUTES: Message['attributes'] = Object.freeze({});

function texts(attributes: NonNullable<SqsMessage['MessageAttributes']>): Message['attributes'] {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, attribute]) => [name, attribute?.StringValue ?? '']),
  );
}

function hasAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

function seconds(durationMs: number): number {
  return Math.min(MAX_LEASE_MS / 1_000, Math.ceil(durationMs / 1_000));
}
