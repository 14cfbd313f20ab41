/**
 * Carries an outcome out: acknowledges, gives back or buries the message, and writes the attempt record first, so that
 * whoever gets the message next knows what happened.
 */
import { hostname } from 'node:os';
import type { AttemptRecord, Clock, Envelope, Outcome } from '@longshore/job';
import { deadLetterMessage, type Message, type Queue } from '@longshore/queue';
import type { AttemptStore } from './attempt-store.ts';
import type { Logger } from './handler.ts';

/** Where attempts run, for their records. */
const HOST = hostname();

/** What settling needs. */
export interface SettlementOptions {
  readonly queue: Queue;
  readonly attempts: AttemptStore;
  readonly clock: Clock;
  readonly log: Logger;
}

/** An outcome to carry out. */
export interface Settlement {
  readonly message: Message;
  readonly outcome: Outcome;
  readonly envelope: Envelope | undefined;
  readonly records: readonly AttemptRecord[];
  /** A crash record was written for this attempt when it started. */
  readonly marked: boolean;
  readonly stack?: string;
}

/**
 * Settles a message that was not completed. Failures are logged and harmless: the message returns when its lease runs
 * out.
 */
export async function settle(settlement: Settlement, options: SettlementOptions): Promise<void> {
  const { message, outcome, marked } = settlement;
  try {
    switch (outcome.kind) {
      case 'completed':
      case 'duplicate':
        return;
      case 'lost':
        if (marked) await append(settlement, 'interrupted', 'lease_lost', 'The lease was lost', options);
        return;
      case 'released':
        if (marked) await append(settlement, 'interrupted', 'interrupted', 'Given back unfinished', options);
        return await giveBack(settlement, outcome.delayMs, options);
      case 'retried':
        await append(settlement, 'failed', outcome.code, outcome.reason, options);
        return await giveBack(settlement, outcome.delayMs, options);
      case 'buried':
        return await buryMessage(settlement, outcome.code, outcome.reason, options);
    }
  } catch (error) {
    options.log.error(
      { err: error, messageId: message.messageId, outcome: outcome.kind },
      'Could not settle, the message returns after its lease',
    );
  }
}

/** The record of an attempt that is about to start: it stands if the worker dies with it. */
export function crashRecord(message: Message, clock: Clock): AttemptRecord {
  return {
    receive: message.receiveCount,
    kind: 'crashed',
    code: 'crashed',
    message: 'The worker ended while it ran this job',
    host: HOST,
    atMs: Math.round(clock.nowMs()),
  };
}

async function giveBack(
  { message, outcome }: Settlement,
  delayMs: number,
  options: SettlementOptions,
): Promise<void> {
  const [result] = await options.queue.release([message.lease], delayMs);
  if (result?.ok !== false) return;
  const fields = {
    messageId: message.messageId,
    outcome: outcome.kind,
    code: result.code,
    reason: result.message,
  };
  options.log.warn(fields, 'Could not give a message back, it returns after its lease');
}

async function buryMessage(
  settlement: Settlement,
  code: string,
  reason: string,
  options: SettlementOptions,
): Promise<void> {
  const { message, envelope, records } = settlement;
  const last = record(settlement, 'failed', code, reason, options.clock);
  const dead = deadLetterMessage({
    ...(envelope === undefined
      ? { rawBody: message.body }
      : { envelope: { ...envelope, attempts: [...envelope.attempts, ...records, last] } }),
    code,
    reason,
    queue: options.queue.name,
    host: last.host,
    atMs: last.atMs,
    maxBytes: options.queue.capabilities.maxMessageBytes,
    ...(message.group === undefined ? {} : { group: message.group }),
    messageId: message.messageId,
  });
  const [result] = await options.queue.bury([{ lease: message.lease, message: dead }]);
  if (result?.ok === false) throw new Error(`Cannot bury message: ${result.message}`);
  if (message.receiveCount > 1) await options.attempts.clear(message.messageId);
}

async function append(
  settlement: Settlement,
  kind: AttemptRecord['kind'],
  code: string,
  reason: string,
  options: SettlementOptions,
): Promise<void> {
  await options.attempts.append(
    settlement.message.messageId,
    record(settlement, kind, code, reason, options.clock),
  );
}

function record(
  settlement: Settlement,
  kind: AttemptRecord['kind'],
  code: string,
  message: string,
  clock: Clock,
): AttemptRecord {
  const { stack } = settlement;
  const atMs = Math.round(clock.nowMs());
  const base = { receive: settlement.message.receiveCount, kind, code, message, host: HOST, atMs };
  return stack === undefined ? base : { ...base, stack };
}
