/** Events of a game in SQLite, each once, whatever how often it comes. */
import { DatabaseSync } from 'node:sqlite';

/** Something that a player did. */
export interface GameEvent {
  /** Made by the game, so that an event that is sent twice is known. */
  readonly id: string;
  readonly player: string;
  readonly kind: 'start' | 'level' | 'purchase' | 'end';
  readonly atMs: number;
  /** Of a purchase. */
  readonly cents: number;
}

/** Where events are kept. */
export interface EventStore {
  /** Writes all, or none, in one transaction. Resolves with how many were new. */
  add(events: readonly GameEvent[]): number;
  /** Events of a time, in its order; `toMs` is not part of it. */
  between(fromMs: number, toMs: number): readonly GameEvent[];
  /** Players whose first event ever lies in the time. */
  playersSince(fromMs: number, toMs: number): ReadonlySet<string>;
  close(): void;
}

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  CREATE TABLE IF NOT EXISTS events (
    id TEXT PRIMARY KEY, player TEXT NOT NULL, kind TEXT NOT NULL, at_ms INTEGER NOT NULL, cents INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS events_by_time ON events (at_ms, player);
  CREATE INDEX IF NOT EXISTS events_by_player ON events (player, at_ms);
`;

/** Opens the store in a file; `:memory:` for none. */
export function openEventStore(path: string): EventStore {
  const database = new DatabaseSync(path);
  database.exec(SCHEMA);
  const insert = database.prepare('INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?, ?)');
  const select = database.prepare(
    'SELECT id, player, kind, at_ms AS atMs, cents FROM events WHERE at_ms >= ? AND at_ms < ? ORDER BY at_ms, id',
  );
  const firsts = database.prepare(
    'SELECT player FROM events GROUP BY player HAVING min(at_ms) >= ? AND min(at_ms) < ?',
  );
  return {
    add(events) {
      database.exec('BEGIN IMMEDIATE');
      try {
        const added = events.reduce(
          (sum, { id, player, kind, atMs, cents }) =>
            sum + Number(insert.run(id, player, kind, atMs, cents).changes),
          0,
        );
        database.exec('COMMIT');
        return added;
      } catch (error) {
        database.exec('ROLLBACK');
        throw error;
      }
    },
    between: (fromMs, toMs) => select.all(fromMs, toMs) as unknown as readonly GameEvent[],
    playersSince: (fromMs, toMs) => new Set(firsts.all(fromMs, toMs).map(({ player }) => String(player))),
    close: () => database.close(),
  };
}
