/** The stand-in for ECS against what AWS documents, asked by the real SDK client. */
import {
  CreateServiceCommand,
  DeleteServiceCommand,
  DescribeServicesCommand,
  DescribeTasksCommand,
  GetTaskProtectionCommand,
  ListTasksCommand,
  RegisterTaskDefinitionCommand,
  StopTaskCommand,
  UpdateServiceCommand,
  UpdateTaskProtectionCommand,
  type ECSClient,
  type Service as ServiceShape,
} from '@aws-sdk/client-ecs';
import { ecsTaskProtection } from '@longshore/worker/ecs';
import { systemClock } from '@longshore/job';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { manualClock, type ManualClock } from '../clock/manual-clock.ts';
import { startEcsSimulator, type EcsSimulator, type EcsSimulatorOptions } from './ecs-simulator.ts';
import { ecsClient } from './ecs-fleet.ts';
import { isLive, isProtected, isRunning, type Task } from './model.ts';
import { processTasks } from './process-tasks.ts';

const MINUTE_MS = 60_000;
const cluster = 'fleet';

let clock: ManualClock;
let simulator: EcsSimulator;
let client: ECSClient;

async function open(options: Partial<EcsSimulatorOptions> = {}): Promise<void> {
  simulator = await startEcsSimulator({ clock, startupMs: () => 30_000, ...options });
  client = ecsClient(simulator.endpoint);
}
async function reopen(options: Partial<EcsSimulatorOptions>): Promise<void> {
  client.destroy();
  await simulator.close();
  await open(options);
}

beforeEach(async () => {
  clock = manualClock(1_800_000_000_000);
  await open();
});
afterEach(async () => {
  client.destroy();
  await simulator.close();
});

async function described(name = 'mail'): Promise<ServiceShape> {
  const { services = [] } = await client.send(new DescribeServicesCommand({ cluster, services: [name] }));
  const [service] = services;
  if (service === undefined) throw new Error(`No service ${name}`);
  return service;
}
const update = (changes: { desiredCount?: number; taskDefinition?: string; forceNewDeployment?: boolean }) =>
  client.send(new UpdateServiceCommand({ cluster, service: 'mail', ...changes }));
const running = (): Task[] => [...simulator.service('mail').tasks].filter(isRunning);
const messages = async (): Promise<readonly string[]> =>
  ((await described()).events ?? []).map(({ message = '' }) => message);
const protect = (tasks: readonly Task[], protectionEnabled = true, expiresInMinutes?: number) =>
  client.send(
    new UpdateTaskProtectionCommand({
      cluster,
      tasks: tasks.map(({ arn }) => arn),
      protectionEnabled,
      ...(expiresInMinutes === undefined ? {} : { expiresInMinutes }),
    }),
  );

