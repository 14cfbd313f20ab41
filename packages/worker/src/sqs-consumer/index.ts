export { sqsConsumer } from './sqs-consumer.ts';
export type { SqsConsumer, SqsConsumerOptions } from './sqs-consumer.ts';
export type { ConsumerMessage } from './consumer-message.ts';
