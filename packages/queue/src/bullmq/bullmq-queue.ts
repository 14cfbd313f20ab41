/**
 * BullMQ on Redis as a queue: BullMQ's own data structures and scripts, with a token for each delivery, so that its
 * dashboards and producers work on the same queue.
 *
 * A batch is one pipelined round trip. Every queue object that receives or counts also looks for jobs whose lock has run
 * out; such a job comes back, however often, until `maxReceives` moves it to the dead letters.
 */
import { randomUUID } from 'node:crypto';
import { LongshoreError, systemClock } from '@longshore/job';
import {
  QueueKeys,
  RedisQueueBackend,
  type JobJson,
  type MinimalJob,
  type RedisConnection,
  type WorkerOptions,
} from 'bullmq';
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
import { Doorbell } from './doorbell.ts';
import { callFault, entryFault } from './faults.ts';
import { jobToMessage, messageToJob } from './message-job.ts';
import { resolveOptions, type BullmqQueueOptions, type ResolvedOptions } from './options.ts';
import { RedisLink } from './redis-link.ts';

/** From here on, larger batches save no more CPU per job, and an answer is still a few milliseconds of Redis's time. */
const MAX_BATCH = 100;
/** As on SQS, so that a queue can move; Redis itself would take 512 MiB. */
const MAX_BYTES = 1_048_576;
/** One write to Redis. */
const MAX_CALL_BYTES = 8 * MAX_BYTES;
/** Nothing in Redis limits it. */
const MAX_LEASE_MS = 7 * 86_400_000;
/** BullMQ packs the due time into 41 bits, which end in 2039. */
const MAX_DELAY_MS = 365 * 86_400_000;
/** Longest time between two looks for jobs whose lock has run out, and between two looks for jobs at all. */
const CHECK_MS = 1_000;
/** Redis refuses a look that follows another one within this part of the interval, whoever asks. */
const CHECK_GUARD = 0.8;

/**
 * A queue on Redis, shared with BullMQ. Nothing is connected before its first use.
 *
 * Redis must be 6.2 or newer with `maxmemory-policy noeviction`; else calls fail with `invalid_options`.
 * Throws `invalid_options` for options that cannot work.
 */
export function bullmqQueue(options: BullmqQueueOptions): Queue {
  return new BullmqQueue(options);
}

/** What one round of takes brought. */
interface Round {
  readonly messages: readonly Message[];
  readonly asked: number;
  /** When the next delayed job is due, or a rate limit ends. */
  readonly nextAtMs: number;
}

class BullmqQueue implements Queue {
  readonly name: string;
  readonly capabilities: QueueCapabilities;
  readonly connection: QueueConnection;
  readonly #options: ResolvedOptions;
  readonly #keys: QueueKeys;
  readonly #link: RedisLink;
  readonly #doorbell: Doorbell;
  readonly #tokenPrefix = randomUUID();
  #deliveries = 0;
  /** How many jobs waited after the last take: asking for more would be work for nothing. */
  #waiting = 0;
  #nextCheckAtMs = 0;

