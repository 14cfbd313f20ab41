import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide } from './decide.ts';
import type { Decision, ScalingFacts } from './decision.ts';
import { EMPTY_HISTORY, type ScalingHistory } from './history.ts';
import type { TargetFacts } from '../ports.ts';
import type { ScalingSpec } from './spec.ts';

const NOW_MS = 1_000_000;
const spec: ScalingSpec = {
  service: 'extraction',
  min: 0,
  max: 10,
  slots: 2,
  timeInQueueMs: 60_000,
  percentile: 99.9,
  idleMs: 120_000,
  holdMs: 60_000,
  staleMs: 60_000,
  lagMs: 10_000,
  serviceHintMs: 1_000,
  startupHintMs: 5_000,
};

interface Scene {
  readonly backlog?: number;
  readonly inFlight?: number;
  readonly delayed?: number;
  readonly atMs?: number;
  readonly target?: Partial<TargetFacts>;
}

function facts({ backlog = 0, inFlight = 0, delayed = 0, atMs = NOW_MS, target = {} }: Scene): ScalingFacts {
  const { desired = 0 } = target;
  return {
    queue: { backlog, inFlight, delayed, atMs },
    target: { desired, running: desired, pending: 0, busyTasks: 0, busySlots: 0, atMs, ...target },
  };
}

/** Decides for each scene in turn, `stepMs` apart, and follows what was decided. */
function follow(
  scenes: readonly Scene[],
  options: { spec?: ScalingSpec; stepMs?: number; desired?: number } = {},
): Decision[] {
  const { stepMs = 10_000 } = options;
  let history: ScalingHistory = EMPTY_HISTORY;
  let desired = options.desired ?? 0;
  return scenes.map((scene, index) => {
    const atMs = NOW_MS + index * stepMs;
    const seen = facts({ ...scene, atMs, target: { desired, ...scene.target } });
    const decision = decide(seen, options.spec ?? spec, history, atMs);
    history = decision.history;
    desired = decision.desired;
    return decision;
  });
}

const desiredOf = (decisions: readonly Decision[]): number[] => decisions.map(({ desired }) => desired);
const repeat = (count: number, scene: Scene): Scene[] => Array.from({ length: count }, () => scene);

