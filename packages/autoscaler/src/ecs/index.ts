export type { CallRate } from './call-queue.ts';
export { ecsTarget } from './ecs-target.ts';
export type { EcsTargetOptions } from './ecs-target.ts';
export type { ReportedWorker, WorkerControl, WorkerMeasures, WorkerReports } from './worker-ports.ts';
