export { bullmqJobs } from './bullmq-jobs.ts';
export type { BullmqJobTarget } from './bullmq-jobs.ts';
export { handleProcessor } from './handle-processor.ts';
export type { Processor, ProcessorOptions } from './handle-processor.ts';
