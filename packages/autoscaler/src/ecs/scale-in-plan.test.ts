import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { census, scalePlan, type PlanInputs, type Told } from './scale-in-plan.ts';
import type { EcsServiceState } from './service-state.ts';
import type { ReportedWorker } from './worker-ports.ts';

const state = (changes: Partial<EcsServiceState> = {}): EcsServiceState => ({
  desired: 3,
  running: 3,
  pending: 0,
  isDeploying: false,
  atMs: 0,
  ...changes,
});
const worker = (id: string, changes: Partial<ReportedWorker> = {}): ReportedWorker => ({
  id,
  state: 'running',
  busySlots: 0,
  startedAtMs: 0,
  isAnswering: true,
  heardAtMs: 1,
  ...changes,
});
const inputs = (changes: Partial<PlanInputs> = {}): PlanInputs => ({
  state: state(),
  workers: [worker('a'), worker('b'), worker('c')],
  told: toldTo(),
  settledMs: 0,
  canDrain: true,
  ...changes,
});
/** Told before every report. */
const toldTo = (...ids: readonly string[]): Told => new Map(ids.map((id) => [id, 0]));
const draining = { state: 'paused' } as const;

describe('census', () => {
  it('counts tasks without a report as busy', () => {
    expect(
      census(state({ running: 5 }), [worker('a'), worker('b', { busySlots: 2 })], toldTo()),
    ).toMatchObject({
      working: 5,
      busy: 4,
    });
  });

  it('counts a worker that does not answer as busy, whatever it said last', () => {
    expect(census(state({ running: 1 }), [worker('a', { isAnswering: false })], toldTo())).toMatchObject({
      working: 1,
      busy: 1,
    });
  });

  it('knows that draining workers beyond the running count are on their way out', () => {
    const workers = [worker('a'), worker('b', draining), worker('c', { ...draining, busySlots: 1 })];
    expect(census(state({ desired: 2, running: 2 }), workers, toldTo('b', 'c'))).toMatchObject({
      working: 1,
      drainingBusy: 1,
      drainingIdle: 0,
    });
  });

  it('leaves out the oldest reports where there are more than tasks', () => {
    const workers = [worker('a', { heardAtMs: 1 }), worker('b', { heardAtMs: 2, busySlots: 1 })];
    expect(census(state({ desired: 1, running: 1 }), workers, toldTo())).toMatchObject({
      working: 1,
      busy: 1,
    });
  });

  it('takes a worker for drained only by a report that it made after it was told', () => {
    const workers = [worker('a', { ...draining, heardAtMs: 50 })];
    const one = state({ desired: 1, running: 1 });
    expect(census(one, workers, toldTo('a'))).toMatchObject({ drainingBusy: 0, drainingIdle: 1 });
    expect(census(one, workers, new Map([['a', 50]]))).toMatchObject({ drainingBusy: 1, drainingIdle: 0 });
    expect(census(one, workers, toldTo())).toMatchObject({ drainingBusy: 1, drainingIdle: 0 });
  });

  it('still takes it for drained when it falls silent afterwards', () => {
    const workers = [worker('a', { ...draining, isAnswering: false })];
    expect(census(state({ desired: 1, running: 1 }), workers, toldTo('a'))).toMatchObject({
      drainingIdle: 1,
    });
  });
});