describe('a service', () => {
  it('is created, described, scaled and deleted by the real client', async () => {
    await client.send(
      new RegisterTaskDefinitionCommand({
        family: 'mail',
        cpu: '512',
        memory: '1024',
        containerDefinitions: [{ name: 'worker', image: 'worker' }],
      }),
    );
    await client.send(
      new CreateServiceCommand({
        cluster,
        serviceName: 'mail',
        taskDefinition: 'mail',
        desiredCount: 2,
        launchType: 'FARGATE',
      }),
    );
    expect(await described()).toMatchObject({ status: 'ACTIVE', desiredCount: 2, runningCount: 0 });
    await clock.advance(10_000);
    expect(await described()).toMatchObject({ runningCount: 0, pendingCount: 2 });
    await clock.advance(MINUTE_MS);
    expect(await described()).toMatchObject({
      runningCount: 2,
      pendingCount: 0,
      deployments: [{ status: 'PRIMARY', rolloutState: 'COMPLETED', desiredCount: 2, runningCount: 2 }],
      createdAt: new Date(1_800_000_000_000),
    });
    expect((await messages())[0]).toBe('(service mail) has reached a steady state.');
    await client.send(new DeleteServiceCommand({ cluster, service: 'mail', force: true }));
    expect((await described()).status).toBe('INACTIVE');
    await expect(update({ desiredCount: 1 })).rejects.toMatchObject({ name: 'ServiceNotActiveException' });
  });

  it('takes a task through its states, and back', async () => {
    const statuses: (string | undefined)[] = [];
    const watch = async (task: Task): Promise<void> => {
      const { tasks = [] } = await client.send(new DescribeTasksCommand({ cluster, tasks: [task.arn] }));
      const status = tasks[0]?.lastStatus;
      if (statuses.at(-1) !== status) statuses.push(status);
    };
    simulator.createService('mail', { desiredCount: 1 });
    await clock.advance(1_000);
    const [task] = simulator.liveTasks();
    if (task === undefined) throw new Error('No task');
    for (let second = 0; second < 35; second += 1) {
      await watch(task);
      await clock.advance(1_000);
    }
    await update({ desiredCount: 0 });
    for (let step = 0; step < 20; step += 1) {
      await watch(task);
      await clock.advance(250);
    }
    expect(statuses).toEqual([
      'PROVISIONING',
      'PENDING',
      'ACTIVATING',
      'RUNNING',
      'DEACTIVATING',
      'DEPROVISIONING',
      'STOPPED',
    ]);
  });

  it('keeps its count: a task that dies or is stopped is replaced', async () => {
    simulator.createService('mail', { desiredCount: 2 });
    await clock.advance(MINUTE_MS);
    const [first, second] = running();
    if (first === undefined || second === undefined) throw new Error('No tasks');
    simulator.world.crash(first);
    await client.send(new StopTaskCommand({ cluster, task: second.id, reason: 'Test' }));
    await clock.advance(MINUTE_MS);
    const { taskArns = [] } = await client.send(new ListTasksCommand({ cluster, serviceName: 'mail' }));
    expect(taskArns).toHaveLength(2);
    expect(taskArns).not.toContain(first.arn);
    const { tasks = [] } = await client.send(
      new DescribeTasksCommand({ cluster, tasks: [first.arn, second.arn] }),
    );
    expect(tasks.map(({ stoppedReason }) => stoppedReason)).toEqual([
      'Essential container in task exited (exit code 137)',
      'Test',
    ]);
  });

  it('spreads tasks over zones, and stops where most are, whoever is idle', async () => {
    simulator.createService('mail', { desiredCount: 7 });
    await clock.advance(MINUTE_MS);
    await update({ desiredCount: 4 });
    await clock.advance(MINUTE_MS);
    const zones = running().map(({ zone }) => zone);
    expect(zones).toHaveLength(4);
    expect(
      Math.max(...['a', 'b', 'c'].map((zone) => zones.filter((each) => each.endsWith(zone)).length)),
    ).toBe(2);
  });
});

describe('DescribeServices', () => {
  it('takes ten services at most, and lists those that are missing', async () => {
    simulator.createService('mail');
    const answer = await client.send(new DescribeServicesCommand({ cluster, services: ['mail', 'nothing'] }));
    expect(answer.services).toHaveLength(1);
    expect(answer.failures).toMatchObject([
      { arn: expect.stringMatching(/\/nothing$/) as unknown, reason: 'MISSING' },
    ]);
    const eleven = Array.from({ length: 11 }, (_, index) => `s${index}`);
    await expect(
      client.send(new DescribeServicesCommand({ cluster, services: eleven })),
    ).rejects.toMatchObject({
      name: 'InvalidParameterException',
    });
    await expect(
      client.send(new DescribeServicesCommand({ cluster: 'other', services: ['mail'] })),
    ).rejects.toMatchObject({ name: 'ClusterNotFoundException' });
  });
});

