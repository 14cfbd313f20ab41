export type {
  ObjectBody,
  ObjectCapabilities,
  ObjectInfo,
  ObjectStore,
  ReadOptions,
  StoredObject,
  WriteOptions,
} from './object-store.ts';
