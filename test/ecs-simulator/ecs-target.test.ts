/** The ECS target on the stand-in, by the real SDK client over HTTP, on a clock that only moves here. */
import { isLongshoreError } from '@longshore/job';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { accessDenied } from './ecs-simulator.ts';
import { ecsClient, openEcsFleet, seededRandom, type EcsFleet } from './ecs-fleet.ts';
import { isRunning, type Service } from './model.ts';
import type { VirtualWorker } from './virtual-workers.ts';

const MINUTE_MS = 60_000;

let fleet: EcsFleet;
beforeEach(async () => {
  fleet = await openEcsFleet();
});
afterEach(() => fleet.close());

const runs = (name: string): number => [...fleet.simulator.service(name).tasks].filter(isRunning).length;
const callsOf = (action: string) => fleet.simulator.calls.filter((call) => call.action === action);
const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

/** A service with so many tasks running, all of which have reported. */
async function serviceWith(count: number, name = 'mail'): Promise<Service> {
  const service = fleet.simulator.createService(name, { desiredCount: count });
  await fleet.pass(MINUTE_MS);
  return service;
}

function workerAt(index: number, name = 'mail'): VirtualWorker {
  const worker = fleet.workers.alive(name)[index];
  if (worker === undefined) throw new Error(`There is no worker ${index} of ${name}`);
  return worker;
}

async function ticks(count: number, wanted: number, name = 'mail'): Promise<void> {
  for (let tick = 0; tick < count; tick += 1) await fleet.tick(name, wanted);
}

describe('observing', () => {
  it('asks once for the services of a tick: ten calls for a hundred of them', async () => {
    const names = Array.from({ length: 100 }, (_, index) => `service-${index}`);
    for (const name of names) fleet.simulator.createService(name, { desiredCount: 1 });
    await fleet.pass(MINUTE_MS);
    const facts = await Promise.all(names.map((name) => fleet.target.observe(name)));
    expect(facts.map(({ running }) => running)).toEqual(names.map(() => 1));
    expect(callsOf('DescribeServices')).toHaveLength(10);
    await fleet.pass(10_000);
    await Promise.all([...names, ...names].map((name) => fleet.target.observe(name)));
    expect(callsOf('DescribeServices')).toHaveLength(20);
  });

  it('joins the counts with what the workers report', async () => {
    await serviceWith(3);
    fleet.workers.begin(workerAt(0));
    fleet.workers.begin(workerAt(0));
    fleet.workers.measures = {
      meanServiceMs: 40,
      oldestWaitMs: 900,
      startupMs: 12_000,
      finishedJobs: 7,
    };
    fleet.workers.report();
    expect(await fleet.target.observe('mail')).toEqual({
      desired: 3,
      running: 3,
      pending: 0,
      busyTasks: 1,
      busySlots: 2,
      draining: 0,
      isDeploying: false,
      meanServiceMs: 40,
      oldestWaitMs: 900,
      startupMs: 12_000,
      finishedJobs: 7,
      atMs: fleet.clock.nowMs(),
    });
  });

  it('takes every task for busy that nothing is heard of', async () => {
    const service = await serviceWith(3);
    const target = fleet.targetWith({ workers: { of: () => undefined, workers: () => [] } });
    expect(await target.observe('mail')).toMatchObject({ running: 3, busyTasks: 3, busySlots: 3 });
    await target.apply('mail', 0);
    expect(service.desiredCount).toBe(3);
    fleet.workers.silent.add(workerAt(0).id);
    await fleet.pass(MINUTE_MS);
    expect(await fleet.target.observe('mail')).toMatchObject({ running: 3, busyTasks: 1, busySlots: 1 });
  });

  it('measures start-up by the counts where no worker reports it', async () => {
    await serviceWith(1);
    await fleet.target.observe('mail');
    await ticks(8, 3);
    const { startupMs = 0 } = await fleet.target.observe('mail');
    expect(startupMs).toBeGreaterThanOrEqual(30_000);
    expect(startupMs).toBeLessThanOrEqual(50_000);
  });

  it.each([
    ['a service that does not exist', 'nothing', /service "nothing" of ECS cluster "fleet".*MISSING.*create/],
    ['a service that was deleted', 'gone', /service "gone" of cluster "fleet" is INACTIVE/],
  ])('says what is wrong with %s, beside others', async (_what, name, message) => {
    await serviceWith(1);
    fleet.simulator.service('mail');
    const gone = fleet.simulator.createService('gone');
    gone.status = 'INACTIVE';
    const [facts, error] = await Promise.all([
      fleet.target.observe('mail'),
      failure(fleet.target.observe(name)),
    ]);
    expect(facts.running).toBe(1);
    expect(error).toMatchObject({
      code: 'service_missing',
      message: expect.stringMatching(message) as unknown,
    });
  });

  it('names the cluster that does not exist', async () => {
    await expect(fleet.targetWith({ cluster: 'other' }).observe('mail')).rejects.toMatchObject({
      code: 'service_missing',
      message: expect.stringContaining('cluster "other": there is no such cluster') as unknown,
    });
  });

  it('names both actions where a role lacks one, and keeps services apart that it may not see', async () => {
    await serviceWith(1);
    await serviceWith(1, 'secret');
    fleet.simulator.fault = (action, { services }) =>
      Array.isArray(services) && services.includes('secret') ? accessDenied(action) : undefined;
    const both = (): Promise<readonly unknown[]> =>
      Promise.all([fleet.target.observe('mail'), failure(fleet.target.observe('secret'))]);
    const [facts, error] = await both();
    expect(facts).toMatchObject({ running: 1 });
    expect(error).toMatchObject({
      code: 'target_unavailable',
      message: expect.stringMatching(/ecs:DescribeServices and ecs:UpdateService/) as unknown,
    });
    const before = callsOf('DescribeServices').length;
    await both();
    expect(callsOf('DescribeServices')).toHaveLength(before + 2);
  });

  it('gives up on an answer that does not come, and asks again', async () => {
    await serviceWith(1);
    fleet.simulator.fault = () => 'hang';
    const hanging = failure(fleet.target.observe('mail'));
    await vi.waitFor(() => expect(callsOf('DescribeServices')).toHaveLength(1));
    await fleet.clock.advance(4_500);
    expect(await hanging).toMatchObject({ code: 'timed_out', retryable: true });
    fleet.simulator.fault = () => undefined;
    expect(await fleet.target.observe('mail')).toMatchObject({ running: 1 });
  });
});

