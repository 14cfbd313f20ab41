/** What the policy is told: ECS's counts joined with the workers' reports, doubtful ones read as busy. */
import type { TargetFacts } from '../ports.ts';
import { census, takesWork, type Told } from './scale-in-plan.ts';
import type { EcsServiceState } from './service-state.ts';
import type { WorkerMeasures, WorkerReports } from './worker-ports.ts';

/** @param seenStartupMs Start-up time as the counts tell it, for services whose workers do not report their own. */
export function targetFacts(
  state: EcsServiceState,
  reports: WorkerReports,
  service: string,
  seenStartupMs: number | undefined,
  told: Told,
): TargetFacts {
  const { isDeploying, shortage, atMs } = state;
  const workers = reports.workers(service);
  const measures: WorkerMeasures = reports.of(service) ?? {};
  const { meanServiceMs, jobs, oldestWaitMs, finishedJobs, startupMs = seenStartupMs } = measures;
  const { working, busy, drainingBusy, drainingIdle } = census(state, workers, told);
  // Old and new tasks take work side by side during a deployment, and no more than the desired count will stay.
  const running = isDeploying ? Math.min(working, state.desired) : working;
  const busyTasks = Math.min(busy, running);
  const busyReports = workers.filter(
    (worker) => takesWork(worker) && worker.isAnswering && worker.busySlots > 0,
  );
  const slots = busyReports.reduce((sum, { busySlots }) => sum + busySlots, 0);
  return {
    desired: state.desired,
    running,
    pending: isDeploying ? Math.min(state.pending, state.desired - running) : state.pending,
    busyTasks,
    busySlots: slots + Math.max(0, busyTasks - busyReports.length),
    draining: drainingBusy + drainingIdle,
    isDeploying,
    ...(meanServiceMs === undefined ? {} : { meanServiceMs }),
    ...(jobs === undefined ? {} : { jobs }),
    ...(oldestWaitMs === undefined ? {} : { oldestWaitMs }),
    ...(finishedJobs === undefined ? {} : { finishedJobs }),
    ...(startupMs === undefined ? {} : { startupMs }),
    ...(shortage === undefined ? {} : { shortage }),
    atMs,
  };
}
