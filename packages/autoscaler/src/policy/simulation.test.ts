/** The whole loop, controller and policy, against a fleet on virtual time: bursts, noise and steady load. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAutoscaler } from '../controller.ts';
import type { ScalingTarget } from '../ports.ts';
import type { ScalingSpec } from './spec.ts';

const STEP_MS = 100;
const TICK_MS = 1_000;
const STARTUP_MS = 2_000;
const spec: ScalingSpec = {
  service: 'extraction',
  min: 0,
  max: 10,
  slots: 2,
  timeInQueueMs: 60_000,
  percentile: 99.9,
  idleMs: 10_000,
  holdMs: 10_000,
  staleMs: 10_000,
  lagMs: TICK_MS,
  serviceHintMs: 1_000,
  startupHintMs: STARTUP_MS,
};

interface Task {
  readonly readyAtMs: number;
  /** When each job in hand ends. */
  readonly ends: number[];
}

interface Run {
  /** Desired count at each tick. */
  readonly desired: number[];
  readonly finished: number;
  readonly busyTasksRemoved: number;
  readonly longestWaitMs: number;
  readonly finishedAtMs: number;
}

/** Runs jobs of `serviceMs` that arrive at the given times until `untilMs`. */
async function simulate(
  arrivals: readonly number[],
  options: { serviceMs: number; untilMs: number; spec?: ScalingSpec; noise?: (count: number) => number },
): Promise<Run> {
  const { serviceMs, untilMs, noise = (count) => count } = options;
  const waiting: number[] = [];
  let tasks: Task[] = [];
  let nowMs = 0;
  let asked = 0;
  let finished = 0;
  let busyTasksRemoved = 0;
  let longestWaitMs = 0;
  let finishedAtMs = 0;
  const isRunning = (task: Task): boolean => task.readyAtMs <= nowMs;
  const busySlots = (): number => tasks.reduce((sum, { ends }) => sum + ends.length, 0);
  const target: ScalingTarget = {
    observe: () => {
      const running = tasks.filter(isRunning);
      return Promise.resolve({
        desired: asked,
        running: running.length,
        pending: tasks.length - running.length,
        busyTasks: running.filter(({ ends }) => ends.length > 0).length,
        busySlots: busySlots(),
        finishedJobs: finished,
        startupMs: STARTUP_MS,
        ...(finished === 0 ? {} : { meanServiceMs: serviceMs }),
        atMs: nowMs,
      });
    },
    apply: (_service, desired) => {
      asked = desired;
      tasks.sort((left, right) => right.ends.length - left.ends.length);
      for (const task of tasks.slice(desired)) if (task.ends.length > 0) busyTasksRemoved += 1;
      tasks = tasks.slice(0, desired);
      while (tasks.length < desired) tasks.push({ readyAtMs: nowMs + STARTUP_MS, ends: [] });
      return Promise.resolve();
    },
  };
  const backlog = {
    counts: () => Promise.resolve({ backlog: noise(waiting.length), inFlight: busySlots(), delayed: 0 }),
  };
  const clock = { nowMs: () => nowMs, after: () => ({ cancel: () => {} }) };
  const autoscaler = createAutoscaler({ services: [{ spec: options.spec ?? spec, backlog }], target, clock });
  const desired: number[] = [];
  let next = 0;
  for (; nowMs < untilMs; nowMs += STEP_MS) {
    for (; (arrivals[next] ?? Infinity) <= nowMs; next += 1) waiting.push(nowMs);
    for (const task of tasks.filter(isRunning)) {
      const left = task.ends.filter((endMs) => endMs > nowMs);
      finished += task.ends.length - left.length;
      if (left.length < task.ends.length) finishedAtMs = nowMs;
      while (left.length < spec.slots && waiting.length > 0) {
        longestWaitMs = Math.max(longestWaitMs, nowMs - (waiting.shift() ?? nowMs));
        left.push(nowMs + serviceMs);
      }
      task.ends.splice(0, Infinity, ...left);
    }
    if (nowMs % TICK_MS === 0) desired.push(...(await autoscaler.tick()).map((record) => record.desired));
  }
  return { desired, finished, busyTasksRemoved, longestWaitMs, finishedAtMs };
}

