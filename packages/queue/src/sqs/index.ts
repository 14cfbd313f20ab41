export { createSqsQueues } from './create-queues.ts';
export type { CreateSqsQueuesOptions, SqsQueueDefinition } from './create-queues.ts';
export { sqsQueue } from './sqs-queue.ts';
export type { SqsConnectionOptions, SqsQueueOptions } from './options.ts';
