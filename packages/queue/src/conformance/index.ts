export { describeQueue } from './describe-queue.ts';
export type { OpenQueue, QueueUnderTest } from './describe-queue.ts';
