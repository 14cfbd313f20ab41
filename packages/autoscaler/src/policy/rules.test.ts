import { describe, expect, it } from 'vitest';
import type { TargetFacts } from '../ports.ts';
import { decide } from './decide.ts';
import type { Decision, Outlook, PinFacts } from './decision.ts';
import { EMPTY_HISTORY, type ScalingHistory } from './history.ts';
import type { ScalingSpec } from './spec.ts';

const NOW_MS = 10_000_000;
const TICK_MS = 5_000;
const spec: ScalingSpec = {
  service: 'mail',
  min: 0,
  max: 50,
  slots: 2,
  timeInQueueMs: 60_000,
  percentile: 99.9,
  idleMs: 120_000,
  holdMs: 60_000,
  staleMs: 60_000,
  lagMs: 5_000,
  serviceHintMs: 4_000,
  startupHintMs: 30_000,
};

interface Scene {
  readonly backlog?: number;
  readonly target?: Partial<TargetFacts>;
  readonly outlook?: Outlook;
  readonly pin?: PinFacts;
}

/** Decides at the time of one tick. */
function at(
  tick: number,
  { backlog = 0, target = {}, outlook, pin }: Scene,
  history: ScalingHistory = EMPTY_HISTORY,
  withSpec: ScalingSpec = spec,
): Decision {
  const atMs = NOW_MS + tick * TICK_MS;
  const desired = target.desired ?? 0;
  return decide(
    {
      queue: { backlog, inFlight: target.busySlots ?? 0, delayed: 0, atMs },
      target: {
        desired,
        running: desired,
        pending: 0,
        busyTasks: 0,
        busySlots: 0,
        canDrain: true,
        meanServiceMs: 4_000,
        atMs,
        ...target,
      },
      ...(outlook === undefined ? {} : { outlook }),
      ...(pin === undefined ? {} : { pin }),
    },
    withSpec,
    history,
    atMs,
  );
}

/** The decision after the same scene for so many ticks, following what was decided unless the scene says otherwise. */
function after(ticks: number, scene: Scene, withSpec: ScalingSpec = spec): Decision {
  let decision = at(0, scene, EMPTY_HISTORY, withSpec);
  for (let tick = 1; tick < ticks; tick += 1) {
    const target = { desired: decision.desired, ...scene.target };
    decision = at(tick, { ...scene, target }, decision.history, withSpec);
  }
  return decision;
}

describe('a deployment', () => {
  it('is never fought: the count may rise and does not fall', () => {
    const idle = { target: { desired: 8, isDeploying: true } };
    const held = after(100, idle);
    expect(held).toMatchObject({ desired: 8, limits: ['deployment'] });
    expect(held.reason).toContain('kept while a deployment is rolled out');
    expect(at(0, { backlog: 500, target: { desired: 8, isDeploying: true } }).desired).toBeGreaterThan(8);
    expect(after(100, { target: { isDeploying: false } }).desired).toBe(0);
  });
});

describe('a placement failure', () => {
  it('stops further growth at once and says which resource is missing', () => {
    const decision = at(0, {
      backlog: 500,
      target: { desired: 3, running: 2, pending: 1, shortage: 'RESOURCE:MEMORY' },
    });
    expect(decision).toMatchObject({
      desired: 3,
      limits: ['no_capacity'],
      inputs: { shortage: 'RESOURCE:MEMORY' },
    });
    expect(decision.reason).toMatch(/only 2 of 3 come up for want of RESOURCE:MEMORY$/);
  });
});

describe('busy tasks', () => {
  it('keep the count up where the target would stop them, and drain where it can', () => {
    const lightly = { desired: 6, busyTasks: 6, busySlots: 6, finishedJobs: 0 };
    expect(after(60, { target: { ...lightly, canDrain: false } })).toMatchObject({ desired: 6 });
    expect(after(60, { target: { ...lightly, canDrain: false } }).limits).toContain('busy_tasks');
    expect(after(60, { target: { ...lightly, canDrain: true } }).desired).toBeLessThan(6);
  });
});

