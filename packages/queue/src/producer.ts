/**
 * The producer: parses payloads, stamps envelopes, coalesces concurrent sends into batches, checks payloads over the
 * queue's limit into the object store. An entry that is sent again keeps its id, so a lost reply is no second job.
 */
import {
  LongshoreError,
  createEnvelope,
  encodeEnvelope,
  sleep,
  systemClock,
  type Clock,
  type CreateEnvelopeOptions,
  type Envelope,
  type JobDefinition,
  type Timer,
} from '@longshore/job';
import type { ObjectStore } from '@longshore/objects';
import { batches } from './batches.ts';
import { storeClaim } from './claim-check.ts';
import type { EntryResult, OutgoingMessage, Queue } from './queue.ts';

/** Options of {@link createProducer}. */
export interface ProducerOptions {
  /** The queue that a job travels on. */
  readonly queueFor: (jobName: string) => Queue;
  /** For payloads over the queue's limit. */
  readonly objects?: ObjectStore;
  /** Called with jobs that a queue has taken; must not throw. `sent` of a ledger's recorder. */
  readonly onSent?: (jobName: string, count: number) => void;
  /** How long a job may wait for company in its batch. Default 2 ms. */
  readonly lingerMs?: number;
  readonly clock?: Clock;
  readonly random?: () => number;
}

/** What a caller may set on one job. */
export interface EnqueueOptions extends Omit<CreateEnvelopeOptions, 'nowMs'> {
  readonly delayMs?: number;
  /** FIFO: ordering group, default the job's name. */
  readonly group?: string;
}

/** A job that the queue has. */
export interface EnqueuedJob {
  readonly id: string;
  readonly messageId: string;
}

/** Result of `enqueueAll`. */
export interface EnqueueSummary {
  readonly enqueued: number;
  /** Payloads that were refused, by their position in the input. */
  readonly failed: readonly { readonly index: number; readonly error: LongshoreError }[];
}