describe('up', () => {
  it('leaves zero within one tick for a single message', () => {
    const decision = decide(facts({ backlog: 1 }), spec, EMPTY_HISTORY, NOW_MS);
    expect(decision.desired).toBe(1);
    expect(decision.limits).toEqual([]);
  });

  it('asks for what clears the backlog within the objective, in slot-seconds', () => {
    // 300 jobs of 2 s in 2 slots are 300 task-seconds. They arrived now and are planned to start within 36 s, 60 % of the
    // objective; 15 s pass before a new task works, so some 23 s are left: 12 tasks start 2 jobs at once and 23 later, each.
    const { desired } = decide(
      facts({ backlog: 300, target: { meanServiceMs: 2_000 } }),
      { ...spec, max: 100 },
      EMPTY_HISTORY,
      NOW_MS,
    );
    expect(desired).toBe(12);
  });

  it('needs half the tasks for twice the slots, and twice the tasks for twice the service time', () => {
    const wide = { ...spec, max: 1_000 };
    const need = (slots: number, meanServiceMs: number): number =>
      decide(facts({ backlog: 2_000, target: { meanServiceMs } }), { ...wide, slots }, EMPTY_HISTORY, NOW_MS)
        .desired;
    expect(need(4, 1_000) * 2).toBeCloseTo(need(2, 1_000), -1);
    // A new task takes a job into each slot at once, however long jobs are: a little less than twice.
    expect(need(2, 2_000) / need(2, 1_000)).toBeCloseTo(1.9, 0);
  });

  it('never asks for more slots than there are jobs, however long they are', () => {
    const { desired } = decide(
      facts({ backlog: 10, target: { meanServiceMs: 3_600_000 } }),
      { ...spec, max: 100 },
      EMPTY_HISTORY,
      NOW_MS,
    );
    expect(desired).toBe(5);
  });

  it('does not ask again for jobs that tasks still starting will take', () => {
    const [first, second] = follow([{ backlog: 180 }, { backlog: 180, target: { running: 0, pending: 4 } }]);
    expect(second?.desired).toBe(first?.desired);
    // 4 tasks of 2 slots are up after 3.75 s of the 15 s: 8 jobs at once and 90 by the horizon.
    expect(second?.inputs.projectedBacklog).toBeCloseTo(180 - 4 * 2 * (1 + 11.25));
  });

  it('follows arrivals even when workers keep the backlog at zero', () => {
    // 7 jobs a second of 1 s each keep 7 of 8 slots busy, and nothing is visible.
    const scenes = Array.from({ length: 20 }, (_, tick) => ({
      inFlight: 7,
      target: { desired: 4, busyTasks: 4, busySlots: 7, meanServiceMs: 1_000, finishedJobs: tick * 70 },
    }));
    expect(follow(scenes).at(-1)?.desired).toBe(4);
    expect(follow(scenes).at(-1)?.inputs.arrivalsPerSecond).toBeCloseTo(7);
  });

  it('estimates arrivals from busy slots where the target does not count finished jobs', () => {
    const scenes = repeat(20, {
      inFlight: 7,
      target: { desired: 4, busyTasks: 4, busySlots: 7, meanServiceMs: 1_000 },
    });
    expect(follow(scenes).at(-1)?.inputs.arrivalsPerSecond).toBeCloseTo(7);
  });

  it('reads a restarted counter as no arrivals, and those after it as arrivals', () => {
    const counter = [50_000, 50_100, 0, 100, 200, 300];
    const target = { desired: 1, busyTasks: 1, busySlots: 1 };
    const decisions = follow(counter.map((finishedJobs) => ({ target: { ...target, finishedJobs } })));
    expect(decisions[2]?.inputs.arrivalsPerSecond).toBe(0);
    expect(decisions.at(-1)?.inputs.arrivalsPerSecond).toBeCloseTo(10);
  });

  it('stops asking for more when the tasks asked for do not come up', () => {
    const stuck = Array.from({ length: 12 }, (_, tick) => ({
      backlog: 20 + tick * 20,
      target: { running: 0 },
    }));
    const decisions = follow(stuck);
    const firstStop = decisions.findIndex(({ limits }) => limits.includes('no_capacity'));
    expect(firstStop).toBeGreaterThan(0);
    const stopped = decisions.slice(firstStop);
    expect(new Set(desiredOf(stopped)).size).toBe(1);
    expect(stopped[0]?.reason).toMatch(/only 0 of \d+ come up/);
  });

  it('goes on asking while tasks come up one by one', () => {
    const scenes = Array.from({ length: 12 }, (_, tick) => ({
      backlog: 100 + tick * 100,
      target: { running: Math.floor(tick / 2) },
    }));
    expect(follow(scenes).flatMap(({ limits }) => limits)).not.toContain('no_capacity');
  });
});

/** Six jobs wait behind those in hand. */
const inHand = (busySlots: number, finishedJobs: number, meanServiceMs = NaN): Scene => ({
  backlog: 6,
  inFlight: busySlots,
  target: { desired: 1, busyTasks: 1, busySlots, finishedJobs, meanServiceMs },
});

describe('long jobs', () => {
  it('are noticed while they run, before the first has been measured', () => {
    const decisions = follow(repeat(6, inHand(2, 0)));
    expect(decisions.at(-1)?.inputs.serviceMs).toBe(50_000);
    expect(decisions.at(0)?.desired).toBe(1);
    // Eight jobs, two slots a task.
    expect(decisions.at(-1)?.desired).toBe(4);
  });

  it('are noticed after a past of short ones', () => {
    const short = Array.from({ length: 6 }, (_, tick) => inHand(2, tick * 20, 1_000));
    const decisions = follow([...short, ...repeat(5, inHand(2, 100, 1_000))]);
    expect(decisions[5]?.inputs.serviceMs).toBe(1_000);
    // Two jobs have run for 50 s; what was measured stands for five jobs of 1 s in each of the two slots.
    expect(decisions.at(-1)?.inputs.serviceMs).toBeCloseTo((2 * 50_000 + 10 * 1_000) / 12);
  });
});

