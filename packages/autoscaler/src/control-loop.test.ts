import { memoryObjectStore } from '@longshore/objects/memory';
import { LongshoreError } from '@longshore/job';
import { describe, expect, it } from 'vitest';
import { createAutoscaler, type AutoscalerOptions } from './controller.ts';
import { emfSink } from './cloudwatch/emf-sink.ts';
import { manualClock, type ManualClock } from './fixtures/manual-clock.ts';
import { objectsLease } from './leader/objects-lease.ts';
import { pinService, readPin, unpinService } from './pins/pins.ts';
import type { ScalingSpec } from './policy/spec.ts';
import type { BacklogCounts, ScalingTarget, TargetFacts } from './ports.ts';
import type { ScalingRecord } from './record.ts';
import { replay } from './replay.ts';

const SPEC: ScalingSpec = {
  service: 'mail',
  min: 0,
  max: 20,
  slots: 2,
  timeInQueueMs: 60_000,
  percentile: 99,
  idleMs: 20_000,
  holdMs: 20_000,
  staleMs: 60_000,
  lagMs: 5_000,
  serviceHintMs: 4_000,
  startupHintMs: 10_000,
};

/** A queue of numbers and tasks that are up at once, each starting `slots` jobs a tick. */
function world(clock: ManualClock) {
  const state = { desired: 0, backlog: 0, finishedJobs: 0, applied: [] as number[] };
  const facts = (): TargetFacts => ({
    desired: state.desired,
    running: state.desired,
    pending: 0,
    busyTasks: Math.min(state.desired, state.backlog),
    busySlots: Math.min(state.desired * 2, state.backlog),
    finishedJobs: state.finishedJobs,
    meanServiceMs: 4_000,
    canDrain: true,
    atMs: clock.nowMs(),
  });
  const target: ScalingTarget = {
    observe: () => Promise.resolve(facts()),
    apply: (_service, desired) => {
      state.applied.push(desired);
      state.desired = desired;
      return Promise.resolve();
    },
  };
  const counts = (): Promise<BacklogCounts> => {
    const done = Math.min(state.backlog, state.desired * 2);
    state.backlog -= done;
    state.finishedJobs += done;
    return Promise.resolve({ backlog: state.backlog, inFlight: Math.min(done, state.backlog), delayed: 0 });
  };
  const options = (more: Partial<AutoscalerOptions> = {}): AutoscalerOptions => ({
    services: [{ spec: SPEC, backlog: { counts } }],
    target,
    clock,
    ...more,
  });
  return { state, options };
}

async function run(
  options: AutoscalerOptions,
  clock: ManualClock,
  rounds: number,
  each: (round: number) => void = () => undefined,
): Promise<ScalingRecord[]> {
  const autoscaler = createAutoscaler(options);
  const records: ScalingRecord[] = [];
  for (let round = 0; round < rounds; round += 1) {
    each(round);
    records.push(...(await autoscaler.tick()));
    await clock.advance(5_000);
  }
  await autoscaler.stop();
  return records;
}

