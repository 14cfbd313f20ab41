import { type Clock, type Outcome } from '@longshore/job';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  admitted,
  breaker,
  breakerAfter,
  breakerResultOf,
  closedBreaker,
  FIRST_OPEN_MS,
  MAX_OPEN_MS,
  nextChangeMs,
  type BreakerResult,
  type BreakerState,
} from './breaker.ts';

/** No jitter: an opening lasts its full time. */
const full = (): number => 1;

function after(
  state: BreakerState,
  results: readonly BreakerResult[],
  nowMs: number,
  random: () => number = full,
): BreakerState {
  return results.reduce<BreakerState>(
    (each, result) => breakerAfter(each, { kind: 'ended', epoch: each.epoch, result }, nowMs, random),
    state,
  );
}

const times = (count: number, result: BreakerResult): BreakerResult[] =>
  Array.from({ length: count }, () => result);

function opened(nowMs: number): BreakerState {
  return after(closedBreaker(), ['down', 'down'], nowMs);
}

describe('a closed breaker', () => {
  it.each<[string, BreakerResult[], BreakerState['kind']]>([
    ['stays closed without news', [], 'closed'],
    ['stays closed after one job that found the dependency down', ['down'], 'closed'],
    ['opens after two in a row', ['down', 'down'], 'open'],
    ['opens after two with neutral ones between', ['down', 'neutral', 'down'], 'open'],
    ['stays closed when one between found it up', ['down', 'up', 'down', 'up'], 'closed'],
    ['stays closed after a thousand neutral ones', times(1_000, 'neutral'), 'closed'],
  ])('%s', (_name, results, kind) => {
    expect(after(closedBreaker(), results, 1_000).kind).toBe(kind);
  });

  it('admits as many jobs as there are slots', () => {
    expect(admitted(closedBreaker(), 5)).toBe(Infinity);
    expect(nextChangeMs(closedBreaker())).toBe(Infinity);
  });
});

describe('an open breaker', () => {
  it('admits nothing until its time, then one job', () => {
    const state = opened(5_000);
    expect([admitted(state, 5_000), admitted(state, 5_999), admitted(state, 6_000)]).toEqual([0, 0, 1]);
    expect(nextChangeMs(state)).toBe(6_000);
  });

  it('hears nothing from jobs that began before it opened', () => {
    const state = opened(5_000);
    const late = { kind: 'ended', epoch: 0, result: 'up' } as const;
    expect(breakerAfter(state, late, 5_500, full)).toEqual(state);
    expect(breakerAfter(state, late, 6_000, full).kind).toBe('half-open');
  });
});

describe('a half-open breaker', () => {
  const probing = breakerAfter(opened(5_000), { kind: 'began' }, 6_000, full);

  it('admits no second job while the first runs, unless that takes very long', () => {
    expect(admitted(probing, 6_000)).toBe(0);
    expect(admitted(probing, 6_000 + MAX_OPEN_MS - 1)).toBe(0);
    expect(admitted(probing, 6_000 + MAX_OPEN_MS)).toBe(1);
  });

  it('closes when the job succeeds', () => {
    const state = after(probing, ['up'], 6_100);
    expect(state).toEqual(closedBreaker(probing.epoch + 1));
  });

  it('opens for twice as long when the job finds it down', () => {
    expect(after(probing, ['down'], 6_100)).toMatchObject({ kind: 'open', openings: 2, untilMs: 8_100 });
  });

  it('admits another job when the first said nothing', () => {
    expect(admitted(after(probing, ['neutral'], 6_100), 6_100)).toBe(1);
  });

  it('opens for longer and longer, up to the maximum, and for the first time again after a success', () => {
    let state = opened(0);
    const lengthsMs: number[] = [];
    for (let round = 0; round < 9; round += 1) {
      const nowMs = nextChangeMs(state);
      state = breakerAfter(state, { kind: 'began' }, nowMs, full);
      state = after(state, ['down'], nowMs);
      lengthsMs.push(nextChangeMs(state) - nowMs);
    }
    expect(lengthsMs).toEqual([2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000, 60_000]);
    const nowMs = nextChangeMs(state);
    const closed = after(breakerAfter(state, { kind: 'began' }, nowMs, full), ['up'], nowMs);
    expect(after(closed, ['down', 'down'], nowMs)).toMatchObject({ openings: 1, untilMs: nowMs + 1_000 });
  });
});

const results = fc.constantFrom<BreakerResult>('up', 'down', 'neutral');