describe('down', () => {
  it('waits for the hold window, then goes to the most recommended within it', () => {
    const busy = { backlog: 1_000, target: { meanServiceMs: 1_000 } };
    const quiet = {
      inFlight: 2,
      target: { busyTasks: 1, busySlots: 2, meanServiceMs: 1_000, finishedJobs: 0 },
    };
    const decisions = follow([busy, ...repeat(12, quiet)], { spec: { ...spec, timeInQueueMs: 45_000 } });
    expect(desiredOf(decisions).slice(0, 7)).toEqual([10, 10, 10, 10, 10, 10, 10]);
    expect(decisions[3]?.limits).toContain('hold_window');
    expect(decisions.at(-1)?.desired).toBe(1);
  });

  it('does not scale in on the first reading of a new controller', () => {
    const decision = decide(facts({ target: { desired: 8 } }), spec, EMPTY_HISTORY, NOW_MS);
    expect(decision.desired).toBe(8);
    expect(decision.limits).toContain('hold_window');
  });

  it('never goes below the busy tasks', () => {
    const scenes = repeat(30, {
      inFlight: 3,
      target: { desired: 6, busyTasks: 3, busySlots: 3, meanServiceMs: 500, finishedJobs: 7 },
    });
    const last = follow(scenes).at(-1);
    expect(last?.desired).toBe(3);
    expect(last?.limits).toContain('busy_tasks');
  });

  it('keeps a task while nothing is visible but something is in flight', () => {
    const decisions = follow(repeat(40, { inFlight: 1 }), { desired: 2 });
    expect(decisions.at(-1)).toMatchObject({
      desired: 1,
      limits: expect.arrayContaining(['not_idle']) as unknown,
    });
  });

  it('does not start a task for what is in flight or delayed only', () => {
    expect(desiredOf(follow(repeat(5, { inFlight: 3, delayed: 7 })))).toEqual([0, 0, 0, 0, 0]);
  });

  it('takes one empty reading for noise, even after a long gap', () => {
    const eager = { ...spec, idleMs: 0, holdMs: 0 };
    expect(desiredOf(follow([{ backlog: 1 }, {}, { backlog: 1 }, {}], { spec: eager }))).toEqual([
      1, 1, 1, 1,
    ]);
    expect(desiredOf(follow([{ backlog: 1 }, {}, {}], { spec: eager }))).toEqual([1, 1, 0]);
  });

  it('goes to zero after the idle time and not before', () => {
    const decisions = follow([{ backlog: 5 }, ...repeat(14, {})]);
    const zeroAt = desiredOf(decisions).indexOf(0);
    // The first empty reading is the second tick; 120 s after it is the 14th.
    expect(zeroAt).toBe(13);
    expect(decisions.at(-1)?.limits).toEqual([]);
  });

  it('starts to count idleness again after a tick without facts', () => {
    const known = [{ backlog: 5 }, ...repeat(10, {})];
    const decisions = follow([...known, { backlog: NaN }, ...repeat(5, {})]);
    expect(decisions.at(-1)?.desired).toBe(1);
  });
});

describe('bounds', () => {
  it('names max and min as limits', () => {
    expect(decide(facts({ backlog: 100_000 }), spec, EMPTY_HISTORY, NOW_MS)).toMatchObject({
      desired: 10,
      limits: ['max'],
    });
    expect(decide(facts({}), { ...spec, min: 2 }, EMPTY_HISTORY, NOW_MS)).toMatchObject({
      desired: 2,
      limits: ['min'],
    });
  });

  it('obeys a lowered max even against busy tasks, which then drain', () => {
    const target = { desired: 8, busyTasks: 8, busySlots: 16 };
    expect(decide(facts({ backlog: 100, target }), { ...spec, max: 3 }, EMPTY_HISTORY, NOW_MS).desired).toBe(
      3,
    );
  });
});

