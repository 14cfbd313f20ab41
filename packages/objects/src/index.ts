export type {
  ObjectBody,
  ObjectCapabilities,
  ObjectInfo,
  ObjectStore,
  ReadOptions,
  StoredObject,
  WriteOptions,
} from './object-store.ts';
export { MAX_KEY_BYTES, assertKey, assertPrefix, compareKeys, keyFault, parseKey } from './key.ts';
export { readBytes, readJson, readText } from './read-object.ts';
export type { ReadWholeOptions } from './read-object.ts';
export { createJson, writeJson } from './write-json.ts';
export type { WriteJsonOptions } from './write-json.ts';
export { verifyConditionalCreate } from './verify-conditional-create.ts';
export type { VerifyConditionalCreateOptions } from './verify-conditional-create.ts';