describe('scale-in protection', () => {
  beforeEach(async () => {
    simulator.createService('mail', { desiredCount: 3 });
    await clock.advance(MINUTE_MS);
  });

  it('spares a task from scaling in until it expires', async () => {
    const spared = running().slice(0, 2);
    const { protectedTasks } = await protect(spared, true, 30);
    expect(protectedTasks).toHaveLength(2);
    await update({ desiredCount: 0 });
    await clock.advance(MINUTE_MS);
    expect(running()).toEqual(spared);
    expect(await described()).toMatchObject({ desiredCount: 0, runningCount: 2 });
    await clock.advance(31 * MINUTE_MS);
    expect(running()).toEqual([]);
  });

  it('lasts two hours by default, is asked for again, and is given up', async () => {
    const [task] = running();
    if (task === undefined) throw new Error('No task');
    await protect([task]);
    const get = async () =>
      (await client.send(new GetTaskProtectionCommand({ cluster, tasks: [task.arn] }))).protectedTasks?.[0];
    expect(await get()).toMatchObject({
      protectionEnabled: true,
      expirationDate: new Date(clock.nowMs() + 120 * MINUTE_MS),
    });
    await clock.advance(60 * MINUTE_MS);
    await protect([task], true, 2_880);
    expect(await get()).toMatchObject({ expirationDate: new Date(clock.nowMs() + 2_880 * MINUTE_MS) });
    await protect([task], false);
    expect(await get()).toMatchObject({ protectionEnabled: false });
  });

  it('refuses times out of range, tasks that do not run, and more protected tasks than are desired', async () => {
    const tasks = running();
    await expect(protect(tasks.slice(0, 1), true, 2_881)).rejects.toMatchObject({
      name: 'InvalidParameterException',
    });
    await protect(tasks.slice(0, 1));
    await update({ desiredCount: 1 });
    expect((await protect(tasks.slice(1, 2))).failures).toMatchObject([{ reason: 'DEPLOYMENT_BLOCKED' }]);
    await clock.advance(MINUTE_MS);
    expect((await protect(tasks.slice(1, 2))).failures).toMatchObject([{ reason: 'TASK_NOT_VALID' }]);
  });

  it("is set by the worker's own protection, through the agent", async () => {
    const [task] = running();
    if (task === undefined) throw new Error('No task');
    const protection = ecsTaskProtection({ agentUri: simulator.agentUri(task), clock });
    protection.busy();
    await vi.waitFor(() => expect(isProtected(task, clock.nowMs())).toBe(true));
    await protection.close();
  });
});

describe('a deployment', () => {
  it('replaces tasks within its bounds, and completes', async () => {
    simulator.createService('mail', { desiredCount: 4, minimumHealthyPercent: 50, maximumPercent: 150 });
    await clock.advance(MINUTE_MS);
    const before = running();
    await update({ forceNewDeployment: true });
    for (let step = 0; step < 200; step += 1) {
      await clock.advance(1_000);
      const live = [...simulator.service('mail').tasks].filter(isLive);
      expect(live.length).toBeLessThanOrEqual(6);
      expect(live.filter(isRunning).length).toBeGreaterThanOrEqual(2);
    }
    expect(running().filter((task) => before.includes(task))).toEqual([]);
    expect((await described()).deployments).toMatchObject([
      { status: 'PRIMARY', rolloutState: 'COMPLETED', runningCount: 4 },
    ]);
    expect((await messages()).some((message) => message.endsWith('deployment completed.'))).toBe(true);
  });

  it('is held back by protected tasks, beside those of the newest one', async () => {
    simulator.createService('mail', { desiredCount: 3 });
    await clock.advance(MINUTE_MS);
    const [kept] = running();
    if (kept === undefined) throw new Error('No task');
    await protect([kept]);
    await update({ forceNewDeployment: true });
    await clock.advance(5 * MINUTE_MS);
    expect((await described()).deployments).toMatchObject([
      { status: 'PRIMARY', rolloutState: 'IN_PROGRESS', runningCount: 3 },
      { status: 'ACTIVE', runningCount: 1 },
    ]);
    await protect([kept], false);
    await clock.advance(MINUTE_MS);
    expect((await described()).deployments).toMatchObject([{ status: 'PRIMARY', rolloutState: 'COMPLETED' }]);
  });

  it('is refused while five are there', async () => {
    simulator.createService('mail', { desiredCount: 8 });
    await clock.advance(MINUTE_MS);
    for (let count = 0; count < 4; count += 1) {
      const newest = simulator.service('mail').deployments[0];
      const [task] = running().filter(({ deployment }) => deployment === newest);
      if (task === undefined) throw new Error('No task');
      await protect([task]);
      await update({ forceNewDeployment: true });
      await clock.advance(3 * MINUTE_MS);
    }
    await expect(update({ forceNewDeployment: true })).rejects.toThrow(
      '5 active deployments exist, unable to create new deployment.',
    );
  });
});