function directionChanges(counts: readonly number[]): number {
  const steps = counts
    .slice(1)
    .map((count, index) => Math.sign(count - (counts[index] ?? 0)))
    .filter((sign) => sign !== 0);
  return steps.slice(1).filter((sign, index) => sign !== steps[index]).length;
}

describe('a burst', () => {
  it('of 1,000 jobs takes several tasks, is done within the objective, and leaves none behind', async () => {
    const run = await simulate(
      Array.from({ length: 1_000 }, () => 5_000),
      { serviceMs: 1_000, untilMs: 150_000 },
    );
    expect(run.finished).toBe(1_000);
    expect(run.desired[4]).toBe(0);
    expect(run.desired[5]).toBe(10);
    expect(run.longestWaitMs).toBeLessThanOrEqual(60_000);
    expect(run.busyTasksRemoved).toBe(0);
    expect(directionChanges(run.desired)).toBe(1);
    expect(run.desired.at(-1)).toBe(0);
    const zeroAtMs = run.desired.findLastIndex((count) => count > 0) * TICK_MS;
    expect(zeroAtMs - run.finishedAtMs).toBeLessThanOrEqual(spec.idleMs + 2 * TICK_MS);
  });

  it('of one job takes one task and goes back to zero', async () => {
    const run = await simulate([3_000], { serviceMs: 1_000, untilMs: 40_000 });
    expect(run.finished).toBe(1);
    expect(Math.max(...run.desired)).toBe(1);
    expect(directionChanges(run.desired)).toBe(1);
    expect(run.desired.at(-1)).toBe(0);
  });

  it('of long jobs spreads them though none has been measured, and keeps every busy task to the end', async () => {
    const run = await simulate(
      Array.from({ length: 7 }, () => 1_000),
      { serviceMs: 90_000, untilMs: 250_000 },
    );
    expect(run.finished).toBe(7);
    // One task of 2 slots would need 360 s for 7 jobs; more than 4 tasks would have more slots than jobs.
    expect(Math.max(...run.desired)).toBeGreaterThanOrEqual(3);
    expect(Math.max(...run.desired)).toBeLessThanOrEqual(4);
    expect(run.busyTasksRemoved).toBe(0);
    expect(run.desired.at(-1)).toBe(0);
  });
});

describe('repeated bursts', () => {
  it('change direction at most twice for each burst', async () => {
    const arrivals = [0, 60_000, 120_000, 180_000].flatMap((atMs) => Array.from({ length: 200 }, () => atMs));
    const run = await simulate(arrivals, { serviceMs: 1_000, untilMs: 300_000 });
    expect(run.finished).toBe(800);
    expect(run.busyTasksRemoved).toBe(0);
    expect(directionChanges(run.desired)).toBeLessThanOrEqual(8);
    expect(run.desired.at(-1)).toBe(0);
  });
});

describe('any load', () => {
  it('is finished, never at the cost of a busy task, and ends at zero, with counts that lie by a fifth', async () => {
    const load = fc.record({
      bursts: fc.array(fc.record({ atMs: fc.nat({ max: 60_000 }), jobs: fc.integer({ min: 1, max: 150 }) }), {
        minLength: 1,
        maxLength: 6,
      }),
      serviceMs: fc.integer({ min: 100, max: 5_000 }),
      seed: fc.nat({ max: 1_000 }),
    });
    await fc.assert(
      fc.asyncProperty(load, async ({ bursts, serviceMs, seed }) => {
        const arrivals = bursts
          .flatMap(({ atMs, jobs }) => Array.from({ length: jobs }, () => atMs))
          .sort((left, right) => left - right);
        let turn = seed;
        const noise = (count: number): number => {
          turn += 1;
          return Math.max(0, Math.round(count * (0.8 + 0.4 * ((turn * 0.618) % 1))));
        };
        const run = await simulate(arrivals, { serviceMs, untilMs: 400_000, noise });
        expect(run.finished).toBe(arrivals.length);
        expect(run.busyTasksRemoved).toBe(0);
        expect(run.desired.at(-1)).toBe(0);
        expect(directionChanges(run.desired)).toBeLessThanOrEqual(4 * bursts.length);
      }),
      { numRuns: 40 },
    );
  });
});
