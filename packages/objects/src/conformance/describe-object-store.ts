/**
 * The contract of an object store as tests. Every driver runs the whole suite; what one cannot do is skipped with its
 * reason, never left out.
 */
import { afterAll, beforeAll, beforeEach, describe } from 'vitest';
import { createCases } from './create-cases.ts';
import { lifecycleCases } from './lifecycle-cases.ts';
import { listCases } from './list-cases.ts';
import { readCases } from './read-cases.ts';
import { newFolder, type ObjectStoreSuite, type OpenedObjectStore, type Running } from './suite.ts';
import { writeCases } from './write-cases.ts';

/** Declares the suite for a driver. Call it at the top level of a test file. */
export function describeObjectStore(suite: ObjectStoreSuite): void {
  describe(`the ${suite.name} object store`, () => {
    let opened: OpenedObjectStore | undefined;
    let folder = '';
    beforeAll(async () => {
      opened = await suite.open();
    });
    beforeEach(() => {
      folder = newFolder();
    });
    afterAll(async () => {
      await opened?.store.close();
      await opened?.close?.();
    });
    const running: Running = {
      store() {
        if (opened === undefined) throw new TypeError('The store is not open');
        return opened.store;
      },
      folder: () => folder,
      open: suite.open,
      skips: suite.skips ?? {},
    };
    writeCases(running);
    createCases(running);
    readCases(running);
    listCases(running);
    lifecycleCases(running);
  });
}
