/** The Docker target's own promises, on a real engine: leaving, crashes, copies of compose's containers, shortages. */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { dockerTarget, type DockerTarget, type DockerTargetOptions } from '@longshore/autoscaler/docker';
import { systemClock } from '@longshore/job';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DockerStage, engine, IMAGE, type Inspection } from '../docker/docker-stage.ts';

const WAIT = { timeout: 30_000, interval: 20 };
const docker = promisify(execFile);

let stage: DockerStage;
let targets: DockerTarget[] = [];
let logged: string[] = [];
beforeEach(() => {
  stage = new DockerStage();
  targets = [];
  logged = [];
});
afterEach(async () => {
  await Promise.all(targets.map((target) => target.close()));
  await stage[Symbol.asyncDispose]();
});

function open(options: Partial<DockerTargetOptions> = {}): DockerTarget {
  const target = dockerTarget({
    project: stage.project,
    containerFor: (service) => stage.spec(service),
    workers: stage.workers,
    log: {
      info: (_fields, message) => logged.push(message),
      warn: (_fields, message) => logged.push(message),
    },
    ...options,
  });
  targets.push(target);
  return target;
}

const reaches = (target: DockerTarget, facts: object, service = 'mail'): Promise<void> =>
  vi.waitFor(async () => expect(await target.observe(service)).toMatchObject(facts), WAIT);

async function only(service = 'mail'): Promise<Inspection> {
  const [container, ...others] = await stage.live(service);
  if (container === undefined || others.length > 0)
    throw new Error(`${others.length + 1} containers, not one`);
  return container;
}

describe('a declared container', () => {
  it('is one of its compose project, with its limits, environment and time to leave', async () => {
    const target = open({
      containerFor: (service) => ({
        ...stage.spec(service),
        env: { MODE: 'fast' },
        cpuUnits: 256,
        memoryMiB: 96,
        drainMs: 40_000,
      }),
    });
    await target.apply('mail', 2);
    await reaches(target, { running: 2 });
    const containers = await stage.live('mail');
    expect(containers.map(({ Name }) => Name).sort()).toEqual([
      `/${stage.project}-mail-1`,
      `/${stage.project}-mail-2`,
    ]);
    for (const { Config, HostConfig } of containers) {
      expect(HostConfig).toMatchObject({ Memory: 96 * 1_048_576, NanoCpus: 250_000_000 });
      expect(Config.Env).toContain('MODE=fast');
      expect(Config.StopTimeout).toBe(45);
      expect(Config.Labels).toMatchObject({
        longshore: 'test',
        'com.docker.compose.project': stage.project,
        'com.docker.compose.service': 'mail',
        'com.docker.compose.oneoff': 'False',
      });
    }
  });

  it('joins its networks under the name of its service', async () => {
    const networks = ['a', 'b'].map((name) => `${stage.project}-${name}`);
    for (const Name of networks)
      await engine('POST', '/networks/create', { Name, Labels: { longshore: 'test' } });
    try {
      const target = open({ containerFor: (service) => ({ ...stage.spec(service), networks }) });
      await target.apply('mail', 1);
      await reaches(target, { running: 1 });
      const { Networks } = (await only()).NetworkSettings;
      expect(Object.keys(Networks).sort()).toEqual(networks);
      for (const network of networks) expect(Networks[network]?.Aliases).toContain('mail');
      await target.apply('mail', 0);
      await vi.waitFor(async () => {
        await target.observe('mail');
        expect(await stage.containers('mail')).toEqual([]);
      }, WAIT);
    } finally {
      for (const { Id } of await stage.containers()) await engine('DELETE', `/containers/${Id}?force=true`);
      for (const name of networks) await engine('DELETE', `/networks/${name}`);
    }
  });

  it('takes the next number where a foreign container has its name', async () => {
    await engine('POST', `/containers/create?name=${stage.project}-mail-1`, {
      Image: IMAGE,
      Labels: { longshore: 'test', 'com.docker.compose.project': stage.project },
    });
    const target = open();
    await target.apply('mail', 1);
    await reaches(target, { running: 1 });
    expect((await only()).Name).toBe(`/${stage.project}-mail-2`);
  });

  it('is refused with all its faults', async () => {
    const target = open({ containerFor: () => ({ image: '', memoryMiB: 1, cpuUnits: 0 }) });
    await expect(target.apply('mail', 1)).rejects.toMatchObject({
      code: 'invalid_options',
      message: expect.stringMatching(/image is empty; cpuUnits is 0.*; memoryMiB is 1/) as unknown,
    });
  });
});

