export { dockerTarget } from './docker-target.ts';
export type { DockerTarget, DockerTargetOptions } from './docker-target.ts';
export type { ContainerMount, ContainerSpec } from './container-spec.ts';
export type { DockerLog } from './service-containers.ts';
export type { WorkerReports, WorkerSummary } from './task-facts.ts';
export type { ContainerWorker } from './tasks.ts';
