/** Services of a made-up load, and a controller over them without a network. */
import {
  createAutoscaler,
  type ScalingFacts,
  type ScalingSpec,
  type TargetFacts,
} from '@longshore/autoscaler';

/** Between two rounds. */
export const TICK_MS = 5_000;

/** A service's spec. */
export const spec = (service: string): ScalingSpec => ({
  service,
  min: 0,
  max: 300,
  slots: 10,
  timeInQueueMs: 60_000,
  percentile: 99,
  idleMs: 120_000,
  holdMs: 60_000,
  staleMs: 60_000,
  lagMs: 5_000,
  serviceHintMs: 4_000,
  startupHintMs: 45_000,
});

/** Facts of a tick: the load swings within an hour, and a tenth of it waits. */
export function factsAt(
  tick: number,
  desired: number,
  nowMs: number,
): Required<Pick<ScalingFacts, 'queue' | 'target'>> {
  const busySlots = Math.round(60 + 40 * Math.sin(tick / 115));
  const target: TargetFacts = {
    desired,
    running: desired,
    pending: 0,
    busyTasks: Math.min(desired, busySlots),
    busySlots,
    finishedJobs: tick * 75,
    meanServiceMs: 4_000,
    startupMs: 45_000,
    oldestWaitMs: 12_000,
    canDrain: true,
    atMs: nowMs,
  };
  return {
    queue: { backlog: Math.round(busySlots / 10), inFlight: busySlots, delayed: 0, atMs: nowMs },
    target,
  };
}

/** A controller over so many services; each call is a round, five seconds after the last. */
export function controllerOf(count: number) {
  let tick = 0;
  let nowMs = 0;
  const desired = new Map<string, number>();
  const names = Array.from({ length: count }, (_, index) => `service-${index}`);
  const autoscaler = createAutoscaler({
    clock: { nowMs: () => nowMs, after: () => ({ cancel: () => undefined }) },
    services: names.map((name) => ({
      spec: spec(name),
      backlog: {
        counts: () =>
          Promise.resolve(factsAt(tick, 0, nowMs).queue ?? { backlog: 0, inFlight: 0, delayed: 0 }),
      },
    })),
    target: {
      observe: (name) =>
        Promise.resolve(
          factsAt(tick, desired.get(name) ?? 0, nowMs).target ?? Promise.reject(new Error('No facts')),
        ),
      apply: (name, tasks) => {
        desired.set(name, tasks);
        return Promise.resolve();
      },
    },
  });
  return async (): Promise<void> => {
    tick += 1;
    nowMs += TICK_MS;
    await autoscaler.tick();
  };
}
