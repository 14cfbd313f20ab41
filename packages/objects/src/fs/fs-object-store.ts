/**
 * Objects as files under a root folder, shared safely by any number of processes of one machine (or of several, on a
 * file system with atomic rename and link).
 *
 * An object appears by one atomic step: `rename` for put, `link` for create, which fails when the name is taken. Its
 * file is complete and flushed before. Readers hold an open file, which a later put or delete does not change.
 */
import { resolve } from 'node:path';
import { LongshoreError } from '@longshore/job';
import { openGate } from '../gate.ts';
import { assertPrefix, parseKey } from '../key.ts';
import type { ObjectStore } from '../object-store.ts';
import { withFault } from './fs-fault.ts';
import {
  createInPlace,
  lazyRoot,
  listObjects,
  lookUpObject,
  putInPlace,
  readObject,
  removeObject,
  writeObject,
} from './object-files.ts';

/** Options of {@link fsObjectStore}. */
export interface FsObjectStoreOptions {
  /** The folder; made when missing. A relative path is taken from the working directory of this moment. */
  readonly root: string;
  /**
   * Whether a write resolves only when it would survive a power failure (fsync of the file and its folder). Without,
   * a power failure can lose the last objects, but a half object is never served. Default `true`.
   */
  readonly durable?: boolean;
}

/**
 * An object store in a folder. Nothing is read or made before the first call.
 *
 * @throws LongshoreError `invalid_options` when the root is empty
 */
export function fsObjectStore(options: FsObjectStoreOptions): ObjectStore {
  if (typeof options.root !== 'string' || options.root === '') {
    throw new LongshoreError(
      'invalid_options',
      'Cannot open an fs object store: root is empty, expected a folder',
    );
  }
  const gate = openGate('fs object store');
  const root = lazyRoot(resolve(options.root), options.durable ?? true);
  const run = <Result>(action: string, step: () => Promise<Result>): Promise<Result> =>
    gate.run(() => withFault(action, step));
  return {
    capabilities: { conditionalCreate: 'enforced', presignedReads: false },
    put: (key, body, write = {}) =>
      run(`put object "${key}"`, async () => (await writeObject(root, key, body, write, putInPlace)).info),
    create: (key, body, write = {}) =>
      run(`create object "${key}"`, async () => ({
        created: (await writeObject(root, key, body, write, createInPlace)).isPlaced,
      })),
    get: (key, read = {}) => run(`get object "${key}"`, () => readObject(root, key, read)),
    head: (key, { signal } = {}) => run(`look up object "${key}"`, () => lookUpObject(root, key, signal)),
    delete: (key, { signal } = {}) => run(`delete object "${key}"`, () => removeObject(root, key, signal)),
    async *list(prefix, { signal } = {}) {
      gate.assertOpen();
      assertPrefix(prefix);
      const found = listObjects(root, prefix);
      for (;;) {
        gate.assertOpen();
        signal?.throwIfAborted();
        const step = await withFault(`list objects under "${prefix}"`, () => found.next());
        if (step.done === true) return;
        yield step.value;
      }
    },
    presign: (key) =>
      run(`presign object "${key}"`, async () => {
        parseKey(key);
        throw new LongshoreError(
          'unsupported',
          `Cannot presign "${key}": files have no URLs; serve them, or use the s3 driver`,
        );
      }),
    close: () => gate.close(),
    [Symbol.asyncDispose]: () => gate.close(),
  };
}