  constructor(options: BullmqQueueOptions) {
    this.#options = resolveOptions(options);
    this.name = options.name;
    this.#keys = new QueueKeys(this.#options.prefix);
    this.#link = new RedisLink(options.connection);
    const markerKey = this.#keys.toKey(this.name, 'marker');
    this.#doorbell = new Doorbell({
      connection: options.connection,
      markerKey,
      giveBack: (score, member) => this.#link.redis.zadd(markerKey, score, member),
    });
    this.capabilities = {
      maxMessageBytes: MAX_BYTES,
      maxBatch: MAX_BATCH,
      maxDelayMs: MAX_DELAY_MS,
      maxLeaseMs: MAX_LEASE_MS,
      fifo: false,
    };
    this.connection = { moduleUrl: import.meta.url, exportName: 'bullmqQueue', options };
  }

  send(messages: readonly OutgoingMessage[]): Promise<readonly EntryResult[]> {
    return this.#sendTo(this.name, messages);
  }

  async receive({ max, waitMs, leaseMs, signal }: ReceiveOptions): Promise<readonly Message[]> {
    const endMs = systemClock.nowMs() + waitMs;
    for (;;) {
      if (hasAborted(signal)) return [];
      const { messages, nextAtMs } = await this.#take(Math.min(max, MAX_BATCH), leaseMs);
      if (hasAborted(signal)) {
        await this.release(
          messages.map((message) => message.lease),
          0,
        );
        return [];
      }
      const good = await this.#withoutExhausted(messages);
      const nowMs = systemClock.nowMs();
      if (good.length > 0 || nowMs >= endMs) return good;
      await this.#doorbell.wait(Math.min(endMs, nextAtMs, this.#nextCheckAtMs) - nowMs, signal);
    }
  }

  complete(leases: readonly Lease[]): Promise<readonly EntryResult[]> {
    return this.#each(leases, (backend, { messageId, handle }) => {
      // The scripts of a completed job need no more of it than this.
      const job = { id: messageId, opts: {} } as MinimalJob;
      return backend.moveToCompleted(job, null, true, handle, false);
    });
  }

  async extend(leases: readonly Lease[], leaseMs: number): Promise<readonly EntryResult[]> {
    try {
      const backend = this.#backend(await this.#link.ready());
      // The script answers with job ids, so one call must not hold two deliveries of the same job.
      const lost = await Promise.all(
        distinctJobs(leases).map(async (group) => {
          const ids = group.map((lease) => lease.messageId);
          const tokens = group.map((lease) => lease.handle);
          const failed = new Set(await backend.extendLocks(ids, tokens, leaseMs));
          return group.filter((lease) => failed.has(lease.messageId));
        }),
      );
      const gone = new Set(lost.flat());
      return leases.map((lease) =>
        gone.has(lease)
          ? {
              ok: false,
              code: 'lease_lost',
              message: `Job ${lease.messageId} is no longer leased by this handle`,
            }
          : { ok: true, messageId: lease.messageId },
      );
    } catch (error) {
      return leases.map(() => entryFault(error));
    }
  }

  release(leases: readonly Lease[], delayMs: number): Promise<readonly EntryResult[]> {
    if (delayMs <= 0)
      return this.#each(leases, (backend, { messageId, handle }) =>
        backend.moveJobFromActiveToWait(messageId, handle),
      );
    const dueAtMs = Math.round(systemClock.nowMs() + Math.min(delayMs, MAX_DELAY_MS));
    return this.#each(leases, (backend, { messageId, handle }) =>
      // Giving back is no failure, so it does not count against BullMQ's own attempts.
      backend.moveToDelayed(messageId, dueAtMs, Math.round(delayMs), handle, { skipAttempt: true }),
    );
  }

  async bury(entries: readonly BuryEntry[]): Promise<readonly EntryResult[]> {
    const { deadLetterName } = this.#options;
    if (deadLetterName === undefined) {
      throw new LongshoreError(
        'invalid_options',
        `Cannot bury on queue "${this.name}": it has no dead-letter queue; pass deadLetterName`,
      );
    }
    const sent = await this.#sendTo(
      deadLetterName,
      // A burial that is tried again after a lost answer is the same dead letter.
      entries.map(({ lease, message }) => ({ deduplicationId: lease.handle, ...message })),
    );
    const safe = entries.filter((_entry, index) => sent[index]?.ok === true);
    const completed = (await this.complete(safe.map((entry) => entry.lease))).values();
    return sent.map((result) => (result.ok ? (completed.next().value ?? result) : result));
  }

  async counts(): Promise<QueueCounts> {
    try {
      const backend = this.#backend(await this.#link.ready());
      // Where no worker is left, nobody else would see that its jobs are waiting again.
      const checked = this.#check(backend);
      const nowMs = Math.round(systemClock.nowMs());
      const [[wait = 0, prioritized = 0, active = 0, delayed = 0], [due = 0]] = await Promise.all([
        backend.getCounts(['wait', 'prioritized', 'active', 'delayed']),
        backend.getCounts(['delayed'], nowMs),
        checked,
      ]);
      return {
        backlog: wait + prioritized + due,
        inFlight: active,
        delayed: Math.max(0, delayed - due),
      };
    } catch (error) {
      throw callFault('count messages', this.name, error);
    }
  }

  async close(): Promise<void> {
    const closed = this.#link.close();
    this.#doorbell.close();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #take(max: number, leaseMs: number): Promise<{ messages: readonly Message[]; nextAtMs: number }> {
    const messages: Message[] = [];
    for (;;) {
      try {
        const backend = this.#backend(await this.#link.ready(), leaseMs);
        const round = await this.#round(
          backend,
          Math.min(max - messages.length, Math.max(1, this.#waiting)),
          leaseMs,
        );
        messages.push(...round.messages);
        const isDry = round.messages.length < round.asked || this.#waiting === 0;
        if (isDry || messages.length >= max) return { messages, nextAtMs: round.nextAtMs };
      } catch (error) {
        // What is already here is not thrown away; the next call tells the fault.
        if (messages.length > 0) return { messages, nextAtMs: 0 };
        throw callFault('receive', this.name, error);
      }
    }
  }

  async #round(backend: RedisQueueBackend, asked: number, leaseMs: number): Promise<Round> {
    const askedAtMs = systemClock.nowMs();
    const tokens = Array.from({ length: asked }, () => this.#newToken());
    const { redis } = this.#link;
    const [takes, [waiting, prioritized]] = await Promise.all([
      Promise.allSettled(tokens.map((token) => backend.moveToActive(token))),
      Promise.allSettled([
        redis.llen(backend.keys['wait'] ?? ''),
        redis.zcard(backend.keys['prioritized'] ?? ''),
        this.#check(backend),
      ]),
    ]);
    const messages: Message[] = [];
    let nextAtMs = Number.POSITIVE_INFINITY;
    for (const [index, take] of takes.entries()) {
      if (take.status === 'rejected') continue;
      const [job, id, limitMs, dueAtMs] = take.value as [JobJson | null, string, number, number];
      if (job !== null)
        messages.push(jobToMessage({ job, id, token: tokens[index] ?? '', askedAtMs, leaseMs }));
      else if (limitMs > 0) nextAtMs = Math.min(nextAtMs, askedAtMs + limitMs);
      else if (dueAtMs > 0) nextAtMs = Math.min(nextAtMs, dueAtMs);
    }
    const fault = takes.find((take) => take.status === 'rejected');
    if (messages.length === 0 && fault !== undefined) throw fault.reason;
    const seen = [waiting, prioritized].map((count) => (count.status === 'fulfilled' ? count.value : 0));
    this.#waiting = Math.max(0, seen.reduce((sum, count) => sum + count, 0) - messages.length);
    return { messages, asked, nextAtMs };
  }

  /** A job whose lock has run out is marked by one look and given back by a later one. */
  async #check(backend: RedisQueueBackend): Promise<void> {
    const nowMs = systemClock.nowMs();
    if (nowMs < this.#nextCheckAtMs) return;
    this.#nextCheckAtMs = nowMs + CHECK_MS;
    await backend.moveStalledJobsToWait();
  }

  async #withoutExhausted(messages: readonly Message[]): Promise<readonly Message[]> {
    const { deadLetterName, maxReceives } = this.#options;
    if (deadLetterName === undefined) return messages;
    const exhausted = messages.filter((message) => message.receiveCount > maxReceives);
    if (exhausted.length === 0) return messages;
    // One that could not be moved comes back after its lease and is moved then.
    await this.bury(
      exhausted.map((message) => {
        const { lease, body, attributes, group } = message;
        return { lease, message: { body, attributes, ...(group === undefined ? {} : { group }) } };
      }),
    );
    return messages.filter((message) => message.receiveCount <= maxReceives);
  }

  async #sendTo(queueName: string, messages: readonly OutgoingMessage[]): Promise<readonly EntryResult[]> {
    const faults = messages.map(messageFault);
    const fitting = messages.filter((_message, index) => faults[index] === undefined);
    const groups = batches(fitting, { maxEntries: MAX_BATCH, maxBytes: MAX_CALL_BYTES, bytesOf });
    const results = (await Promise.all(groups.map((group) => this.#add(queueName, group)))).flat().values();
    return messages.map((_message, index): EntryResult => {
      const message = faults[index];
      if (message !== undefined) return { ok: false, code: 'rejected', message };
      return results.next().value ?? { ok: false, code: 'unavailable', message: 'No answer for this entry' };
    });
  }

  async #add(queueName: string, messages: readonly OutgoingMessage[]): Promise<readonly EntryResult[]> {
    try {
      const connection = await this.#link.ready();
      const backend = this.#backend(connection, 0, queueName);
      const pipeline = (await connection.client).pipeline();
      const nowMs = systemClock.nowMs();
      const queued = messages.map((message) =>
        backend.addJobToTransaction(pipeline, messageToJob(message, nowMs), ''),
      );
      const answers = (await pipeline.exec()) ?? [];
      await Promise.all(queued);
      return messages.map((_message, index) => addResult(answers[index]));
    } catch (error) {
      return messages.map(() => entryFault(error));
    }
  }

  async #each(
    leases: readonly Lease[],
    act: (backend: RedisQueueBackend, lease: Lease) => Promise<unknown>,
  ): Promise<readonly EntryResult[]> {
    try {
      const backend = this.#backend(await this.#link.ready());
      return await Promise.all(
        leases.map((lease) =>
          act(backend, lease).then((): EntryResult => ({ ok: true, messageId: lease.messageId }), entryFault),
        ),
      );
    } catch (error) {
      return leases.map(() => entryFault(error));
    }
  }

  #backend(connection: RedisConnection, leaseMs = 0, queueName: string = this.name): RedisQueueBackend {
    const options: WorkerOptions = {
      connection: this.#link.redis,
      prefix: this.#options.prefix,
      lockDuration: Math.ceil(leaseMs),
      stalledInterval: Math.floor(CHECK_MS * CHECK_GUARD),
      // BullMQ's 1 fails good jobs whose workers crash twice. How often is too often, `maxReceives` says.
      maxStalledCount: Number.MAX_SAFE_INTEGER,
    };
    const toKey = (type: string): string => this.#keys.toKey(queueName, type);
    return new RedisQueueBackend(
      connection,
      queueName,
      this.#keys.getKeys(queueName),
      toKey,
      options,
      undefined,
      false,
    );
  }

  #newToken(): string {
    this.#deliveries += 1;
    return `${this.#tokenPrefix}-${this.#deliveries.toString(36)}`;
  }
}

