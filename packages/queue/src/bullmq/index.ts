export { bullmqQueue } from './bullmq-queue.ts';
export type { BullmqQueueOptions, RedisConnectionOptions } from './options.ts';