describe('holding', () => {
  const target = { desired: 4, running: 4, pending: 0, busyTasks: 0, busySlots: 0, atMs: NOW_MS };
  const queue = { backlog: 0, inFlight: 0, delayed: 0, atMs: NOW_MS };
  it.each<[string, ScalingFacts, string, string]>([
    [
      'an unmeasured queue',
      { queue: undefined, target },
      'no_metric',
      'extraction stays at 4: the queue could not be measured',
    ],
    [
      'a backlog of NaN',
      { queue: { ...queue, backlog: NaN }, target },
      'invalid_metric',
      'extraction stays at 4: backlog is NaN',
    ],
    [
      'a negative count',
      { queue: { ...queue, inFlight: -1 }, target },
      'invalid_metric',
      'extraction stays at 4: inFlight is -1',
    ],
    [
      'NaN busy tasks',
      { queue, target: { ...target, busyTasks: NaN } },
      'invalid_metric',
      'extraction stays at 4: busyTasks is NaN',
    ],
    [
      'old counts',
      { queue: { ...queue, atMs: NOW_MS - 60_001 }, target },
      'stale_metric',
      'extraction stays at 4: the facts are 1m old',
    ],
    [
      'old tasks',
      { queue, target: { ...target, atMs: NOW_MS - 90_000 } },
      'stale_metric',
      'extraction stays at 4: the facts are 1m30s old',
    ],
    [
      'facts from the future',
      { queue: { ...queue, atMs: NOW_MS + 90_000 }, target },
      'stale_metric',
      'extraction stays at 4: the facts are from the future',
    ],
  ])('holds at %s, however often', (_name, seen, limit, reason) => {
    let history: ScalingHistory = EMPTY_HISTORY;
    for (let tick = 0; tick < 50; tick += 1) {
      const decision = decide(seen, spec, history, NOW_MS);
      expect(decision).toMatchObject({ desired: 4, limits: [limit], reason });
      ({ history } = decision);
    }
  });

  it('holds the last decision when the tasks cannot be seen', () => {
    const [last] = follow([{ backlog: 1_000 }]);
    const decision = decide({ queue, target: undefined }, spec, last?.history ?? EMPTY_HISTORY, NOW_MS);
    expect(decision).toMatchObject({
      desired: 10,
      reason: 'extraction stays at 10: the tasks could not be observed',
    });
  });

  it('does not scale in at once when facts come back', () => {
    const decisions = follow([{ backlog: 1_000 }, ...repeat(30, { backlog: NaN }), { inFlight: 1 }]);
    expect(decisions.at(-1)?.desired).toBe(10);
  });

  it.each([NaN, 0, -5, Infinity])('plans with the hints where workers say %d', (value) => {
    const { inputs } = decide(
      facts({ backlog: 10, target: { meanServiceMs: value, startupMs: value } }),
      spec,
      EMPTY_HISTORY,
      NOW_MS,
    );
    expect(inputs).toMatchObject({ serviceMs: 1_000, isServiceMeasured: false, startupMs: 5_000 });
  });
});

describe('reason', () => {
  it('is one sentence with the numbers', () => {
    const { reason } = decide(
      facts({ backlog: 990, inFlight: 4, target: { desired: 2, meanServiceMs: 1_500 } }),
      spec,
      EMPTY_HISTORY,
      NOW_MS,
    );
    expect(reason).toBe(
      'extraction 2 → 10: 990 waiting, 0/s arriving, 1.3/s per task; 10 clear it by 00:17:58, later than the 1m objective, limited by max 10',
    );
  });
});