describe('for any history', () => {
  const steps = fc.array(
    fc.record({
      waitMs: fc.nat(90_000),
      result: results,
      random: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
    { maxLength: 200 },
  );

  it('an opening lasts between half and all of its time, and admits nothing', () => {
    fc.assert(
      fc.property(steps, (history) => {
        let state = closedBreaker();
        let nowMs = 0;
        const faults: object[] = [];
        for (const { waitMs, result, random } of history) {
          nowMs += waitMs;
          state = breakerAfter(state, { kind: 'began' }, nowMs, full);
          const next = after(state, [result], nowMs, () => random);
          if (next.kind === 'open' && next.epoch !== state.epoch) {
            const allMs = Math.min(MAX_OPEN_MS, FIRST_OPEN_MS * 2 ** (next.openings - 1));
            const openMs = next.untilMs - nowMs;
            const isFit =
              openMs >= allMs / 2 - 0.001 &&
              openMs <= allMs + 0.001 &&
              admitted(next, next.untilMs - 0.01) === 0;
            if (!isFit) faults.push({ next, nowMs });
          }
          state = next;
        }
        expect(faults).toEqual([]);
      }),
    );
  });

  it('a breaker closes within the longest opening and one job, once the dependency is back', () => {
    fc.assert(
      fc.property(steps, (history) => {
        let state = closedBreaker();
        let nowMs = 0;
        for (const { waitMs, result, random } of history) {
          nowMs += waitMs;
          state = after(state, [result], nowMs, () => random);
        }
        nowMs = Math.max(nowMs, state.kind === 'closed' ? 0 : nextChangeMs(state));
        expect(admitted(state, nowMs)).toBeGreaterThan(0);
        state = breakerAfter(state, { kind: 'began' }, nowMs, full);
        expect(after(state, ['up'], nowMs).kind).toBe('closed');
      }),
    );
  });

  it('an outage costs the jobs that run when it begins, and a probe per opening', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100 }),
        fc.integer({ min: 1, max: 600 }),
        (slots, outageSeconds) => {
          let state = closedBreaker();
          let nowMs = 0;
          let begun = 0;
          while (nowMs < outageSeconds * 1_000) {
            const count = Math.min(slots, admitted(state, nowMs));
            const { epoch } = breakerAfter(state, { kind: 'began' }, nowMs, full);
            begun += count;
            for (let job = 0; job < count; job += 1) {
              state = breakerAfter(state, { kind: 'began' }, nowMs, full);
              state = breakerAfter(state, { kind: 'ended', epoch, result: 'down' }, nowMs, full);
            }
            nowMs = state.kind === 'closed' ? nowMs + 1 : nextChangeMs(state);
          }
          // Slots 1 and downs 2: two rounds until it opens. Then 1, 2, 4 … 60, 60, 60 s.
          expect(begun).toBeLessThanOrEqual(Math.max(slots, 2) + 6 + outageSeconds / 60);
        },
      ),
    );
  });
});

describe('breaker', () => {
  function handClock(): Clock & { move: (ms: number) => void; pending: () => number } {
    let nowMs = 0;
    let timers: { atMs: number; callback: () => void }[] = [];
    return {
      nowMs: () => nowMs,
      after(delayMs, callback) {
        const timer = { atMs: nowMs + delayMs, callback };
        timers.push(timer);
        return { cancel: () => void (timers = timers.filter((each) => each !== timer)) };
      },
      move(ms) {
        nowMs += ms;
        const due = timers.filter(({ atMs }) => atMs <= nowMs);
        timers = timers.filter(({ atMs }) => atMs > nowMs);
        for (const { callback } of due) callback();
      },
      pending: () => timers.length,
    };
  }

  it('opens, wakes its worker for a probe, and closes', () => {
    const clock = handClock();
    const changes: string[] = [];
    const under = breaker({ clock, random: full, onChange: (state) => void changes.push(state) });
    const [first, second, third] = [under.begin(), under.begin(), under.begin()];
    first('down');
    expect(under.admits(clock.nowMs())).toBe(Infinity);
    second('down');
    expect([under.state, under.openings, under.admits(clock.nowMs()), under.nextChangeMs]).toEqual([
      'open',
      1,
      0,
      1_000,
    ]);
    third('up');
    expect(under.state).toBe('open');
    clock.move(1_000);
    expect([under.state, under.admits(clock.nowMs())]).toEqual(['half-open', 1]);
    const probe = under.begin();
    expect(under.admits(clock.nowMs())).toBe(0);
    probe('neutral');
    expect(under.admits(clock.nowMs())).toBe(1);
    under.begin()('up');
    expect([under.state, under.admits(clock.nowMs())]).toEqual(['closed', Infinity]);
    expect(changes).toEqual(['open', 'half-open', 'half-open', 'closed']);
    expect(clock.pending()).toBe(0);
  });

  it('wakes its worker for another probe when one takes very long', () => {
    const clock = handClock();
    const changes: string[] = [];
    const under = breaker({ clock, random: full, onChange: (state) => void changes.push(state) });
    under.begin()('down');
    under.begin()('down');
    clock.move(1_000);
    under.begin();
    clock.move(MAX_OPEN_MS);
    expect(under.admits(clock.nowMs())).toBe(1);
    expect(changes).toEqual(['open', 'half-open', 'half-open']);
  });

  it('counts the end of a job once', () => {
    const under = breaker({ clock: handClock(), random: full, onChange: () => {} });
    const end = under.begin();
    end('down');
    end('down');
    expect(under.state).toBe('closed');
  });

  it('leaves no timer when it is closed', () => {
    const clock = handClock();
    const under = breaker({ clock, random: full, onChange: () => {} });
    under.begin()('down');
    under.begin()('down');
    expect(clock.pending()).toBe(1);
    under.close();
    expect(clock.pending()).toBe(0);
  });
});

describe('what an attempt says', () => {
  it.each<[Outcome, boolean, BreakerResult]>([
    [{ kind: 'completed' }, false, 'up'],
    [{ kind: 'retried', code: 'handler_failed', reason: '', delayMs: 0 }, false, 'up'],
    [{ kind: 'buried', code: 'invalid_payload', reason: '' }, false, 'neutral'],
    [{ kind: 'released', delayMs: 0, interrupted: true }, false, 'neutral'],
    [{ kind: 'released', delayMs: 0, interrupted: true }, true, 'down'],
    [{ kind: 'lost' }, false, 'neutral'],
    [{ kind: 'duplicate' }, false, 'neutral'],
  ])('%j (down: %s) is %s', (outcome, isDown, expected) => {
    expect(breakerResultOf(outcome, isDown)).toBe(expected);
  });
});
