/** The ECS target against the suite of all targets: the real SDK client, the stand-in's tasks, a clock that steps. */
import { describeTarget, type OpenTarget } from '@longshore/autoscaler/conformance';
import { isLive } from './model.ts';
import { openEcsFleet } from './ecs-fleet.ts';
import type { VirtualWorker } from './virtual-workers.ts';

async function open(): Promise<OpenTarget> {
  const fleet = await openEcsFleet({ startupMs: () => 4_000, buckets: false });
  const { simulator, workers, target, clock } = fleet;
  for (const service of ['mail', 'bulk']) simulator.createService(service);
  await fleet.pass(5_000);
  // ECS keeps a stopped task for an hour; the suite asks for all that were ever there.
  const started = new Map<string, Set<string>>();
  const note = (): void => {
    for (const { name, tasks } of simulator.world.cluster.services.values()) {
      const seen = started.get(name) ?? new Set();
      // What never ran was an intention.
      for (const task of tasks) if (task.startedAtMs !== undefined) seen.add(task.id);
      started.set(name, seen);
    }
  };
  const workerOf = (service: string, id: string): VirtualWorker | undefined =>
    workers.alive(service).find(({ task }) => task.id === id);
  return {
    target,
    services: ['mail', 'bulk'],
    tasks: async (service) => [...simulator.service(service).tasks].filter(isLive).map(({ id }) => id),
    started: async (service) => {
      note();
      return started.get(service)?.size ?? 0;
    },
    makeBusy: async (service, id) => {
      const worker = workerOf(service, id);
      if (worker === undefined || !workers.begin(worker)) throw new Error(`Task ${id} takes no job`);
      workers.report();
    },
    makeIdle: async (service, id) => {
      const worker = workerOf(service, id);
      if (worker !== undefined) workers.end(worker);
      workers.report();
    },
    kill: async (_service, id) => {
      const task = simulator.liveTasks().find((each) => each.id === id);
      if (task !== undefined) simulator.world.crash(task);
    },
    settle: async () => {
      await fleet.pass(5_000);
      note();
    },
    nowMs: () => clock.nowMs(),
    reopen: async () => fleet.targetWith(),
    close: () => fleet.close(),
  };
}

describeTarget({ name: 'ecsTarget', open });
