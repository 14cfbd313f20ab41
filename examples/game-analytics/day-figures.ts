/** The figures of a day, from its events: pure, so that they can be made again at any time. */
import type { GameEvent } from './event-store.ts';

/** What a day was like. */
export interface DayFigures {
  readonly day: string;
  readonly players: number;
  readonly newPlayers: number;
  readonly sessions: number;
  readonly medianSessionSeconds: number;
  readonly purchasesCents: number;
  /** Of those who came for the first time one and seven days before, the share that was here; absent if nobody did. */
  readonly retention: { readonly day1?: number; readonly day7?: number };
}

/** A visit of one player. */
export interface Session {
  readonly player: string;
  readonly startMs: number;
  readonly endMs: number;
}

/** Half an hour without an event ends a session, as analytics tools count. */
const GAP_MS = 30 * 60_000;

/** The sessions in some events, in whatever order those are. */
export function sessionsOf(events: readonly GameEvent[]): readonly Session[] {
  const byPlayer = Map.groupBy(events, ({ player }) => player);
  return [...byPlayer].flatMap(([player, own]) => {
    const sessions: { player: string; startMs: number; endMs: number }[] = [];
    for (const { atMs } of own.toSorted((one, other) => one.atMs - other.atMs)) {
      const last = sessions.at(-1);
      if (last !== undefined && atMs - last.endMs < GAP_MS) last.endMs = atMs;
      else sessions.push({ player, startMs: atMs, endMs: atMs });
    }
    return sessions;
  });
}

/** What {@link dayFigures} is made of. */
export interface DayFacts {
  readonly day: string;
  readonly events: readonly GameEvent[];
  /** Who came for the first time on the day, one day before, and seven. */
  readonly newcomers: ReadonlySet<string>;
  readonly newcomersDay1: ReadonlySet<string>;
  readonly newcomersDay7: ReadonlySet<string>;
}

/** The figures. */
export function dayFigures({ day, events, newcomers, newcomersDay1, newcomersDay7 }: DayFacts): DayFigures {
  const players = new Set(events.map(({ player }) => player));
  const sessions = sessionsOf(events);
  const lengths = sessions.map(({ startMs, endMs }) => endMs - startMs).toSorted((one, other) => one - other);
  const day1 = share(newcomersDay1, players);
  const day7 = share(newcomersDay7, players);
  return {
    day,
    players: players.size,
    newPlayers: newcomers.size,
    sessions: sessions.length,
    medianSessionSeconds: Math.round((lengths[Math.floor(lengths.length / 2)] ?? 0) / 1_000),
    purchasesCents: events.reduce((sum, { kind, cents }) => (kind === 'purchase' ? sum + cents : sum), 0),
    retention: { ...(day1 === undefined ? {} : { day1 }), ...(day7 === undefined ? {} : { day7 }) },
  };
}

function share(cohort: ReadonlySet<string>, players: ReadonlySet<string>): number | undefined {
  return cohort.size === 0 ? undefined : cohort.intersection(players).size / cohort.size;
}