function addResult(answer: [error: Error | null, result: unknown] | undefined): EntryResult {
  const [error, result] = answer ?? [new Error('Redis gave no answer for this entry'), undefined];
  if (error !== null) return entryFault(error);
  if (typeof result === 'string') return { ok: true, messageId: result };
  return { ok: false, code: 'rejected', message: `BullMQ refused the job with ${String(result)}` };
}

function messageFault(message: OutgoingMessage): string | undefined {
  const { delayMs = 0 } = message;
  const bytes = bytesOf(message);
  if (bytes > MAX_BYTES) return `The message has ${bytes} bytes, at most ${MAX_BYTES} are taken`;
  return delayMs > MAX_DELAY_MS ? `Delay of ${delayMs} ms, at most ${MAX_DELAY_MS} ms are taken` : undefined;
}

function bytesOf({ body, attributes = {} }: OutgoingMessage): number {
  return Buffer.byteLength(body) + Buffer.byteLength(JSON.stringify(attributes));
}

/** Leases in groups, in none of which a job occurs twice. */
function distinctJobs(leases: readonly Lease[]): Lease[][] {
  const groups: Lease[][] = [];
  const seen = new Map<string, number>();
  for (const lease of leases) {
    const index = seen.get(lease.messageId) ?? 0;
    seen.set(lease.messageId, index + 1);
    (groups[index] ??= []).push(lease);
  }
  return groups;
}

function hasAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}
