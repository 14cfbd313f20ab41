/**
 * The rows of messages and the order in which they may be received. On a standard queue that is the order in which they
 * became visible. On a FIFO queue it is the order of sending within a group, and a group of which a message is in flight
 * waits: `lanes` holds the moment at which each group is free.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { StoredQueue } from '../queues/queue-book.ts';

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

const INSERT = `INSERT INTO messages
  (queue, lane, id, body, digest, attributes, system, sent_ms, kept_since_ms, visible_ms, receives, first_received_ms)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const SET_STATE = `UPDATE messages
  SET visible_ms = ?, receives = ?, first_received_ms = ?, received_ms = ?, delivery = ? WHERE seq = ?`;
const COUNTS = `SELECT
  (SELECT count(*) FROM messages WHERE queue = :queue AND visible_ms <= :now) AS visible,
  (SELECT count(*) FROM messages WHERE queue = :queue AND visible_ms > :now) AS hidden,
  (SELECT count(*) FROM messages INDEXED BY delivered
    WHERE queue = :queue AND delivery IS NOT NULL AND visible_ms > :now) AS inFlight`;
const WAITING = `SELECT * FROM messages
  WHERE queue = ? AND seq <= ? AND (delivery IS NULL OR visible_ms <= ?) ORDER BY visible_ms, seq LIMIT ?`;

/** Opens the messages of a database. `touched` hears of queues in which something may have become receivable. */
export function openMessageTable(database: DatabaseSync, touched: (queue: number) => void): MessageTable {
  const insert = database.prepare(INSERT);
  const get = database.prepare('SELECT * FROM messages WHERE seq = ?');
  const remove = database.prepare('DELETE FROM messages WHERE seq = ?');
  const setState = database.prepare(SET_STATE);
  const visible = database.prepare(
    'SELECT * FROM messages INDEXED BY by_visibility WHERE queue = ? AND visible_ms <= ? ORDER BY visible_ms, seq LIMIT ?',
  );
  const counts = database.prepare(COUNTS);
  const next = database.prepare(
    'SELECT min(visible_ms) AS ms FROM messages WHERE queue = ? AND visible_ms > ?',
  );
  const outlived = database.prepare(
    'SELECT * FROM messages INDEXED BY by_age WHERE queue = ? AND kept_since_ms <= ?',
  );
  const clear = database.prepare('DELETE FROM messages WHERE queue = ?');
  const clearLanes = database.prepare('DELETE FROM lanes WHERE queue = ?');
  const waiting = database.prepare(WAITING);
  const last = database.prepare('SELECT coalesce(max(seq), 0) AS seq FROM messages');
  const lanes = openLanes(database);

  const drop = (message: StoredMessage): void => {
    remove.run(message.seq);
    if (message.lane === null) return;
    lanes.refresh(message.queue, message.lane);
    touched(message.queue);
  };
  return {
    insert(message) {
      const { queue, lane } = message;
      const { lastInsertRowid } = insert.run(
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
      if (lane !== null) lanes.added(queue, lane, seq, message.visible_ms);
      touched(queue);
      return seq;
    },
    get: (seq) => get.get(seq) as StoredMessage | undefined,
    remove: drop,
    receivable: ({ id, isFifo }, nowMs, limit) =>
      isFifo
        ? lanes.receivable(id, nowMs, limit)
        : (visible.all(id, nowMs, limit) as unknown as readonly StoredMessage[]),
    setState({ seq, queue, lane }, state) {
      const { visible_ms, receives, first_received_ms, received_ms, delivery } = state;
      setState.run(visible_ms, receives, first_received_ms, received_ms, delivery, seq);
      if (lane !== null) lanes.refresh(queue, lane);
      touched(queue);
    },
    counts({ id }, nowMs) {
      const row = counts.get({ queue: id, now: nowMs }) as Record<'visible' | 'hidden' | 'inFlight', number>;
      return { visible: row.visible, inFlight: row.inFlight, delayed: row.hidden - row.inFlight };
    },
    nextMs({ id, isFifo }, nowMs) {
      if (isFifo) return lanes.nextMs(id, nowMs);
      return (next.get(id, nowMs) as { readonly ms: number | null }).ms ?? undefined;
    },
    expire({ id, settings }, nowMs) {
      for (const row of outlived.all(id, nowMs - settings.retentionMs)) drop(row as unknown as StoredMessage);
    },
    clear({ id }) {
      clear.run(id);
      clearLanes.run(id);
    },
    waiting: ({ id }, nowMs, lastSeq, limit) =>
      waiting.all(id, lastSeq, nowMs, limit) as unknown as readonly StoredMessage[],
    lastSeq: () => (last.get() as { readonly seq: number }).seq,
  };
}

interface Lanes {
  /** A message was appended. */
  added(queue: number, lane: string, seq: number, visibleMs: number): void;
  /** Messages of the lane were changed or removed. */
  refresh(queue: number, lane: string): void;
  receivable(queue: number, nowMs: number, limit: number): StoredMessage[];
  nextMs(queue: number, nowMs: number): number | undefined;
}

function openLanes(database: DatabaseSync): Lanes {
  const added = database.prepare(
    'INSERT INTO lanes (queue, lane, head, ready_ms) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
  );
  const head = database.prepare(
    'SELECT seq, visible_ms FROM messages WHERE queue = ? AND lane = ? ORDER BY seq LIMIT 1',
  );
  const busy = database.prepare(
    'SELECT max(visible_ms) AS ms FROM messages INDEXED BY delivered WHERE queue = ? AND lane = ? AND delivery IS NOT NULL',
  );
  const set = database.prepare(
    'INSERT INTO lanes (queue, lane, head, ready_ms) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET head = excluded.head, ready_ms = excluded.ready_ms',
  );
  const drop = database.prepare('DELETE FROM lanes WHERE queue = ? AND lane = ?');
  const ready = database.prepare(
    'SELECT lane FROM lanes INDEXED BY by_readiness WHERE queue = ? AND ready_ms <= ? ORDER BY ready_ms, head LIMIT ?',
  );
  const next = database.prepare('SELECT min(ready_ms) AS ms FROM lanes WHERE queue = ? AND ready_ms > ?');
  const first = database.prepare(
    'SELECT * FROM messages INDEXED BY by_lane WHERE queue = ? AND lane = ? ORDER BY seq LIMIT ?',
  );
  return {
    added: (queue, lane, seq, visibleMs) => void added.run(queue, lane, seq, visibleMs),
    refresh(queue, lane) {
      const front = head.get(queue, lane) as
        | { readonly seq: number; readonly visible_ms: number }
        | undefined;
      if (front === undefined) {
        drop.run(queue, lane);
        return;
      }
      const { ms } = busy.get(queue, lane) as { readonly ms: number | null };
      set.run(queue, lane, front.seq, Math.max(front.visible_ms, ms ?? 0));
    },
    receivable(queue, nowMs, limit) {
      const found: StoredMessage[] = [];
      for (const { lane } of ready.all(queue, nowMs, limit) as unknown as readonly {
        readonly lane: string;
      }[]) {
        if (found.length === limit) break;
        const rows = first.all(queue, lane, limit - found.length) as unknown as readonly StoredMessage[];
        // A message that is delayed holds back those behind it: order is the promise.
        const hidden = rows.findIndex((row) => row.visible_ms > nowMs);
        found.push(...(hidden === -1 ? rows : rows.slice(0, hidden)));
      }
      return found;
    },
    nextMs: (queue, nowMs) => (next.get(queue, nowMs) as { readonly ms: number | null }).ms ?? undefined,
  };
}
