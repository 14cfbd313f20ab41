/** The Docker target against the conformance suite of scaling targets: a real engine, containers killed for real. */
import { setTimeout as delay } from 'node:timers/promises';
import { describeTarget, type OpenTarget } from '@longshore/autoscaler/conformance';
import { dockerTarget, type DockerTarget } from '@longshore/autoscaler/docker';
import { systemClock } from '@longshore/job';
import { vi } from 'vitest';
import { DockerStage, type Inspection } from '../docker/docker-stage.ts';

const SERVICES = ['mail', 'bulk'] as const;
const WAIT = { timeout: 20_000, interval: 10 };

async function open(): Promise<OpenTarget> {
  const stage = new DockerStage();
  const openTarget = (): DockerTarget =>
    dockerTarget({
      project: stage.project,
      containerFor: (service) =>
        SERVICES.some((each) => each === service) ? stage.spec(service) : undefined,
      workers: stage.workers,
    });
  let target = openTarget();
  const idOf = ({ Id, State }: Inspection): string => `${Id} ${State.StartedAt}`;
  const find = async (service: string, task: string): Promise<Inspection | undefined> =>
    (await stage.live(service)).find((each) => idOf(each) === task);
  const isSaid = (service: string, task: string, busy: number): Promise<void> =>
    vi.waitFor(async () => {
      const container = await find(service, task);
      if (container !== undefined && stage.busyOn(container.Config.Hostname) !== busy)
        throw new Error(`${task} has not said that it has ${busy} jobs`);
    }, WAIT);
  return {
    target,
    services: SERVICES,
    tasks: async (service) => (await stage.live(service)).map(idOf),
    started: async (service) => stage.started(service),
    makeBusy: async (service, task) => {
      const container = await find(service, task);
      if (container === undefined) throw new Error(`${task} is gone`);
      stage.giveJob(container.Config.Hostname);
      await isSaid(service, task, 1);
    },
    makeIdle: async (service, task) => {
      const container = await find(service, task);
      if (container === undefined) return;
      stage.takeJob(container.Config.Hostname);
      await isSaid(service, task, 0);
    },
    kill: async (service, task) => {
      const container = await find(service, task);
      if (container === undefined) throw new Error(`${task} is gone`);
      process.kill(container.State.Pid, 'SIGKILL');
    },
    settle: () => delay(10),
    nowMs: () => systemClock.nowMs(),
    reopen: async () => {
      await target.close();
      target = openTarget();
      return target;
    },
    close: async () => {
      await target.close();
      await stage[Symbol.asyncDispose]();
    },
  };
}

describeTarget({ name: 'dockerTarget', open, patienceMs: 40_000 });
