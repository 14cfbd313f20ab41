/**
 * The rows of messages and the order in which they may be received. On a standard queue that is the order in which they
 * became visible. On a FIFO queue it is the order of sending within a group, and a group of which a message is in flight
 * waits: `lanes` holds the moment at which each group is free.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { StoredQueue } from '../queues/queue-book.ts';
import { openLanes, type Lanes } from './lanes.ts';

/** A message as it is stored. */
export interface StoredMessage {
  /** Position, growing with every message; part of handles and sequence numbers. */
  readonly seq: number;
  readonly queue: number;
  /** Group on a FIFO queue. */
  readonly lane: string | null;
  readonly id: string;
  readonly body: string;
  readonly digest: string;
  /** JSON of its attributes. */
  readonly attributes: string | null;
  /** JSON of {@link SystemFacts}. */
  readonly system: string;
  readonly sent_ms: number;
  /** Retention counts from here. */
  readonly kept_since_ms: number;
  readonly visible_ms: number;
  readonly receives: number;
  readonly first_received_ms: number | null;
  readonly received_ms: number | null;
  /** Mark of the newest delivery. */
  readonly delivery: string | null;
}

/** What SQS tells of a message beside its counts. */
export interface SystemFacts {
  readonly sender: string;
  readonly group?: string;
  readonly deduplicationId?: string;
  readonly trace?: string;
  readonly deadLetterSource?: string;
}

/** A message to store. */
export type NewMessage = Omit<
  StoredMessage,
  'seq' | 'receives' | 'first_received_ms' | 'received_ms' | 'delivery'
> & { readonly receives?: number; readonly first_received_ms?: number | null };

/** State of a message that a delivery changes. */
export type DeliveryState = Pick<
  StoredMessage,
  'visible_ms' | 'receives' | 'first_received_ms' | 'received_ms' | 'delivery'
>;

/** Exact counts of a queue. */
export interface MessageCounts {
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
}

/** Messages of all queues. All methods run inside a turn. */
export interface MessageTable {
  insert(message: NewMessage): number;
  get(seq: number): StoredMessage | undefined;
  remove(message: StoredMessage): void;
  /** The next messages that may be received, in order. */
  receivable(queue: StoredQueue, nowMs: number, limit: number): readonly StoredMessage[];
  setState(message: StoredMessage, state: DeliveryState): void;
  counts(queue: StoredQueue, nowMs: number): MessageCounts;
  /** When the next message that waits for a time becomes receivable. */
  nextMs(queue: StoredQueue, nowMs: number): number | undefined;
  /** Deletes what has outlived the queue's retention. */
  expire(queue: StoredQueue, nowMs: number): void;
  clear(queue: StoredQueue): void;
  /** Messages that are not in flight, oldest first, up to a position. */
  waiting(queue: StoredQueue, nowMs: number, lastSeq: number, limit: number): readonly StoredMessage[];
  lastSeq(): number;
}

/** Opens the messages of a database. `touched` hears of queues in which something may have become receivable. */
export function openMessageTable(database: DatabaseSync, touched: (queue: number) => void): MessageTable {
  return new SqliteMessageTable(database, touched);
}

class SqliteMessageTable implements MessageTable {
  readonly #statements: ReturnType<typeof prepare>;
  readonly #lanes: Lanes;
  readonly #touched: (queue: number) => void;

  constructor(database: DatabaseSync, touched: (queue: number) => void) {
    this.#statements = prepare(database);
    this.#lanes = openLanes(database);
    this.#touched = touched;
  }

