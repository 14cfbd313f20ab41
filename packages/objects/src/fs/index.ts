export { fsObjectStore } from './fs-object-store.ts';
export type { FsObjectStoreOptions } from './fs-object-store.ts';