describe('scaling out', () => {
  it('asks for one absolute count and reports what is starting', async () => {
    const service = await serviceWith(1);
    await fleet.target.observe('mail');
    await fleet.target.apply('mail', 4);
    expect(service.desiredCount).toBe(4);
    await fleet.pass(10_000);
    expect(await fleet.target.observe('mail')).toMatchObject({ desired: 4, running: 1, pending: 3 });
    await fleet.pass(MINUTE_MS);
    expect(await fleet.target.observe('mail')).toMatchObject({ desired: 4, running: 4, pending: 0 });
    expect(callsOf('UpdateService')).toHaveLength(1);
  });

  it('has the same outcome when the answer was lost', async () => {
    const service = await serviceWith(1);
    await fleet.target.observe('mail');
    fleet.simulator.fault = (action) => (action === 'UpdateService' ? 'lose-reply' : undefined);
    const error = await failure(fleet.target.apply('mail', 4));
    expect(isLongshoreError(error, 'target_unavailable')).toBe(true);
    fleet.simulator.fault = () => undefined;
    await ticks(6, 4);
    expect(service.desiredCount).toBe(4);
    expect(service.tasks.size).toBe(4);
  });

  it('tells which resource is missing in a full pool, until there is room', async () => {
    const { world } = fleet.simulator;
    const add = () => world.addInstance({ zone: 'eu-west-1a', cpuUnits: 2_048, memoryMiB: 1_024 });
    add();
    fleet.simulator.createService('pool', { launchType: 'EC2', desiredCount: 1, memoryMiB: 600 });
    await fleet.pass(MINUTE_MS);
    expect(await fleet.target.observe('pool')).not.toHaveProperty('shortage');
    await ticks(3, 2, 'pool');
    expect(await fleet.target.observe('pool')).toMatchObject({
      running: 1,
      pending: 0,
      shortage: 'RESOURCE:MEMORY',
    });
    add();
    await ticks(6, 2, 'pool');
    const facts = await fleet.target.observe('pool');
    expect(facts).toMatchObject({ running: 2 });
    expect(facts).not.toHaveProperty('shortage');
  });

  it.each([
    ['CAPACITY', { isAvailable: false }],
    ['QUOTA:VCPU', { vcpus: 0.5 }],
  ])('tells %s on Fargate', async (shortage, capacity) => {
    await serviceWith(1);
    Object.assign(fleet.simulator.world.fargate, capacity);
    await ticks(3, 3);
    expect(await fleet.target.observe('mail')).toMatchObject({ shortage });
  });
});

