import { describe, expect, it } from 'vitest';
import type { FleetView, Removal, SimulatedPolicy } from '../policy.ts';
import { simulate } from './engine.ts';
import { EVERYDAY, type Scenario } from './scenario.ts';

const CONSTANT: Scenario = {
  ...EVERYDAY,
  slots: 2,
  jobTypes: [{ share: 1, meanSeconds: 10, sigma: 0 }],
  startupSeconds: 20,
  startupSigma: 0,
  queueLagSeconds: 0,
};

function policy(decide: (view: FleetView) => number, more: Partial<SimulatedPolicy> = {}): SimulatedPolicy {
  return {
    name: 'test',
    description: 'A rule of a test',
    sources: [],
    everySeconds: 1,
    signal: 'queue',
    removal: 'drain',
    start: () => decide,
    ...more,
  };
}

const fixed = (tasks: number, removal: Removal = 'drain'): SimulatedPolicy =>
  policy(() => tasks, { removal });
const every = (seconds: number, jobs: number, of = 1): Uint32Array =>
  Uint32Array.from({ length: seconds }, (_, second) => (second % of === 0 ? jobs : 0));

describe('jobs', () => {
  it('wait for the first task, then take the slots in turn', () => {
    const result = simulate({
      trace: 't',
      arrivals: Uint32Array.from([4]),
      policy: fixed(1),
      scenario: CONSTANT,
    });
    // Asked for at 1 s, up at 21 s: two jobs start then and two 10 s later. They arrived within the first second.
    expect(result).toMatchObject({ jobs: 4, unfinished: 0, late: 0, killedBusy: 0, peakTasks: 1 });
    expect(result.maxWaitSeconds).toBeGreaterThan(30);
    expect(result.maxWaitSeconds).toBeLessThan(31);
    // From the launch at 1 s to the end of the second in which the last job ended, and a minute at least.
    expect(result.taskSeconds).toBe(60);
  });

  it('are late by the objective, whether they started or not', () => {
    const result = simulate({
      trace: 't',
      arrivals: every(100, 1),
      policy: fixed(1),
      scenario: { ...CONSTANT, objectiveSeconds: 30 },
    });
    const never = simulate({ trace: 't', arrivals: every(10, 3), policy: fixed(0), scenario: CONSTANT });
    // One every 5 s starts: the wait grows by 4 s with every job after the first 2.
    expect(result.unfinished).toBe(0);
    expect(result.late).toBeGreaterThan(85);
    expect(never).toMatchObject({ jobs: 30, unfinished: 30, late: 30, taskSeconds: 0 });
  });

  it('come out the same for the same seed, and take as long under every policy', () => {
    const scenario = { ...EVERYDAY, startupSigma: 0.3 };
    const run = (seed: number, tasks: number) =>
      simulate({ trace: 't', arrivals: every(3_600, 3), policy: fixed(tasks), scenario, seed });
    expect(run(5, 4)).toEqual(run(5, 4));
    expect(run(6, 4)).not.toEqual(run(5, 4));
    // 3 jobs of 4 s a second occupy 12 slots on the average whoever runs them.
    const { p50WaitSeconds } = run(5, 4);
    expect(p50WaitSeconds).toBe(0);
  });

  it('wait as long as the theory of queues says', () => {
    // M/D/1 with one slot: Pollaczek and Khinchine give a mean wait of ρ s / (2 (1 - ρ)) = 2 s at ρ = 0.8 and s = 1 s.
    let state = 7;
    const uniform = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
    const arrivals = Uint32Array.from({ length: 200_000 }, () => {
      let count = -1;
      for (let product = 1; product > Math.exp(-0.8); product *= uniform()) count += 1;
      return count;
    });
    const scenario = {
      ...CONSTANT,
      slots: 1,
      jobTypes: [{ share: 1, meanSeconds: 1, sigma: 0 }],
      startupSeconds: 1,
    };
    const result = simulate({ trace: 't', arrivals, policy: fixed(1), scenario, seriesStepSeconds: 1 });
    // Little's law: the mean number that waits is the rate times the mean wait.
    const waiting = result.series?.visible ?? [];
    const mean = waiting.reduce((sum, count) => sum + count, 0) / waiting.length;
    expect(mean / 0.8).toBeGreaterThan(1.6);
    expect(mean / 0.8).toBeLessThan(2.4);
  });
});