describe('lack of room', () => {
  it('on instances is told once, in the words of ECS, and is over with room', async () => {
    const { world } = simulator;
    simulator.createService('mail', { launchType: 'EC2', desiredCount: 3, cpuUnits: 1_024, memoryMiB: 512 });
    await clock.advance(MINUTE_MS);
    expect((await messages())[0]).toMatch(
      /because no container instance met all of its requirements\. Reason: No Container Instances/,
    );
    const instance = world.addInstance({ zone: 'eu-west-1a', cpuUnits: 2_048, memoryMiB: 4_096 });
    await clock.advance(2 * MINUTE_MS);
    expect(await described()).toMatchObject({ runningCount: 2, pendingCount: 0 });
    const told = (await messages()).filter((message) => message.includes('insufficient CPU units available'));
    expect(told).toEqual([
      `(service mail) was unable to place a task because no container instance met all of its requirements. The closest matching container-instance ${instance.id} has insufficient CPU units available. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.`,
    ]);
    world.addInstance({ zone: 'eu-west-1b', cpuUnits: 2_048, memoryMiB: 4_096 });
    await clock.advance(MINUTE_MS);
    expect(await described()).toMatchObject({ runningCount: 3 });
    world.removeInstance(instance);
    await clock.advance(MINUTE_MS);
    expect(await described()).toMatchObject({ runningCount: 2 });
  });

  it('with a capacity provider keeps tasks in PROVISIONING, a hundred at most, for a while', async () => {
    await reopen({ hasCapacityProvider: true });
    simulator.createService('mail', { launchType: 'EC2', desiredCount: 120 });
    await clock.advance(MINUTE_MS);
    expect(await described()).toMatchObject({ runningCount: 0, pendingCount: 100 });
    simulator.world.addInstance({ zone: 'eu-west-1a', cpuUnits: 65_536, memoryMiB: 131_072 });
    await clock.advance(3 * MINUTE_MS);
    expect(await described()).toMatchObject({ runningCount: 120, pendingCount: 0 });
  });
});

describe('limits and faults', () => {
  it('throttles by groups of actions, and recovers with time', async () => {
    await reopen({ buckets: { 'service-write': { burst: 2, perSecond: 1 } } });
    simulator.createService('mail');
    await update({ desiredCount: 1 });
    await update({ desiredCount: 1 });
    await expect(update({ desiredCount: 1 })).rejects.toMatchObject({
      name: 'ThrottlingException',
      message: 'Rate exceeded',
    });
    expect((await described()).desiredCount).toBe(1);
    await clock.advance(1_000);
    await update({ desiredCount: 2 });
  });

  it('answers other actions as unknown', async () => {
    const response = await fetch(simulator.endpoint, {
      method: 'POST',
      headers: { 'x-amz-target': 'AmazonEC2ContainerServiceV20141113.RunTask' },
      body: '{}',
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ __type: 'UnknownOperationException' });
  });
});

describe('tasks that are processes', () => {
  it('get SIGTERM, the time that they have, and SIGKILL, in real time', async () => {
    const stubborn = "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)";
    const polite = 'setInterval(() => {}, 1000)';
    await reopen({
      clock: systemClock,
      startupMs: () => 50,
      schedulerDelayMs: 10,
      body: processTasks(({ task }) => ({
        command: process.execPath,
        args: ['-e', task.service.name === 'mail' ? stubborn : polite],
        env: {},
      })),
    });
    for (const name of ['mail', 'bulk'])
      simulator.createService(name, { desiredCount: 1, stopTimeoutSeconds: 1 });
    const statusOf = (name: string) => [...simulator.service(name).tasks].map(({ lastStatus }) => lastStatus);
    await vi.waitFor(() =>
      expect([...statusOf('mail'), ...statusOf('bulk')]).toEqual(['RUNNING', 'RUNNING']),
    );
    // The handler of the signal has to be there before the signal is.
    await new Promise((resolve) => setTimeout(resolve, 500));
    for (const service of ['mail', 'bulk'])
      await client.send(new UpdateServiceCommand({ cluster, service, desiredCount: 0 }));
    await vi.waitFor(
      () => {
        expect(statusOf('bulk')).toEqual(['STOPPED']);
        expect(statusOf('mail')).toEqual(['STOPPED']);
      },
      { timeout: 10_000 },
    );
  });
});