describe('leaving', () => {
  it('is known to a new target: a container that drains is no capacity, and is removed when it has left', async () => {
    const first = open();
    await first.apply('mail', 2);
    await reaches(first, { running: 2 });
    const [busy] = await stage.live('mail');
    if (busy === undefined) throw new Error('No container');
    stage.giveJob(busy.Config.Hostname);
    await reaches(first, { busyTasks: 1 });
    await first.apply('mail', 0);
    await first.close();
    const second = open();
    await reaches(second, { desired: 0, running: 0, pending: 0, draining: 1 });
    expect((await only()).Name).toMatch(/-mail-\d\.leaves-by-\d+$/);
    await second.apply('mail', 1);
    await reaches(second, { desired: 1, running: 1, draining: 1 });
    stage.takeJob(busy.Config.Hostname);
    await reaches(second, { desired: 1, running: 1, draining: 0 });
    await vi.waitFor(async () => {
      await second.observe('mail');
      expect(await stage.containers('mail')).toHaveLength(1);
    }, WAIT);
    expect(stage.started('mail')).toBe(3);
  });

  it('ends with SIGKILL only when its time is over', async () => {
    let aheadMs = 0;
    const clock = { ...systemClock, nowMs: () => systemClock.nowMs() + aheadMs };
    const containerFor = (service: string) => ({ ...stage.spec(service, 'ignoreTerm'), drainMs: 60_000 });
    const target = open({ clock, containerFor, graceMs: 0 });
    await target.apply('mail', 1);
    await reaches(target, { running: 1 });
    await target.apply('mail', 0);
    aheadMs = 50_000;
    for (let look = 0; look < 10; look += 1) {
      await delay(20);
      await target.observe('mail');
    }
    expect(await stage.live('mail')).toHaveLength(1);
    aheadMs = 61_000;
    await vi.waitFor(async () => {
      await target.observe('mail');
      expect(await stage.containers('mail')).toEqual([]);
    }, WAIT);
    expect(logged.some((line) => /did not leave in time and is killed/.test(line))).toBe(true);
    expect(logged.some((line) => /exited with code 137/.test(line))).toBe(true);
  });

  it('is asked for again while the worker has not heard it', async () => {
    const target = open({ containerFor: (service) => stage.spec(service, 'deaf') });
    await target.apply('mail', 1);
    await reaches(target, { running: 1 });
    await target.apply('mail', 0);
    await vi.waitFor(async () => {
      await target.observe('mail');
      expect(await stage.containers('mail')).toEqual([]);
    }, WAIT);
    expect(logged.some((line) => line.endsWith('exited with code 0'))).toBe(true);
  });

  it('that somebody else asks for counts, and its place is filled', async () => {
    const target = open();
    await target.apply('mail', 1);
    await reaches(target, { running: 1 });
    const { Id, Config } = await only();
    stage.giveJob(Config.Hostname);
    await reaches(target, { busyTasks: 1 });
    await docker('docker', ['kill', '--signal', 'SIGTERM', Id]);
    await vi.waitFor(async () => {
      expect(await target.observe('mail')).toMatchObject({ desired: 1, running: 1, draining: 1 });
    }, WAIT);
    stage.takeJob(Config.Hostname);
    await vi.waitFor(async () => {
      await target.observe('mail');
      expect(await stage.live('mail')).toHaveLength(1);
      expect(await target.observe('mail')).toMatchObject({ desired: 1, running: 1, draining: 0, pending: 0 });
    }, WAIT);
  });
});

describe('a container that ends unasked', () => {
  it('is started again by the engine while no target lives', async () => {
    const target = open();
    await target.apply('mail', 1);
    await reaches(target, { running: 1 });
    await target.close();
    process.kill((await only()).State.Pid, 'SIGKILL');
    await vi.waitFor(() => expect(stage.started('mail')).toBe(2), WAIT);
    await reaches(open(), { desired: 1, running: 1, pending: 0 });
  });

  it.each(['stop', 'kill', 'rm --force'])('by docker %s has its place filled', async (words) => {
    const target = open();
    await target.apply('mail', 2);
    await reaches(target, { running: 2 });
    const [first] = await stage.live('mail');
    await docker('docker', [...words.split(' '), first?.Id ?? '']);
    await vi.waitFor(() => expect(stage.started('mail')).toBe(2), WAIT);
    await vi.waitFor(async () => {
      expect(await target.observe('mail')).toMatchObject({ desired: 2, running: 2, pending: 0 });
      expect(stage.started('mail')).toBe(3);
    }, WAIT);
    expect(await stage.containers('mail')).toHaveLength(2);
  });

  it('each time it starts is started less and less often, one at a time', async () => {
    const containerFor = () => ({
      image: IMAGE,
      command: ['-e', 'process.exit(3)'],
      labels: { longshore: 'test' },
    });
    const target = open({ containerFor });
    await target.apply('mail', 3);
    await vi.waitFor(async () => {
      await target.observe('mail');
      expect((await stage.containers('mail')).length).toBeGreaterThan(0);
    }, WAIT);
    for (let look = 0; look < 50; look += 1) {
      await delay(20);
      const { running, pending } = await target.observe('mail');
      expect(running + pending).toBeLessThanOrEqual(3);
    }
    expect((await stage.containers('mail')).length).toBeLessThanOrEqual(3);
    // The engine starts these again and again: it must stop that as well.
    await target.apply('mail', 0);
    await vi.waitFor(async () => {
      await target.observe('mail');
      expect(await stage.containers('mail')).toEqual([]);
    }, WAIT);
  });
});