/** Sends jobs. */
export interface Producer extends AsyncDisposable {
  /** Resolves when the queue has the job. @throws LongshoreError `invalid_payload`, `payload_too_large`, `enqueue_failed`, `closed`. */
  enqueue<Input, Output>(
    definition: JobDefinition<Input, Output>,
    payload: Input,
    options?: EnqueueOptions,
  ): Promise<EnqueuedJob>;
  /** Sends any number of jobs, reading ahead no more than a few hundred. A refused payload fails alone. */
  enqueueAll<Input, Output>(
    definition: JobDefinition<Input, Output>,
    payloads: Iterable<Input> | AsyncIterable<Input>,
    options?: { readonly signal?: AbortSignal },
  ): Promise<EnqueueSummary>;
  /** Resolves when everything enqueued before has been answered. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

const DEFAULT_LINGER_MS = 2;
/** Batches of one queue under way: hides the round trip, keeps memory small. */
const MAX_CALLS = 8;
const READ_AHEAD = 200;
const MAX_TRIES = 6;
const FIRST_RETRY_MS = 50;

/** Makes a producer. */
export function createProducer(options: ProducerOptions): Producer {
  const {
    queueFor,
    objects,
    onSent,
    lingerMs = DEFAULT_LINGER_MS,
    clock = systemClock,
    random = Math.random,
  } = options;
  const senders = new Map<Queue, Sender>();
  let closed = false;

  const senderOf = (queue: Queue): Sender => {
    let sender = senders.get(queue);
    if (sender === undefined) {
      sender = new Sender(queue, { lingerMs, clock, random });
      senders.set(queue, sender);
    }
    return sender;
  };

  const enqueue: Producer['enqueue'] = async (definition, payload, enqueueOptions = {}) => {
    if (closed)
      throw new LongshoreError('closed', `Cannot enqueue "${definition.name}": the producer is closed`);
    const { delayMs, group, ...rest } = enqueueOptions;
    const envelope = await createEnvelope(definition, payload, { ...rest, nowMs: Math.round(clock.nowMs()) });
    const queue = queueFor(definition.name);
    const body = await bodyFor(envelope, queue, objects);
    const fifo = queue.capabilities.fifo
      ? { group: group ?? definition.name, deduplicationId: envelope.id }
      : {};
    const message: OutgoingMessage = {
      body,
      ...(delayMs === undefined ? {} : { delayMs }),
      ...(group === undefined ? {} : { group }),
      ...fifo,
    };
    const { messageId } = await senderOf(queue).send(message, envelope.id);
    onSent?.(definition.name, 1);
    return { id: envelope.id, messageId };
  };

  const flush = async (): Promise<void> => {
    await Promise.all([...senders.values()].map((sender) => sender.flush()));
  };

  const close = (): Promise<void> => {
    closed = true;
    return flush();
  };

  return {
    enqueue,
    enqueueAll: (definition, payloads, { signal } = {}) =>
      enqueueEach(payloads, (payload) => enqueue(definition, payload), signal),
    flush,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** The message body; a payload over the queue's limit is left in the object store. */
async function bodyFor(envelope: Envelope, queue: Queue, objects: ObjectStore | undefined): Promise<string> {
  const body = encodeEnvelope(envelope);
  const bytes = Buffer.byteLength(body);
  const { maxMessageBytes } = queue.capabilities;
  if (bytes <= maxMessageBytes) return body;
  if (objects !== undefined) return encodeEnvelope(await storeClaim(envelope, objects, queue.name));
  throw new LongshoreError(
    'payload_too_large',
    `Job "${envelope.name}" has ${bytes} bytes, queue "${queue.name}" takes ${maxMessageBytes}: pass \`objects\` to createProducer`,
    { details: { bytes, queue: queue.name } },
  );
}

async function enqueueEach<Input>(
  payloads: Iterable<Input> | AsyncIterable<Input>,
  send: (payload: Input) => Promise<unknown>,
  signal: AbortSignal | undefined,
): Promise<EnqueueSummary> {
  const failed: { index: number; error: LongshoreError }[] = [];
  let underWay = 0;
  let ended: PromiseWithResolvers<void> | undefined;
  let enqueued = 0;
  let index = 0;
  let fatal: unknown;
  const sendOne = async (payload: Input, position: number): Promise<void> => {
    underWay += 1;
    try {
      await send(payload);
      enqueued += 1;
    } catch (error) {
      if (error instanceof LongshoreError && !error.retryable && error.code !== 'closed')
        failed.push({ index: position, error });
      else fatal ??= error;
    }
    underWay -= 1;
    ended?.resolve();
  };
  const fewerThan = async (count: number): Promise<void> => {
    while (underWay >= count) {
      ended = Promise.withResolvers();
      await ended.promise;
    }
  };
  for await (const payload of payloads) {
    signal?.throwIfAborted();
    void sendOne(payload, index);
    index += 1;
    await fewerThan(READ_AHEAD);
    if (fatal !== undefined) break;
  }
  await fewerThan(1);
  if (fatal !== undefined) throw fatal;
  return { enqueued, failed: failed.sort((a, b) => a.index - b.index) };
}

interface Entry {
  readonly message: OutgoingMessage;
  readonly jobId: string;
  readonly bytes: number;
  readonly resolve: (sent: { readonly messageId: string }) => void;
  readonly reject: (error: LongshoreError) => void;
}

/** Sends to one queue in batches. */
class Sender {
  readonly #queue: Queue;
  readonly #options: { readonly lingerMs: number; readonly clock: Clock; readonly random: () => number };
  #waiting: Entry[] = [];
  #timer: Timer | undefined;
  readonly #calls = new Set<Promise<void>>();

  constructor(
    queue: Queue,
    options: { readonly lingerMs: number; readonly clock: Clock; readonly random: () => number },
  ) {
    this.#queue = queue;
    this.#options = options;
  }

  send(message: OutgoingMessage, jobId: string): Promise<{ readonly messageId: string }> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ message, jobId, bytes: Buffer.byteLength(message.body), resolve, reject });
      this.#pump();
    });
  }

  async flush(): Promise<void> {
    while (this.#waiting.length > 0 || this.#calls.size > 0) {
      if (this.#waiting.length > 0 && this.#calls.size < this.#maxCalls) this.#start();
      await Promise.race(this.#calls);
    }
  }

  /** FIFO queues get one batch at a time, or a retried batch would come after its successor. */
  get #maxCalls(): number {
    return this.#queue.capabilities.fifo ? 1 : MAX_CALLS;
  }

  #pump(): void {
    while (this.#waiting.length >= this.#queue.capabilities.maxBatch && this.#calls.size < this.#maxCalls)
      this.#start();
    if (this.#waiting.length === 0 || this.#calls.size >= this.#maxCalls || this.#timer !== undefined) return;
    this.#timer = this.#options.clock.after(this.#options.lingerMs, () => {
      this.#timer = undefined;
      if (this.#waiting.length > 0 && this.#calls.size < this.#maxCalls) this.#start();
    });
  }

  #start(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const { maxBatch, maxMessageBytes } = this.#queue.capabilities;
    const [batch = []] = batches(this.#waiting.slice(0, maxBatch), {
      maxEntries: maxBatch,
      maxBytes: maxMessageBytes,
      bytesOf: (entry) => entry.bytes,
    });
    this.#waiting = this.#waiting.slice(batch.length);
    const call = this.#deliver(batch).finally(() => {
      this.#calls.delete(call);
      this.#pump();
    });
    this.#calls.add(call);
  }

  async #deliver(batch: readonly Entry[]): Promise<void> {
    let left = batch;
    for (let attempt = 1; left.length > 0; attempt += 1) {
      const results = await this.#send(left);
      const again: Entry[] = [];
      for (const [index, entry] of left.entries()) {
        const result: EntryResult = results[index] ?? {
          ok: false,
          code: 'unavailable',
          message: 'The queue gave no answer for it',
        };
        if (result.ok) entry.resolve({ messageId: result.messageId });
        else if (result.code === 'unavailable' && attempt < MAX_TRIES) again.push(entry);
        else entry.reject(this.#refusal(entry, result));
      }
      left = again;
      const { clock, random } = this.#options;
      if (left.length > 0) await sleep(FIRST_RETRY_MS * 2 ** (attempt - 1) * (0.5 + random() / 2), { clock });
    }
  }

  /** A driver answers per entry; one that throws all the same must leave no caller waiting. */
  async #send(entries: readonly Entry[]): Promise<readonly EntryResult[]> {
    try {
      return await this.#queue.send(entries.map((entry) => entry.message));
    } catch (error) {
      const code = error instanceof LongshoreError && !error.retryable ? 'rejected' : 'unavailable';
      const message = error instanceof Error ? error.message : String(error);
      return entries.map(() => ({ ok: false, code, message }));
    }
  }

  #refusal({ jobId }: Entry, result: Extract<EntryResult, { ok: false }>): LongshoreError {
    const retryable = result.code === 'unavailable';
    const remedy = retryable ? 'try again later with the same id' : 'correct the job';
    return new LongshoreError(
      'enqueue_failed',
      `Queue "${this.#queue.name}" did not take job ${jobId}: ${result.message}; ${remedy}`,
      {
        retryable,
        details: { queue: this.#queue.name, jobId },
      },
    );
  }
}