describe('two controllers', () => {
  it('decide both, and only the leader applies; the other takes over when it stops', async () => {
    const clock = manualClock();
    const objects = memoryObjectStore();
    const { state, options } = world(clock);
    const [first, second] = ['a', 'b'].map((holder) =>
      createAutoscaler(options({ lease: objectsLease({ objects, holder, clock }) })),
    );
    if (first === undefined || second === undefined) throw new Error('Two controllers are missing');
    state.backlog = 100;
    expect(await first.tick()).toMatchObject([{ isApplied: true, term: 1 }]);
    state.backlog = 2_000;
    const [waiting] = await second.tick();
    expect(waiting).toMatchObject({ isApplied: false, term: 1 });
    expect(waiting?.desired).toBeGreaterThan(state.desired);
    expect([first.isLeader, second.isLeader]).toEqual([true, false]);
    await first.stop();
    await clock.advance(5_000);
    state.backlog = 2_000;
    expect(await second.tick()).toMatchObject([{ isApplied: true, term: 2 }]);
    await second.stop();
  });

  it('leave no count behind from a leader that slept through its lease', async () => {
    const clock = manualClock();
    const objects = memoryObjectStore();
    const { state, options } = world(clock);
    const stuck = Promise.withResolvers<BacklogCounts>();
    const sleeper = createAutoscaler({
      ...options({ lease: objectsLease({ objects, holder: 'a', clock }), timeoutMs: 1_000_000 }),
      services: [{ spec: SPEC, backlog: { counts: () => stuck.promise } }],
    });
    const ticking = sleeper.tick();
    await new Promise((resolve) => setImmediate(resolve));
    expect(sleeper.isLeader).toBe(true);
    await clock.advance(60_000);
    stuck.resolve({ backlog: 500, inFlight: 0, delayed: 0 });
    const [record] = await ticking;
    expect(record).toMatchObject({ isApplied: false });
    expect(state.applied).toEqual([]);
    await sleeper.stop();
  });

  it('go on until the lease ends when its store is away, and no longer', async () => {
    const clock = manualClock();
    const { state, options } = world(clock);
    let isAway = false;
    const lease = {
      renew: () =>
        isAway
          ? Promise.reject(new LongshoreError('lease_unavailable', 'Away'))
          : Promise.resolve({ isLeader: true, term: 1, untilMs: clock.nowMs() + 27_000 }),
      release: () => Promise.resolve(),
    };
    const records = await run(options({ lease }), clock, 10, (round) => {
      isAway = round > 0;
      state.backlog += 400;
    });
    const applied = records.map(({ isApplied }) => isApplied);
    expect(applied.slice(0, 2)).toContain(true);
    expect(applied.slice(6)).toEqual([false, false, false, false]);
  });
});

describe('modes', () => {
  it('change nothing in a dry run', async () => {
    const clock = manualClock();
    const { state, options } = world(clock);
    state.backlog = 300;
    const [record] = await run(options({ mode: 'dry-run' }), clock, 1);
    expect(record).toMatchObject({ mode: 'dry-run', isApplied: false });
    expect(record?.desired).toBeGreaterThan(0);
    expect(state.applied).toEqual([]);
  });

  it('add up in a shadow what the scaler in charge ran and what we would have', async () => {
    const clock = manualClock();
    const { state, options } = world(clock);
    state.desired = 10;
    const records = await run(options({ mode: 'shadow' }), clock, 721);
    const { shadow } = records.at(-1) ?? {};
    expect(state.applied).toEqual([]);
    expect(shadow?.incumbentTaskHours).toBeCloseTo(10);
    expect(shadow?.ourTaskHours).toBeLessThan(1);
    expect(shadow?.fewer).toBeGreaterThan(700);
  });
});

describe('pins', () => {
  it('rule until they end, within the bounds of the fleet', async () => {
    const clock = manualClock();
    const objects = memoryObjectStore();
    const { options } = world(clock);
    const pin = (service: string) => readPin(objects, service, clock.nowMs());
    const atMs = clock.nowMs();
    await pinService(objects, { service: 'mail', tasks: 7, untilMs: atMs + 22_000, by: 'ana', atMs });
    const records = await run(options({ pin }), clock, 30);
    expect(records.slice(0, 5).map(({ desired }) => desired)).toEqual([7, 7, 7, 7, 7]);
    expect(records[0]).toMatchObject({ limits: ['pinned'] });
    expect(records[0]?.reason).toMatch(/pinned to 7 until 1970-01-01T00:17Z by ana$/);
    expect(records.at(-1)?.desired).toBe(0);
    await pinService(objects, {
      service: 'mail',
      tasks: 99,
      untilMs: clock.nowMs() + 1,
      by: 'ana',
      atMs: clock.nowMs(),
    });
    expect((await run(options({ pin }), clock, 1))[0]).toMatchObject({
      desired: 20,
      limits: ['pinned', 'max'],
    });
    await unpinService(objects, 'mail');
    expect(await pin('mail')).toBeUndefined();
  });

  it('are refused where they cannot be, and ignored where they cannot be read', async () => {
    const objects = memoryObjectStore();
    await expect(
      pinService(objects, { service: 'mail', tasks: -1, untilMs: 0, by: 'ana', atMs: 5 }),
    ).rejects.toThrow(
      'Cannot pin "mail": tasks is -1, expected a whole number from 0; the end is not in the future',
    );
    await objects.put('autoscaler/pins/mail.json', '{"tasks":"many"}');
    expect(await readPin(objects, 'mail', 0)).toBeUndefined();
  });
});

