import { describe, expect, it, onTestFinished } from 'vitest';
import { jsonLog } from '@longshore/worker';
import type { Clock } from '@longshore/job';
import type { TalliedDataset } from '../datasets/tallied-dataset.ts';
import { scriptedSink, type ScriptedSink } from '../fixtures/scripted-sink.ts';
import { openDashboardStore } from '../store/open-dashboard-store.ts';
import type { DashboardStore } from '../store/dashboard-store.ts';
import { createPusher, type Pusher } from './pusher.ts';

const SCORES: TalliedDataset<string> = {
  dataset: {
    id: 'scores',
    fields: { player: { type: 'string', name: 'Player' }, points: { type: 'number', name: 'Points' } },
    uniqueBy: ['player'],
  },
  tally: (player) => ({ key: player, add: { points: 1 } }),
  row: (player, { points = 0 }) => ({ player, points }),
};

/** Time that stands still until it is moved; `after` never fires. */
function stillClock(): Clock & { ms: number } {
  const clock = {
    ms: Date.UTC(2026, 10, 23),
    nowMs: () => clock.ms,
    after: () => ({ cancel: () => undefined }),
  };
  return clock;
}

interface Stage {
  readonly store: DashboardStore;
  readonly clock: Clock & { ms: number };
  readonly pusher: (scripted: ScriptedSink, holder?: string) => Pusher;
  readonly score: (...players: string[]) => Promise<void>;
}

let facts = 0;

async function stage(): Promise<Stage> {
  const store = await openDashboardStore({ kind: 'sqlite', path: ':memory:' });
  onTestFinished(() => store.close());
  const clock = stillClock();
  return {
    store,
    clock,
    pusher: ({ sink }, holder = 'one') =>
      createPusher({
        store,
        sinks: [sink],
        datasets: [SCORES],
        log: jsonLog({ level: 'silent' }),
        holder,
        clock,
      }),
    async score(...players) {
      const scored = players.map((player) => ({
        id: `${(facts += 1)}`,
        tallies: [{ dataset: 'scores', key: player, add: { points: 1 } }],
      }));
      await store.count(scored, clock.nowMs());
    },
  };
}

describe('pushing', () => {
  it('shows the last state of each row, in one request for all that happened since', async () => {
    const { pusher, score } = await stage();
    const board = scriptedSink();
    const one = pusher(board);
    await score('ann', 'bob', 'ann');
    await one.round();
    await score(...Array.from({ length: 500 }, () => 'ann'));
    await one.round();
    await one.round();
    expect(board.requests).toEqual(['describe scores', 'merge 2', 'merge 1']);
    expect(board.rows('scores')).toEqual([
      { player: 'bob', points: 1 },
      { player: 'ann', points: 502 },
    ]);
  });

  it('splits at the rows that a request may have', async () => {
    const { pusher, score } = await stage();
    const board = scriptedSink({ limits: { rowsPerRequest: 2 } });
    await score('a', 'b', 'c', 'd', 'e');
    await pusher(board).round();
    expect(board.requests).toEqual(['describe scores', 'merge 2', 'merge 2', 'merge 1']);
    expect(board.rows('scores')).toHaveLength(5);
  });

  it('pushes again what changed while it was pushed', async () => {
    const { pusher, score } = await stage();
    const board = scriptedSink();
    const one = pusher(board);
    await score('ann');
    board.whilePushing = async () => {
      delete board.whilePushing;
      await score('ann');
    };
    await one.round();
    expect(board.rows('scores')).toEqual([{ player: 'ann', points: 2 }]);
  });

  it.each(['down', 'throttled', 'refused', 'answer lost'] as const)(
    'loses nothing when the dashboard is %s',
    async (mishap) => {
      const { pusher, score, clock } = await stage();
      const board = scriptedSink();
      const one = pusher(board);
      await score('ann', 'bob');
      await one.round();
      await score('ann');
      board.mishaps.push(mishap);
      await one.round();
      clock.ms += 120_000;
      await one.round();
      expect(board.rows('scores')).toContainEqual({ player: 'ann', points: 2 });
    },
  );

  it('asks nothing of a dashboard before the time that it named', async () => {
    const { pusher, score, clock } = await stage();
    const board = scriptedSink();
    board.mishaps.push('throttled');
    const one = pusher(board);
    await score('ann');
    await one.round();
    clock.ms += 89_000;
    await one.round();
    await pusher(board, 'two').round();
    expect(board.requests).toHaveLength(1);
    clock.ms += 1_000;
    await one.round();
    expect(board.rows('scores')).toHaveLength(1);
  });

  it('makes no more requests in a minute than the account has, and all of them in the end', async () => {
    const { pusher, score, clock } = await stage();
    const board = scriptedSink({ limits: { requestsPerMinute: 3, rowsPerRequest: 1 } });
    const one = pusher(board);
    await score('a', 'b', 'c', 'd', 'e');
    const perRound: number[] = [];
    for (let round = 0; round < 4; round += 1) {
      const before = board.requests.length;
      await one.round();
      perRound.push(board.requests.length - before);
      clock.ms += 60_000;
    }
    expect(Math.max(...perRound)).toBeLessThanOrEqual(3);
    clock.ms += 60_000;
    await one.round();
    expect(board.rows('scores')).toHaveLength(5);
  });

  it('is done by one process at a time, and by another when that one has stopped', async () => {
    const { pusher, score } = await stage();
    const board = scriptedSink();
    const [one, two] = [pusher(board, 'one'), pusher(board, 'two')];
    await score('ann');
    await one.round();
    await score('ann');
    await two.round();
    expect(board.rows('scores')).toEqual([{ player: 'ann', points: 1 }]);
    await one.stop();
    expect(board.rows('scores')).toEqual([{ player: 'ann', points: 2 }]);
    await score('ann');
    await two.round();
    expect(board.rows('scores')).toEqual([{ player: 'ann', points: 3 }]);
  });

  it('fills a dashboard that lives in the process with all rows, in each process', async () => {
    const { pusher, score } = await stage();
    await score('ann', 'bob');
    for (const holder of ['one', 'two']) {
      const board = scriptedSink({ isLocal: true });
      const local = pusher(board, holder);
      await local.round();
      await score('ann');
      await local.round();
      expect(board.rows('scores')).toHaveLength(2);
    }
  });

  it('refuses a dataset that a dashboard cannot take, before anything is counted', async () => {
    const { pusher } = await stage();
    expect(() => pusher(scriptedSink({ limits: { fields: 1 } }))).toThrow(/there are 2 fields, of at most 1/);
  });
});
