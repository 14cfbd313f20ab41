import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { documentOf } from './conformance/suite.ts';
import { decideWrites, outcomeOf, type HeldRevision } from './decide-writes.ts';
import type { IndexOperation } from './search-index.ts';

const operation = fc
  .record({
    id: fc.constantFrom('a', 'b', 'c'),
    revision: fc.integer({ min: 1, max: 5 }),
    isDeleted: fc.boolean(),
  })
  .map(({ id, revision, isDeleted }): IndexOperation =>
    isDeleted
      ? { kind: 'delete', id, revision }
      : { kind: 'put', document: documentOf(id, 'texte', { revision }) },
  );

const revisionOf = (each: IndexOperation): HeldRevision => ({
  revision: each.kind === 'put' ? each.document.revision : each.revision,
  isDeleted: each.kind === 'delete',
});

describe('a batch', () => {
  it('comes to the same whether it is written at once or operation by operation', () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 12 }), (operations) => {
        const held = new Map<string, HeldRevision>();
        const outcomes = operations.map((each) => {
          const id = each.kind === 'put' ? each.document.id : each.id;
          const outcome = outcomeOf(revisionOf(each), held.get(id));
          if (outcome === 'written') held.set(id, revisionOf(each));
          return outcome;
        });
        const plan = decideWrites(operations, new Map());
        expect(plan.results.map((result) => result.outcome)).toEqual(outcomes);
        expect(new Map(plan.writes.map((write) => [write.id, revisionOf(write.operation)]))).toEqual(held);
        expect(plan.writes.map(({ id }) => id)).toEqual([...held.keys()].sort());
      }),
    );
  });
});
