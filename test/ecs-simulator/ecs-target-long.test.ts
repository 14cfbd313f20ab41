/**
 * Days of random load on the ECS target, with deployments, crashes of the controller, silent workers, lost answers and
 * throttling. Whatever happens: no task with a job is stopped, and the count is never lowered below the busy tasks.
 */
import { describe, expect, it } from 'vitest';
import type { ScalingTarget } from '@longshore/autoscaler';
import { openEcsFleet, seededRandom, type EcsFleet } from './ecs-fleet.ts';
import { isRunning } from './model.ts';
import type { VirtualWorker } from './virtual-workers.ts';

const NAMES = ['mail', 'bulk', 'pdf', 'index', 'search'];
const TICKS = 600;
const TICK_MS = 30_000;
const MAX_TASKS = 9;

interface Job {
  readonly worker: VirtualWorker;
  readonly endsAtMs: number;
}

interface Run {
  readonly fleet: EcsFleet;
  readonly random: () => number;
  jobs: Job[];
  target: ScalingTarget;
  readonly faults: string[];
  started: number;
}

/** Work comes and goes: each service has a load that wanders, at times to nothing. */
function work(run: Run, loads: Map<string, number>): void {
  const { fleet, random } = run;
  const nowMs = fleet.clock.nowMs();
  for (const { worker } of run.jobs.filter(({ endsAtMs }) => endsAtMs <= nowMs)) fleet.workers.end(worker);
  run.jobs = run.jobs.filter(({ endsAtMs, worker }) => endsAtMs > nowMs && !worker.isGone);
  for (const name of NAMES) {
    if (random() < 0.05) loads.set(name, random() < 0.3 ? 0 : Math.floor(random() * MAX_TASKS));
    for (const worker of fleet.workers.alive(name)) {
      if (random() > (loads.get(name) ?? 0) / MAX_TASKS / 4 || !fleet.workers.begin(worker)) continue;
      run.jobs.push({ worker, endsAtMs: nowMs + random() ** 3 * 1_800_000 });
      run.started += 1;
    }
  }
}

/** A controller's tick, as the control loop makes it: whatever fails holds. */
async function tick(run: Run, loads: Map<string, number>): Promise<void> {
  await Promise.all(
    NAMES.map(async (name) => {
      try {
        const { desired } = await run.target.observe(name);
        // A policy keeps to the busy tasks; the target must, whatever it is asked for.
        const wanted = loads.get(name) ?? 0;
        if (desired !== wanted) await run.target.apply(name, wanted);
      } catch {
        // The next tick asks again.
      }
    }),
  );
}

function trouble(run: Run): void {
  const { fleet, random } = run;
  const { simulator, workers } = fleet;
  if (random() < 0.02) run.target = fleet.targetWith();
  if (random() < 0.01) {
    const service = simulator.service(NAMES[Math.floor(random() * NAMES.length)] ?? '');
    if (service.deployments.length < 3)
      simulator.world.deploy(service, simulator.world.register(service.name, 256, 512));
  }
  if (random() < 0.02) {
    const [someone] = workers.alive(NAMES[Math.floor(random() * NAMES.length)] ?? '');
    if (someone !== undefined) workers.silent.add(someone.id);
  }
  if (random() < 0.1) workers.silent.clear();
}

/** Every lowered count is checked against the tasks that are busy at that very moment. */
function watch(run: Run): void {
  const { simulator, workers } = run.fleet;
  simulator.fault = (action, { service: name, desiredCount }) => {
    if (action !== 'UpdateService')
      return run.random() < 0.02 ? { type: 'ThrottlingException', message: 'Rate exceeded' } : undefined;
    const service = simulator.service(String(name));
    const busy = workers
      .alive(service.name)
      .filter(({ busySlots, task }) => busySlots > 0 && isRunning(task)).length;
    const asked = Number(desiredCount);
    if (asked < service.desiredCount && asked < busy)
      run.faults.push(`${service.name} to ${asked} with ${busy} busy`);
    if (asked < service.desiredCount && service.deployments.length > 1)
      run.faults.push(`${service.name} lowered while it was deployed`);
    return run.random() < 0.05 ? 'lose-reply' : undefined;
  };
}

describe('the ECS target over a long time', () => {
  it.each([7, 2_026])(
    'never has a busy task stopped (seed %i)',
    async (seed) => {
      const random = seededRandom(seed);
      await using fleet = await openEcsFleet({ random, startupMs: () => 20_000 + random() * 60_000 });
      const run: Run = { fleet, random, jobs: [], target: fleet.target, faults: [], started: 0 };
      const loads = new Map<string, number>();
      for (const name of NAMES) fleet.simulator.createService(name);
      watch(run);
      for (let count = 0; count < TICKS; count += 1) {
        work(run, loads);
        trouble(run);
        fleet.workers.report();
        const ticking = tick(run, loads);
        // Throttled calls wait on this clock.
        const settled = { is: false };
        void ticking.then(() => (settled.is = true));
        while (!settled.is) {
          await new Promise((resolve) => setTimeout(resolve, 2));
          if (!settled.is) await fleet.clock.advance(50);
        }
        await fleet.pass(TICK_MS);
      }
      expect(fleet.workers.stoppedBusy).toEqual([]);
      expect(run.faults).toEqual([]);
      const lowered = fleet.simulator.calls.filter(({ action }) => action === 'UpdateService').length;
      expect(run.started).toBeGreaterThan(1_000);
      expect(lowered).toBeGreaterThan(50);
      // Without load all of it comes to an end.
      for (const { worker } of run.jobs) fleet.workers.end(worker);
      fleet.workers.silent.clear();
      fleet.simulator.fault = () => undefined;
      for (const name of NAMES) for (let count = 0; count < 40; count += 1) await fleet.tick(name, 0);
      expect(fleet.simulator.liveTasks().map(({ arn }) => arn)).toEqual([]);
    },
    120_000,
  );
});