describe('records', () => {
  it('make every decision again, restarts of the controller included', async () => {
    const clock = manualClock();
    const { state, options } = world(clock);
    const load = (round: number): void => {
      state.backlog += round % 40 < 20 ? Math.round(30 + 25 * Math.sin(round / 5)) : 0;
    };
    const before = await run(options(), clock, 200, load);
    const after = await run(options(), clock, 100, load);
    const records = JSON.parse(JSON.stringify([...before, ...after])) as ScalingRecord[];
    expect(new Set(records.map(({ desired }) => desired)).size).toBeGreaterThan(3);
    expect(replay(records)).toEqual({ decisions: 300, skipped: 0, differences: [] });
    const cheaper = replay(records, (spec) => ({ ...spec, max: 2 }));
    expect(cheaper.differences.length).toBeGreaterThan(0);
    expect(replay(records.slice(1)).skipped).toBe(199);
  });

  it('say what a controller remembered that stood by, so that its decisions can be made again too', async () => {
    const clock = manualClock();
    const { state, options } = world(clock);
    let isLeader = false;
    const lease = {
      renew: () => Promise.resolve({ isLeader, term: 1, untilMs: clock.nowMs() + 27_000 }),
      release: () => Promise.resolve(),
    };
    const stored: ScalingRecord[] = [];
    const sink = {
      append: (records: readonly ScalingRecord[]) => {
        stored.push(...records);
        return Promise.resolve();
      },
    };
    await run(options({ lease, sink }), clock, 120, (round) => {
      isLeader = round >= 60;
      state.backlog += Math.round(30 + 25 * Math.sin(round / 5));
    });
    expect(stored).toHaveLength(60);
    expect(stored[0]?.memory?.samples.length).toBeGreaterThan(10);
    const read = JSON.parse(JSON.stringify(stored)) as ScalingRecord[];
    expect(replay(read)).toEqual({ decisions: 60, skipped: 0, differences: [] });
  });

  it('wait for a sink that fails, and hold up no tick', async () => {
    const clock = manualClock();
    const { options } = world(clock);
    const stored: ScalingRecord[] = [];
    let failures = 3;
    const sink = {
      append: (records: readonly ScalingRecord[]) => {
        failures -= 1;
        if (failures >= 0) return Promise.reject(new Error('full'));
        stored.push(...records);
        return Promise.resolve();
      },
    };
    const records = await run(options({ sink }), clock, 8);
    expect(stored.map(({ atMs }) => atMs)).toEqual(records.map(({ atMs }) => atMs));
  });

  it('are metrics for CloudWatch and for Prometheus', async () => {
    const clock = manualClock();
    const { state, options } = world(clock);
    const lines: string[] = [];
    state.backlog = 100;
    const autoscaler = createAutoscaler(options({ sink: emfSink({ write: (line) => lines.push(line) }) }));
    await autoscaler.tick();
    await autoscaler.tick();
    await autoscaler.stop();
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      _aws: { CloudWatchMetrics: [{ Namespace: 'Longshore', Dimensions: [['Service']] }] },
      Service: 'mail',
      DesiredTasks: expect.any(Number) as number,
    });
    expect(autoscaler.metricsText()).toMatch(/longshore_tasks_desired\{service="mail"\} [1-9]/);
  });
});

describe('a pool', () => {
  it('grants what there is room for, and says so', async () => {
    const clock = manualClock();
    const { state, options } = world(clock);
    state.backlog = 500;
    const [record] = await run(options({ allocate: () => new Map([['mail', 3]]) }), clock, 1);
    expect(record).toMatchObject({ desired: 3, isApplied: true });
    expect(record?.limits).toContain('pool');
    expect(record?.decided).toBeGreaterThan(3);
  });
});

describe('a throttled target', () => {
  it('is asked again after a pause, for what is wanted then', async () => {
    const clock = manualClock();
    const { state, options } = world(clock);
    let calls = 0;
    const target: ScalingTarget = {
      ...options().target,
      apply: () => {
        calls += 1;
        return Promise.reject(new LongshoreError('target_unavailable', 'Rate exceeded', { retryable: true }));
      },
    };
    await run(options({ target, random: () => 1 }), clock, 24, () => {
      state.backlog = 500;
    });
    // After 5, 10, 20, 40 s of two minutes.
    expect(calls).toBe(5);
  });
});
