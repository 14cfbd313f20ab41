/**
 * The contract of a store of claims as tests, and `createOnce` on top of it. Every driver runs the whole suite.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe } from 'vitest';
import { claimCases } from './claim-cases.ts';
import { effectCases } from './effect-cases.ts';
import { fenceCases } from './fence-cases.ts';
import type { OnceStoreSuite, OpenedOnceStore, Running } from './suite.ts';

/** Declares the suite for a driver. Call it at the top level of a test file. */
export function describeOnceStore(suite: OnceStoreSuite): void {
  describe(`the ${suite.name} once store`, () => {
    let opened: OpenedOnceStore | undefined;
    let key = '';
    beforeAll(async () => {
      opened = await suite.open();
    });
    beforeEach(() => {
      key = `conformance:${randomUUID()}`;
    });
    afterAll(async () => {
      await opened?.close?.();
    });
    const running: Running = {
      store() {
        if (opened === undefined) throw new TypeError('The store is not open');
        return opened.store;
      },
      key: () => key,
    };
    claimCases(running);
    fenceCases(running);
    effectCases(running);
  });
}
