/** The contract of a search index as tests. Every driver runs the whole suite. */
import { afterAll, afterEach, beforeEach, describe, it } from 'vitest';
import { rebuildCases } from './rebuild-cases.ts';
import { searchCases } from './search-cases.ts';
import type { OpenedSearchIndex, SearchIndexSuite, Stage } from './suite.ts';
import { writeCases } from './write-cases.ts';

/** Declares the suite for a driver. Call it at the top level of a test file. */
export function describeSearchIndex(suite: SearchIndexSuite): void {
  describe(`the ${suite.name} search index`, () => {
    let opened: OpenedSearchIndex | undefined;
    const current = (): OpenedSearchIndex => {
      if (opened === undefined) throw new Error('The index of this case is not open');
      return opened;
    };
    beforeEach(async () => {
      opened = await suite.open();
    });
    afterEach(async () => {
      await opened?.index.close();
      await opened?.close?.();
      opened = undefined;
    });
    afterAll(async () => {
      await suite.end?.();
    });
    const stage: Stage = {
      index: () => current().index,
      rebuildable: () => {
        const { index } = current();
        if ('rebuild' in index) return index;
        throw new Error('The driver has no rebuild: leave those cases out by `skips`, with the reason');
      },
      reopen: async () => await current().reopen(),
      it: (name, run) => {
        const reason = suite.skips?.[name];
        // oxlint-disable-next-line vitest/valid-title, vitest/expect-expect -- the cases bring both
        it(name, async ({ skip }) => {
          if (reason !== undefined) skip(reason);
          await run();
        });
      },
    };
    writeCases(stage);
    searchCases(stage);
    rebuildCases(stage);
  });
}