describe("a container of compose's", () => {
  const create = (name: string, rest: object = {}): Promise<unknown> =>
    engine('POST', `/containers/create?name=${stage.project}-${name}`, {
      Image: IMAGE,
      Cmd: ['/task.ts', 'mail'],
      Env: ['MODE=composed'],
      StopTimeout: 33,
      Labels: {
        longshore: 'test',
        'com.docker.compose.project': stage.project,
        'com.docker.compose.service': 'mail',
        'com.docker.compose.container-number': '1',
        'com.docker.compose.oneoff': 'False',
        'com.docker.compose.config-hash': 'abc',
      },
      HostConfig: {
        Memory: 128 * 1_048_576,
        Binds: stage.spec('mail').mounts?.map(({ source, target }) => `${source}:${target}`),
      },
      ...rest,
    });

  it('is copied, and one that was only created is started first', async () => {
    await create('mail-1');
    const target = open({ containerFor: () => undefined });
    expect(await target.observe('mail')).toMatchObject({ desired: 0, running: 0 });
    await target.apply('mail', 3);
    await reaches(target, { desired: 3, running: 3 });
    const containers = await stage.live('mail');
    expect(containers.map(({ Name }) => Name.replace(`/${stage.project}-`, '')).sort()).toEqual([
      'mail-1',
      'mail-2',
      'mail-3',
    ]);
    expect(new Set(containers.map(({ Config }) => Config.Hostname)).size).toBe(3);
    for (const { Config, HostConfig } of containers) {
      expect(Config).toMatchObject({ StopTimeout: 33 });
      expect(Config.Env).toContain('MODE=composed');
      expect(Config.Labels).toMatchObject({ 'com.docker.compose.config-hash': 'abc' });
      expect(HostConfig.Memory).toBe(128 * 1_048_576);
    }
  });

  it('stays as the last one, stopped, so that a later target can copy it', async () => {
    await create('mail-1');
    const first = open({ containerFor: () => undefined });
    await first.apply('mail', 2);
    await reaches(first, { running: 2 });
    await first.apply('mail', 0);
    await vi.waitFor(async () => {
      await first.observe('mail');
      expect(await stage.live('mail')).toEqual([]);
      expect(await stage.containers('mail')).toHaveLength(1);
    }, WAIT);
    const [kept] = await stage.containers('mail');
    expect(kept?.Name).toMatch(/-mail-\d\.left$/);
    await first.close();
    const second = open({ containerFor: () => undefined });
    expect(await second.observe('mail')).toMatchObject({ desired: 0, running: 0, pending: 0, draining: 0 });
    await second.apply('mail', 1);
    await reaches(second, { desired: 1, running: 1, pending: 0 });
    await vi.waitFor(async () => {
      await second.observe('mail');
      expect(await stage.containers('mail')).toHaveLength(1);
    }, WAIT);
  });

  it('is a task again when compose starts the one that was kept', async () => {
    await create('mail-1');
    const target = open({ containerFor: () => undefined });
    await target.apply('mail', 1);
    await reaches(target, { running: 1 });
    await target.apply('mail', 0);
    await vi.waitFor(async () => {
      await target.observe('mail');
      expect((await stage.containers('mail'))[0]?.Name).toMatch(/\.left$/);
    }, WAIT);
    await target.close();
    await engine('POST', `/containers/${(await stage.containers('mail'))[0]?.Id}/start`);
    const second = open({ containerFor: () => undefined });
    await reaches(second, { desired: 1, running: 1, draining: 0 });
    await second.apply('mail', 2);
    await reaches(second, { desired: 2, running: 2 });
    expect(await stage.live('mail')).toHaveLength(2);
  });

  it('that compose ran once is no task', async () => {
    await create('mail-run', {
      Labels: {
        longshore: 'test',
        'com.docker.compose.project': stage.project,
        'com.docker.compose.service': 'mail',
        'com.docker.compose.oneoff': 'True',
      },
    });
    const target = open({ containerFor: () => undefined });
    await expect(target.observe('mail')).rejects.toMatchObject({ code: 'service_missing' });
  });
});

