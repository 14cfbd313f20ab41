/**
 * Carries an outcome out: acknowledges, gives back or buries the message, and writes the attempt record first, so that
 * whoever gets the message next knows what happened.
 */
import { hostname } from 'node:os';
import type { AttemptRecord, Clock, Envelope, Outcome } from '@longshore/job';
import { deadLetterMessage, type Message, type Queue } from '@longshore/queue';
import type { AttemptStore } from './attempt-store.ts';
import type { Completer } from './completer.ts';
import type { Logger } from './handler.ts';

/** What settling needs. */
export interface SettlementOptions {
  readonly queue: Queue;
  readonly completer: Completer;
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
  readonly stack?: string;
}

/**
 * Settles a message, except `completed` and `duplicate`, which only enter the completer's next batch. Resolves `true`
 * when the lease is given up. Failures are logged and harmless: the message returns when its lease runs out.
 */
export async function settle(settlement: Settlement, options: SettlementOptions): Promise<boolean> {
  const { message, outcome } = settlement;
  try {
    switch (outcome.kind) {
      case 'completed':
      case 'duplicate':
        options.completer.complete(message.lease);
        return false;
      case 'lost':
        return true;
      case 'released':
        if (outcome.interrupted)
          await append(settlement, 'interrupted', 'interrupted', 'Given back unfinished', options);
        await giveBack(settlement, outcome.delayMs, options);
        return true;
      case 'retried':
        await append(settlement, 'failed', outcome.code, outcome.reason, options);
        await giveBack(settlement, outcome.delayMs, options);
        return true;
      case 'buried':
        await buryMessage(settlement, outcome.code, outcome.reason, options);
        return true;
    }
  } catch (error) {
    options.log.error(
      { err: error, messageId: message.messageId, outcome: outcome.kind },
      'Could not settle, the message returns after its lease',
    );
    return true;
  }
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
  const base = { receive: settlement.message.receiveCount, kind, code, message, host: hostname(), atMs };
  return stack === undefined ? base : { ...base, stack };
}