describe('limits of an operator', () => {
  it('step: so many at a time, up and down', () => {
    const stepped = { ...spec, stepUp: 3, stepDown: 1 };
    expect(at(0, { backlog: 2_000, target: { desired: 2 } }, EMPTY_HISTORY, stepped)).toMatchObject({
      desired: 5,
      limits: ['step'],
    });
    expect(after(25, { target: { desired: 9 } }, stepped)).toMatchObject({ desired: 8, limits: ['step'] });
  });

  it('budget: what is left of the day pays for the next hour', () => {
    const budgeted = { ...spec, taskHoursPerDay: 20 };
    const hour = 3_600_000 / TICK_MS;
    const busy = { backlog: 1_000, target: { desired: 10, busySlots: 20, finishedJobs: 0 } };
    expect(after(2, busy, budgeted).desired).toBe(19);
    // Ten tasks for an hour and a half have spent 15 of 20.
    const late = after(1.5 * hour, busy, budgeted);
    expect(late).toMatchObject({ desired: 5, limits: expect.arrayContaining(['budget']) as unknown });
    expect(late.reason).toContain('limited by the budget of 20 task-hours a day');
  });

  it('calendar: tasks for a known event, and a factor on what is forecast', () => {
    const sale: Outlook = { minTasks: 7, events: ['autumn sale'] };
    const early = at(0, { outlook: sale });
    expect(early).toMatchObject({ desired: 7, limits: ['calendar'] });
    expect(early.reason).toContain('kept for autumn sale');
    const load = { backlog: 0, target: { desired: 4, busySlots: 8 } };
    const rising = (outlook?: Outlook): number => {
      let decision = at(0, load);
      for (let tick = 1; tick < 40; tick += 1) {
        const target = { ...load.target, finishedJobs: tick * 10 };
        decision = at(
          tick,
          { ...load, target, ...(outlook === undefined ? {} : { outlook }) },
          decision.history,
        );
      }
      return decision.inputs.arrivalsPerSecond ?? 0;
    };
    expect(rising({ factor: 3 }) / rising()).toBeCloseTo(3);
    expect(rising({ changePerSecond: 5 }) - rising()).toBeCloseTo(5);
  });

  it('pin: replaces the count until it ends, and stays within max', () => {
    const pin: PinFacts = { tasks: 9, untilMs: NOW_MS + 20_000, by: 'ana' };
    expect(at(0, { pin })).toMatchObject({ desired: 9, limits: ['pinned'] });
    expect(at(5, { pin }).desired).toBe(0);
    expect(at(0, { pin: { ...pin, tasks: 500 } })).toMatchObject({ desired: 50, limits: ['pinned', 'max'] });
  });
});

describe('objectives', () => {
  it('of job types: the strictest among those that came lately is everybody’s', () => {
    const perJob = { ...spec, timeInQueueMs: 600_000, perJobMs: { receipt: 45_000 } };
    const figures = { finished: 1, meanServiceMs: 4_000, p95ServiceMs: 9_000 };
    const both = [
      { job: 'receipt', ...figures },
      { job: 'newsletter', ...figures },
    ];
    const strict = at(0, { backlog: 300, target: { jobs: both } }, EMPTY_HISTORY, perJob);
    const loose = at(0, { backlog: 300, target: { jobs: both.slice(1) } }, EMPTY_HISTORY, perJob);
    expect([strict.inputs.timeInQueueMs, loose.inputs.timeInQueueMs]).toEqual([45_000, 600_000]);
    expect(strict.desired).toBeGreaterThan(2 * loose.desired);
    // Before anything has come, the strictest there is.
    expect(at(0, { backlog: 1 }, EMPTY_HISTORY, perJob).inputs.timeInQueueMs).toBe(45_000);
  });

  it('for fewer jobs use more of the time, and recover sooner from a near miss', () => {
    const waits = (percentile: number): number => {
      const lenient = { ...spec, percentile };
      let decision = at(0, { target: { desired: 2, oldestWaitMs: 59_000 } }, EMPTY_HISTORY, lenient);
      for (let tick = 1; tick < 720; tick += 1)
        decision = at(tick, { target: { desired: 2, busySlots: 1 } }, decision.history, lenient);
      return decision.history.margin.share;
    };
    expect(waits(95)).toBeGreaterThan(waits(99.9));
  });
});

describe('near misses', () => {
  it('shrink the planned share once a horizon, down to a floor, and time gives it back', () => {
    let decision = at(0, { target: { desired: 2 } });
    const shares: number[] = [];
    for (let tick = 1; tick < 200; tick += 1) {
      decision = at(tick, { target: { desired: 2, oldestWaitMs: 58_000 } }, decision.history);
      shares.push(decision.history.margin.share);
    }
    expect(new Set(shares.slice(0, 7)).size).toBe(1);
    expect(Math.min(...shares)).toBeCloseTo(0.3);
    for (let tick = 200; tick < 1_000; tick += 1)
      decision = at(tick, { target: { desired: 2, oldestWaitMs: 1_000 } }, decision.history);
    expect(decision.history.margin.share).toBeGreaterThan(0.5);
  });
});

describe('how lasting changes are', () => {
  /** Persistence after an hour of arrivals by the tick. */
  function learnt(arrivals: (tick: number) => number): number {
    let finishedJobs = 0;
    let decision = at(0, { target: { desired: 20, finishedJobs } });
    for (let tick = 1; tick < 720; tick += 1) {
      finishedJobs += arrivals(tick);
      decision = at(tick, { target: { desired: 20, finishedJobs, busySlots: 1 } }, decision.history);
    }
    const { xy, xx } = decision.history.forecast.rising;
    return xy / xx;
  }

  it('is learnt: bursts that are over soon are not run after, steps that last are', () => {
    const bursts = learnt((tick) => (tick % 30 < 3 ? 300 : 0));
    const steps = learnt((tick) => (Math.floor(tick / 120) % 2 === 0 ? 20 : 120));
    expect(bursts).toBeLessThan(0.3);
    expect(steps).toBeGreaterThan(0.8);
  });
});
