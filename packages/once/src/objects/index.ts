export { objectsOnceStore } from './objects-once-store.ts';
export type { ObjectsOnceStoreOptions } from './objects-once-store.ts';
