export { dynamodbOnceStore, dynamodbOnceTable } from './dynamodb-once-store.ts';
export type { DynamodbOnceStoreOptions } from './dynamodb-once-store.ts';