describe('scalePlan', () => {
  it('asks for more at once and has nobody drain', () => {
    expect(scalePlan(5, inputs({ told: toldTo('a') }))).toEqual({ count: 5, draining: [] });
  });

  it('drains before it lowers', () => {
    expect(scalePlan(1, inputs())).toEqual({ count: 3, draining: expect.any(Array) as unknown });
    expect(scalePlan(1, inputs()).draining).toHaveLength(2);
  });

  it('drains idle before busy, the youngest first, silent ones last', () => {
    const workers = [
      worker('silent', { isAnswering: false, startedAtMs: 9 }),
      worker('busy', { busySlots: 3 }),
      worker('old', { startedAtMs: 1 }),
      worker('young', { startedAtMs: 2 }),
    ];
    const plan = (wanted: number): readonly string[] =>
      scalePlan(wanted, inputs({ state: state({ desired: 4, running: 4 }), workers })).draining;
    expect(plan(3)).toEqual(['young']);
    expect(plan(2)).toEqual(['old', 'young']);
    expect(plan(1)).toEqual(['busy', 'old', 'young']);
  });

  it('stays with those that it told, though others are idle by now', () => {
    const workers = [worker('a', { busySlots: 1 }), worker('b'), worker('c', { busySlots: 1 })];
    expect(scalePlan(2, inputs({ workers, told: toldTo('c') })).draining).toEqual(['c']);
  });

  it('lowers by those that drained and have nothing left', () => {
    const workers = [worker('a'), worker('b', draining), worker('c', { ...draining, busySlots: 1 })];
    expect(scalePlan(1, inputs({ workers, told: toldTo('b', 'c') }))).toEqual({
      count: 2,
      draining: ['b', 'c'],
    });
  });

  it('lowers only by workers that reported after ECS was done with its last stops', () => {
    const workers = [worker('a'), worker('b', draining), worker('c', { ...draining, isAnswering: false })];
    const plan = (settledMs: number): number =>
      scalePlan(0, inputs({ workers, told: toldTo('b', 'c'), settledMs })).count;
    expect([plan(0), plan(1), plan(Infinity)]).toEqual([2, 3, 3]);
  });

  it('tells nobody who is gone, so that whoever shall leave is there', () => {
    const workers = [
      worker('gone', { heardAtMs: 1 }),
      worker('a', { heardAtMs: 9 }),
      worker('b', { heardAtMs: 9 }),
    ];
    const plan = scalePlan(1, inputs({ state: state({ desired: 2, running: 2 }), workers }));
    expect(plan.draining).toHaveLength(1);
    expect(plan.draining).not.toContain('gone');
  });

  it('takes back a drain before it asks for a task', () => {
    const workers = [worker('a'), worker('b', { ...draining, busySlots: 2 }), worker('c', draining)];
    expect(scalePlan(2, inputs({ workers, told: toldTo('b', 'c') }))).toEqual({ count: 2, draining: ['c'] });
  });

  it('has a drained worker back when ECS stopped another in its place', () => {
    const workers = [worker('a'), worker('b', draining)];
    const plan = scalePlan(
      2,
      inputs({ state: state({ desired: 2, running: 2 }), workers, told: toldTo('b') }),
    );
    expect(plan.draining).toEqual([]);
  });

  it('lets no drained worker take work while ECS is about to stop it', () => {
    const workers = [worker('a'), worker('b', draining), worker('c', draining)];
    const told = toldTo('b', 'c');
    const plan = scalePlan(1, inputs({ state: state({ desired: 1, running: 3 }), workers, told }));
    expect(plan).toEqual({ count: 1, draining: ['b', 'c'] });
  });

  it('drops tasks that do not run yet without draining anybody', () => {
    expect(scalePlan(3, inputs({ state: state({ desired: 7, pending: 2 }) }))).toEqual({
      count: 3,
      draining: [],
    });
  });

  it('never lowers during a deployment, and has only those drain that were leaving', () => {
    const workers = [worker('a'), worker('b', draining), worker('c')];
    const deploying = state({ isDeploying: true });
    expect(scalePlan(0, inputs({ state: deploying, workers }))).toEqual({ count: 3, draining: ['b'] });
    expect(scalePlan(5, inputs({ state: deploying, workers }))).toEqual({ count: 5, draining: [] });
  });

  it('without control lowers to the busy tasks', () => {
    const workers = [worker('a', { busySlots: 1 }), worker('b'), worker('c', { isAnswering: false })];
    expect(scalePlan(0, inputs({ workers, canDrain: false }))).toEqual({ count: 2, draining: [] });
    expect(scalePlan(0, inputs({ workers: [], canDrain: false })).count).toBe(3);
  });

  it('never goes below busy tasks, below what is wanted, or up when it should go down', () => {
    const anyWorker = fc.record({
      state: fc.constantFrom('starting' as const, 'running' as const, 'paused' as const, 'draining' as const),
      busySlots: fc.nat(3),
      isAnswering: fc.boolean(),
      startedAtMs: fc.nat(5),
    });
    fc.assert(
      fc.property(
        fc.array(anyWorker, { maxLength: 12 }),
        fc.record({
          desired: fc.nat(12),
          running: fc.nat(14),
          pending: fc.nat(6),
          isDeploying: fc.boolean(),
        }),
        fc.nat(15),
        fc.boolean(),
        (found, counts, wanted, canDrain) => {
          const workers = found.map((each, index) => worker(`w${index}`, each));
          const now = state(counts);
          const told = toldTo('w0', 'w1', 'w2', 'w3');
          const { count, draining: leaving } = scalePlan(wanted, {
            state: now,
            workers,
            told,
            settledMs: 0,
            canDrain,
          });
          const { busy, drainingBusy } = census(now, workers, told);
          expect(count).toBeGreaterThanOrEqual(Math.min(now.desired, Math.max(wanted, busy + drainingBusy)));
          expect(count).toBeGreaterThanOrEqual(wanted);
          expect(count).toBeLessThanOrEqual(Math.max(wanted, now.desired));
          expect(now.isDeploying && count < now.desired).toBe(false);
          expect(new Set(leaving).size).toBe(leaving.length);
          expect(canDrain || leaving.length === 0).toBe(true);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
