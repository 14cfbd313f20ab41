export { describeObjectStore } from './describe-object-store.ts';
export type { ObjectStoreSuite, OpenedObjectStore, SkippableCase } from './suite.ts';
