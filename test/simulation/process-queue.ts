/** The queue as one process sees it: the `Queue` port over the faulty network, batch by batch as the SQS driver does. */
import { LongshoreError } from '@longshore/job';
import type {
  BuryEntry,
  EntryResult,
  Lease,
  Message,
  OutgoingMessage,
  Queue,
  QueueCapabilities,
  QueueCounts,
  ReceiveOptions,
} from '@longshore/queue';
import type { Ledger } from './ledger.ts';
import type { Network } from './network.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import type { Delivery, SimulatedSqs, StoredMessage } from './simulated-sqs.ts';
import type { Waiters } from './waiters.ts';
import type { Trace } from './trace.ts';

/** What a process' queue is made of. */
export interface ProcessQueueOptions {
  readonly name: string;
  readonly process: SimulatedProcess;
  readonly network: Network;
  readonly sqs: SimulatedSqs;
  readonly waiters: Waiters;
  readonly ledger: Ledger;
  readonly trace: Trace | undefined;
}

const CAPABILITIES: QueueCapabilities = {
  maxMessageBytes: 65_536,
  maxBatch: 10,
  maxDelayMs: 900_000,
  maxLeaseMs: 43_200_000,
  fifo: false,
};

const STALE: EntryResult = { ok: false, code: 'lease_lost', message: 'The handle is stale' };

const COMPLETE_BURIED = 'complete buried';

/** The queue of a process. */
export function processQueue(options: ProcessQueueOptions): Queue {
  return new ProcessQueue(options);
}

class ProcessQueue implements Queue {
  readonly name: string;
  readonly capabilities = CAPABILITIES;
  /** The worker then keeps its leases on its own thread, on the virtual clock, by the code that the lease thread runs. */
  readonly connection = undefined;
  readonly #options: ProcessQueueOptions;
  /** What its sender knows to be in the queue. */
  readonly #sent = new WeakSet<OutgoingMessage>();

  constructor(options: ProcessQueueOptions) {
    this.name = options.name;
    this.#options = options;
  }

  send(messages: readonly OutgoingMessage[]): Promise<readonly EntryResult[]> {
    const { sqs, ledger, process } = this.#options;
    for (const message of messages) {
      if (!this.#sent.has(message)) continue;
      ledger.violate('sent again', `${process.name} sends an entry again that the queue took`);
    }
    const results = this.#entries(
      'send',
      messages,
      () => undefined,
      (message) => ({
        ok: true,
        messageId: sqs.send(message),
      }),
    );
    return results.then((answers) => {
      for (const [index, message] of messages.entries())
        if (answers[index]?.ok === true) this.#sent.add(message);
      return answers;
    });
  }

  receive({ max, waitMs, leaseMs, signal }: ReceiveOptions): Promise<readonly Message[]> {
    const { process, network, waiters, ledger } = this.#options;
    this.#checkQuiet('receive');
    if (signal?.aborted === true) return Promise.resolve([]);
    const poll = waiters.poll({ process, max, waitMs, leaseMs });
    const called = network.call<readonly Delivery[]>({
      process,
      port: 'queue',
      name: 'receive',
      execute: poll.begin,
      unheard: (fault) => {
        throw new LongshoreError('queue_unavailable', `Cannot receive: ${fault}`, { retryable: true });
      },
      onFault: (fault, unheard) => unheard?.forEach(({ stored }) => ledger.explain(stored, fault)),
    });
    const askedAtMs = process.clock.nowMs();
    let isAnswered = false;
    const arrived = called
      .finally(() => (isAnswered = true))
      .then((deliveries) =>
        poll.isGivenUp
          ? []
          : deliveries.map((delivery) => this.#arrive(delivery, askedAtMs, waitMs, leaseMs)),
      );
    if (signal === undefined) return arrived;
    return new Promise((resolve, reject) => {
      arrived.then(resolve, reject);
      signal.addEventListener(
        'abort',
        () => {
          if (!isAnswered) poll.giveUp();
          resolve([]);
        },
        { once: true },
      );
    });
  }

  complete(leases: readonly Lease[]): Promise<readonly EntryResult[]> {
    const { sqs, ledger, process } = this.#options;
    for (const { messageId } of leases) {
      const stored = sqs.find(messageId);
      if (stored !== undefined) ledger.acknowledging(process, stored);
    }
    return this.#remove('complete', leases);
  }

  extend(leases: readonly Lease[], leaseMs: number): Promise<readonly EntryResult[]> {
    const { sqs, ledger, process } = this.#options;
    const askedAtMs = process.clock.nowMs();
    const results = this.#entries('extend', leases, byId(sqs), ({ messageId, handle }) =>
      sqs.changeVisibility(messageId, handle, leaseMs, 'extend') ? { ok: true, messageId } : STALE,
    );
    return results.then((answers) => {
      for (const [index, answer] of answers.entries()) {
        const stored = sqs.find(leases[index]?.messageId ?? '');
        if (answer.ok && stored !== undefined) ledger.extended(process, stored.jobId, askedAtMs + leaseMs);
      }
      return answers;
    });
  }

