export { describeOnceStore } from './describe-once-store.ts';
export type { OnceStoreSuite, OpenedOnceStore } from './suite.ts';
