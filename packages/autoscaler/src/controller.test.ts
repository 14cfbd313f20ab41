import type { Clock } from '@longshore/job';
import { describe, expect, it } from 'vitest';
import { createAutoscaler, type AutoscalerLog, type ScaledService } from './controller.ts';
import type { ScalingRecord } from './record.ts';
import type { BacklogCounts, ScalingTarget, TargetFacts } from './ports.ts';
import type { ScalingSpec } from './policy/spec.ts';

const spec: ScalingSpec = {
  service: 'mail',
  min: 0,
  max: 5,
  slots: 2,
  timeInQueueMs: 60_000,
  percentile: 99.9,
  idleMs: 1_000,
  holdMs: 1_000,
  staleMs: 60_000,
  lagMs: 1_000,
  serviceHintMs: 1_000,
  startupHintMs: 1_000,
};
const counts = (backlog: number): Promise<BacklogCounts> =>
  Promise.resolve({ backlog, inFlight: 0, delayed: 0 });

/** A clock that stands still until it is moved; moving it fires what is due. */
function handClock(): Clock & { advance(byMs: number): void } {
  let nowMs = 1_000_000;
  const timers = new Set<{ readonly atMs: number; readonly callback: () => void }>();
  return {
    nowMs: () => nowMs,
    after(delayMs, callback) {
      const timer = { atMs: nowMs + delayMs, callback };
      timers.add(timer);
      return { cancel: () => timers.delete(timer) };
    },
    advance(byMs) {
      nowMs += byMs;
      for (const timer of [...timers].filter(({ atMs }) => atMs <= nowMs)) {
        timers.delete(timer);
        timer.callback();
      }
    },
  };
}

/** A target that obeys at once, unless told to misbehave. */
function obedientTarget(
  clock: Clock,
): ScalingTarget & { applied: [string, number][]; desired: Map<string, number> } {
  const desired = new Map<string, number>();
  const applied: [string, number][] = [];
  return {
    desired,
    applied,
    observe: (service): Promise<TargetFacts> => {
      const count = desired.get(service) ?? 0;
      return Promise.resolve({
        desired: count,
        running: count,
        pending: 0,
        busyTasks: 0,
        busySlots: 0,
        atMs: clock.nowMs(),
      });
    },
    apply: (service, count) => {
      applied.push([service, count]);
      desired.set(service, count);
      return Promise.resolve();
    },
  };
}

