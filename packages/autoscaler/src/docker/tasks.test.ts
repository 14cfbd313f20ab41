import { describe, expect, it } from 'vitest';
import { parseContainer, type Container } from './container.ts';
import { ID, inspection, type InspectionParts } from './fixtures/inspection.ts';
import { dockerTasks, type ContainerWorker, type DockerTask } from './tasks.ts';

const NOW_MS = 1_060_000;
const HOST = ID.slice(0, 12);

function container(parts: InspectionParts = {}): Container {
  const parsed = parseContainer(inspection(parts));
  if (parsed === undefined) throw new Error('No container');
  return parsed;
}

function task(parts: InspectionParts, workers?: readonly Partial<ContainerWorker>[]): DockerTask {
  const whole = workers?.map((worker) => ({
    host: HOST,
    state: 'running' as const,
    busySlots: 0,
    startedAtMs: 1_000_100,
    isAnswering: true,
    ...worker,
  }));
  const [first] = dockerTasks([container(parts)], { workers: whole, startLimitMs: 120_000, nowMs: NOW_MS });
  if (first === undefined) throw new Error('No task');
  return first;
}

const bad = { ExitCode: 1, End: new Date(1_001_000).toISOString() };
const good = (atMs: number): object => ({ ExitCode: 0, End: new Date(atMs).toISOString() });

describe('a container', () => {
  it('that is being removed, or is none, is not one', () => {
    expect(parseContainer(inspection({ status: 'removing' }))).toBeUndefined();
    expect(parseContainer({ Id: 'x' })).toBeUndefined();
    expect(parseContainer(null)).toBeUndefined();
  });

  it('tells when its first good health check was, while that is remembered', () => {
    const health = (...Log: object[]): InspectionParts => ({ health: { Status: 'healthy', Log } });
    expect(container(health(bad, good(1_004_000), good(1_005_000))).healthyAtMs).toBe(1_004_000);
    expect(container(health(bad, bad, bad, bad, good(1_004_000))).healthyAtMs).toBe(1_004_000);
    expect(
      container(health(...Array.from({ length: 5 }, () => good(1_050_000)))).healthyAtMs,
    ).toBeUndefined();
    // Of the process before.
    expect(container(health(good(900_000))).healthyAtMs).toBeUndefined();
    expect(container().healthyAtMs).toBeUndefined();
  });

  it('says by its name until when it must have left', () => {
    expect(container({ name: 'shop-mail-1.leaves-by-1700' }).leavesByMs).toBe(1_700);
    expect(container({ name: 'shop-mail-1' }).leavesByMs).toBeUndefined();
  });
});

describe('the state of a task', () => {
  it.each<[string, DockerTask['state'], InspectionParts, Partial<ContainerWorker>[] | undefined]>([
    ['running without any means to say so', 'running', {}, undefined],
    ['silent', 'starting', {}, []],
    ['silent for longer than the limit', 'running', { startedAtMs: 900_000 }, []],
    ['heard', 'running', {}, [{}]],
    ['heard under a name of its own', 'running', { config: { Hostname: 'mailer' } }, [{ host: 'mailer' }]],
    ['heard by its id', 'running', { config: { Hostname: 'mailer' } }, [{}]],
    ['beside a worker elsewhere', 'starting', {}, [{ host: 'other' }]],
    ['beside a worker without a host', 'starting', {}, [{ host: '' }]],
    ['heard before it was ready', 'starting', {}, [{ state: 'starting' }]],
    ['draining as its worker says', 'draining', {}, [{ state: 'draining' }]],
    ['healthy and silent', 'running', { health: { Status: 'healthy', Log: [] } }, []],
    ['not healthy yet', 'starting', { health: { Status: 'starting', Log: [] } }, undefined],
    ['heard before its health check', 'running', { health: { Status: 'starting', Log: [] } }, [{}]],
    ['unhealthy', 'running', { health: { Status: 'unhealthy', Log: [] } }, undefined],
    ['paused', 'running', { status: 'paused' }, undefined],
    ['between two processes', 'starting', { status: 'restarting' }, undefined],
    ['told to leave', 'draining', { name: 'shop-mail-1.leaves-by-1' }, [{}]],
    ['told to leave, and ended', 'left', { name: 'shop-mail-1.leaves-by-1', status: 'exited' }, []],
    ['kept to be copied', 'left', { name: 'shop-mail-1.left', status: 'exited' }, []],
    ['kept to be copied, and started by somebody', 'running', { name: 'shop-mail-1.left' }, undefined],
    ['ended', 'dead', { status: 'exited' }, []],
    ['never started', 'blank', { status: 'created' }, []],
  ])('of a container that is %s: %s', (_what, state, parts, workers) => {
    expect(task(parts, workers).state).toBe(state);
  });

  it('does not come from what the process before said', () => {
    const restarted = { finishedAtMs: 999_000 };
    expect(task(restarted, [{ startedAtMs: 950_000, busySlots: 2 }])).toMatchObject({ state: 'starting' });
    expect(task(restarted, [{ startedAtMs: 950_000 }, {}])).toMatchObject({ state: 'running', busy: 0 });
  });
});

describe('how busy a task is', () => {
  it('is what its worker says, while it answers', () => {
    expect(task({}, [{ busySlots: 3 }])).toMatchObject({ busy: 3, isAnswering: true });
    expect(task({}, [{}])).toMatchObject({ busy: 0, isAnswering: true });
  });

  it('is at least one job of who does not answer', () => {
    expect(task({}, [{ isAnswering: false }])).toMatchObject({ busy: 1, isAnswering: false });
    expect(task({}, [{ isAnswering: false, busySlots: 2 }])).toMatchObject({ busy: 2, isAnswering: false });
    expect(task({})).toMatchObject({ busy: 1, isAnswering: false });
    const health = { Status: 'unhealthy', Log: [] };
    expect(task({ health }, [{}])).toMatchObject({ busy: 1, isAnswering: false });
  });
});

it('is deaf when it was told to leave and its worker does not say that it drains', () => {
  const told = { name: 'shop-mail-1.leaves-by-2000000' };
  expect(task(told, [{}]).isDeaf).toBe(true);
  expect(task(told, []).isDeaf).toBe(true);
  expect(task(told, [{ state: 'draining' }]).isDeaf).toBe(false);
  expect(task(told).isDeaf).toBe(false);
  expect(task({}, [{}]).isDeaf).toBe(false);
});