describe('scaling in', () => {
  it('drains first, and lowers the count as workers become idle, never below the busy ones', async () => {
    const service = await serviceWith(5);
    for (const index of [0, 1, 2]) fleet.workers.begin(workerAt(index));
    fleet.workers.report();
    const busy = [0, 1, 2].map((index) => workerAt(index));
    await fleet.target.observe('mail');
    await fleet.target.apply('mail', 1);
    expect(service.desiredCount).toBe(5);
    await ticks(6, 1);
    expect(service.desiredCount).toBe(3);
    expect(await fleet.target.observe('mail')).toMatchObject({
      desired: 1,
      running: 1,
      busyTasks: 1,
      draining: 2,
    });
    for (const worker of busy.filter(({ isDraining }) => isDraining)) fleet.workers.end(worker);
    await ticks(6, 1);
    expect(service.desiredCount).toBe(1);
    expect(runs('mail')).toBe(1);
    expect(fleet.workers.alive('mail').map(({ busySlots }) => busySlots)).toEqual([1]);
    expect(fleet.workers.stoppedBusy).toEqual([]);
    expect(callsOf('UpdateService').map(({ input }) => input['desiredCount'])).toEqual([3, 1]);
  });

  it('takes drained workers back instead of asking for tasks', async () => {
    const service = await serviceWith(3);
    for (const index of [0, 1, 2]) fleet.workers.begin(workerAt(index));
    fleet.workers.report();
    await ticks(2, 0);
    expect(await fleet.target.observe('mail')).toMatchObject({ desired: 0, running: 0, draining: 3 });
    await ticks(2, 2);
    expect(await fleet.target.observe('mail')).toMatchObject({ desired: 2, running: 2, draining: 1 });
    expect(service.desiredCount).toBe(3);
    expect(callsOf('UpdateService')).toEqual([]);
  });

  it('goes on with a new instance where another one ended in the middle', async () => {
    const service = await serviceWith(4);
    fleet.workers.begin(workerAt(0));
    fleet.workers.begin(workerAt(1));
    fleet.workers.report();
    await ticks(2, 1);
    const left = fleet.workers.alive('mail').filter(({ busySlots }) => busySlots > 0);
    const second = fleet.targetWith();
    for (let tick = 0; tick < 8; tick += 1) {
      const { desired } = await second.observe('mail');
      if (desired !== 1) await second.apply('mail', 1);
      await fleet.pass(10_000);
    }
    expect(service.desiredCount).toBe(2);
    const leaver = left.find(({ isDraining }) => isDraining);
    if (leaver !== undefined) fleet.workers.end(leaver);
    for (let tick = 0; tick < 6; tick += 1) {
      const { desired } = await second.observe('mail');
      if (desired !== 1) await second.apply('mail', 1);
      await fleet.pass(10_000);
    }
    expect(service.desiredCount).toBe(1);
    expect(fleet.workers.stoppedBusy).toEqual([]);
  });

  it('gives way to a count that somebody else set', async () => {
    const service = await serviceWith(2);
    await ticks(1, 2);
    await ticks(5, 4);
    service.desiredCount = 6;
    fleet.simulator.world.changed(service);
    expect((await fleet.target.observe('mail')).desired).toBe(6);
  });

  it('changes nothing once another controller leads', async () => {
    const service = await serviceWith(3);
    const target = fleet.targetWith({ control: { drain: () => Promise.resolve({ kind: 'outranked' }) } });
    await expect(target.apply('mail', 1)).rejects.toMatchObject({ code: 'closed' });
    expect(service.desiredCount).toBe(3);
  });

  it('without control lowers at once to the busy tasks, which their protection spares', async () => {
    const service = await serviceWith(5);
    const target = fleet.targetWith({ control: undefined as never });
    for (const index of [1, 3]) fleet.workers.begin(workerAt(index));
    fleet.workers.report();
    await target.apply('mail', 0);
    expect(service.desiredCount).toBe(2);
    await fleet.pass(MINUTE_MS);
    expect(fleet.workers.alive('mail').map(({ busySlots }) => busySlots)).toEqual([1, 1]);
    expect(fleet.workers.stoppedBusy).toEqual([]);
  });
});