function recordingLog(): AutoscalerLog & { readonly lines: string[] } {
  const lines: string[] = [];
  const write =
    (level: string) =>
    (_fields: object, message: string): void => {
      lines.push(`${level}: ${message}`);
    };
  return { lines, debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}

const service = (name: string, backlog: () => Promise<BacklogCounts>): ScaledService => ({
  spec: { ...spec, service: name },
  backlog: { counts: backlog },
});

/** Lets everything that can run without time passing run. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function failToShow(): never {
  throw new Error('screen gone');
}

describe('tick', () => {
  it('measures, decides, applies and records each service', async () => {
    const clock = handClock();
    const target = obedientTarget(clock);
    const records: ScalingRecord[] = [];
    const autoscaler = createAutoscaler({
      services: [service('mail', () => counts(1)), service('bulk', () => counts(0))],
      target,
      clock,
      onDecision: (record) => records.push(record),
    });
    const returned = await autoscaler.tick();
    expect(target.applied).toEqual([['mail', 1]]);
    expect(records.toSorted((left, right) => right.service.localeCompare(left.service))).toEqual(returned);
    expect(returned).toMatchObject([
      {
        service: 'mail',
        desired: 1,
        isApplied: true,
        atMs: clock.nowMs(),
        inputs: { backlog: 1, desiredBefore: 0 },
      },
      { service: 'bulk', desired: 0, isApplied: false },
    ]);
    expect(JSON.parse(JSON.stringify(returned))).toMatchObject([{ service: 'mail' }, { service: 'bulk' }]);
  });

  it('goes on with the others when one service cannot be measured, observed or decided', async () => {
    const clock = handClock();
    const target = obedientTarget(clock);
    target.desired.set('down', 3);
    const observe = target.observe.bind(target);
    const log = recordingLog();
    const autoscaler = createAutoscaler({
      services: [
        service('down', () => Promise.reject(new Error('no route'))),
        service('throws', () => {
          throw new Error('broken');
        }),
        service('blind', () => counts(9)),
        service('mail', () => counts(1)),
      ],
      target: {
        ...target,
        observe: (name) => (name === 'blind' ? Promise.reject(new Error('denied')) : observe(name)),
      },
      clock,
      log,
    });
    const records = await autoscaler.tick();
    expect(records.map(({ service: name, desired, limits }) => [name, desired, limits])).toEqual([
      ['down', 3, ['no_metric']],
      ['throws', 0, ['no_metric']],
      ['blind', 0, ['no_metric']],
      ['mail', 1, []],
    ]);
    expect(target.applied).toEqual([['mail', 1]]);
    expect(log.lines).toContain('warn: Could not measure the queue of down, holding its count');
    expect(log.lines).toContain('warn: Could not observe the tasks of blind, holding its count');
  });

  it('does not wait for a queue that never answers', async () => {
    const clock = handClock();
    const target = obedientTarget(clock);
    const autoscaler = createAutoscaler({
      services: [service('hung', () => new Promise<never>(() => {})), service('mail', () => counts(1))],
      target,
      clock,
      timeoutMs: 500,
    });
    const ticking = autoscaler.tick();
    await settle();
    clock.advance(500);
    expect(await ticking).toMatchObject([
      { service: 'hung', limits: ['no_metric'] },
      { service: 'mail', isApplied: true },
    ]);
  });

  it('asks again at the next tick when a count could not be applied', async () => {
    const clock = handClock();
    const target = obedientTarget(clock);
    const apply = target.apply.bind(target);
    const log = recordingLog();
    let failures = 2;
    const flaky: ScalingTarget = {
      ...target,
      apply: (name, desired) =>
        failures-- > 0 ? Promise.reject(new Error('throttled')) : apply(name, desired),
    };
    const autoscaler = createAutoscaler({
      services: [service('mail', () => counts(1))],
      target: flaky,
      clock,
      log,
    });
    const applied: boolean[] = [];
    for (let round = 0; round < 4; round += 1) {
      applied.push(...(await autoscaler.tick()).map(({ isApplied }) => isApplied));
      clock.advance(1_000);
    }
    expect(applied).toEqual([false, false, true, false]);
    expect(target.applied).toEqual([['mail', 1]]);
    expect(log.lines.filter((line) => line.includes('asking again at the next tick'))).toHaveLength(2);
  });

  it('never has two counts of one service on their way, so that the older cannot win', async () => {
    const clock = handClock();
    const target = obedientTarget(clock);
    const slow = Promise.withResolvers<void>();
    const asked: number[] = [];
    let backlog = 1;
    const autoscaler = createAutoscaler({
      services: [service('mail', () => counts(backlog))],
      target: {
        ...target,
        apply: (_name, desired) => {
          asked.push(desired);
          return slow.promise;
        },
      },
      clock,
      timeoutMs: 500,
    });
    const first = autoscaler.tick();
    await settle();
    clock.advance(500);
    await first;
    backlog = 100_000;
    expect(await autoscaler.tick()).toMatchObject([{ desired: 5, isApplied: false }]);
    expect(asked).toEqual([1]);
    slow.resolve();
    await settle();
    await autoscaler.tick();
    expect(asked).toEqual([1, 5]);
  });

  it('is joined, not doubled, by a call while it runs', async () => {
    const clock = handClock();
    let measured = 0;
    const backlog = (): Promise<BacklogCounts> => {
      measured += 1;
      return counts(1);
    };
    const autoscaler = createAutoscaler({
      services: [service('mail', backlog)],
      target: obedientTarget(clock),
      clock,
    });
    await Promise.all([autoscaler.tick(), autoscaler.tick()]);
    expect(measured).toBe(1);
  });

  it('survives a callback that throws', async () => {
    const clock = handClock();
    const target = obedientTarget(clock);
    const autoscaler = createAutoscaler({
      services: [service('mail', () => counts(1))],
      target,
      clock,
      onDecision: failToShow,
    });
    expect(await autoscaler.tick()).toMatchObject([{ desired: 1, isApplied: true }]);
  });
});

describe('start and stop', () => {
  it('ticks at once and after every interval until stopped, however often it is told', async () => {
    const clock = handClock();
    const records: ScalingRecord[] = [];
    const autoscaler = createAutoscaler({
      services: [service('mail', () => counts(1))],
      target: obedientTarget(clock),
      clock,
      intervalMs: 2_000,
      onDecision: (record) => records.push(record),
    });
    autoscaler.start();
    autoscaler.start();
    await settle();
    expect(records).toHaveLength(1);
    clock.advance(2_000);
    await settle();
    expect(records).toHaveLength(2);
    await Promise.all([autoscaler.stop(), autoscaler.stop()]);
    clock.advance(10_000);
    await settle();
    expect(records).toHaveLength(2);
    autoscaler.start();
    await settle();
    expect(records).toHaveLength(3);
    await autoscaler[Symbol.asyncDispose]();
  });

  it('may be stopped before it started', async () => {
    const autoscaler = createAutoscaler({ services: [], target: obedientTarget(handClock()) });
    await autoscaler.stop();
    await expect(autoscaler.stop()).resolves.toBeUndefined();
  });

  it('asks for no further count once stopping', async () => {
    const clock = handClock();
    const target = obedientTarget(clock);
    const slow = Promise.withResolvers<BacklogCounts>();
    const autoscaler = createAutoscaler({ services: [service('mail', () => slow.promise)], target, clock });
    autoscaler.start();
    await settle();
    const stopped = autoscaler.stop();
    slow.resolve({ backlog: 50, inFlight: 0, delayed: 0 });
    await stopped;
    expect(target.applied).toEqual([]);
  });

  it('refuses services with one name and intervals of nothing, all at once', () => {
    const twice = [service('mail', () => counts(0)), service('mail', () => counts(0))];
    const target = obedientTarget(handClock());
    expect(() => createAutoscaler({ services: twice, target, intervalMs: 0 })).toThrow(
      'Cannot autoscale: intervalMs is 0, expected milliseconds above 0; service "mail" is given twice',
    );
  });
});