describe('properties', () => {
  const count = fc.nat({ max: 5_000 });
  const anyCount = fc.oneof(count, fc.constantFrom(NaN, -1, Infinity, -Infinity));
  const specs = fc
    .record({
      min: fc.nat({ max: 5 }),
      extra: fc.nat({ max: 50 }),
      slots: fc.integer({ min: 1, max: 50 }),
      timeInQueueMs: fc.integer({ min: 1_000, max: 3_600_000 }),
      idleMs: fc.nat({ max: 200_000 }),
      holdMs: fc.nat({ max: 200_000 }),
    })
    .map(({ extra, ...rest }): ScalingSpec => ({ ...spec, ...rest, max: rest.min + extra }));
  const scenesOf = (values: fc.Arbitrary<number>): fc.Arbitrary<Scene> =>
    fc.record({
      backlog: values,
      inFlight: values,
      target: fc.record({
        running: fc.nat({ max: 60 }),
        busyTasks: fc.nat({ max: 60 }),
        busySlots: count,
        meanServiceMs: fc.oneof(fc.integer({ min: 1, max: 600_000 }), fc.constant(NaN)),
        startupMs: fc.oneof(fc.integer({ min: 1, max: 120_000 }), fc.constant(NaN)),
      }),
    });
  const pasts = fc.array(scenesOf(anyCount), { maxLength: 20 });

  it('keeps every count whole and within its bounds, whatever the facts', () => {
    fc.assert(
      fc.property(specs, pasts, (anySpec, scenes) => {
        for (const { desired, reason } of follow(scenes, { spec: anySpec })) {
          expect(Number.isInteger(desired)).toBe(true);
          expect(desired).toBeGreaterThanOrEqual(anySpec.min);
          expect(desired).toBeLessThanOrEqual(anySpec.max);
          expect(reason).not.toMatch(/undefined|\n/);
        }
      }),
    );
  });

  it('never decides fewer tasks than are busy, as far as max allows', () => {
    fc.assert(
      fc.property(specs, fc.array(scenesOf(count), { minLength: 1, maxLength: 20 }), (anySpec, scenes) => {
        for (const { desired, inputs } of follow(scenes, { spec: anySpec })) {
          expect(desired).toBeGreaterThanOrEqual(Math.min(inputs.busyTasks ?? 0, anySpec.max));
        }
      }),
    );
  });

  it('never decides fewer tasks for a larger backlog', () => {
    fc.assert(
      fc.property(
        specs,
        pasts,
        scenesOf(count),
        count,
        fc.nat({ max: 60 }),
        (anySpec, past, scene, more, desired) => {
          const history = follow(past, { spec: anySpec }).at(-1)?.history ?? EMPTY_HISTORY;
          const atMs = NOW_MS + past.length * 10_000;
          const at = (backlog: number): number => {
            const target = { desired, ...scene.target };
            return decide(facts({ ...scene, backlog, atMs, target }), anySpec, history, atMs).desired;
          };
          const backlog = scene.backlog ?? 0;
          expect(at(backlog + more)).toBeGreaterThanOrEqual(at(backlog));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('changes nothing without facts', () => {
    fc.assert(
      fc.property(specs, pasts, fc.nat({ max: 60 }), (anySpec, past, desired) => {
        const history = follow(past, { spec: anySpec }).at(-1)?.history ?? EMPTY_HISTORY;
        const blind = decide(facts({ backlog: NaN, target: { desired } }), anySpec, history, NOW_MS);
        expect(blind.desired).toBe(Math.min(anySpec.max, Math.max(anySpec.min, desired)));
      }),
    );
  });

  it('settles on a constant load without flapping', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 50, max: 20_000 }),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 60, max: 900 }),
        (perTick, serviceMs, slots, objectiveSeconds) => {
          const steady = { ...spec, max: 10_000, slots, timeInQueueMs: objectiveSeconds * 1_000 };
          const { counts, longestWaitMs } = fluid({ perTick, serviceMs, ticks: 600 }, steady);
          const settled = counts.slice(300);
          const needed = (perTick / 10_000) * serviceMs;
          const mean = settled.reduce((sum, tasks) => sum + tasks, 0) / settled.length;
          expect(mean * slots).toBeLessThanOrEqual(needed * 1.15 + slots);
          // Between two counts it goes as the queue fills and empties, never back within minutes.
          expect(directionChanges(settled)).toBeLessThanOrEqual(300 / 24);
          expect(longestWaitMs).toBeLessThanOrEqual(steady.timeInQueueMs);
        },
      ),
    );
  });
});

function directionChanges(counts: readonly number[]): number {
  const steps = counts
    .slice(1)
    .map((count, index) => Math.sign(count - (counts[index] ?? 0)))
    .filter((sign) => sign !== 0);
  return steps.slice(1).filter((sign, index) => sign !== steps[index]).length;
}

/** A queue and a fleet as fluids: `perTick` jobs arrive per 10 s, tasks start within one tick. */
function fluid(
  load: { perTick: number; serviceMs: number; ticks: number },
  fluidSpec: ScalingSpec,
): { counts: number[]; longestWaitMs: number } {
  let backlog = 0;
  let longestWaitMs = 0;
  let finishedJobs = 0;
  let desired = 0;
  let running = 0;
  let history = EMPTY_HISTORY;
  const counts = Array.from({ length: load.ticks }, (_, tick) => {
    backlog += load.perTick;
    const done = Math.min(backlog, (running * fluidSpec.slots * 10_000) / load.serviceMs);
    backlog -= done;
    finishedJobs += done;
    const busySlots = Math.min(running * fluidSpec.slots, Math.ceil((done * load.serviceMs) / 10_000));
    const busyTasks = Math.ceil(busySlots / fluidSpec.slots);
    const atMs = NOW_MS + tick * 10_000;
    const target = {
      desired,
      running,
      busyTasks,
      busySlots,
      finishedJobs,
      meanServiceMs: load.serviceMs,
      startupMs: 5_000,
    };
    const decision = decide(facts({ backlog, inFlight: busySlots, atMs, target }), fluidSpec, history, atMs);
    ({ history, desired } = decision);
    running = desired;
    // By Little's law, once the first tasks have come up.
    if (tick > 60) longestWaitMs = Math.max(longestWaitMs, (backlog / load.perTick) * 10_000);
    return desired;
  });
  return { counts, longestWaitMs };
}