describe('a deployment', () => {
  it.each([1, 2, 3, 4])('leaves a service that comes to its count in little time (seed %i)', async (seed) => {
    await fleet.close();
    fleet = await openEcsFleet({ random: seededRandom(seed) });
    const service = await serviceWith(5);
    const { world } = fleet.simulator;
    world.deploy(service, world.register('mail', 256, 512));
    await ticks(12, 5);
    const runningCounts: number[] = [];
    for (let tick = 0; tick < 8; tick += 1) {
      await fleet.tick('mail', 1);
      runningCounts.push((await fleet.target.observe('mail')).running);
    }
    // ECS may have stopped the one that was to stay: at the next tick a drained one takes its place.
    expect(runningCounts.filter((count, index) => count === 0 && runningCounts[index - 1] === 0)).toEqual([]);
    expect(runningCounts.slice(-3)).toEqual([1, 1, 1]);
    expect(service.desiredCount).toBe(1);
  });

  it('lets the count rise and keeps it from falling', async () => {
    const service = await serviceWith(4);
    for (const index of [0, 1]) fleet.workers.begin(workerAt(index));
    fleet.workers.report();
    const { world } = fleet.simulator;
    world.deploy(service, world.register('mail', 256, 512));
    await ticks(8, 1);
    const facts = await fleet.target.observe('mail');
    expect(facts).toMatchObject({ isDeploying: true, running: 4, pending: 0 });
    expect(facts.busyTasks).toBeLessThanOrEqual(4);
    expect(service.desiredCount).toBe(4);
    await ticks(2, 6);
    expect(service.desiredCount).toBe(6);
    expect(fleet.workers.stoppedBusy).toEqual([]);
    for (const worker of fleet.workers.alive('mail')) fleet.workers.end(worker);
    await ticks(15, 1);
    expect(await fleet.target.observe('mail')).toMatchObject({ isDeploying: false, desired: 1, running: 1 });
  });
});

describe('the limits of ECS', () => {
  it('holds up no other service when one is throttled, and asks for that one again', async () => {
    const mail = await serviceWith(1);
    const bulk = await serviceWith(1, 'bulk');
    await Promise.all([fleet.target.observe('mail'), fleet.target.observe('bulk')]);
    fleet.simulator.fault = (action, { service }) =>
      action === 'UpdateService' && service === 'mail'
        ? { type: 'ThrottlingException', message: 'Rate exceeded' }
        : undefined;
    const throttled = failure(fleet.target.apply('mail', 3));
    const other = fleet.target.apply('bulk', 3);
    for (let second = 0; second < 10; second += 1) {
      await new Promise((resolve) => setTimeout(resolve, 15));
      await fleet.clock.advance(1_000);
    }
    await other;
    expect(bulk.desiredCount).toBe(3);
    expect(await throttled).toMatchObject({ code: 'target_unavailable', retryable: true });
    fleet.simulator.fault = () => undefined;
    await fleet.tick('mail', 3);
    expect(mail.desiredCount).toBe(3);
  });

  it('sends rises before falls, and stays far below the limits of ECS', async () => {
    const names = Array.from({ length: 40 }, (_, index) => `service-${index}`);
    for (const name of names) fleet.simulator.createService(name, { desiredCount: 2 });
    await fleet.pass(MINUTE_MS);
    await Promise.all(names.map((name) => fleet.target.observe(name)));
    const target = fleet.targetWith({ control: undefined as never });
    await Promise.all(names.map((name) => target.observe(name)));
    const wanted = names.map((_, index) => (index < 20 ? 0 : 3));
    const outcomes = Promise.allSettled(names.map((name, index) => target.apply(name, wanted[index] ?? 0)));
    await vi.waitFor(() => expect(callsOf('UpdateService').length).toBeGreaterThanOrEqual(15));
    for (let second = 0; second < 12; second += 1) {
      await new Promise((resolve) => setTimeout(resolve, 15));
      await fleet.clock.advance(500);
    }
    await outcomes;
    const counts = callsOf('UpdateService').map(({ input }) => input['desiredCount']);
    expect(callsOf('UpdateService').every(({ error }) => error === undefined)).toBe(true);
    // What waited for a turn: rises first.
    expect(counts.slice(15).slice(0, 5)).toEqual([3, 3, 3, 3, 3]);
    expect(counts.length).toBeLessThan(40);
  });

  it('leaves a client alone that cannot connect', async () => {
    const client = ecsClient('http://127.0.0.1:1');
    const target = fleet.targetWith({ client });
    await expect(target.observe('mail')).rejects.toMatchObject({
      code: 'target_unavailable',
      retryable: true,
    });
    client.destroy();
  });
});

describe('options', () => {
  it('are checked together', () => {
    expect(() =>
      fleet.targetWith({ cluster: '', timeoutMs: 0, updateRate: { burst: 0, perSecond: -1 } }),
    ).toThrow(/cluster is empty.*timeoutMs is 0.*updateRate\.burst is 0.*updateRate\.perSecond is -1/);
  });
});