describe('who reports nothing', () => {
  it('is starting, and then counts as busy', async () => {
    let aheadMs = 0;
    const clock = { ...systemClock, nowMs: () => systemClock.nowMs() + aheadMs };
    const target = open({ clock, containerFor: (service) => stage.spec(service, 'silent') });
    await target.apply('mail', 1);
    await vi.waitFor(() => expect(stage.started('mail')).toBe(1), WAIT);
    expect(await target.observe('mail')).toMatchObject({ running: 0, pending: 1, busyTasks: 0 });
    aheadMs = 200_000;
    expect(await target.observe('mail')).toMatchObject({
      running: 1,
      pending: 0,
      busyTasks: 1,
      busySlots: 1,
    });
  });

  it('and cannot, is ready as its health check says, and busy', async () => {
    await using health = new DockerStage();
    const spec = stage.spec('mail');
    const body = {
      Image: spec.image,
      Cmd: spec.command,
      Labels: {
        longshore: 'test',
        'com.docker.compose.project': stage.project,
        'com.docker.compose.service': 'mail',
        'com.docker.compose.container-number': '1',
        'com.docker.compose.oneoff': 'False',
      },
      Healthcheck: {
        Test: ['CMD', '/bin/node', '-e', 'process.exit(fs.existsSync("/health/ok") ? 0 : 1)'],
        Interval: 200_000_000,
        StartPeriod: 600_000_000_000,
      },
      HostConfig: {
        Binds: [
          ...(spec.mounts ?? []).map(({ source, target }) => `${source}:${target}`),
          `${health.folder}:/health`,
        ],
      },
    };
    await engine('POST', `/containers/create?name=${stage.project}-mail-1`, body);
    const target = dockerTarget({ project: stage.project });
    targets.push(target);
    await target.apply('mail', 1);
    await vi.waitFor(() => expect(stage.started('mail')).toBe(1), WAIT);
    expect(await target.observe('mail')).toMatchObject({ running: 0, pending: 1 });
    writeFileSync(`${health.folder}/ok`, '');
    await reaches(target, { running: 1, pending: 0, busyTasks: 1 });
    expect((await target.observe('mail')).startupMs).toBeGreaterThan(0);
  });
});

describe('what cannot be started', () => {
  it('for want of an image says so, holds no task, and starts when it is there', async () => {
    let image = 'longshore/no-such-image:1';
    const target = open({ containerFor: (service) => ({ ...stage.spec(service), image }) });
    await target.apply('mail', 1);
    await reaches(target, { desired: 1, running: 0, pending: 0, shortage: 'RESOURCE:IMAGE' });
    expect(logged.join('\n')).toMatch(/longshore\/no-such-image:1.*; build or pull the image/);
    image = IMAGE;
    await reaches(target, { desired: 1, running: 1 });
    expect((await target.observe('mail')).shortage).toBeUndefined();
  });

  it('for want of a port says so, and leaves no container behind', async () => {
    await engine('POST', `/containers/create?name=${stage.project}-mail-1`, {
      Image: IMAGE,
      Cmd: ['-e', 'setInterval(() => {}, 1000)'],
      ExposedPorts: { '80/tcp': {} },
      Labels: {
        longshore: 'test',
        'com.docker.compose.project': stage.project,
        'com.docker.compose.service': 'mail',
        'com.docker.compose.container-number': '1',
        'com.docker.compose.oneoff': 'False',
      },
      HostConfig: { PortBindings: { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '38123' }] } },
    });
    const target = dockerTarget({ project: stage.project });
    targets.push(target);
    await target.apply('mail', 2);
    await reaches(target, { desired: 2, running: 1, pending: 0, shortage: 'RESOURCE:PORTS' });
    await vi.waitFor(async () => expect(await stage.containers('mail')).toHaveLength(1), WAIT);
  });

  it('for want of memory says so', async () => {
    const target = open({
      containerFor: () => ({
        image: IMAGE,
        command: ['-e', 'const kept = []; for (;;) kept.push(Buffer.alloc(1e6, 1))'],
        labels: { longshore: 'test' },
        memoryMiB: 64,
      }),
    });
    await target.apply('mail', 1);
    await reaches(target, { running: 0, shortage: 'RESOURCE:MEMORY' });
    expect(await stage.containers('mail')).toHaveLength(1);
  });

  it('for want of cores says so', async () => {
    const target = open({ containerFor: (service) => ({ ...stage.spec(service), cpuUnits: 1_024_000 }) });
    await target.apply('mail', 1);
    await reaches(target, { running: 0, pending: 0, shortage: 'RESOURCE:CPU' });
    expect(await stage.containers('mail')).toEqual([]);
  });
});