  release(leases: readonly Lease[], delayMs: number): Promise<readonly EntryResult[]> {
    const { sqs, ledger, process, waiters } = this.#options;
    for (const { messageId } of leases) {
      const stored = sqs.find(messageId);
      if (stored !== undefined) ledger.releasing(process, stored, delayMs);
    }
    return this.#entries('release', leases, byId(sqs), ({ messageId, handle }) => {
      if (!sqs.changeVisibility(messageId, handle, delayMs, 'release')) return STALE;
      const stored = sqs.find(messageId);
      if (stored !== undefined) ledger.released(process, stored, delayMs);
      waiters.look();
      return { ok: true, messageId };
    });
  }

  async bury(entries: readonly BuryEntry[]): Promise<readonly EntryResult[]> {
    const { sqs } = this.#options;
    const sent = await this.#entries(
      'bury',
      entries,
      ({ lease }) => sqs.find(lease.messageId),
      ({ lease, message }) => {
        sqs.bury(message);
        return { ok: true, messageId: lease.messageId };
      },
    );
    const safe = entries.filter((_entry, index) => sent[index]?.ok === true);
    const completed = await this.#remove(
      COMPLETE_BURIED,
      safe.map(({ lease }) => lease),
    );
    let next = 0;
    return sent.map((result) => {
      if (!result.ok) return result;
      next += 1;
      return completed[next - 1] ?? result;
    });
  }

  counts(): Promise<QueueCounts> {
    throw new LongshoreError('unsupported', 'The simulated queue is not counted');
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #remove(name: string, leases: readonly Lease[]): Promise<readonly EntryResult[]> {
    const { sqs, process } = this.#options;
    return this.#entries(name, leases, byId(sqs), ({ messageId, handle }) => {
      sqs.remove(messageId, handle, process.name);
      return { ok: true, messageId };
    });
  }

  /** One call for all entries: its faults strike them all, refusals strike single ones. */
  #entries<Entry>(
    name: string,
    entries: readonly Entry[],
    messageOf: (entry: Entry) => StoredMessage | undefined,
    execute: (entry: Entry) => EntryResult,
  ): Promise<readonly EntryResult[]> {
    const { process, network, ledger, trace, waiters } = this.#options;
    // A handler that ignores its signal may go on, and send; and the second step of a burial follows from its first.
    if (name !== 'send' && name !== COMPLETE_BURIED) this.#checkQuiet(name);
    if (entries.length === 0) return Promise.resolve([]);
    const { random, mix, time } = network;
    const explain = (entry: Entry, fault: string): void => {
      const stored = messageOf(entry);
      if (stored !== undefined) ledger.explain(stored, `${name}: ${fault}`);
    };
    return network.call<readonly EntryResult[]>({
      process,
      port: 'queue',
      name: `${name} ${entries.length}`,
      execute: (answer) => {
        const share = time.nowMs() < mix.healAtMs ? mix.refusedEntries : 0;
        const results = entries.map((entry): EntryResult => {
          if (share === 0 || !random.chance(share)) return execute(entry);
          explain(entry, 'refused');
          trace?.(`${process.name} ${name}: one refused`);
          return { ok: false, code: 'unavailable', message: 'Refused for now' };
        });
        trace?.(
          `${process.name} ${name} ${results.map((result) => (result.ok ? 'ok' : result.code)).join(' ')}`,
        );
        waiters.look();
        answer(results);
      },
      unheard: (fault) => entries.map(() => ({ ok: false, code: 'unavailable', message: fault })),
      onFault: (fault) => entries.forEach((entry) => explain(entry, fault)),
    });
  }

  #arrive(delivery: Delivery, askedAtMs: number, waitMs: number, leaseMs: number): Message {
    const { process, ledger } = this.#options;
    const { stored, handle, receiveCount } = delivery;
    const receivedAtMs = process.clock.nowMs();
    const leaseUntilMs = (waitMs > 0 ? receivedAtMs : askedAtMs) + leaseMs;
    ledger.arrived(process, stored, handle, leaseUntilMs);
    return {
      messageId: stored.messageId,
      body: stored.message.body,
      lease: { messageId: stored.messageId, handle, receivedAtMs },
      leaseUntilMs,
      receiveCount,
      sentAtMs: stored.sentAtMs,
      attributes: stored.message.attributes ?? {},
    };
  }

  #checkQuiet(name: string): void {
    const { process, ledger } = this.#options;
    if (process.isStopped && !process.isDead) ledger.violate('calls after stop', `${process.name} ${name}`);
  }
}

function byId(sqs: SimulatedSqs): (lease: Lease) => StoredMessage | undefined {
  return ({ messageId }) => sqs.find(messageId);
}