  insert(message: NewMessage): number {
    const { queue, lane } = message;
    const { lastInsertRowid } = this.#statements.insert.run(
      queue,
      lane,
      message.id,
      message.body,
      message.digest,
      message.attributes,
      message.system,
      message.sent_ms,
      message.kept_since_ms,
      message.visible_ms,
      message.receives ?? 0,
      message.first_received_ms ?? null,
    );
    const seq = Number(lastInsertRowid);
    if (lane !== null) this.#lanes.added(queue, lane, seq, message.visible_ms);
    this.#touched(queue);
    return seq;
  }

  get(seq: number): StoredMessage | undefined {
    return this.#statements.get.get(seq) as StoredMessage | undefined;
  }

  remove({ seq, queue, lane }: StoredMessage): void {
    this.#statements.remove.run(seq);
    if (lane === null) return;
    this.#lanes.refresh(queue, lane);
    this.#touched(queue);
  }

  receivable({ id, isFifo }: StoredQueue, nowMs: number, limit: number): readonly StoredMessage[] {
    if (isFifo) return this.#lanes.receivable(id, nowMs, limit);
    return this.#statements.visible.all(id, nowMs, limit) as unknown as readonly StoredMessage[];
  }

  setState({ seq, queue, lane }: StoredMessage, state: DeliveryState): void {
    const { visible_ms, receives, first_received_ms, received_ms, delivery } = state;
    this.#statements.setState.run(visible_ms, receives, first_received_ms, received_ms, delivery, seq);
    if (lane !== null) this.#lanes.refresh(queue, lane);
    this.#touched(queue);
  }

  counts({ id }: StoredQueue, nowMs: number): MessageCounts {
    const row = this.#statements.counts.get({ queue: id, now: nowMs }) as Record<
      'visible' | 'hidden' | 'inFlight',
      number
    >;
    return { visible: row.visible, inFlight: row.inFlight, delayed: row.hidden - row.inFlight };
  }

  nextMs({ id, isFifo }: StoredQueue, nowMs: number): number | undefined {
    if (isFifo) return this.#lanes.nextMs(id, nowMs);
    return (this.#statements.next.get(id, nowMs) as { readonly ms: number | null }).ms ?? undefined;
  }

  expire({ id, settings }: StoredQueue, nowMs: number): void {
    const outlived = this.#statements.outlived.all(id, nowMs - settings.retentionMs);
    for (const row of outlived) this.remove(row as unknown as StoredMessage);
  }

  clear({ id }: StoredQueue): void {
    this.#statements.clear.run(id);
    this.#statements.clearLanes.run(id);
  }

  waiting({ id }: StoredQueue, nowMs: number, lastSeq: number, limit: number): readonly StoredMessage[] {
    return this.#statements.waiting.all(id, lastSeq, nowMs, limit) as unknown as readonly StoredMessage[];
  }

  lastSeq(): number {
    return (this.#statements.last.get() as { readonly seq: number }).seq;
  }
}

function prepare(database: DatabaseSync) {
  return {
    insert: database.prepare(
      `INSERT INTO messages (queue, lane, id, body, digest, attributes, system, sent_ms, kept_since_ms, visible_ms,
        receives, first_received_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    get: database.prepare('SELECT * FROM messages WHERE seq = ?'),
    remove: database.prepare('DELETE FROM messages WHERE seq = ?'),
    setState: database.prepare(
      `UPDATE messages SET visible_ms = ?, receives = ?, first_received_ms = ?, received_ms = ?, delivery = ?
        WHERE seq = ?`,
    ),
    visible: database.prepare(
      `SELECT * FROM messages INDEXED BY by_visibility WHERE queue = ? AND visible_ms <= ?
        ORDER BY visible_ms, seq LIMIT ?`,
    ),
    counts: database.prepare(
      `SELECT
        (SELECT count(*) FROM messages WHERE queue = :queue AND visible_ms <= :now) AS visible,
        (SELECT count(*) FROM messages WHERE queue = :queue AND visible_ms > :now) AS hidden,
        (SELECT count(*) FROM messages INDEXED BY delivered
          WHERE queue = :queue AND delivery IS NOT NULL AND visible_ms > :now) AS inFlight`,
    ),
    next: database.prepare('SELECT min(visible_ms) AS ms FROM messages WHERE queue = ? AND visible_ms > ?'),
    outlived: database.prepare(
      'SELECT * FROM messages INDEXED BY by_age WHERE queue = ? AND kept_since_ms <= ?',
    ),
    clear: database.prepare('DELETE FROM messages WHERE queue = ?'),
    clearLanes: database.prepare('DELETE FROM lanes WHERE queue = ?'),
    waiting: database.prepare(
      `SELECT * FROM messages INDEXED BY by_visibility WHERE queue = ? AND seq <= ? AND (delivery IS NULL OR visible_ms <= ?)
        ORDER BY visible_ms, seq LIMIT ?`,
    ),
    last: database.prepare('SELECT coalesce(max(seq), 0) AS seq FROM messages'),
  };
}
