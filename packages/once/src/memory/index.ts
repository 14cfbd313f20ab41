export { memoryOnceStore } from './memory-once-store.ts';
export type { MemoryOnceStoreOptions } from './memory-once-store.ts';
