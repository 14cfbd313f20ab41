export { memoryObjectStore } from './memory-object-store.ts';
export type { MemoryObjectStoreOptions } from './memory-object-store.ts';