describe('tasks that are taken away', () => {
  const shrinking = (removal: Removal): SimulatedPolicy =>
    policy(({ nowSeconds }) => (nowSeconds < 55 ? 4 : nowSeconds < 300 ? 0 : 1), { removal });

  it('finish what they do when they drain', () => {
    const result = simulate({
      trace: 't',
      arrivals: every(70, 1),
      policy: shrinking('drain'),
      scenario: CONSTANT,
    });
    expect(result).toMatchObject({ killedBusy: 0, unfinished: 0 });
  });

  it('lose what they do when their grace is over, and the jobs run again after their lease', () => {
    const killed = simulate({
      trace: 't',
      arrivals: every(70, 1),
      policy: shrinking({ graceSeconds: 2 }),
      scenario: CONSTANT,
    });
    const patient = simulate({
      trace: 't',
      arrivals: every(70, 1),
      policy: shrinking({ graceSeconds: 30 }),
      scenario: CONSTANT,
    });
    expect(killed.killedBusy).toBeGreaterThan(0);
    expect(killed.unfinished).toBe(0);
    expect(patient.killedBusy).toBe(0);
  });

  it('stay after all when they are wanted again while they drain', () => {
    const back = policy(({ nowSeconds }) => (nowSeconds === 40 ? 0 : 2));
    const result = simulate({ trace: 't', arrivals: every(100, 1), policy: back, scenario: CONSTANT });
    expect(result.peakTasks).toBe(2);
    expect(result.actions).toBe(3);
  });
});

describe('what a policy sees', () => {
  it('is as old as its signal', () => {
    const seen: number[] = [];
    const watching = (signal: SimulatedPolicy['signal']): SimulatedPolicy =>
      policy(
        ({ visible }) => {
          seen.push(visible);
          return 0;
        },
        { signal },
      );
    const scenario = { ...CONSTANT, queueLagSeconds: 5, cloudWatchLagSeconds: 60 };
    const arrivals = every(70, 1);
    simulate({ trace: 't', arrivals, policy: watching('queue'), scenario });
    // At the end of the tenth second ten have arrived; five seconds before, five.
    expect(seen[9]).toBe(5);
    seen.length = 0;
    simulate({ trace: 't', arrivals, policy: watching('cloudwatch'), scenario });
    expect(seen[69]).toBe(10);
  });

  it('is noisy or lost as often as the world says', () => {
    const seen: number[] = [];
    const watching = policy(({ visible }) => {
      seen.push(visible);
      return 0;
    });
    const scenario = { ...CONSTANT, countNoise: 0.2, lostReadings: 0.1 };
    simulate({ trace: 't', arrivals: Uint32Array.from([1_000]), policy: watching, scenario });
    const kept = seen.filter((count) => !Number.isNaN(count));
    expect(1 - kept.length / seen.length).toBeCloseTo(0.1, 1);
    const mean = kept.reduce((sum, count) => sum + count, 0) / kept.length;
    expect(mean / 1_000).toBeCloseTo(1, 1);
    expect(new Set(kept).size).toBeGreaterThan(100);
  });

  it('measures service and start-up times', () => {
    let last: FleetView | undefined;
    const watching = policy((view) => {
      last = { ...view };
      return 2;
    });
    simulate({ trace: 't', arrivals: every(300, 1, 5), policy: watching, scenario: CONSTANT });
    expect(last?.measuredServiceSeconds).toBeCloseTo(10);
    expect(last?.measuredStartupSeconds).toBeCloseTo(20);
  });
});

describe('a pool', () => {
  it('holds tasks back until an instance has come, and for ever beyond its last one', () => {
    const running: number[] = [];
    const watching = policy(({ running: count }) => {
      running.push(count);
      return 9;
    });
    const pool = { tasksPerInstance: 2, minInstances: 1, maxInstances: 2, instanceStartupSeconds: 100 };
    simulate({ trace: 't', arrivals: every(300, 1), policy: watching, scenario: { ...CONSTANT, pool } });
    expect(running[50]).toBe(2);
    expect(running[130]).toBe(4);
    expect(Math.max(...running)).toBe(4);
  });
});

describe('misfortunes', () => {
  it('poison runs five times and no more, and its later waits are no lateness', () => {
    const scenario = { ...CONSTANT, poison: { share: 1, retrySeconds: 200 }, objectiveSeconds: 60 };
    const result = simulate({ trace: 't', arrivals: every(60, 1, 20), policy: fixed(2), scenario });
    expect(result).toMatchObject({ jobs: 3, unfinished: 0, late: 0 });
  });

  it('Spot losses are replaced, drain for their two minutes, and kill nothing that ends within', () => {
    const scenario = { ...CONSTANT, spotLossesPerTaskHour: 6 };
    const result = simulate({ trace: 't', arrivals: every(7_200, 1, 10), policy: fixed(3), scenario });
    const quiet = simulate({
      trace: 't',
      arrivals: every(7_200, 1, 10),
      policy: fixed(3),
      scenario: CONSTANT,
    });
    expect(result).toMatchObject({ killedBusy: 0, unfinished: 0 });
    expect(result.taskSeconds).toBeGreaterThan(quiet.taskSeconds);
  });

  it('a world that cannot be is refused with every fault', () => {
    const scenario = { ...CONSTANT, slots: 0, minTasks: 5, maxTasks: 2, jobTypes: [] };
    expect(() => simulate({ trace: 't', arrivals: every(1, 1), policy: fixed(1), scenario })).toThrow(
      'Cannot simulate: slots is 0, expected more than 0; minTasks 5 is above maxTasks 2; jobTypes is empty, expected at least one',
    );
  });
});
