/** Puts messages into a queue. On a FIFO queue a deduplication id counts for five minutes, whatever became of its message. */
import { hash, randomUUID } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { attributesDigest } from '../protocol/message-attributes.ts';
import type { StoredQueue } from '../queues/queue-book.ts';
import type { MessageTable, SystemFacts } from './message-table.ts';
import type { Outgoing } from './outgoing.ts';

/** What a sender is told. */
export interface Sent {
  readonly messageId: string;
  readonly bodyDigest: string;
  readonly attributesDigest: string | undefined;
  readonly traceDigest: string | undefined;
  /** FIFO queues only. */
  readonly sequenceNumber: string | undefined;
}

/** Sends inside a turn. */
export type SendMessage = (queue: StoredQueue, message: Outgoing, sender: string, nowMs: number) => Sent;

/** SQS: the deduplication interval. */
const DEDUPLICATION_MS = 300_000;

/** SQS tells sequence numbers with twenty digits. */
export function sequenceNumberOf(seq: number): string {
  return String(seq).padStart(20, '0');
}

/** Opens the way into the queues. */
export function openSend(database: DatabaseSync, messages: MessageTable): SendMessage {
  const duplicate = database.prepare(
    'SELECT message_id AS id, sequence_number AS number FROM duplicates WHERE queue = ? AND scope = ? AND id = ?',
  );
  const remember = database.prepare('INSERT INTO duplicates VALUES (?, ?, ?, ?, ?, ?)');
  const forget = database.prepare('DELETE FROM duplicates WHERE until_ms <= ?');
  return (queue, outgoing, sender, nowMs) => {
    const { body, attributes, trace, group, deduplicationId } = outgoing;
    const digests = {
      bodyDigest: hash('md5', body),
      attributesDigest: attributesDigest(attributes),
      traceDigest:
        trace === undefined
          ? undefined
          : attributesDigest({ AWSTraceHeader: { DataType: 'String', StringValue: trace } }),
    };
    const scope = queue.settings.isDeduplicatedByGroup ? (group ?? '') : '';
    if (deduplicationId !== undefined) {
      forget.run(nowMs);
      const first = duplicate.get(queue.id, scope, deduplicationId) as
        | { readonly id: string; readonly number: string }
        | undefined;
      if (first !== undefined) return { messageId: first.id, sequenceNumber: first.number, ...digests };
    }
    const messageId = randomUUID();
    const seq = messages.insert({
      queue: queue.id,
      lane: queue.isFifo ? (group ?? '') : null,
      id: messageId,
      body,
      digest: digests.bodyDigest,
      attributes: digests.attributesDigest === undefined ? null : JSON.stringify(attributes),
      system: JSON.stringify(systemFacts(outgoing, sender)),
      sent_ms: nowMs,
      kept_since_ms: nowMs,
      visible_ms: nowMs + outgoing.delayMs,
    });
    const sequenceNumber = queue.isFifo ? sequenceNumberOf(seq) : undefined;
    if (deduplicationId !== undefined && sequenceNumber !== undefined) {
      remember.run(queue.id, scope, deduplicationId, messageId, sequenceNumber, nowMs + DEDUPLICATION_MS);
    }
    return { messageId, sequenceNumber, ...digests };
  };
}

function systemFacts({ group, deduplicationId, trace }: Outgoing, sender: string): SystemFacts {
  return {
    sender,
    ...(group === undefined ? {} : { group }),
    ...(deduplicationId === undefined ? {} : { deduplicationId }),
    ...(trace === undefined ? {} : { trace }),
  };
}
