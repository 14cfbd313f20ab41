/** Groups of FIFO queues: which of them may be received, and what is first in each. */
import type { DatabaseSync } from 'node:sqlite';
import type { StoredMessage } from './message-table.ts';

/** Groups of FIFO queues. */
export interface Lanes {
  /** A message was appended. */
  added(queue: number, lane: string, seq: number, visibleMs: number): void;
  /** Messages of the lane were changed or removed. */
  refresh(queue: number, lane: string): void;
  receivable(queue: number, nowMs: number, limit: number): StoredMessage[];
  nextMs(queue: number, nowMs: number): number | undefined;
}

/** Opens the groups of a database. */
export function openLanes(database: DatabaseSync): Lanes {
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
