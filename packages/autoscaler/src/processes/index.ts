export { processesTarget } from './processes-target.ts';
export type { ProcessesOptions, ProcessesTarget } from './processes-target.ts';
export type { OnLine, ProcessesLog } from './service-tasks.ts';
export type { OutputStream, ProcessTask, TaskCommand, TaskExit } from './task.ts';
